"""A linear model of bags of ids: what a classifier knows without order, fitted to its optimum.

Logistic regression on logarithms of counts of units and n-grams, weighted by how few texts have them (Spärck Jones
1972), each text's row of length 1. It stands within a model as its linear part (`wide` of `ModelConfig`), which adds up
counts and divides by the root of the number of units: what is multiplied into all scores of a text decides nothing in
it, but in learning it does what long texts count (15 kinds of news titles, 200 labels: 27.0 % against 25.0 %). Left-out
texts, scored as the linear part scores them, also decide whether what mostly comes several times in a text is weakened
by as much as the logarithm weakens it (`Choice`): it helps where long texts repeat function words, and harms where
they repeat their topic.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .linear import Linear

__all__ = ["Bag", "Choice", "fit_bag"]

STRENGTHS = (30.0, 100.0, 300.0)
"""Inverse regularisation strengths C to choose from."""

WITH_VECTORS = (1.0, 3.0, 10.0, 30.0)
"""The same where ids have vectors."""

COUNTED = 1.5
"""Length of the counts of a text where ids have vectors; the sum of these vectors varies by 1 from text to text."""

USUAL, USUAL_WITH_VECTORS = 100.0, 3.0
"""Those that are taken where there are too many examples, or too few, to choose by."""

FOLDED, SPLIT = 1_000_000, 50_000_000
"""Up to so much work (counts times outputs) the strength is chosen by folds; up to so much by one of them."""

FOLDS = 5

PASSES = 100
"""Passes of L-BFGS at most."""

MOST = 30_000_000
"""Numbers of a model (ids that occur times outputs) at most; beyond, fitting takes minutes and gigabytes."""

RAREST = 1e-3
"""Probability of a class that a fold has not seen."""


class Choice(NamedTuple):
    """What left-out examples choose.

    Attributes:
        strength: inverse regularisation strength C.
        damped: whether each id's weight is multiplied by what the logarithms of its counts sum up to over what its
            counts sum up to.
    """

    strength: float = USUAL
    damped: bool = False


class Bag(NamedTuple):
    """A fitted model of bags.

    Attributes:
        linear: its weights; without transitions.
        choice: how it was fitted; None for what was fitted otherwise.
    """

    linear: Linear
    choice: Choice | None


class _Texts(NamedTuple):
    """Texts as logistic regression learns from them, and as a linear part sees them.

    Where ids have vectors, E columns of their sums stand behind the F columns of counts.

    Attributes:
        rows: sparse [N, F], of length 1, what is learnt from.
        served: sparse [N, F], counts over the root of the number of units.
        weights: [F] what a weight of `rows` is multiplied by to come to the same in `served` on average.
        damping: [F] what it is multiplied by too where `Choice.damped`.
        columns: [F] the id of all for each column.
    """

    rows: Any
    served: Any
    weights: np.ndarray
    damping: np.ndarray
    columns: np.ndarray

    def factors(self, damped: bool) -> np.ndarray:
        """Return what the weights of `rows` are multiplied by, [F]."""
        return self.weights * self.damping if damped else self.weights


def fit_bag(
    ids: Sequence[np.ndarray],
    targets: np.ndarray,
    sizes: Sequence[int],
    outputs: int,
    *,
    choice: Choice | None = None,
    balanced: bool = False,
    vectors: Mapping[int, np.ndarray] | None = None,
) -> Bag | None:
    """Fit logistic regression: binary, multinomial, or one for each of any number of labels.

    Where ids have vectors, the weights of an id are its own plus a linear function of its vector, fitted together: what
    is learnt of an id holds for those that are like it, in training or not. The model has a table of weights all the
    same.

    Args:
        ids: per text int [T, C]; id 0, what is unknown, counts for nothing.
        targets: int [N] within 0..outputs-1 (0..1 for one output), or float [N, K] of zeros and ones.
        sizes: of the C channels.
        outputs: K; 1 stands for the second of two classes.
        choice: how to fit; None chooses by the likelihood of examples that were left out.
        balanced: whether classes count inversely to their frequency.
        vectors: by channel the vector of each id, float32 [V, D].

    Returns:
        The model; None where it would be too large, or the targets are all the same.
    """
    texts = _texts(ids, sizes)
    known = [_Sums.of(ids, channel, table) for channel, table in sorted((vectors or {}).items())]
    if known:
        texts = _join(texts, known)
    if len(texts.columns) * outputs > MOST or len(np.unique(targets, axis=0)) < 2:
        return None
    solver = _Solver(texts, outputs, "balanced" if balanced else None)
    strengths, usual = (WITH_VECTORS, USUAL_WITH_VECTORS) if known else (STRENGTHS, USUAL)
    chosen = choice or _choose(solver, targets, strengths) or Choice(usual)
    found, bias = solver.fit(np.arange(len(targets)), targets, chosen.strength)
    ends = np.cumsum([0, *sizes])
    full = np.zeros((ends[-1], outputs), np.float32)
    found = found * texts.factors(chosen.damped)[:, None]
    place = len(texts.columns)
    full[texts.columns] = found[:place]
    tables = [full[start:end] for start, end in pairwise(ends.tolist())]
    for sums in known:
        own = found[place : place + len(sums.mean)]
        tables[sums.channel] += (sums.table @ own).astype(np.float32)
        bias, place = bias - sums.mean @ own, place + len(own)
    return Bag(Linear(tables, bias.astype(np.float32), np.zeros((outputs, outputs), np.float32)), chosen)


def _texts(ids: Sequence[np.ndarray], sizes: Sequence[int]) -> _Texts:
    """Count the ids of texts."""
    from scipy import sparse

    starts = np.cumsum([0, *sizes[:-1]])
    lengths = np.array([len(one) for one in ids])
    flat = np.concatenate([np.zeros((0, len(sizes)), np.int64), *ids]).astype(np.int64)
    owners = np.repeat(np.arange(len(ids)), lengths)
    kept = flat > 0
    places = (flat + starts)[kept]
    columns, places = np.unique(places, return_inverse=True)
    owner = np.broadcast_to(owners[:, None], flat.shape)[kept]
    counts = sparse.csr_matrix((np.ones(len(owner)), (owner, places)), (len(ids), len(columns)))
    counts.sum_duplicates()
    present = np.bincount(counts.indices, minlength=len(columns))
    weights = np.log((1 + len(ids)) / (1 + present)) + 1
    total = np.asarray(counts.sum(axis=0)).ravel()
    served = (sparse.diags(1.0 / np.sqrt(np.maximum(lengths, 1))) @ counts).tocsr()
    # Learnt from logarithms, since what comes ten times says little more than what comes twice.
    counts.data = 1 + np.log(counts.data)
    damping = np.asarray(counts.sum(axis=0)).ravel() / total
    rows = (counts @ sparse.diags(weights)).tocsr()
    norms = _norms(rows)
    # A new text shows little that is known: what one text alone has, it would not find if it were new itself.
    known = _norms(rows @ sparse.diags((present > 1).astype(float)))
    some = known > 0
    scale = np.mean(np.sqrt(lengths[some]) / known[some]) if some.any() else 1.0
    rows = (sparse.diags(1.0 / np.where(norms > 0, norms, 1.0)) @ rows).tocsr()
    return _Texts(rows, served, weights * scale, damping, columns)


class _Sums(NamedTuple):
    """The vectors of a channel's ids summed up in each text.

    Attributes:
        channel: its number.
        rows: per text their sum, of about the same length for texts of any length, less the mean, float64 [N, D].
        served: per text the sum of `table` over the root of the number of units, less the mean, float64 [N, D].
        mean: what was taken from both, [D].
        table: the vector of each id times what makes `served` the same as `rows` on average, [V, D].
    """

    channel: int
    rows: np.ndarray
    served: np.ndarray
    mean: np.ndarray
    table: np.ndarray

    @classmethod
    def of(cls, ids: Sequence[np.ndarray], channel: int, table: np.ndarray) -> _Sums:
        """Return the sums of texts; ids as of `fit_bag`."""
        squares = np.square(table, dtype=np.float64).sum(axis=1)
        sizes = np.sqrt([squares[one[:, channel]].sum() for one in ids])
        roots = np.sqrt([max(len(one), 1) for one in ids])
        sums = np.stack([table[one[:, channel]].sum(axis=0, dtype=np.float64) for one in ids])
        scaled = sums / np.where(sizes > 0, sizes, 1.0)[:, None]
        mean = scaled.mean(axis=0)
        spread = np.sqrt(np.square(scaled - mean).sum(axis=1).mean()) or 1.0
        some = sizes > 0
        scale = np.mean(roots[some] / sizes[some]) if some.any() else 1.0
        served = (sums * scale / roots[:, None] - mean) / spread
        return cls(channel, (scaled - mean) / spread, served, mean / spread, table * (scale / spread))


def _join(texts: _Texts, known: Sequence[_Sums]) -> _Texts:
    """Return texts whose columns are counts, and behind them sums of vectors."""
    from scipy import sparse

    rows = sparse.hstack([texts.rows * COUNTED, *(sparse.csr_matrix(sums.rows) for sums in known)]).tocsr()
    served = sparse.hstack([texts.served, *(sparse.csr_matrix(sums.served) for sums in known)]).tocsr()
    ones = np.ones(sum(len(sums.mean) for sums in known))
    weights, damping = (np.concatenate(parts) for parts in ((texts.weights * COUNTED, ones), (texts.damping, ones)))
    return _Texts(rows, served, weights, damping, texts.columns)


def _norms(rows: Any) -> np.ndarray:
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())


class _Solver:
    """Fits logistic regressions to some of the rows."""

    def __init__(self, texts: _Texts, outputs: int, weighting: str | None) -> None:
        self.texts, self.outputs, self.weighting = texts, outputs, weighting

    def fit(self, some: np.ndarray, targets: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
        """Return weights [F, K] and bias [K] of the rows `some`."""
        if targets.ndim == 2:
            parts = [self._one(some, column, strength) for column in targets.T]
            return np.concatenate([w for w, _ in parts], axis=1), np.concatenate([b for _, b in parts])
        return self._one(some, targets, strength)

    def _one(self, some: np.ndarray, targets: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
        # Imported where it is needed: a training without such a model would wait a second for it.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        gold = targets[some].astype(int)
        classes = np.unique(gold)
        # A column of floats is that of one label among any number of them.
        outputs = 1 if self.outputs == 1 or targets.dtype.kind == "f" else self.outputs
        weights, bias = np.zeros((self.texts.rows.shape[1], outputs)), np.full(outputs, np.log(RAREST))
        if len(classes) == 1:
            bias[:] = 0.0
            bias[0 if outputs == 1 else classes[0]] = -np.log(RAREST) * (1 if outputs > 1 or classes[0] else -1)
            return weights, bias
        model = LogisticRegression(C=strength, max_iter=PASSES, class_weight=self.weighting)
        with warnings.catch_warnings():
            # A hundred passes are near enough: what is left changes no answer.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self.texts.rows[some], gold)
        if outputs == 1:
            return model.coef_.T, model.intercept_
        if len(classes) == 2:
            weights[:, classes[1]], bias[classes] = model.coef_[0], (0.0, model.intercept_[0])
        else:
            weights[:, classes], bias[classes] = model.coef_.T, model.intercept_
        return weights, bias

    def likelihood(self, some: np.ndarray, targets: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> float:
        """Return the log-likelihood of the targets of `some` texts as a linear part scores them."""
        logits = np.asarray(self.texts.served[some] @ weights) + bias
        gold = targets[some]
        if targets.ndim == 2 or logits.shape[1] == 1:
            signs = 2.0 * gold.reshape(logits.shape) - 1.0
            return -float(np.logaddexp(0.0, -signs * logits).sum())
        shifted = logits - logits.max(axis=1, keepdims=True)
        return float((shifted[np.arange(len(gold)), gold] - np.log(np.exp(shifted).sum(axis=1))).sum())


def _choose(solver: _Solver, targets: np.ndarray, strengths: Sequence[float]) -> Choice | None:
    """Return the choice under which examples that were left out are likeliest; None of too few or too many."""
    from sklearn.model_selection import KFold, StratifiedKFold

    count, work = len(targets), solver.texts.rows.nnz * solver.outputs
    if work > SPLIT or count < 2 * FOLDS:
        return None
    single = targets.ndim == 1 and np.bincount(targets)[np.unique(targets)].min() >= FOLDS
    folds = (StratifiedKFold if single else KFold)(FOLDS, shuffle=True, random_state=0)
    parts = list(folds.split(np.zeros((count, 1)), targets if single else None))[: FOLDS if work <= FOLDED else 1]
    found = {Choice(strength, damped): 0.0 for strength in strengths for damped in (False, True)}
    for kept, left_out in parts:
        for strength in strengths:
            weights, bias = solver.fit(kept, targets, strength)
            for damped in (False, True):
                scaled = weights * solver.texts.factors(damped)[:, None]
                found[Choice(strength, damped)] += solver.likelihood(left_out, targets, scaled, bias)
    return max(found, key=lambda choice: found[choice])
