"""The best path of a linear chain as two Scans of ONNX: forward over the scores, backward over where they came from."""

from __future__ import annotations

import numpy as np

from ...ops.crf.weights import CrfWeights
from .graph import Graph
from .sequence import Logits

__all__ = ["viterbi"]

LEAST = float(np.finfo(np.float32).min)


def viterbi(g: Graph, found: Logits, crf: CrfWeights) -> tuple[str, str]:
    """Add the search for the best path of each sequence (docs/math/crf.md, 12 and 13).

    As in the compiled search, the greatest score of a step is taken off all of them before the next, so that long
    sequences are decided as exactly as short ones; of equal paths the one with the smaller last tags is the best.

    Args:
        g: the graph.
        found: the emissions.
        crf: the scores of the chain, what is forbidden included.

    Returns:
        tags int64 [B, T], 0 past a length, and scores float32 [B], 0 of an empty sequence.
    """
    K = len(crf.start)
    real = g.op("Transpose", found.steps.real, perm=[1, 0, 2])
    emissions = g.op("Transpose", found.values, perm=[1, 0, 2])
    count = g.op("Squeeze", g.dimension(emissions, 0))
    places = g.unsqueeze(g.op("Range", g.constant(0, np.int64), count, g.constant(1, np.int64)), 1, 2)
    moves = g.op("And", real, g.op("Greater", places, g.constant(0, np.int64)))
    batch = g.dimension(emissions, 1)
    shape = g.op("Concat", batch, g.whole(K), axis=0)
    start = g.op("Expand", g.constant(crf.start[None]), shape)
    nothing = g.op("Expand", g.constant([[0.0]]), g.op("Concat", batch, g.whole(1), axis=0))
    body = _forward(crf, K)
    best, total, origins = g.ops("Scan", 3, start, nothing, emissions, real, moves, body=body, num_scan_inputs=3)
    ends = g.op("Add", best, g.constant(crf.end[None]))
    last = g.op("ArgMax", ends, axis=1, keepdims=1)
    directions = {"scan_input_directions": [1], "scan_output_directions": [1]}
    _, path = g.ops("Scan", 2, last, origins, body=_backward(), num_scan_inputs=1, **directions)
    tags = g.op("Where", found.steps.real, g.op("Transpose", path, perm=[1, 0, 2]), g.constant(0, np.int64))
    score = g.op("Add", total, g.op("ReduceMax", ends, axes=[1], keepdims=1))
    filled = g.unsqueeze(g.op("Greater", found.steps.lengths, g.whole(0)), 1)
    return g.op("Squeeze", tags, g.whole(2)), g.op("Squeeze", g.where(filled, score, 0.0), g.whole(1))


def _forward(crf: CrfWeights, K: int) -> object:
    """Return one step forward.

    It takes the scores [B, K] of what ends in each tag, what was taken off them [B, 1], the emissions [B, K], whether
    the step is real and whether it has one before it [B, 1]. Behind these scores it gives, per tag, the one before.
    """
    g = Graph(prefix="forward.")
    before, taken, emission, real, moves = "before", "taken", "emission", "real", "moves"
    peak = g.op("Max", g.op("ReduceMax", before, axes=[1], keepdims=1), g.constant(LEAST))
    level = g.op("Sub", before, peak)
    pairs = g.op("Add", g.unsqueeze(level, 2), g.constant(crf.transitions[None]))
    moved = g.op("ReduceMax", pairs, axes=[1], keepdims=0)
    scores = g.op("Add", g.op("Where", moves, moved, before), emission)
    after = g.op("Where", real, scores, before)
    off = g.op("Where", moves, g.op("Add", taken, peak), taken)
    same = g.constant(np.arange(K)[None], np.int64)
    origin = g.op("Where", moves, g.op("ArgMax", pairs, axis=1, keepdims=0), same)
    column, row = (("B", 1), ("B", K))
    return g.body(
        [
            (before, np.float32, row),
            (taken, np.float32, column),
            (emission, np.float32, row),
            (real, np.bool_, column),
            (moves, np.bool_, column),
        ],
        [(after, np.float32, row), (off, np.float32, column), (origin, np.int64, row)],
    )


def _backward() -> object:
    """Return one step backward: from the tag of a step [B, 1] and where each came from [B, K] to the tag before."""
    g = Graph(prefix="backward.")
    before = g.op("GatherElements", "origin", "tag", axis=1)
    here = g.op("Identity", "tag")
    column = ("B", 1)
    return g.body(
        [("tag", np.int64, column), ("origin", np.int64, ("B", "K"))],
        [(before, np.int64, column), (here, np.int64, column)],
    )
