from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bigru.plain import linear
from bigru.plain.linear import fit_linear


def drawn(count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Tag 1 where the first channel has 2, tag 2 behind a tag 1, else 0."""
    random = np.random.default_rng(0)
    ids = [random.integers(1, 4, (length, 2)).astype(np.int32) for length in random.integers(0, 7, count)]
    tags = []
    for rows in ids:
        row = [0] * len(rows)
        for t, (first, _) in enumerate(rows.tolist()):
            row[t] = 1 if first == 2 else 2 if t and row[t - 1] == 1 else 0
        tags.append(np.array(row, np.int64))
    return ids, tags


def scores(made: linear.Linear, rows: np.ndarray) -> np.ndarray:
    return made.bias + sum(table[rows[:, c]] for c, table in enumerate(made.tables))


def test_each_step_by_itself_is_a_logistic_regression() -> None:
    ids, tags = drawn(80)
    made = fit_linear(ids, tags, (4, 5), 3, chained=False)
    rows, gold = np.concatenate(ids), np.concatenate(tags)
    dense = np.concatenate([np.eye(4)[rows[:, 0]], np.eye(5)[rows[:, 1]]], axis=1)
    peer = LogisticRegression(C=5.0, max_iter=1000).fit(dense, gold)
    shares = np.exp(scores(made, rows))
    assert np.abs(shares / shares.sum(1, keepdims=True) - peer.predict_proba(dense)).max() < 0.05
    assert not made.transitions.any()
    assert [table.shape for table in made.tables] == [(4, 3), (5, 3)]


def test_a_chain_knows_what_follows_what() -> None:
    ids, tags = drawn(200)
    made = fit_linear(ids, tags, (4, 5), 3, chained=True)
    assert made.transitions[1, 2] > made.transitions[1, 0] + 1
    assert made.transitions[0, 0] > made.transitions[0, 2] + 1


def test_ids_and_tags_that_training_does_not_show_score_nothing() -> None:
    made = fit_linear([np.array([[1], [2]])] * 9, [np.array([0, 3])] * 9, (6,), 5, chained=False)
    assert not made.tables[0][[0, 3, 4, 5]].any()
    assert not made.tables[0][:, [1, 2, 4]].any()
    assert made.tables[0][1, 0] > made.tables[0][1, 3] + 1


def test_much_work_gets_fewer_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    library = linear.crfsuite()

    class Trainer(library.Trainer):
        def set_params(self, values: dict[str, float]) -> None:
            asked.append(values["max_iterations"])
            super().set_params(values)

    monkeypatch.setattr(library, "Trainer", Trainer)
    ids, tags = [np.array([[1], [2]])], [np.array([0, 1])]
    for work in (4 * 1000, 4 * 40, 4):
        monkeypatch.setattr(linear, "WORK", work)
        fit_linear(ids, tags, (3,), 2, chained=True)
    assert asked == [100, 40, 25]
