"""A saved model as an ONNX file, written after it has answered as the runtime does."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...bundle import Bundle
from ...bundle.quantized import QuantizedWeights
from ..atomic_write import check_place, write_file
from ..gate import TOLERANCE, check
from .graph import OPSET
from .library import onnx, onnxruntime
from .model import onnx_model
from .session import OnnxSession

__all__ = ["MARK", "to_onnx"]

MARK = b"\x12\x05bigru"
"""How a file begins that names bigru as the producer."""


def to_onnx(bundle: Bundle, path: str | os.PathLike[str], *, int8: bool = False, force: bool = False) -> dict[str, Any]:
    """Write one ONNX file that suffices by itself.

    Args:
        bundle: the saved model.
        path: of the file; missing folders are made.
        int8: store weights in 8 bits. The file is compared with a runtime that has the same rounded weights.
        force: replace an earlier export.

    Returns:
        What was written: `file`, `bytes`, `opset`, `int8`, and what the comparison found.

    Raises:
        ArgumentError: the place is taken or cannot be written, or the model cannot be exported.
        ParityError: the file would answer otherwise than the runtime.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    target = Path(os.path.abspath(path))
    check_place(target, force, folder=False, mark=MARK)
    onnx(), onnxruntime()
    held = replace(bundle, weights=QuantizedWeights.of(bundle.weights)) if int8 else bundle
    content = onnx_model(bundle, int8).SerializeToString()
    found = check(held, OnnxSession(content).run, "the ONNX file")
    # The file says what it has passed; the comparison was of the same graph.
    content = onnx_model(bundle, int8, parity={**found, "tolerance": TOLERANCE}).SerializeToString()
    write_file(target, content)
    return {"file": str(path), "bytes": len(content), "opset": OPSET, "int8": int8, **found}
