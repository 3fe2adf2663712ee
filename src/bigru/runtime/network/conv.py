"""The convolution front end in NumPy: windows side by side, then one matrix product."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ...config import ConvConfig
from .linear import batch_invariant_matmul

__all__ = ["Convolution", "FrontStream"]


class Convolution:
    """One layer, ready to run: convolution over time, normalisation, ReLU, as in `bigru.nn.conv`.

    Args:
        config: its sizes.
        weights: "weight" [F, I, kernel] and "bias" [F].
        norm: what is done to each step before the ReLU.
    """

    def __init__(
        self, config: ConvConfig, weights: Mapping[str, np.ndarray], norm: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        self.config, self._norm, self._bias = config, norm, weights["bias"]
        # A window lies in memory step by step, so its factors do as well: [F, kernel * I].
        self._factors = np.ascontiguousarray(weights["weight"].transpose(0, 2, 1).reshape(config.filters, -1))

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
        return self.slide(padded, steps), config.steps(lengths)

    def slide(self, x: np.ndarray, steps: int) -> np.ndarray:
        """Return what so many windows of x [B, T, I], from its first step on, give: [B, steps, F]."""
        config = self.config
        batch, _, width = x.shape
        rows, step, number = x.strides
        windows = np.lib.stride_tricks.as_strided(
            x, (batch, steps, config.kernel * width), (rows, step * config.stride, number), writeable=False
        )
        y = batch_invariant_matmul(windows, self._factors)
        y += self._bias
        y = self._norm(y)
        np.maximum(y, 0, out=y)
        return y


class ConvolutionStream:
    """One layer over a sequence that comes piece by piece: the same bits, each as soon as its window is read.

    Args:
        layer: the convolution.
        inputs: width I of what it reads.
    """

    def __init__(self, layer: Convolution, inputs: int) -> None:
        self._layer = layer
        self._waiting = np.zeros((layer.config.before, inputs), np.float32)
        self._read = self._done = 0

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take x [T, I] and return the outputs [N, F] that are certain now."""
        config = self._layer.config
        self._read += len(x)
        self._waiting = np.concatenate([self._waiting, x])
        return self._slide(max((len(self._waiting) - config.kernel) // config.stride + 1, 0))

    def finish(self) -> np.ndarray:
        """Return the outputs whose windows reach beyond the end, where zeros stand."""
        config = self._layer.config
        steps = config.steps(self._read) - self._done
        beyond = max((steps - 1) * config.stride + config.kernel - len(self._waiting), 0)
        self._waiting = np.pad(self._waiting, ((0, beyond), (0, 0)))
        return self._slide(steps)

    def _slide(self, steps: int) -> np.ndarray:
        y = self._layer.slide(self._waiting[None], steps)[0]
        self._waiting = self._waiting[steps * self._layer.config.stride :].copy()
        self._done += steps
        return y


class FrontStream:
    """All layers over a sequence that comes piece by piece.

    Args:
        layers: the convolutions, the lowest first; none hand everything on.
        inputs: width of what the first one reads.
    """

    def __init__(self, layers: Sequence[Convolution], inputs: int) -> None:
        widths = [inputs, *(layer.config.filters for layer in layers)]
        self._layers = [ConvolutionStream(layer, width) for layer, width in zip(layers, widths, strict=False)]

    def push(self, x: np.ndarray) -> np.ndarray:
        """Take x [T, I] and return the outputs [N, F] that are certain now."""
        for layer in self._layers:
            x = layer.push(x)
        return x

    def finish(self, x: np.ndarray) -> np.ndarray:
        """Take the last x [T, I] and return all outputs that are left."""
        for layer in self._layers:
            x = np.concatenate([layer.push(x), layer.finish()])
        return x
