"""Further inputs that nobody labelled: a beginning of one example and an end of another, for networks to answer.

What a network answers to the examples that it learnt from says little beyond their labels. Mixed examples ask it about
units that it knows, in company that it does not (cut and joined as in Guo et al. 2020, "Sequence-level mixed sample
data augmentation", arXiv:2011.09039, but with answers in place of mixed labels).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["mix_examples"]


def mix_examples(features: Sequence[np.ndarray], count: int, seed: int) -> list[np.ndarray]:
    """Return `count` examples, each a beginning and an end of two drawn ones, cut at places drawn evenly.

    Args:
        features: arrays [T, ...], as a task's `featurise` returns them.
        count: how many.
        seed: of what is drawn.
    """
    random = np.random.default_rng(seed)
    pairs, cuts = random.integers(0, len(features), (count, 2)), random.random((count, 2))
    found = []
    for (first, second), (end, start) in zip(pairs, cuts, strict=True):
        one, other = features[first], features[second]
        # The last step of the first and the first of the second stay where they have one, so that something remains.
        found.append(np.concatenate([one[: int(end * len(one)) + 1], other[int(start * len(other)) :]]))
    return found
