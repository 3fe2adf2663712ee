from __future__ import annotations

import pickle
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from bigru.features import words
from bigru.features.text import TextFeatures
from bigru.features.words import Made, Words


class Counted:
    """Makes a unit its length, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, units: Sequence[str]) -> Made:
        self.asked.append(list(units))
        sizes = np.array([len(unit) for unit in units])
        return Made(
            sizes.astype(np.uint64), 10 * sizes.astype(np.uint64), np.stack([sizes, -sizes], 1).astype(np.int32)
        )


def made(words: Words, units: list[str]) -> list[list[int]]:
    found = words.of(units)
    return [found.codes.tolist(), found.shapes.tolist(), *found.ids.T.tolist()]


def test_units_are_made_once() -> None:
    make = Counted()
    kept = Words(make, 2)
    assert made(kept, ["a", "bcd"]) == [[1, 3], [10, 30], [1, 3], [-1, -3]]
    assert made(kept, ["bcd", "ef", "a"]) == [[3, 2, 1], [30, 20, 10], [3, 2, 1], [-3, -2, -1]]
    assert made(kept, ["ef"]) == [[2], [20], [2], [-2]]
    assert made(kept, []) == [[], [], [], []]
    assert make.asked == [["a", "bcd"], ["ef"]]


def test_too_many_units_are_forgotten_and_kept_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST", 3)
    make = Counted()
    kept = Words(make, 2)
    for units in (["a", "b"], ["b", "cc", "d"], ["cc", "a"], ["a", "b", "c", "d"], ["cc"]):
        assert made(kept, units)[0] == [len(unit) for unit in units]
    assert make.asked == [["a", "b"], ["b", "cc", "d"], ["cc", "a"], ["a", "b", "c", "d"]]


def test_threads_share_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST", 40)
    names = ("unit", "begin2", "end3", "shape", "shape_after", "after", "lower")
    texts = [[f"{'xX1'[n % 3] * (1 + n % 7)}{n * k % 57}" for n in range(1 + k % 9)] for k in range(300)]
    features = TextFeatures.fit(texts[:40], unit="token", channels=names)
    alone = [pickle.loads(pickle.dumps(features)).features(text).tolist() for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert [rows.tolist() for rows in pool.map(features.features, texts)] == alone
