"""The packages of the extra `export`, imported when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import MissingExtraError

__all__ = ["onnx", "onnxruntime"]


def onnx() -> Any:
    """Return the package that writes ONNX files.

    Raises:
        MissingExtraError: it is not installed.
    """
    return _package("onnx", "writing ONNX files")


def onnxruntime() -> Any:
    """Return the package that runs ONNX files.

    Raises:
        MissingExtraError: it is not installed.
    """
    return _package("onnxruntime", "running ONNX files")


def _package(name: str, purpose: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtraError(name, "export", purpose) from error
