from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import ChannelConfig
from bigru.errors import ArgumentError
from bigru.train.data import cooccurrence
from bigru.train.data.cooccurrence import DOUBT, SPREAD, WINDOW, ppmi_vectors
from bigru.train.loop import build, checkpoint
from tolerances import FLOAT32, FLOAT32_STEP, near

UNIT = ChannelConfig("unit", 30, 6)
BIGRAM = ChannelConfig("bigram", 9, 4)


def drawn(*channels: ChannelConfig) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        f"embedding.{c}.weight": random.normal(0, 0.1, (channel.size, channel.dim)).astype(np.float32)
        for c, channel in enumerate(channels)
    }


def kinds(repeats: int) -> list[np.ndarray]:
    """Units 1 to 4 stand among 10 to 19, units 5 to 8 among 20 to 29."""
    random = np.random.default_rng(1)
    rows = []
    for unit, _ in itertools.product(range(1, 9), range(repeats)):
        near = random.integers(10, 20, 4) + (10 if unit > 4 else 0)
        rows.append(np.array([*near[:2], unit, *near[2:]])[:, None])
    return rows


NEAR = (2 * 2) / (2 * WINDOW)
"""Each unit has two neighbours to each side, of `WINDOW` at most."""


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_units_with_the_same_neighbours_get_similar_vectors() -> None:
    (table,) = ppmi_vectors(kinds(200), (UNIT,), drawn(UNIT), 0).values()
    assert table.dtype == np.float32
    assert min(cosine(table[a], table[b]) for a, b in itertools.combinations(range(1, 5), 2)) > 0.9
    assert max(cosine(table[a], table[b]) for a in range(1, 5) for b in range(5, 9)) < 0.5
    kept = DOUBT / (200 * NEAR + DOUBT)
    learnt = (table[1:9] - kept * drawn(UNIT)["embedding.0.weight"][1:9]) / (1 - kept)
    np.testing.assert_allclose(np.sqrt(np.square(learnt).mean(1)), SPREAD, **FLOAT32_STEP)


def test_what_is_never_seen_keeps_its_row_and_what_is_rare_some_of_it() -> None:
    first = drawn(UNIT)["embedding.0.weight"]
    rare, often = (ppmi_vectors(kinds(n), (UNIT,), drawn(UNIT), 0)["embedding.0.weight"] for n in (1, 200))
    np.testing.assert_array_equal(often[[0, 9]], first[[0, 9]])
    kept = DOUBT / (NEAR + DOUBT)
    for unit in range(1, 9):
        learnt = (rare[unit] - kept * first[unit]) / (1 - kept)
        assert np.sqrt(np.square(learnt).mean()) == near(SPREAD, FLOAT32)


def test_an_n_gram_is_not_its_own_neighbour() -> None:
    ids, sequence = np.array([1, 2, 3]), np.zeros(3, int)
    counted = cooccurrence._near(ids, ids, sequence, ChannelConfig("bigram", 4, 2), 4).toarray()
    want = np.zeros((4, 8))
    want[1, 4 + 3] = want[2, 1] = want[3, 1] = want[3, 2] = 1
    np.testing.assert_array_equal(counted, want)


def test_sequences_are_not_neighbours() -> None:
    counted = cooccurrence._near(np.array([1, 2]), np.array([1, 2]), np.arange(2), ChannelConfig("unit", 3, 2), 3)
    assert counted.nnz == 0


def test_of_very_many_units_a_share_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = kinds(20)
    monkeypatch.setattr(cooccurrence, "MOST", len(rows) * 5 // 2)
    some = ppmi_vectors(rows, (UNIT,), drawn(UNIT), 0)["embedding.0.weight"]
    monkeypatch.undo()
    assert np.array_equal(some, ppmi_vectors(rows[::2], (UNIT,), drawn(UNIT), 0)["embedding.0.weight"])


@pytest.mark.parametrize("rows", [[], [np.zeros((0, 2), np.int32)], [np.array([[3, 4]])]])
def test_where_nothing_stands_near_anything_all_rows_stay(rows: list[np.ndarray]) -> None:
    first = drawn(UNIT, BIGRAM)
    made = ppmi_vectors(rows, (UNIT, BIGRAM), first, 0)
    assert made.keys() == first.keys()
    assert all(np.array_equal(made[name], first[name]) for name in first)


def test_fewer_ids_than_numbers_leave_the_rest_zero() -> None:
    channel = ChannelConfig("unit", 3, 50)
    (table,) = ppmi_vectors([np.array([[1], [2]] * 50)], (channel,), drawn(channel), 0).values()
    assert np.isfinite(table).all()


@pytest.mark.train
def test_a_training_starts_from_them_and_goes_on_to_the_same_bits(texts: Any, tmp_path: Path) -> None:
    problem = replace(texts, training=replace(texts.training, init_from_cooccurrence=True))
    plain, whole, again = texts.fit(), problem.fit(), problem.fit()
    name = "embedding.0.weight"
    assert not np.array_equal(plain.weights[name], whole.weights[name])
    assert np.array_equal(whole.weights[name], again.weights[name])
    problem.fit(folder=tmp_path)
    assert checkpoint.exists(tmp_path)
    resumed = problem.fit(folder=tmp_path, resume=True)
    assert np.array_equal(resumed.weights[name], whole.weights[name])


def test_their_time_counts(texts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    made = cooccurrence.ppmi_vectors

    def slow(*arguments: Any) -> dict[str, np.ndarray]:
        clock[0] += 5000
        return made(*arguments)

    monkeypatch.setattr(build, "ppmi_vectors", slow)
    real = time.perf_counter
    monkeypatch.setattr(time, "perf_counter", lambda: real() + clock[0])
    fitted = texts.fit(training={"init_from_cooccurrence": True, "max_seconds": 4000.0})
    assert fitted.seconds > 5000
    assert fitted.steps <= 1


def test_given_weights_come_first_and_numbers_have_no_vectors(texts: Any, labelled: Any) -> None:
    given = np.full((texts.model.channels[0].size, texts.model.channels[0].dim), 0.25, np.float32)
    weights = {"embedding.0.weight": given}
    model = build.first_model(texts.model, weights, 0, torch.device("cpu"), texts.train[0])
    assert np.array_equal(model.embedding[0].weight.detach().numpy(), given)
    with pytest.raises(
        ArgumentError, match="train: init_from_cooccurrence must be false for numeric sequences, got True"
    ):
        labelled.fit(training={"init_from_cooccurrence": True})
