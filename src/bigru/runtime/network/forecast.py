"""The forecaster without torch: what `bigru.nn.forecast.ForecastModel` computes in evaluation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...config import ForecastModelConfig
from ...config.model import EPSILON
from ...errors import check_array
from ...ops.gru.native import Prepared
from .layers import build_layers, encode, to_float32

__all__ = ["ForecastNetwork"]

WHERE = "ForecastNetwork"

OTHERS = ("weight_hh", "bias_ih", "bias_hh")
"""The decoder's weights beside that of its input."""


class ForecastNetwork:
    """A forecaster made ready to run. Calls keep nothing, so threads may share it.

    Args:
        model: its shape.
        weights: its arrays by name, as `bigru.bundle.weights.shapes` lists them.
        precision: of the GRU's products: "fp32", "bf16" or "int8".

    Raises:
        ArgumentError: a weight is missing, left over, or of another shape or kind; or a precision is unknown.
    """

    def __init__(self, model: ForecastModelConfig, weights: Mapping[str, np.ndarray], precision: str = "fp32") -> None:
        self.model = model
        self._weights = to_float32(WHERE, model, weights)
        encoder = model.encoder
        self._layers = build_layers(encoder, self._weights, precision)
        self._owner = "encoder.layers.0." if model.shared else "decoder."
        others = [np.ascontiguousarray(self._weights[f"{self._owner}{name}_l0"]) for name in OTHERS]
        decoder = [self._fold_decoder(), *others]
        self._decoder = Prepared([decoder], reset_after=encoder.reset_after, reverse=[False], precision=precision)

    def linear(self, inputs: np.ndarray) -> np.ndarray:
        """Return what the linear map alone answers to inputs as of a call, float32 [B, horizon, targets].

        Raises:
            ArgumentError: the shape does not fit.
        """
        inputs = self._check_inputs(inputs)
        past = inputs[:, : self.model.lookback, : self.model.targets]
        levelled, offset, spread = remove_level(past, self.model.normalise)
        return np.asarray((self._apply_linear_map(levelled, inputs)[..., None] * spread + offset)[..., 0])

    def __call__(self, inputs: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Forecast one batch.

        Args:
            inputs: [B, T, I] float32: the past, and behind it the future where something of it is known.
            lengths: not used: all windows are equally long.

        Returns:
            float32 [B, horizon, targets, heads].

        Raises:
            ArgumentError: the shape does not fit.
        """
        model, weights = self.model, self._weights
        inputs = self._check_inputs(inputs)
        B, C = len(inputs), model.targets
        past = inputs[:, : model.lookback]
        levelled, offset, spread = remove_level(past[:, :, :C], model.normalise)
        x = self._segments(levelled) @ weights["embed.weight"].T + weights["embed.bias"]
        each = 1 if model.joint else C
        if model.past + model.known:
            beside = past[:, :, C:].reshape(B, model.segments, -1) @ weights["covariates.weight"].T
            x += np.repeat(beside, each, axis=0)
        start = self._encode(np.maximum(x, 0))
        if "bridge.weight" in weights:
            start = start @ weights["bridge.weight"].T + weights["bridge.bias"]
        states = np.repeat(start, model.ahead, axis=0)[None]
        decoded = self._decoder.forward(self._decoder_inputs(inputs, each), h0=np.ascontiguousarray(states))[1][0]
        values = decoded @ weights["head.weight"].T + weights["head.bias"]
        found = model.of_horizon(values)
        if model.linear != "none":
            found = found + weights["linear.share"] * self._apply_linear_map(levelled, inputs)[..., None]
        return found * spread + offset

    def _check_inputs(self, inputs: np.ndarray) -> np.ndarray:
        model = self.model
        return check_array(WHERE, "inputs", inputs, ("B", model.rows, model.inputs)).astype(np.float32, copy=False)

    def _apply_linear_map(self, levelled: np.ndarray, inputs: np.ndarray) -> np.ndarray:
        """Return what the linear map answers to windows [B, L, C] freed of their level, [B, horizon, C]."""
        model, weight, bias = self.model, self._weights["linear.map"], self._weights["linear.bias"]
        B, L, C = levelled.shape
        # One product per window, so that what a window is answered does not depend on its batch.
        if model.linear == "shared":
            return weight @ np.ascontiguousarray(levelled) + bias[:, None]
        if model.linear == "own":
            x, weight = levelled.swapaxes(1, 2)[..., None], weight.reshape(C, -1, L)
        else:
            parts = levelled, inputs[:, :L, C:], inputs[:, L:, C + model.past :]
            x = np.concatenate([part.reshape(B, -1) for part in parts], axis=1)[..., None]
        found = weight @ np.ascontiguousarray(x)
        return (found.reshape(B, C, -1) + bias.reshape(C, -1)).swapaxes(1, 2)

    def _segments(self, values: np.ndarray) -> np.ndarray:
        """Return [B, L, C] as segments: [B * C, n, w], or [B, n, w * C] where targets are read together."""
        B, _, C = values.shape
        if self.model.joint:
            return values.reshape(B, self.model.segments, -1)
        return values.swapaxes(1, 2).reshape(B * C, self.model.segments, -1)

    def _encode(self, x: np.ndarray) -> np.ndarray:
        """Return the final states of the last layer, joined, [B, outputs]."""
        lengths = np.full(len(x), self.model.segments, np.int64)
        return self._layers[-1].join(list(encode(self._layers, x, lengths)[1]))

    def _fold_decoder(self) -> np.ndarray:
        """Return the product of the decoder's weight with all that its input may be, [3H, columns of `_asked`]."""
        weight, position = self._weights[f"{self._owner}weight_ih_l0"], self._weights["position"]
        tables = [weight[:, : position.shape[1]] @ position.T]
        if "channel" in self._weights:
            tables.append(weight[:, position.shape[1] :] @ self._weights["channel"].T)
        if "future.weight" in self._weights:
            tables.append(weight @ self._weights["future.weight"])
        return np.ascontiguousarray(np.concatenate(tables, axis=1))

    def _decoder_inputs(self, inputs: np.ndarray, each: int) -> np.ndarray:
        """Return the input of the decoder for each segment of each row, [B * each * ahead, 1, columns]: ones that pick
        position and target, and what is known of the segment."""
        model, B = self.model, len(inputs)
        shape = (B, each, model.ahead)
        columns = [np.broadcast_to(np.eye(model.ahead, dtype=np.float32), (*shape, model.ahead))]
        if "channel" in self._weights:
            columns.append(np.broadcast_to(np.eye(each, dtype=np.float32)[:, None], (*shape, each)))
        if model.known:
            known = inputs[:, model.lookback :, model.targets + model.past :]
            known = np.pad(known, ((0, 0), (0, model.ahead * model.segment - model.horizon), (0, 0)))
            known = known.reshape(B, 1, model.ahead, -1)
            columns.append(np.broadcast_to(known, (*shape, known.shape[3])))
        return np.ascontiguousarray(np.concatenate(columns, axis=3).reshape(B * each * model.ahead, 1, -1))


def remove_level(values: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return windows [B, L, C] freed of their level, and what to add to and multiply forecasts by, [B, 1, C, 1]."""
    zero, one = np.float32(0), np.float32(1)
    if kind == "none":
        return values, np.asarray(zero), np.asarray(one)
    offset = values[:, -1:] if kind == "last" else values.mean(axis=1, keepdims=True)
    values = values - offset
    if kind == "last":
        return values, offset[..., None], np.asarray(one)
    spread = np.sqrt(np.square(values).mean(axis=1, keepdims=True) + np.float32(EPSILON))
    return values / spread, offset[..., None], spread[..., None]
