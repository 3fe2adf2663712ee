"""A dev set where the user gave none: a tenth of the training examples, held out by a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .fingerprint import contents
from .seeds import HOLD_OUT, derive
from .stream import Data, Targets

__all__ = ["SHARE", "divide", "hold_out", "learnt", "take", "without"]

SHARE = 0.1
"""The share of the examples that is held out."""


def hold_out(features: Sequence[np.ndarray], targets: Targets, seed: int) -> np.ndarray:
    """Return the indices of a tenth of the examples, int64, sorted; the same for the same arguments.

    Equal sequences stay on one side, so that no dev example has been trained on, and each label gives
    its tenth (a multi-label example and a sequence of tags count under their first label). A label
    keeps at least one sequence to train on; with very few examples, or few different ones, the result may
    be smaller or empty.
    """
    random = np.random.default_rng(derive(seed, HOLD_OUT))
    groups: dict[str, list[int]] = {}
    for index, array in enumerate(features):
        groups.setdefault(contents([array]), []).append(index)
    strata: dict[int, list[list[int]]] = {}
    for members in groups.values():
        strata.setdefault(_stratum(targets[members[0]]), []).append(members)
    wanted = max(1, round(SHARE * len(features)))
    held: list[int] = []
    carried = 0.0
    # A share below one carries over to the next label, so that many rare labels together give their tenth too.
    for label in sorted(strata, key=lambda label: (-len(strata[label]), label)):
        members_of = strata[label]
        carried += SHARE * sum(map(len, members_of))
        for group in random.permutation(len(members_of))[: len(members_of) - 1]:
            if carried < 0.5 or len(held) >= wanted:
                break
            if len(members_of[group]) <= wanted - len(held):
                held += members_of[group]
                carried -= len(members_of[group])
    return np.sort(np.array(held, np.int64))


def divide(train: Data, dev: Data | None, seed: int) -> tuple[Data, Data | None, np.ndarray | None]:
    """Return what to learn from, what to judge by, and which training examples the latter are (None with a dev set)."""
    if dev is not None:
        return train, dev, None
    features, targets = train
    held = hold_out(features, targets, seed)
    judge = [features[i] for i in held], take(targets, held)
    return (without(features, held), learnt(targets, held)), judge if len(held) else None, held


def without(features: Sequence[np.ndarray], held: np.ndarray | None) -> Sequence[np.ndarray]:
    """Return features without those that are held out; all of them where None are."""
    return features if held is None else [features[i] for i in np.setdiff1d(np.arange(len(features)), held)]


def learnt(targets: Targets, held: np.ndarray | None) -> Targets:
    """Return targets without those that are held out; all of them where None are."""
    return targets if held is None else take(targets, np.setdiff1d(np.arange(len(targets)), held))


def take(targets: Targets, indices: np.ndarray) -> Targets:
    """Return the targets at `indices`, in the form they came in."""
    return targets[indices] if isinstance(targets, np.ndarray) else [targets[i] for i in indices]


def _stratum(target: np.ndarray) -> int:
    """Return the label an example is counted under; -1 where it has none."""
    row = np.atleast_1d(target)
    if row.dtype.kind == "f":
        return int(row.argmax()) if row.any() else -1
    return int(row[0]) if len(row) else -1
