"""A dev set where the user gave none: a tenth of the training examples, held out by a seed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from ...errors import DataError, sentence
from .fingerprint import digest_arrays
from .loader import Data, Targets
from .seeds import HOLD_OUT, derive

__all__ = ["SHARE", "divide", "drop_features", "drop_targets", "hold_out", "take", "take_first"]

SHARE = 0.1
"""The share of the examples that is held out."""

DRAWS, FEWEST_DRAWS, MOST_WORK = 200, 5, 1_000_000
"""Draws of groups of which the best is taken: fewer where there are so many groups that draws take seconds."""

ENOUGH = 5
"""Examples that lie apart (different, of different groups) from which a class gives one of them at least."""


def hold_out(
    features: Sequence[np.ndarray], targets: Targets, seed: int, groups: Sequence[Hashable] | None = None
) -> np.ndarray:
    """Return the indices of a tenth of the examples, int64, sorted; the same for the same arguments.

    Equal sequences stay on one side, so that no dev example has been trained on, and so do those of one group. Each
    label gives its tenth (a multi-label example and a sequence of tags count under their first label), and where an
    example has one label, one at least of `ENOUGH`. A label keeps at least one sequence to train on; with very few
    examples, or few different ones or groups, the result may be smaller or empty.

    Args:
        features: N sequences.
        targets: their targets.
        seed: decides which are held out.
        groups: per sequence what it belongs to (a speaker, a document), None for nothing.
    """
    random = np.random.default_rng(derive(seed, HOLD_OUT))
    together = _together(features, groups)
    wanted = max(1, round(SHARE * len(features)))
    labels = targets if isinstance(targets, np.ndarray) and targets.ndim == 1 else None
    if groups is not None:
        return np.sort(np.array(_whole_groups(together, labels, wanted, random), np.int64))
    strata: dict[int, list[list[int]]] = {}
    for members in together:
        strata.setdefault(_stratum(targets[members[0]]), []).append(members)
    held: list[int] = []
    carried = 0.0
    # A share below one carries over to the next label, so that many rare labels together give their tenth too.
    for label in sorted(strata, key=lambda label: (-len(strata[label]), label)):
        members_of, before = strata[label], len(held)
        carried += SHARE * sum(map(len, members_of))
        order = random.permutation(len(members_of))[: len(members_of) - 1]
        for group in order:
            if carried < 0.5 or len(held) >= wanted:
                break
            # Equal sequences in large numbers would take the shares of other labels.
            if len(members_of[group]) <= min(wanted - len(held), max(1, round(carried))):
                held += members_of[group]
                carried -= len(members_of[group])
        if labels is not None and len(held) == before and len(members_of) >= ENOUGH:
            held += members_of[min(order, key=lambda group: len(members_of[group]))]
    return np.sort(np.array(held, np.int64))


def divide(
    train: Data, dev: Data | None, seed: int, groups: Sequence[str] | None = None
) -> tuple[Data, Data | None, np.ndarray | None]:
    """Return what to learn from, what to judge by, and which training examples the latter are (None with a dev set).

    Raises:
        DataError: there are groups, none of which can be held out.
    """
    if dev is not None:
        return train, dev, None
    features, targets = train
    held = hold_out(features, targets, seed, groups)
    if groups is not None and not len(held):
        want = "such that some can be held out: half of the examples at most, and no label that only they have"
        raise DataError(sentence("train", "groups", want, "none", "Give dev data, or leave them out."))
    judge = [features[i] for i in held], take(targets, held)
    return (drop_features(features, held), drop_targets(targets, held)), judge if len(held) else None, held


def take_first(data: Data, count: int) -> Data:
    """Return the first examples."""
    return data[0][:count], data[1][:count]


def drop_features(features: Sequence[np.ndarray], held: np.ndarray | None) -> Sequence[np.ndarray]:
    """Return features without those that are held out; all of them where None are."""
    return features if held is None else [features[i] for i in np.setdiff1d(np.arange(len(features)), held)]


def drop_targets(targets: Targets, held: np.ndarray | None) -> Targets:
    """Return targets without those that are held out; all of them where None are."""
    return targets if held is None else take(targets, np.setdiff1d(np.arange(len(targets)), held))


def _together(features: Sequence[np.ndarray], groups: Sequence[Hashable] | None) -> list[list[int]]:
    """Return which examples must stay on one side: equal ones, those of one group, and so on from these."""
    first: dict[Hashable, int] = {}
    root = list(range(len(features)))

    def find(n: int) -> int:
        while root[n] != n:
            root[n] = n = root[root[n]]
        return n

    for index, array in enumerate(features):
        for key in (digest_arrays([array]), *(() if groups is None else [("group", groups[index])])):
            root[find(index)] = find(first.setdefault(key, index))
    found: dict[int, list[int]] = {}
    for index in range(len(features)):
        found.setdefault(find(index), []).append(index)
    return list(found.values())


def _whole_groups(
    together: Sequence[list[int]], labels: np.ndarray | None, wanted: int, random: np.random.Generator
) -> list[int]:
    """Return the examples of a few groups: of many draws the one nearest to the wanted number and the labels' shares.

    Every label stays among those to train on, and half of the examples at least. Where no draw is so, none are held
    out.
    """
    count = sum(map(len, together))
    whole = None if labels is None else np.bincount(labels)
    best: tuple[float, list[int]] = (np.inf, [])
    for _ in range(max(FEWEST_DRAWS, min(DRAWS, MOST_WORK // len(together)))):
        held: list[int] = []
        for group in random.permutation(len(together)):
            if not held or len(held) + len(together[group]) <= wanted:
                held += together[group]
        cost = abs(len(held) - wanted) / wanted
        if whole is not None and labels is not None:
            seen = np.bincount(labels[held], minlength=len(whole))
            cost += np.inf if (seen[whole > 0] == whole[whole > 0]).any() else 0.0
            cost += float(np.abs(seen / len(held) - whole / count).sum())
        if 2 * len(held) <= count and cost < best[0]:
            best = (cost, held)
    return best[1]


def take(targets: Targets, indices: np.ndarray) -> Targets:
    """Return the targets at `indices`, in the form they came in."""
    return targets[indices] if isinstance(targets, np.ndarray) else [targets[i] for i in indices]


def _stratum(target: np.ndarray) -> int:
    """Return the label an example is counted under; -1 where it has none."""
    row = np.atleast_1d(target)
    if row.dtype.kind == "f":
        return int(row.argmax()) if row.any() else -1
    return int(row[0]) if len(row) else -1
