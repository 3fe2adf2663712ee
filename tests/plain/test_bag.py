from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from bigru.plain import bag
from bigru.plain.bag import STRENGTHS, USUAL_WITH_VECTORS, WITH_VECTORS, Choice, fit_bag
from tolerances import FLOAT32

SIZES = (6, 4)


def drawn(seed: int, count: int) -> list[np.ndarray]:
    """Texts of ids of two channels, of lengths from 0."""
    random = np.random.default_rng(seed)
    return [
        np.stack([random.integers(0, size, length) for size in SIZES], axis=1)
        for length in random.integers(0, 8, count)
    ]


def logits(found: bag.Bag, ids: list[np.ndarray]) -> np.ndarray:
    """What a model's linear part gives: the rows of all ids over the root of the length, and the bias."""
    tables, bias = found.linear.tables, found.linear.bias
    sums = [sum(table[row].sum(axis=0) for table, row in zip(tables, one.T, strict=True)) for one in ids]
    return np.stack([s / np.sqrt(max(len(one), 1)) for s, one in zip(sums, ids, strict=True)]) + bias


def counted(ids: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What it is fitted to, once more and densely: logarithms of counts [N, F] and their weights [F]."""
    counts = np.zeros((len(ids), sum(SIZES)))
    for row, one in zip(counts, ids, strict=True):
        for step in one:
            for start, id in zip((0, SIZES[0]), step.tolist(), strict=True):
                row[start + id] += id > 0
    present = (counts > 0).sum(axis=0)
    logs = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0)
    return logs, np.log((1 + len(ids)) / (1 + present)) + 1


@pytest.mark.parametrize("outputs", [1, 3])
def test_it_is_the_logistic_regression_of_weighted_rows_of_length_1(outputs: int) -> None:
    ids = drawn(1, 60)
    targets = np.random.default_rng(2).integers(0, max(outputs, 2), 60)
    found = fit_bag(ids, targets, SIZES, outputs, choice=Choice(3.0))
    assert found is not None
    counts, weights = counted(ids)
    rows = counts * weights
    norms = np.linalg.norm(rows, axis=1)
    model = LogisticRegression(C=3.0, max_iter=1000).fit(rows / np.where(norms > 0, norms, 1)[:, None], targets)
    filled = norms > 0  # every id is in several texts
    scale = np.mean(np.sqrt([len(one) for one in ids])[filled] / norms[filled])
    wanted = (model.coef_ * weights * scale).T
    for start, table in zip((0, SIZES[0]), found.linear.tables, strict=True):
        assert np.abs(table[1:] - wanted[start + 1 : start + len(table)]).max() < 5e-3
    assert np.abs(found.linear.bias - model.intercept_).max() < 5e-3


def test_what_one_text_alone_has_does_not_make_the_others_weak() -> None:
    """Half of a new text is unknown: the scores of its known half must not shrink beside the bias."""
    shared, own = (
        [np.array([[1 + n % 2, 0]]) for n in range(40)],
        [np.array([[1 + n % 2, 0], [3 + n, 0]]) for n in range(40)],
    )
    sizes, targets = (50, 2), np.arange(40) % 2
    plain, half = (fit_bag(ids, targets, sizes, 1, choice=Choice(300.0)) for ids in (shared, own))
    assert plain is not None
    assert half is not None
    scores = [
        abs(logits(one, ids)).mean()
        for one, ids in ((plain, shared), (half, [row[[0, 0]] * [[1, 1], [0, 0]] for row in shared]))
    ]
    assert scores[1] > 0.5 * scores[0]


def test_what_is_unknown_counts_for_nothing() -> None:
    ids = drawn(1, 60)
    found = fit_bag(ids, np.arange(60) % 2, SIZES, 1, choice=Choice(3.0))
    assert found is not None
    assert [table[0].tolist() for table in found.linear.tables] == [[0.0], [0.0]]


def test_any_number_of_labels_are_so_many_models() -> None:
    ids = drawn(1, 60)
    marks = np.random.default_rng(2).integers(0, 2, (60, 2)).astype(np.float32)
    both = fit_bag(ids, marks, SIZES, 2, choice=Choice(3.0))
    alone = [fit_bag(ids, marks[:, n].astype(int), SIZES, 1, choice=Choice(3.0)) for n in (0, 1)]
    assert both is not None
    for n, one in enumerate(alone):
        assert one is not None
        np.testing.assert_allclose(logits(both, ids)[:, [n]], logits(one, ids), **FLOAT32)


def test_the_strength_is_that_under_which_left_out_examples_are_likeliest() -> None:
    random = np.random.default_rng(1)
    clean = [np.array([[1 + n % 2, 1]]) for n in range(200)]
    clear = fit_bag(clean, np.arange(200) % 2, SIZES, 1)
    chance = fit_bag(drawn(3, 200), random.integers(0, 2, 200), SIZES, 1)
    assert clear is not None
    assert chance is not None
    assert clear.choice is not None
    assert chance.choice is not None
    assert (clear.choice.strength, chance.choice.strength) == (STRENGTHS[-1], STRENGTHS[0])


def repeated(topics: bool) -> tuple[list[np.ndarray], np.ndarray]:
    """Texts that repeat the id of their label, or an id that comes as often with either of them."""
    random = np.random.default_rng(5)
    targets = random.integers(0, 2, 400)
    texts = []
    for target in targets:
        often, clue = random.integers(1, 30), target if random.random() < 0.8 else 1 - target
        ids = [1 + target] * often + [2 - target] if topics else [3] * often + [1 + clue] * 2
        texts.append(np.array([[id, 0] for id in ids]))
    return texts, targets


@pytest.mark.parametrize("damped", [False, True])
def test_the_factors_are_those_under_which_left_out_texts_are_likeliest(damped: bool) -> None:
    found = fit_bag(*repeated(topics=not damped), SIZES, 1)
    assert found is not None
    assert found.choice is not None
    assert found.choice.damped is damped


def test_a_damped_weight_is_weaker_as_logarithms_of_counts_are() -> None:
    ids, targets = repeated(topics=True)
    plain, damped = (fit_bag(ids, targets, SIZES, 1, choice=Choice(3.0, both)) for both in (False, True))
    assert plain is not None
    assert damped is not None
    counts = np.array([(one[:, 0] == 1).sum() for one in ids])
    counts = counts[counts > 0]
    factor = (1 + np.log(counts)).sum() / counts.sum()
    np.testing.assert_allclose(damped.linear.tables[0][1], factor * plain.linear.tables[0][1], **FLOAT32)


def test_of_few_examples_no_strength_is_chosen() -> None:
    found = fit_bag(drawn(1, 8), np.arange(8) % 2, SIZES, 1)
    assert found is not None
    assert found.choice == Choice()


@pytest.mark.filterwarnings("ignore:The least populated class")
def test_a_class_with_one_example_is_fitted_too() -> None:
    found = fit_bag(drawn(1, 40), np.array([0, 1] * 19 + [0, 2]), SIZES, 3)
    assert found is not None
    assert all(np.isfinite(table).all() for table in found.linear.tables)


def test_balanced_classes_count_alike() -> None:
    ids, targets = drawn(1, 60), (np.arange(60) % 10 == 0).astype(int)
    plain, balanced = (fit_bag(ids, targets, SIZES, 1, choice=Choice(1.0), balanced=both) for both in (False, True))
    assert plain is not None
    assert balanced is not None
    assert logits(plain, ids).mean() < -1.0 < logits(balanced, ids).mean()


def test_one_target_and_too_large_a_model_are_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fit_bag(drawn(1, 9), np.zeros(9, int), SIZES, 1) is None
    monkeypatch.setattr(bag, "MOST", 5)
    assert fit_bag(drawn(1, 9), np.arange(9) % 2, SIZES, 1) is None


def test_with_vectors_it_is_the_logistic_regression_of_counts_and_sums_of_vectors() -> None:
    random = np.random.default_rng(6)
    vectors = random.standard_normal((SIZES[0], 3))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    vectors[0] = 0
    # Texts of one length and vectors of length 1: the sums of all texts are scaled alike.
    ids = [np.stack([random.integers(1, SIZES[0] - 1, 4), random.integers(1, SIZES[1], 4)], axis=1) for _ in range(50)]
    targets = random.integers(0, 2, 50)
    found = fit_bag(ids, targets, SIZES, 1, choice=Choice(2.0), vectors={0: vectors})
    assert found is not None
    counts, weights = counted(ids)
    rows = counts * weights
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    sums = np.stack([vectors[one[:, 0]].sum(axis=0) for one in ids]) / 2
    centred = sums - sums.mean(axis=0)
    spread = np.sqrt(np.square(centred).sum(axis=1).mean())
    model = LogisticRegression(C=2.0, max_iter=1000)
    model.fit(np.concatenate([bag.COUNTED * rows / norms, centred / spread], axis=1), targets)
    own, of_vectors = model.coef_[0, : sum(SIZES)], model.coef_[0, sum(SIZES) :]
    scale = np.mean(2 / norms)
    wanted = own * weights * scale * bag.COUNTED
    unit, other = found.linear.tables
    assert np.abs(unit[1:, 0] - (wanted[1:6] + vectors[1:] @ of_vectors / spread)).max() < 5e-3
    assert np.abs(other[1:, 0] - wanted[7:]).max() < 5e-3
    # The last id stands in no text, and has the weight of those that are like it.
    assert abs(unit[-1, 0] - vectors[-1] @ of_vectors / spread) < 5e-3
    assert abs(unit[-1, 0]) > 0
    assert np.abs(found.linear.bias - (model.intercept_ - sums.mean(axis=0) / spread @ of_vectors)).max() < 5e-3


def test_with_vectors_the_strength_is_chosen_among_others() -> None:
    random = np.random.default_rng(7)
    vectors = random.standard_normal((SIZES[0], 2)).astype(np.float32)
    ids, targets = drawn(8, 80), random.integers(0, 2, 80)
    found = fit_bag(ids, targets, SIZES, 1, vectors={0: vectors})
    assert found is not None
    assert found.choice is not None
    assert found.choice.strength in WITH_VECTORS
    few = fit_bag(ids[:8], np.arange(8) % 2, SIZES, 1, vectors={0: vectors})
    assert few is not None
    assert few.choice is not None
    assert few.choice.strength == USUAL_WITH_VECTORS


def test_where_no_text_has_a_vector_the_counts_alone_are_fitted() -> None:
    ids, targets = drawn(9, 40), np.arange(40) % 2
    found = fit_bag(ids, targets, SIZES, 1, choice=Choice(3.0), vectors={0: np.zeros((SIZES[0], 2), np.float32)})
    assert found is not None
    assert all(np.isfinite(table).all() for table in found.linear.tables)
    assert np.abs(found.linear.tables[0]).max() > 0
