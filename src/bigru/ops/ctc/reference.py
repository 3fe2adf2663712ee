"""CTC in NumPy, one sequence at a time and as the equations read: the specification. Equations: `docs/math/ctc.md`.

Logits are [T, K] of one sequence, finite; symbol 0 is the blank. A labelling is a sequence of symbols 1..K-1.
Arithmetic is float64.

Sources: Graves, Fernández, Gomez & Schmidhuber 2006 (the model, the recursion); Hannun, Maas, Jurafsky & Ng 2014
(prefix beam search).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, product
from math import inf

import numpy as np

from ...errors import ArgumentError, check_array, sentence
from .labelling import BLANK, Labelling
from .language import SymbolModel

__all__ = ["align", "beam", "collapse", "enumerate_labellings", "extra", "greedy", "log_probability", "log_softmax"]

Symbols = tuple[int, ...]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log probabilities of the symbols of each frame, [T, K] float64 (1).

    Raises:
        ArgumentError: not a float array [T, K], or a logit is NaN or infinite.
    """
    x = check_array("ctc.reference", "logits", logits, ("T", "K")).astype(np.float64)
    if not np.isfinite(x).all():
        raise ArgumentError(sentence("ctc.reference", "logits", "finite", "NaN or infinity"))
    return x - np.logaddexp.reduce(x, axis=1, keepdims=True)


def collapse(path: Iterable[int]) -> Symbols:
    """What a path of frames spells: repetitions become one symbol, then blanks go (2)."""
    return tuple(symbol for symbol, _ in groupby(path) if symbol != BLANK)


def enumerate_labellings(logits: np.ndarray) -> dict[Symbols, float]:
    """The probability of every labelling, as the sum over all K^T paths that spell it (3)."""
    frames = np.exp(log_softmax(logits))
    result: dict[Symbols, float] = {}
    for path in product(range(frames.shape[1]), repeat=len(frames)):
        p = float(np.prod(frames[np.arange(len(frames)), path])) if path else 1.0
        result[collapse(path)] = result.get(collapse(path), 0.0) + p
    return result


def _states(symbols: Sequence[int]) -> list[int]:
    """blank, first symbol, blank, second symbol, ..., blank."""
    return [BLANK, *(state for symbol in symbols for state in (int(symbol), BLANK))]


def _before(states: list[int], s: int) -> list[int]:
    """Where a path may have been one frame before it is at state s: there, one back, or two if no blank is needed."""
    skips = s > 1 and states[s] != BLANK and states[s] != states[s - 2]
    return [s] + ([s - 1] if s > 0 else []) + ([s - 2] if skips else [])


def log_probability(logits: np.ndarray, symbols: Sequence[int]) -> float:
    """log p(symbols | logits), summed over all alignments (4, 5); -inf if there is none."""
    frames, states = log_softmax(logits), _states(symbols)
    if not len(frames):
        return -inf if len(symbols) else 0.0
    sums = np.full(len(states), -inf)
    sums[:2] = frames[0, states[:2]]
    for frame in frames[1:]:
        sums = np.array([np.logaddexp.reduce(sums[_before(states, s)]) + frame[k] for s, k in enumerate(states)])
    return float(np.logaddexp.reduce(sums[-2:]))


def align(logits: np.ndarray, symbols: Sequence[int]) -> Labelling:
    """The likeliest alignment of a labelling (6), which must have one; what `Labelling` tells, scored without a model.

    Of equal alignments the one that came from the nearer state, read from the end.
    """
    frames, states = log_softmax(logits), _states(symbols)
    best, came = np.full(len(states), -inf), np.zeros((len(frames), len(states)), int)
    if len(frames):
        best[:2] = frames[0, states[:2]]
    for t in range(1, len(frames)):
        came[t] = [max(_before(states, s), key=lambda i: (best[i], i)) for s in range(len(states))]
        best = best[came[t]] + frames[t, states]
    at = len(states) - 1
    if len(symbols) and best[at - 1] >= best[at]:
        at -= 1
    place = np.zeros(len(frames), int)
    for t in range(len(frames) - 1, -1, -1):
        place[t], at = at, came[t, at]
    stands = [np.flatnonzero(place == 2 * i + 1) for i in range(len(symbols))]
    total = log_probability(logits, symbols)
    return Labelling(
        np.array(symbols, np.int64),
        np.array([s[0] for s in stands], np.int64),
        np.array([s[-1] + 1 for s in stands], np.int64),
        np.array([np.exp(frames[s, k].max()) for s, k in zip(stands, symbols, strict=True)], np.float32),
        total,
        total,
    )


def greedy(logits: np.ndarray) -> Symbols:
    """What the likeliest symbols of the frames spell, of equals the smaller (7)."""
    return collapse(log_softmax(logits).argmax(axis=1).tolist())


def extra(symbols: Sequence[int], model: SymbolModel | None, weight: float, bonus: float, *, ended: bool) -> float:
    """What the language model and the bonus add to a log probability (8); without the model's end unless `ended`."""
    return (weight * model.log_probability(symbols, ended=ended) if model else 0.0) + bonus * len(symbols)


def beam(
    logits: np.ndarray, width: int, model: SymbolModel | None = None, weight: float = 0.0, bonus: float = 0.0
) -> list[Symbols]:
    """Prefix beam search (9, 10): the labellings in the last beam, best first."""
    beam: dict[Symbols, tuple[float, float]] = {(): (0.0, -inf)}
    score = lambda prefix, sums, ended: (  # noqa: E731
        np.logaddexp(*sums) + extra(prefix, model, weight, bonus, ended=ended)
    )
    for frame in log_softmax(logits):
        sums: dict[Symbols, list[float]] = {}
        for prefix, (blank, symbol) in beam.items():
            both = np.logaddexp(blank, symbol)
            stay = sums.setdefault(prefix, [-inf, -inf])
            stay[0] = np.logaddexp(stay[0], both + frame[BLANK])
            if prefix:
                stay[1] = np.logaddexp(stay[1], symbol + frame[prefix[-1]])
            for k in range(1, len(frame)):
                longer = sums.setdefault((*prefix, k), [-inf, -inf])
                given = blank if prefix[-1:] == (k,) else both
                longer[1] = np.logaddexp(longer[1], given + frame[k])
        possible = [prefix for prefix in sums if max(sums[prefix]) > -inf]
        best = sorted(possible, key=lambda prefix: (-score(prefix, sums[prefix], False), prefix))[:width]
        beam = {prefix: (sums[prefix][0], sums[prefix][1]) for prefix in best}
    return sorted(beam, key=lambda prefix: (-score(prefix, beam[prefix], True), prefix))
