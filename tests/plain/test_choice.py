"""The plain model of each task: what it answers, what it may cost, and what it says where it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bigru.plain import choice
from bigru.plain.choice import CHOICES, Rows, TooLongError, fit_plain, work_share

TEXTS = [f"{word} film number {n % 4}" for n in range(12) for word in ("fine", "dull")]
LABELS = ["good", "bad"] * 12


def test_texts_and_tokens_are_read_as_a_bag() -> None:
    found = fit_plain("classify", "text", Rows(TEXTS, LABELS), Rows(TEXTS[:4], LABELS[:4]))
    assert found is not None
    assert found.rows == 24
    assert list(found.model.predict(["a dull day", "a fine day"])) == ["bad", "good"]
    tokens = [text.split() for text in TEXTS]
    found = fit_plain("classify", "tokens", Rows(tokens, LABELS), None)
    assert found is not None
    assert list(found.model.predict([["dull"], ["fine"]])) == ["bad", "good"]
    characters = fit_plain("classify", "tokens", Rows([list("好看的"), list("难看的")] * 6, LABELS[:12]), None)
    assert characters is not None
    assert list(characters.model.predict([list("难看"), list("好看")])) == ["bad", "good"]


def test_each_of_several_labels_has_a_model_and_one_that_is_always_there_is_always_answered() -> None:
    many = [["film"] + (["good"] if label == "good" else []) for label in LABELS]
    found = fit_plain("classify", "text", Rows(TEXTS, many), Rows(TEXTS[:4], many[:4]), multi_label=True)
    assert found is not None
    assert found.model.predict(["dull", "fine"]) == [["film"], ["film", "good"]]
    assert fit_plain("classify", "text", Rows(TEXTS[::2], LABELS[::2]), None).model.predict(["x"]) == ["good"]  # type: ignore[union-attr]


@pytest.mark.slow
def test_tags_are_those_of_a_chain_and_series_those_of_a_forest() -> None:
    units, tags = [["Rome", "waits"], ["we", "wait"]] * 8, [["B-LOC", "O"], ["O", "O"]] * 8
    found = fit_plain("tag", "tokens", Rows(units, tags), None, scheme="BIO")
    assert found is not None
    assert found.model.predict([["Rome", "waits"]]) == [["B-LOC", "O"]]
    series = [np.full((3 + n % 2, 2), n % 2, np.float32) for n in range(20)]
    for kind in ("series", "audio"):
        forest = fit_plain("classify", kind, Rows(series, [str(n % 2) for n in range(20)]), None)
        assert forest is not None
        assert forest.model.predict([np.ones((3, 2)), np.zeros((2, 2))]) == ["1", "0"]
    assert fit_plain("tag", "series", Rows(series, [["a"]] * 20), None) is None
    assert ("transcribe", "audio") not in CHOICES


def test_what_costs_too_much_is_fitted_to_some_rows_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[Rows] = []
    bag = CHOICES["classify", "text"]
    work = bag.work(Rows(TEXTS, LABELS))
    assert work == pytest.approx(0.3 * sum(map(len, TEXTS)))

    def fit(rows: Rows, *others: object) -> choice.Constant:
        drawn.append(rows)
        return choice.Constant("good")

    monkeypatch.setitem(CHOICES, ("classify", "text"), replace(bag, most=work * 0.75, fit=fit))
    for seed, share in ((1, 1.0), (1, 1.0), (2, 1.0), (1, None)):
        fit_plain("classify", "text", Rows(TEXTS, LABELS), None, seed=seed, share=share)
    assert [len(rows.inputs) for rows in drawn] == [18, 18, 18, 24]
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(zip(*drawn[0], strict=True)) <= set(zip(TEXTS, LABELS, strict=True))
    with pytest.raises(TooLongError, match=r"^it would take about 80 s \(--plain fits it all the same\)$"):
        fit_plain("classify", "text", Rows(TEXTS, LABELS), None, share=0.5)


def test_more_classes_tags_and_labels_are_more_work() -> None:
    text, tags = CHOICES["classify", "text"].work, CHOICES["tag", "tokens"].work
    assert text(Rows(["好看"] * 6, list("aabbcc"))) == 3 * text(Rows(["好看"] * 6, list("aabbaa"))) == 36
    assert text(Rows([["a", "word"]] * 6, list("aabbaa"))) == pytest.approx(0.3 * 5 * 6)
    assert tags(Rows([["w"] * 4], [["a"] * 4])) < tags(Rows([["w"] * 4], [list("abcd")]))
    assert CHOICES["classify", "series"].work(Rows([np.zeros((9, 3)), np.zeros(4)], ["a", "b"])) == 4


@pytest.mark.parametrize(("seconds", "share"), [(None, 1.0), (6000.0, 1.0), (300.0, 0.5), (10.0, 0.05), (0.1, 0.05)])
def test_a_short_training_has_a_short_plain_model_beside_it(seconds: float | None, share: float) -> None:
    assert work_share(seconds) == share
