"""The packages of the extra `export`, imported when they are first needed."""

from __future__ import annotations

from typing import Any

from ...errors import require

__all__ = ["onnx", "onnxruntime"]


def onnx() -> Any:
    """Return the package that writes ONNX files.

    Raises:
        MissingExtraError: it is not installed.
    """
    return require("onnx", extra="export", purpose="writing ONNX files")


def onnxruntime() -> Any:
    """Return the package that runs ONNX files.

    Raises:
        MissingExtraError: it is not installed.
    """
    return require("onnxruntime", extra="export", purpose="running ONNX files")
