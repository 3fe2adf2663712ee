"""The layers of an encoder as the recurrent nodes of ONNX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ...config import EncoderConfig
from ...config.merges import MERGE_RULES
from ...config.model import EPSILON
from ...layout import CELL_GATES, DIRECTIONS, reorder_gates, weight_names
from ...runtime.network.layers import strip_prefix
from .graph import Graph
from .term import Term

__all__ = ["EncodedNodes", "encode", "norm", "recurrent"]

ORDERS = {"gru": ("z", "r", "n"), "lstm": ("i", "o", "f", "g"), "rnn": ("h",)}
"""The gates of each cell in the order in which ONNX stacks them."""

OUTPUTS = {"gru": 2, "rnn": 2, "lstm": 3}

Weights = Mapping[str, np.ndarray]


class EncodedNodes(NamedTuple):
    """What a stack gives: the states of all steps [B, T, C] and those it ended in [B, C], joined and normalised."""

    states: str
    ends: str


def encode(g: Graph, encoder: EncoderConfig, weights: Weights, x: str, lengths: str) -> EncodedNodes:
    """Add the layers of an encoder.

    Args:
        g: the graph.
        encoder: the layers.
        weights: of the whole model, by name.
        x: [B, T, I], T at least 1.
        lengths: int64 [B], each at least 1.
    """
    x, ends = g.op("Transpose", x, perm=[1, 0, 2]), ""
    for n in range(encoder.layers):
        views, finals = zip(
            *[_run_walk(g, encoder, weights, n, walk, x, lengths) for walk in _walks(encoder)], strict=True
        )
        x, ends = (_join(g, encoder, weights, n, list(found)) for found in (views, finals))
    return EncodedNodes(g.op("Transpose", x, perm=[1, 0, 2]), ends)


def recurrent(
    g: Graph,
    encoder: EncoderConfig,
    name: str,
    weights: Sequence[np.ndarray],
    x: str,
    *,
    lengths: str = "",
    start: str = "",
) -> tuple[str, str]:
    """Add one recurrent node.

    Args:
        g: the graph.
        encoder: its cell and width.
        name: begins the names of its weights.
        weights: weight_ih, weight_hh, bias_ih, bias_hh, gates in our order.
        x: [T, B, I].
        lengths: int32 [B], or empty.
        start: the initial state [1, B, H], or empty for zeros.

    Returns:
        The states [T, B, H], and the last one [B, H].
    """
    cell = encoder.cell

    def stacked(arrays: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([reorder_gates(array, CELL_GATES[cell], ORDERS[cell]) for array in arrays])[None]

    W, R = (g.weight(f"{name}.{kind}", [weights[n]], stacked) for n, kind in enumerate(("weight_ih", "weight_hh")))
    B = g.store(f"{name}.bias", stacked(list(weights[2:])))
    attributes = {"hidden_size": encoder.hidden, "direction": "forward"}
    if cell == "gru":
        attributes["linear_before_reset"] = int(encoder.reset_after)
    given = [x, W, R, B, lengths, start]
    while not given[-1]:
        given.pop()
    y, h, *_ = g.ops(cell.upper(), OUTPUTS[cell], *given, **attributes)
    return g.op("Squeeze", y, g.whole(1)), g.op("Squeeze", h, g.whole(0))


def _walks(encoder: EncoderConfig) -> Sequence[str]:
    return DIRECTIONS[encoder.direction]


def _run_walk(
    g: Graph, encoder: EncoderConfig, weights: Weights, layer: int, walk: str, x: str, lengths: str
) -> tuple[str, str]:
    """Return the states of one walk [T, B, H] over x [T, B, I], and the last [B, H].

    OpenVINO (2026.4) leaves `sequence_lens` out of account where the number of steps is not fixed: a node that walks
    backward would then begin in the padding, and the last state would be that behind it. So sequences are turned round
    by their lengths, walked forward, and turned back, and the last state is the one at the last step. In an engine
    that respects the lengths this changes nothing.
    """
    prefix, backward = f"encoder.layers.{layer}.", walk == "backward"
    four = [weights[prefix + name] for name in weight_names(0, walk)]
    seen = _reverse(g, x, lengths) if backward else x
    y, _ = recurrent(g, encoder, prefix + walk, four, seen, lengths=g.cast(lengths, np.int32))
    last = g.unsqueeze(g.op("Sub", lengths, g.whole(1)), 1)
    final = g.op("GatherND", g.op("Transpose", y, perm=[1, 0, 2]), last, batch_dims=1)
    return _reverse(g, y, lengths) if backward else y, final


def _reverse(g: Graph, x: str, lengths: str) -> str:
    return g.op("ReverseSequence", x, lengths, batch_axis=1, time_axis=0)


def norm(g: Graph, x: str, weights: Weights) -> str:
    """Add layer normalisation of x [..., C]; nothing where there are no weights."""
    if not weights:
        return x
    gain, shift = (g.constant(weights[name]) for name in ("weight", "bias"))
    return g.op("LayerNormalization", x, gain, shift, axis=-1, epsilon=EPSILON)


def _join(g: Graph, encoder: EncoderConfig, weights: Weights, layer: int, views: Sequence[str]) -> str:
    """Join one view per walk, [..., H] each, to [..., C] as the outputs of a layer are, normalised."""
    joined = views[0]
    if len(views) == 2:
        joined = _merge(g, encoder, strip_prefix(weights, f"encoder.layers.{layer}."), *views)
    return norm(g, joined, strip_prefix(weights, f"encoder.norms.{layer}."))


def _merge(g: Graph, encoder: EncoderConfig, weights: Weights, forward: str, backward: str) -> str:
    formula = MERGE_RULES[encoder.merge].formula
    if formula is not None:
        return str(formula(Term(g, forward), Term(g, backward)).node)
    both = g.op("Concat", forward, backward, axis=-1)
    if encoder.merge == "concat":
        return both
    name = f"{both}.weight"
    share = g.op("Sigmoid", g.linear(both, name, weights["weight_merge_l0"], weights["bias_merge_l0"]))
    rest = g.op("Mul", g.op("Sub", g.constant(1.0), share), backward)
    return g.op("Add", g.op("Mul", share, forward), rest)
