"""The convolution front end in NumPy: windows side by side, then one matrix product."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ..config import ConvConfig

__all__ = ["Convolution"]


class Convolution:
    """One layer, ready to run: convolution over time, normalisation, ReLU, as in `bigru.nn.front`.

    Args:
        config: its sizes.
        weights: "weight" [F, I, kernel] and "bias" [F].
        norm: what is done to each step before the ReLU.
    """

    def __init__(
        self, config: ConvConfig, weights: Mapping[str, np.ndarray], norm: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self.config, self._norm, self._bias = config, norm, weights["bias"]
        # A window lies in memory step by step, so its factors do as well: [kernel * I, F].
        self._factors = np.ascontiguousarray(weights["weight"].transpose(2, 1, 0).reshape(-1, config.filters))

    def __call__(self, x: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return [B, T', F] and the lengths [B] that are left.

        Args:
            x: float32 [B, T, I], zero past each length.
            lengths: int64 [B].
        """
        config = self.config
        batch, time, width = x.shape
        steps = config.steps(time)
        padded = np.zeros((batch, max(steps - 1, 0) * config.stride + config.kernel, width), np.float32)
        padded[:, config.before : config.before + time] = x
        rows, step, number = padded.strides
        windows = np.lib.stride_tricks.as_strided(
            padded, (batch, steps, config.kernel * width), (rows, step * config.stride, number), writeable=False
        )
        y = windows.reshape(batch * steps, len(self._factors)) @ self._factors
        y += self._bias
        y = self._norm(y)
        np.maximum(y, 0, out=y)
        return y.reshape(batch, steps, config.filters), config.steps(lengths)
