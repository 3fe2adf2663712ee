"""A language model of symbols, learnt from transcripts: n-grams with the smoothing of Witten and Bell.

The probability of a symbol w after the context h, of which h' is the same without its first symbol, is

    p(w | h) = (c(hw) + d(h) p(w | h')) / (c(h) + d(h))                                                    (11)

with c the counts in the transcripts and d(h) the number of different symbols that followed h; below the single
symbols stands the uniform distribution. It sums to 1 over the symbols and the end, and so can be compared between
models. As (11) is the same for all w that never followed h but for p(w | h'), it is kept as an automaton with
back-off, which `native/include/bigru.h` describes.

Sources: Witten & Bell 1991, method C; Chen & Goodman 1999, section 2.6 (interpolated form).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from ...errors import ArgumentError, check_array, sentence

__all__ = ["SymbolModel"]

END = 0


class SymbolModel(NamedTuple):
    """Log probabilities of the symbols 1..K-1 and of the end (0), given what was read last.

    Attributes:
        start: the state in which a sequence begins.
        first: [states + 1] int64, where the arcs of each state begin; state 0, which has read nothing, has K.
        symbols: [arcs] int32, ascending within a state.
        next: [arcs] int32, the state after the symbol.
        log_p: [arcs] float32, of the symbol.
        back_off: [states] float32, added where a state has no arc for a symbol; then `shorter` is asked.
        shorter: [states] int32, the state that has forgotten the oldest symbol.
    """

    start: int
    first: np.ndarray
    symbols: np.ndarray
    next: np.ndarray
    log_p: np.ndarray
    back_off: np.ndarray
    shorter: np.ndarray

    @classmethod
    def fit(cls, sequences: Iterable[Sequence[int] | np.ndarray], size: int, order: int = 4) -> Self:
        """Learn from transcripts.

        Args:
            sequences: symbols 1..size-1 of each transcript; empty ones count as well.
            size: K, the number of symbols of the decoder, its blank among them.
            order: how many symbols an n-gram has at most, 1 or more.

        Raises:
            ArgumentError: size or order is below 1, or a symbol is outside 1..size-1.
        """
        where = "ctc.SymbolModel.fit"
        for name, value in (("size", size), ("order", order)):
            if value < 1:
                raise ArgumentError(sentence(where, name, "at least 1", value))
        return cls(*_automaton(_text(where, sequences, size), size, order))

    def arrays(self) -> dict[str, np.ndarray]:
        """What `load` takes, for a file; for JSON, `tolist` of each."""
        return {name: np.atleast_1d(np.asarray(value, TYPES[name])) for name, value in self._asdict().items()}

    @classmethod
    def load(cls, arrays: Mapping[str, Any]) -> Self:
        """Take what `arrays` gave, from a file that may be hostile.

        Raises:
            ArgumentError: an array is absent, does not fit the others, or a number is out of its range.
        """
        where, given = "ctc.SymbolModel.load", {}
        for name, kind in TYPES.items():
            if name not in arrays:
                raise ArgumentError(sentence(where, name, "among the arrays", ", ".join(sorted(arrays)) or "none"))
            array = check_array(where, name, arrays[name], (name,), "float" if kind == "float32" else "int")
            given[name] = np.ascontiguousarray(array, kind)
        start = given.pop("start")
        wrong = "another number of states" if len(start) != 1 else _unsound(int(start[0]), **given)
        if wrong:
            raise ArgumentError(sentence(where, "arrays", "those of a language model", wrong, "Learn it again."))
        return cls(int(start[0]), **given)

    @property
    def size(self) -> int:
        """K."""
        return int(self.first[1])

    def step(self, state: int, symbol: int) -> tuple[float, int]:
        """The log probability of a symbol (0: the end) in a state, and the state after it."""
        cost = 0.0
        while True:
            arcs = self.symbols[self.first[state] : self.first[state + 1]]
            place = int(np.searchsorted(arcs, symbol))
            if place < len(arcs) and arcs[place] == symbol:
                arc = int(self.first[state]) + place
                return cost + float(self.log_p[arc]), int(self.next[arc])
            cost += float(self.back_off[state])
            state = int(self.shorter[state])

    def log_probability(self, symbols: Sequence[int] | np.ndarray, *, ended: bool = True) -> float:
        """log p of a sequence of symbols 1..K-1 and, if `ended`, of its end."""
        total, state = 0.0, self.start
        for symbol in [*symbols, END] if ended else symbols:
            log_p, state = self.step(state, int(symbol))
            total += log_p
        return total


TYPES = {"start": "int64", "first": "int64", "symbols": "int32", "next": "int32", "log_p": "float32"}
TYPES |= {"back_off": "float32", "shorter": "int32"}


def _unsound(
    start: int,
    first: np.ndarray,
    symbols: np.ndarray,
    next: np.ndarray,
    log_p: np.ndarray,
    back_off: np.ndarray,
    shorter: np.ndarray,
) -> str:
    """Return what is wrong with an automaton, or an empty string."""
    states, arcs = len(back_off), len(log_p)
    within = lambda numbers, end: bool(((numbers >= 0) & (numbers < end)).all())  # noqa: E731
    logs = np.concatenate([log_p, back_off])
    if not states or (len(first), len(shorter), len(symbols), len(next)) != (states + 1, states, arcs, arcs):
        return "arrays of other lengths"
    if first[0] != 0 or first[-1] != arcs or (np.diff(first) < 0).any() or not 0 <= start < states:
        return "states without arcs of their own"
    size = int(first[1])
    owner = np.repeat(np.arange(states), np.diff(first))
    if not (size and np.array_equal(symbols[:size], np.arange(size)) and within(symbols, size)):
        return "symbols out of range"
    if not ((np.diff(owner * size + symbols) > 0).all() and within(next, states)):
        return "arcs out of order"
    if not within(shorter, np.maximum(np.arange(states), 1)):
        return "states that never forget"
    return "" if np.isfinite(logs).all() and (logs <= 0).all() else "log probabilities above 0 or not finite"


def _text(where: str, sequences: Iterable[Sequence[int] | np.ndarray], size: int) -> np.ndarray:
    """Return all sequences in one, each with the mark `size` before it and the end after it."""
    parts = [np.zeros(0, np.int64)]
    for number, given in enumerate(sequences):
        symbols = np.asarray(given, np.int64)
        if symbols.size and (symbols.min() < 1 or symbols.max() >= size):
            bad = int(symbols.min() if symbols.min() < 1 else symbols.max())
            raise ArgumentError(sentence(where, "symbols", f"within 1..{size - 1}", f"{bad} in sequence {number}"))
        parts += [np.array([size]), symbols, np.array([END])]
    return np.concatenate(parts)


def _automaton(text: np.ndarray, size: int, order: int) -> tuple[Any, ...]:
    """Count the n-grams of a text, longer ones on the ground of shorter, and smooth them (11)."""
    begins = np.flatnonzero(text == size)
    depth = np.arange(len(text)) - np.repeat(begins, np.diff(np.r_[begins, len(text)]))
    counts = np.bincount(text[text != size], minlength=size)
    different = np.count_nonzero(counts)
    p = (counts + different / size) / (counts.sum() + different) if different else np.full(size, 1 / size)
    ids = np.zeros(size + 1, np.int64)  # of the state after each symbol
    if order > 1:
        seen = np.unique(text[text != END])
        ids[seen] = 1 + np.arange(len(seen))
    start, base, states = int(ids[size]), 1, 1 + int(np.count_nonzero(ids))
    arcs = [(np.zeros(size, np.int64), np.arange(size), ids[:size], p)]
    back_off, shorter = [np.ones(1)], [np.zeros(states, np.int64)]
    state, share = ids[text], np.r_[p, 0.0][text]  # at each place: of the longest context, of its n-gram
    for n in range(2, order + 1):
        here = np.flatnonzero(depth >= n - 1)
        grams, place, which, counts = np.unique(
            state[here - 1] * size + text[here], return_index=True, return_inverse=True, return_counts=True
        )
        owner, symbol, place = grams // size, grams % size, here[place]
        followed = np.bincount(owner - base, counts, states - base)
        kinds = np.bincount(owner - base, minlength=states - base)
        p = ((counts + kinds[owner - base] * share[place]) / (followed + kinds)[owner - base]).astype(float)
        back_off.append(kinds / (followed + kinds))
        share[here] = p[which]
        after, base = state[place], states
        if n < order:
            fresh = symbol != END
            shorter.append(after[fresh])
            after = np.where(fresh, states + np.cumsum(fresh) - 1, 0)
            states += int(fresh.sum())
            state = np.zeros_like(state)
            state[here] = after[which]
        arcs.append((owner, symbol, after, p))
    owner, symbol, after, p = (np.concatenate(column) for column in zip(*arcs, strict=True))
    first = np.r_[0, np.bincount(owner, minlength=states).cumsum()]
    logs = (np.log(a).astype(np.float32) for a in (p, np.concatenate(back_off)))
    return (
        start,
        first,
        symbol.astype(np.int32),
        after.astype(np.int32),
        *logs,
        np.concatenate(shorter).astype(np.int32),
    )
