"""An exported file at work in onnxruntime, called as the networks of the runtime are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...bundle import Bundle
from .library import onnxruntime
from .model import onnx_model

__all__ = ["Engine", "OnnxSession", "onnx_engine"]

Engine = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From inputs [B, T, C] or [B, T, I] and lengths [B] to logits."""


class OnnxSession:
    """One file in onnxruntime. Calls keep nothing, so threads may share it.

    Args:
        content: the file.
        threads: that a call uses, 0 for all processors.

    Attributes:
        names: of its outputs.
        metadata: what the file says of itself, by name.
    """

    def __init__(self, content: bytes, threads: int = 1) -> None:
        package = onnxruntime()
        options = package.SessionOptions()
        options.intra_op_num_threads = threads
        self._session = package.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._takes = {entry.name: entry.type for entry in self._session.get_inputs()}
        self.names = [entry.name for entry in self._session.get_outputs()]
        self.metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map

    def run(self, inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        """Return all outputs of one padded batch, by name."""
        kind = np.int64 if self._takes["inputs"] == "tensor(int64)" else np.float32
        given: dict[str, Any] = {"inputs": np.ascontiguousarray(inputs, kind)}
        if "lengths" in self._takes:
            given["lengths"] = np.ascontiguousarray(lengths, np.int64)
        return dict(zip(self.names, self._session.run(self.names, given), strict=True))


def onnx_engine(bundle: Bundle, int8: bool = False) -> Engine:
    """Return a saved model as `export` writes it, run by onnxruntime.

    Args:
        bundle: the saved model.
        int8: whether its weights are stored in 8 bits.

    Returns:
        A function of inputs and lengths, as `bigru.runtime.network.sequence.Network` and
        `bigru.runtime.network.forecast.ForecastNetwork` take them, that gives the same logits.

    Raises:
        ArgumentError: the model cannot be exported.
        MissingExtraError: onnx or onnxruntime is not installed.
    """
    session = OnnxSession(onnx_model(bundle, int8).SerializeToString())
    return lambda inputs, lengths: session.run(inputs, lengths)["logits"]
