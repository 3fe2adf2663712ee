"""Vectors from co-occurrences, before any label is read: what stands near what.

Counts of which contexts an id occurs with become positive pointwise mutual information (contexts smoothed as in Levy,
Goldberg & Dagan 2015, section 3.2), which is factored by a truncated singular value decomposition (Levy & Goldberg
2014; Halko et al. 2011, arXiv:0909.4061). `ppmi_vectors` makes first vectors of embeddings of the training inputs
alone: for every channel, of the units within `WINDOW` steps of an id, left and right apart. An id seen a few times
keeps some of the noise that it started with. An n-gram is not its own neighbour. `bigru.train.pretrain` makes vectors
of raw texts with the same functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...config import ChannelConfig
from ...features.channels import NGRAMS

if TYPE_CHECKING:
    from scipy import sparse

__all__ = ["count_near", "factor", "information", "ppmi_vectors", "scale_rows"]

WINDOW = 4
"""Steps to each side that count as near."""

SMOOTHING = 0.75
"""Exponent of the contexts' counts, so that rare contexts are not overrated."""

SPREAD = 0.15
"""Root mean square of the vectors."""

DOUBT = 3.0
"""An id seen so many times is half what was counted and half its first noise."""


MOST = 10_000_000
"""Units that are counted at most; of longer training texts every second sequence, or every third, and so on."""


def ppmi_vectors(
    features: Sequence[np.ndarray], channels: Sequence[ChannelConfig], first: Mapping[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """Return first weights of the embeddings, by name.

    Args:
        features: the training inputs, each int [T, C].
        channels: the C channels; the units around an id are those of the first.
        first: the tables as they were drawn, "embedding.{c}.weight" float32 [size, dim].
        seed: of the random projection.

    Returns:
        For every channel float32 [size, dim]; ids that training never shows keep their rows.
    """
    total = sum(map(len, features))
    features = features[:: max(1, -(-total // MOST))]
    flat = np.concatenate([np.zeros((0, len(channels)), np.int32), *features]).astype(np.int64)
    sequence = np.repeat(np.arange(len(features)), [len(f) for f in features])
    vectors = {}
    for c, channel in enumerate(channels):
        name = f"embedding.{c}.weight"
        counts = _near(flat[:, c], flat[:, 0], sequence, channel, channels[0].size)
        vectors[name] = _blend(counts, first[name], channel.dim, seed)
    return vectors


def _near(
    ids: np.ndarray, units: np.ndarray, sequence: np.ndarray, channel: ChannelConfig, contexts: int
) -> sparse.csr_matrix:
    """Count what stands near each id: [size, 2 * contexts], the left side's units first."""
    own = NGRAMS.get(channel.name, (0,))
    steps = [step for step in range(-WINDOW, WINDOW + 1) if step not in own]
    return count_near(ids, units, sequence, steps, (channel.size, 2 * contexts), contexts)


def count_near(
    ids: np.ndarray,
    units: np.ndarray,
    sequence: np.ndarray,
    steps: Iterable[int],
    shape: tuple[int, int],
    right: int = 0,
) -> sparse.csr_matrix:
    """Count which units stand some steps away from each id in the same sequence.

    Args:
        ids: int [N], within the rows of `shape`.
        units: the context that each position is to others, int [N].
        sequence: of each position, int [N].
        steps: the distances that count as near; negative ones look to the left.
        shape: of the counts.
        right: what is added to the column of units to the right, so that both sides are counted apart.

    Returns:
        float32 of that shape.
    """
    from scipy import sparse

    counts = sparse.csr_matrix(shape, dtype=np.float32)
    for step in steps:
        here = np.arange(max(0, -step), min(len(ids), len(ids) - step))
        here = here[sequence[here] == sequence[here + step]]
        columns = units[here + step] + (right if step > 0 else 0)
        ones = np.ones(len(here), np.float32)
        counts += sparse.coo_matrix((ones, (ids[here], columns)), counts.shape).tocsr()
    return counts


def information(counts: sparse.csr_matrix, smoothing: float = SMOOTHING) -> sparse.csr_matrix:
    """Return the positive pointwise mutual information of counts, float32; contexts count with an exponent."""
    from scipy import sparse

    rows = np.asarray(counts.sum(axis=1)).ravel()
    columns = np.asarray(counts.sum(axis=0)).ravel() ** smoothing
    found = counts.tocoo()
    information = np.log(found.data * columns.sum() / (rows[found.row] * columns[found.col]))
    kept = information > 0
    values = information[kept].astype(np.float32)
    return sparse.csr_matrix((values, (found.row[kept], found.col[kept])), counts.shape)


def factor(counts: sparse.csr_matrix, dim: int, seed: int, smoothing: float = SMOOTHING) -> np.ndarray:
    """Return a vector of each row of counts, float64 [rows, dim]: singular vectors times the roots of their values.

    Where rows or columns are fewer than `dim`, the numbers behind are zero.
    """
    from sklearn.utils.extmath import randomized_svd

    known = information(counts, smoothing)
    rank = min(dim, *known.shape)
    left, values, _ = randomized_svd(known, rank, n_iter=3, random_state=seed)
    vectors = np.zeros((known.shape[0], dim))
    vectors[:, :rank] = left * np.sqrt(values)
    return vectors


def scale_rows(vectors: np.ndarray, size: float) -> np.ndarray:
    """Return rows scaled to a length; those of zeros stay."""
    sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = vectors * (size / np.where(sizes > 0, sizes, 1))
    return scaled


def _blend(counts: sparse.csr_matrix, first: np.ndarray, dim: int, seed: int) -> np.ndarray:
    """Return vectors of counts where there are many, of `first` where there are few."""
    vectors = scale_rows(factor(counts, dim, seed), SPREAD * np.sqrt(dim))
    seen = np.asarray(counts.sum(axis=1)) / (2 * WINDOW)
    share = np.where(vectors.any(axis=1, keepdims=True), seen / (seen + DOUBT), 0)
    return (share * vectors + (1 - share) * first).astype(np.float32)
