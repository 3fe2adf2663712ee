"""The compiled decoding of CTC for NumPy arrays: a face on `native/include/bigru.h`. Equations: `docs/math/ctc.md`.

Shapes everywhere: logits [B, T, K] float (the softmax is taken inside), symbol 0 the blank; lengths [B] int
(None: T throughout). What lies past a length is never read. Logits are read as float32. `threads` is the most that a
call uses, 0 for `BIGRU_THREADS` or else all processors that the process may use; results are the same bits for any
number, and a sequence's are the same in any batch. `labelling.py` holds what decoding returns for a sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import ArgumentError, check_array, check_lengths, sentence
from ..library import native as _native
from .labelling import Labelling, frames_needed
from .language import SymbolModel

__all__ = ["align", "beam", "greedy"]

Batch = tuple[np.ndarray, np.ndarray, int]


def _check_arguments(where: str, logits: Any, lengths: Any, threads: int) -> Batch:
    """Return the arguments of a call as the kernels take them.

    Raises:
        ArgumentError: a shape or dtype does not fit, there is no symbol at all, or a length leaves 0..T.
    """
    array = check_array(where, "logits", logits, ("B", "T", "K"))
    batch, time, size = array.shape
    if not size:
        raise ArgumentError(sentence(where, "logits", "of one symbol at least, the blank", f"shape {[*array.shape]}"))
    counts = check_lengths(where, np.full(batch, time) if lengths is None else lengths, batch, time)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused
        return np.ascontiguousarray(array, np.float32), np.ascontiguousarray(counts), threads


def _room(batch: Batch, n: int) -> tuple[np.ndarray, ...]:
    """counts, symbols, starts, ends, confidences, log probabilities, scores."""
    B, T = batch[0].shape[:2]
    integers = (np.empty(shape, np.int64) for shape in ((B, n), (B, n, T), (B, n, T), (B, n, T)))
    return *integers, np.empty((B, n, T), np.float32), np.empty((B, n)), np.empty((B, n))


def _labellings(where: str, batch: Batch, room: tuple[np.ndarray, ...]) -> list[list[Labelling]]:
    """Return the labellings of each sequence, best first.

    Raises:
        ArgumentError: a logit that was read is NaN or infinite.
    """
    counts, symbols, starts, ends, confidences, totals, scores = room
    for b in np.flatnonzero(np.isnan(totals).any(axis=1)):
        read = batch[0][b, : batch[1][b]]
        t, k = np.argwhere(~np.isfinite(read))[0]
        got = f"{read[t, k]} in sequence {b} (frame {t}, symbol {k})"
        raise ArgumentError(sentence(where, "logits", "finite", got))
    result: list[list[Labelling]] = [[] for _ in counts]
    for b, r in np.argwhere(counts >= 0):
        own = np.s_[b, r, : counts[b, r]]
        stamps, sums = (starts[own].copy(), ends[own].copy()), (float(totals[b, r]), float(scores[b, r]))
        labelling = Labelling(symbols[own].copy(), *stamps, confidences[own].copy(), *sums)
        result[b].append(labelling)
    return result


def greedy(logits: np.ndarray, lengths: np.ndarray | None = None, *, threads: int = 0) -> list[Labelling]:
    """What the likeliest symbols of the frames spell, of equals the smaller (7).

    Returns:
        [B] labellings; their log probability is the sum over all alignments, not that of the one path.

    Raises:
        ArgumentError: a shape or dtype does not fit, or a logit is NaN or infinite.
    """
    where = "ctc.greedy"
    batch = _check_arguments(where, logits, lengths, threads)
    room = _room(batch, 1)
    _native.ctc_greedy(*batch, room)
    return [only[0] for only in _labellings(where, batch, room)]


def beam(
    logits: np.ndarray,
    lengths: np.ndarray | None = None,
    *,
    width: int = 16,
    n: int = 1,
    candidates: int = 40,
    model: SymbolModel | None = None,
    weight: float = 0.5,
    bonus: float = 0.0,
    threads: int = 0,
) -> list[list[Labelling]]:
    """The likeliest labellings by prefix beam search (9, 10), ordered by their score (8).

    Args:
        logits: [B, T, K].
        lengths: [B].
        width: how many prefixes are kept after each frame.
        n: how many labellings are wanted of each sequence, at most `width`.
        candidates: by how many of its likeliest symbols a frame prolongs prefixes; 0 for all.
        model: a language model of the same K symbols, or None.
        weight: what its log probability counts, 0..1e6.
        bonus: added to the score for each symbol, so that long labellings are not put at a disadvantage by the model.
        threads: the most that are used.

    Returns:
        [B] lists of n labellings or fewer, best first; of equal scores the one first in the order of symbols.

    Raises:
        ArgumentError: a shape or dtype does not fit, a logit is NaN or infinite, the model has another K, or a number
            is out of its range.
    """
    where = "ctc.beam"
    batch = _check_arguments(where, logits, lengths, threads)
    ranges = {"width": (width, 1), "n": (n, 1), "candidates": (candidates, 0)}
    for name, (value, low) in ranges.items():
        if value < low:
            raise ArgumentError(sentence(where, name, f"at least {low}", value))
    if n > width:
        raise ArgumentError(sentence(where, "n", f"at most width={width}", n, "Widen the beam."))
    for name, number, least in (("weight", weight, 0.0), ("bonus", bonus, -1e6)):
        if not least <= number <= 1e6:
            raise ArgumentError(sentence(where, name, f"within {least:.0f}..1000000", number))
    K = batch[0].shape[2]
    if model is not None and model.size != K:
        raise ArgumentError(sentence(where, "model", f"of K={K} symbols", model.size))
    room = _room(batch, n)
    _native.ctc_beam(*batch, width, n, candidates, weight, bonus, model, room)
    return _labellings(where, batch, room)


def align(
    logits: np.ndarray,
    labellings: Sequence[Sequence[int] | np.ndarray],
    lengths: np.ndarray | None = None,
    *,
    threads: int = 0,
) -> list[Labelling]:
    """Where given symbols stand in the frames (6), how surely, and how likely they are (4): forced alignment.

    Args:
        logits: [B, T, K].
        labellings: [B] symbols 1..K-1 of each sequence.
        lengths: [B].
        threads: the most that are used.

    Raises:
        ArgumentError: a shape or dtype does not fit, a symbol is out of range, a logit is NaN or infinite, or a
            labelling needs more frames than its sequence has.
    """
    where = "ctc.align"
    batch = _check_arguments(where, logits, lengths, threads)
    (B, _, K), symbols = batch[0].shape, np.zeros(batch[0].shape[:2], np.int64)
    if len(labellings) != B:
        raise ArgumentError(sentence(where, "labellings", f"of B={B} sequences", len(labellings)))
    for b, given in enumerate(labellings):
        labels = np.asarray(given, np.int64)
        if labels.size and (labels.min() < 1 or labels.max() >= K):
            bad = int(labels.min() if labels.min() < 1 else labels.max())
            raise ArgumentError(sentence(where, "labellings", f"within 1..{K - 1}", f"{bad} in sequence {b}"))
        if frames_needed(labels) > batch[1][b]:
            want = f"of {frames_needed(labels)} frames at least"
            raise ArgumentError(sentence(where, f"sequence {b}", want, batch[1][b], "Leave it out."))
        symbols[b, : len(labels)] = labels
    room = _room(batch, 1)
    _native.ctc_align(*batch, np.array([len(given) for given in labellings], np.int64), symbols, room)
    return [only[0] for only in _labellings(where, batch, room)]
