"""Training on soft labels: their order, their weight beside labels, their temperature, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
from bigru.errors import ArgumentError, DataError
from bigru.readers.examples import Examples, SoftLabels
from bigru.train.pipeline.soft import soft_targets
from bigru.train.pipeline.trained import Trained
from bigru.train.recipes import plan
from tolerances import FLOAT32, FLOAT32_STEP

QUICK: dict[str, Any] = {"hidden": 4, "channels": ["unit"], "epochs": 30, "learning_rate": 0.05, "wide_linear": False}


def examples(given: bool = False, share: float = 0.7) -> Examples:
    """Return forty texts of two kinds, the classes of which have the probabilities `share` and 1 - `share`."""
    rows = [np.array([share, 1 - share, 0.0] if n % 2 else [1 - share, share, 0.0], np.float32) for n in range(40)]
    inputs = [("fine " if n % 2 else "dull ") + f"film number{n}" for n in range(40)]
    targets = ["yes" if n % 2 else "no" for n in range(40)]
    soft = SoftLabels(("yes", "no", "other"), rows, [given] * 40)
    return Examples(inputs, targets, "text", list(range(2, 42)), "made.csv", soft=soft)


def train(data: Examples, **settings: Any) -> Trained:
    return bigru.train(data, dev=examples(), plain=False, **QUICK | settings)


def decided(data: Examples, **options: Any) -> Any:
    labels = () if data.soft is None else data.soft.labels
    found = plan(
        data.task, data.inputs, data.targets or [], data.kind, scheme=data.scheme, options=options, labels=labels
    )
    return found, found.task.featurise(found.config, data.inputs)


@pytest.mark.train
def test_a_model_learns_how_sure_its_teacher_is() -> None:
    trained = train(examples(), label_smoothing=0.0, r_drop=0.0)
    answer = trained.predict("fine film number1")
    assert (answer["label"], list(answer["scores"])) == ("yes", ["no", "other", "yes"])
    # Labels alone would be learnt as certain, and the class that no example has would not be there.
    assert answer["confidence"] == pytest.approx(0.7, abs=0.05)
    assert trained.metrics["training"]["soft_labels"] == {"weight": 1.0, "temperature": 1.0, "labelled": 0}
    remark = "no dev row has a label: its score says how often the model answers as the soft labels do"
    assert f"{remark}, not how often it is right" in trained.remarks


@pytest.mark.train
def test_labels_beside_them_count_the_rest() -> None:
    trained = train(examples(given=True), soft_weight=0.5, label_smoothing=0.0, r_drop=0.0)
    assert trained.predict("fine film number1")["confidence"] == pytest.approx(0.5 * 0.7 + 0.5, abs=0.05)


@pytest.mark.train
def test_several_trainings_learn_from_them() -> None:
    trained = train(examples(), ensemble=2, epochs=15, label_smoothing=0.0, r_drop=0.0)
    assert trained.predict("fine film number1")["confidence"] == pytest.approx(0.7, abs=0.1)


def test_they_stand_in_the_order_of_the_outputs() -> None:
    data = examples(given=True)
    found = soft_targets(*_arguments(data), {})
    assert found is not None
    np.testing.assert_allclose(found.rows[1], [0.3, 0.0, 0.7], **FLOAT32_STEP)  # no, other, yes
    assert (found.share, found.temperature, found.labelled) == (0.9, 1.0, None)
    assert soft_targets(*_arguments(examples()), {}).share == 1.0  # type: ignore[union-attr]
    softer = soft_targets(*_arguments(examples()), {"temperature": 2.0})
    assert softer is not None
    roots = np.sqrt(np.array([0.3, 1e-9, 0.7]))
    np.testing.assert_allclose(softer.rows[1], roots / roots.sum(), **FLOAT32)


def test_of_two_classes_that_of_the_second_is_learnt() -> None:
    data = examples()
    assert data.soft is not None
    data.soft = SoftLabels(("yes", "no"), [row[:2] for row in data.soft.rows], data.soft.given)
    found = soft_targets(*_arguments(data), {"temperature": 2.0})
    assert found is not None
    odds = np.sqrt(0.7 / 0.3)
    np.testing.assert_allclose(found.rows[1], [odds / (1 + odds)], **FLOAT32)


def _arguments(data: Examples, **options: Any) -> Any:
    problem, features = decided(data, **options)
    return problem, data, features


def tagged() -> Examples:
    rows = [np.array([[0.8, 0.2], [0.1, 0.9]], np.float32)] * 6
    soft = SoftLabels(("O", "B-LOC"), rows, [True] * 6)
    inputs = [["in", "Bonn"]] * 6
    return Examples(
        inputs, [["O", "B-LOC"]] * 6, "tokens", list(range(1, 7)), "made.jsonl", "BIO", task="tag", soft=soft
    )


def test_tags_have_them_at_each_step() -> None:
    found = soft_targets(*_arguments(tagged()), {})
    assert found is not None
    np.testing.assert_allclose(found.rows[0], [[0.8, 0.2, 0.0], [0.1, 0.9, 0.0]], **FLOAT32_STEP)  # O, B-LOC, I-LOC
    with pytest.raises(ArgumentError) as error:
        soft_targets(*_arguments(tagged()), {"temperature": 2})
    want = "train: temperature must be 1 with a CRF, got 2. Train without a CRF (crf=false) to soften tags."
    assert str(error.value) == want
    assert soft_targets(*_arguments(tagged(), crf=False), {"temperature": 2}) is not None


def test_units_without_them_are_refused() -> None:
    data = tagged()
    problem, features = decided(data)
    with pytest.raises(DataError) as error:
        soft_targets(problem, data, [features[0], features[1][:1], *features[2:]], {})
    assert str(error.value) == "made.jsonl:2: soft labels must be one per unit that the model reads, 1, got 2."


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({"soft_weight": 1.5}, "train: soft_weight must be within 0..1, got 1.5."),
        ({"soft_weight": True}, "train: soft_weight must be within 0..1, got True."),
        ({"temperature": 0}, "train: temperature must be above 0, got 0."),
        ({"temperature": float("nan")}, "train: temperature must be above 0, got nan."),
    ],
)
def test_settings_out_of_bounds_are_refused(settings: dict[str, Any], refused: str) -> None:
    with pytest.raises(ArgumentError) as error:
        bigru.train(examples(), **settings)
    assert str(error.value) == refused


def test_settings_without_soft_labels_are_refused() -> None:
    data = examples()
    data.soft = None
    with pytest.raises(ArgumentError) as error:
        bigru.train(data, temperature=2.0)
    assert str(error.value) == "train: temperature is not allowed without soft labels (got 2)."


@pytest.mark.train
def test_a_model_is_not_rehearsed_beside_them(tmp_path: Path) -> None:
    path, made = tmp_path / "made.csv", examples()
    rows = [f"{x},{0.7 if n % 2 else 0.3},{0.3 if n % 2 else 0.7}\n" for n, x in enumerate(made.inputs)]
    path.write_text("text,p_yes,p_no\n" + "".join(rows), encoding="utf-8")
    bigru.train((made.inputs, made.targets), out=tmp_path / "old", plain=False, **QUICK | {"epochs": 1})
    with pytest.raises(DataError) as error:
        bigru.train(path, init=tmp_path / "old", plain=False)
    context = "where a training starts from a model, whose answers are soft labels too"
    want = f"{path}: soft labels is not allowed {context} (got those of yes, no)"
    assert str(error.value) == f"{want}. Leave them unread with Reading(soft_labels=False)."
