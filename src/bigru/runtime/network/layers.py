"""One recurrent layer without torch: its walks together or one by one, and how what they give is joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...bundle.quantized import Quantized, stored_or_float
from ...bundle.weights import Shape, shapes
from ...config import EncoderConfig
from ...config.merges import MERGE_RULES
from ...config.model import EPSILON
from ...errors import ArgumentError, check_array, sentence
from ...layout import DIRECTIONS, weight_names
from ...ops.gru.native import Prepared
from ...ops.recurrent.vectorised import Layer
from ...ops.sigmoid import sigmoid
from .linear import batch_invariant_matmul

__all__ = [
    "RecurrentLayer",
    "State",
    "Weights",
    "build_layers",
    "encode",
    "normalisation",
    "strip_prefix",
    "to_float32",
    "visible_state",
]

Weights = Mapping[str, np.ndarray]
State = Any
"""Where walks stand: [D, B, H], and for the LSTM (h, c) of [B, H] by walk."""
Run = Callable[..., tuple[np.ndarray, State]]
"""From x [B, T, I], lengths [B], a state, None for zeros, and the most threads, 0 for all, to y [B, T, D*H], zero past
a length, and the state."""
Merge = Callable[[np.ndarray, np.ndarray], np.ndarray]
Norm = Callable[[np.ndarray], np.ndarray]


def visible_state(state: State) -> np.ndarray:
    """Return what a state shows of itself, [D, B, H]."""
    return np.stack([h for h, _ in state.values()]) if isinstance(state, dict) else state


def to_float32(where: str, model: Shape, weights: Weights) -> dict[str, Any]:
    """Return the weights of a model as float32; tables of 8 bits stay `Quantized`.

    Raises:
        ArgumentError: one is missing, left over, or of another shape or kind than `shapes` says.
    """
    want = shapes(model)
    odd = sorted(want.keys() ^ weights.keys())
    if odd:
        got = f"{'no' if odd[0] in want else 'an unknown'} {odd[0]}"
        raise ArgumentError(sentence(where, "weights", "those of the configuration", got))
    found = {name: stored_or_float(weights, name) for name in want}
    return {name: _checked(where, name, found[name], shape) for name, shape in want.items()}


def _checked(where: str, name: str, array: Any, shape: tuple[int, ...]) -> Any:
    if isinstance(array, Quantized):
        check_array(where, name, array.values, shape, "int")
        return array
    return np.asarray(check_array(where, name, array, shape), np.float32)


def strip_prefix(weights: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the weights whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}


class RecurrentLayer:
    """A layer made ready to run. Calls keep nothing, so threads may share it.

    Args:
        encoder: the cell, its width and its walks.
        weights: of the layer, by name.
        norm: of its normalisation, empty where there is none.
        precision: of the GRU's products.

    Attributes:
        walks: the directions it reads in.
        run: takes all walks at once.
        merge: joins the outputs of two walks [..., H]; None where they stay side by side.
        norm: normalises what was joined.
    """

    def __init__(self, encoder: EncoderConfig, weights: Weights, norm: Weights, precision: str) -> None:
        self.walks = DIRECTIONS[encoder.direction]
        self._of = encoder, weights, precision
        self.run: Run = _run(*self._of, self.walks)
        self.merge = _merge(encoder, weights)
        self.norm = normalisation(norm)

    @cached_property
    def apart(self) -> dict[str, Run]:
        """How each walk is taken by itself."""
        return {walk: _run(*self._of, (walk,)) for walk in self.walks}

    def join(self, views: Sequence[np.ndarray]) -> np.ndarray:
        """Join one view per walk, [..., H] each, into [..., C] as the outputs are, normalised."""
        if len(views) == 1:
            return self.norm(views[0])
        return self.norm(np.concatenate(views, axis=-1) if self.merge is None else self.merge(*views))


def build_layers(encoder: EncoderConfig, weights: Weights, precision: str) -> list[RecurrentLayer]:
    """Return the layers of an encoder, from the weights of its model."""
    parts = [
        (strip_prefix(weights, f"encoder.layers.{n}."), strip_prefix(weights, f"encoder.norms.{n}."))
        for n in range(encoder.layers)
    ]
    return [RecurrentLayer(encoder, layer, norm, precision) for layer, norm in parts]


def encode(
    layers: Sequence[RecurrentLayer], x: np.ndarray, lengths: np.ndarray, threads: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the states of all steps [B, T, C] and the last layer's final states [D, B, H]."""
    final: State = None
    for layer in layers:
        y, final = layer.run(x, lengths, None, threads)
        x = layer.join(np.split(y, len(layer.walks), axis=2)) if layer.merge else layer.norm(y)
    return x, visible_state(final)


def _run(encoder: EncoderConfig, weights: Weights, precision: str, walks: Sequence[str]) -> Run:
    """Return how walks are run: the GRU by the compiled kernel with packed weights, other cells in NumPy."""
    per_walk = {walk: [np.ascontiguousarray(weights[name]) for name in weight_names(0, walk)] for walk in walks}
    return _gru(encoder, per_walk, precision) if encoder.cell == "gru" else _plain(encoder, per_walk)


def _gru(encoder: EncoderConfig, per_walk: dict[str, list[np.ndarray]], precision: str) -> Run:
    reverse = [walk == "backward" for walk in per_walk]
    options: dict[str, Any] = {"reset_after": encoder.reset_after, "reverse": reverse, "precision": precision}
    prepared = Prepared(list(per_walk.values()), **options)

    def run(
        x: np.ndarray, lengths: np.ndarray, start: np.ndarray | None = None, threads: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        return prepared.forward(np.ascontiguousarray(x), lengths=lengths, h0=start, threads=threads)

    return run


def _plain(encoder: EncoderConfig, per_walk: dict[str, list[np.ndarray]]) -> Run:
    layer = Layer(per_walk, cell=encoder.cell)

    def run(x: np.ndarray, lengths: np.ndarray, start: State = None, _threads: int = 0) -> tuple[np.ndarray, State]:
        given = dict(zip(per_walk, start, strict=True)) if isinstance(start, np.ndarray) else start
        outputs, finals = layer.run(x, lengths, given)
        state = finals if encoder.cell == "lstm" else np.stack([np.asarray(final) for final in finals.values()])
        return np.concatenate(list(outputs.values()), axis=2), state

    return run


def _merge(encoder: EncoderConfig, weights: Weights) -> Merge | None:
    """Return how the outputs of a layer's walks become one array; None where they are left side by side."""
    if encoder.direction != "both" or encoder.merge == "concat":
        return None
    if encoder.merge == "gated":
        weight, bias = weights["weight_merge_l0"], weights["bias_merge_l0"]

        def gated(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
            both = np.concatenate([forward, backward], axis=-1)
            g = sigmoid(batch_invariant_matmul(both, weight) + bias)
            return np.asarray(g * forward + (1 - g) * backward)

        return gated
    return MERGE_RULES[encoder.merge].formula


def normalisation(weights: Weights) -> Norm:
    """Return the layer normalisation of one layer (Ba et al. 2016, arXiv:1607.06450), or the identity."""
    if not weights:
        return lambda x: x

    def norm(x: np.ndarray) -> np.ndarray:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        return np.asarray(centred / np.sqrt(variance + EPSILON) * weights["weight"] + weights["bias"])

    return norm
