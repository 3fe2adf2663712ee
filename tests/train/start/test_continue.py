"""Going on from a model: what is kept, rehearsed and forgotten, resumed with the same bits; and what is refused."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
from bigru import BiGRUClassifier
from bigru.bundle import save
from bigru.errors import ArgumentError, BundleError, DataError, TrainingError
from bigru.readers.examples import Examples
from bigru.readers.reading import Reading
from bigru.scheme import spans
from bigru.train.loop import checkpoint
from bigru.train.pipeline.trained import Trained
from bigru.train.start.forgetting import Forgetting, known_rows
from bigru.train.start.rehearsal import complete_spans

pytestmark = pytest.mark.train

SMALL: dict[str, Any] = {"epochs": 6, "plain": False}
OLD = ([f"{word}{n}" for n in range(20) for word in ("好看", "难看")], ["good", "bad"] * 20)
NEW = ([f"{word}{n}" for n in range(20) for word in ("普通", "好看呀")], ["so", "good"] * 20)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old") / "model"
    bigru.train(OLD, out=folder, hidden=4, **SMALL)
    return folder


@pytest.fixture(scope="module")
def tagger() -> Trained:
    """A tagger of single characters: X is a span, all else is O."""
    inputs = [list("aXbXc"), list("bXa"), list("abc"), list("XcX")] * 10
    return bigru.train((inputs, [["B-X" if c == "X" else "O" for c in x] for x in inputs]), hidden=4, **SMALL)


def same(one: Trained, other: Trained) -> None:
    assert one.bundle.weights.keys() == other.bundle.weights.keys()
    for name, weight in one.bundle.weights.items():
        np.testing.assert_array_equal(weight, other.bundle.weights[name])


def test_new_labels_and_units_stand_behind_the_old(old: Path) -> None:
    before = bigru.load(old).bundle
    lines: list[str] = []
    made = bigru.train(NEW, init=old, keep=OLD, forget=0.5, say=lines.append, **SMALL)
    assert made.model.labels == ("bad", "good", "so")
    vocabulary = made.bundle.config.features.vocabulary
    assert vocabulary[: len(before.config.features.vocabulary)] == before.config.features.vocabulary
    assert {"普", "通", "呀"} <= set(vocabulary)
    assert made.settings["hidden"] == 4
    assert f"starts from {old}" in lines
    assert "rehearses what the old model answers to 80 examples; it counts 0.5" in lines
    found = made.forgetting
    assert found is not None
    assert [one.label for one in found.classes] == ["bad", "good"]
    assert found.where == "rows held out of the old ones"
    assert found.remembered
    assert found.before == before.metrics["dev"]["accuracy"]
    assert Forgetting.from_json(json.loads(json.dumps(made.metrics["forgetting"]))) == found
    assert found.section() in made.bundle.card
    same(made, bigru.train(NEW, init=bigru.load(old), keep=OLD, **SMALL))


def test_the_rehearsal_changes_what_is_learnt(old: Path) -> None:
    lines: list[str] = []
    without = bigru.train(NEW, init=old, rehearsal=0, say=lines.append, **SMALL)
    assert not any("rehearses" in line for line in lines)
    rehearsed = bigru.train(NEW, init=old, rehearsal=0.9, **SMALL)
    weights = rehearsed.bundle.weights
    assert any((weights[name] != weight).any() for name, weight in without.bundle.weights.items())


def test_what_was_forgotten_is_measured_on_test_first_then_dev_then_held_out_rows(old: Path) -> None:
    given = {"test": OLD, "dev": NEW}
    places = []
    for left in ({}, {"test": None}, {"test": None, "dev": None}):
        found = bigru.train(NEW, init=old, **{**given, **left}, **SMALL).forgetting
        assert found is not None
        places.append((found.where, found.rows, found.remembered))
    assert places[0] == ("the test rows", 40, False)
    assert places[1] == ("the dev rows", 20, False)
    assert places[2][0] == "rows held out of the new ones"
    assert places[2][2] is False


def test_a_loss_past_the_bound_is_told_and_the_model_is_there(old: Path, tmp_path: Path) -> None:
    swapped = (OLD[0], ["bad", "good"] * 20)
    options = {**SMALL, "epochs": 20, "learning_rate": 0.02}
    made = bigru.train(swapped, init=old, test=OLD, forget=0.01, rehearsal=0, out=tmp_path / "m", **options)
    found = made.forgetting
    assert found is not None
    assert found.exceeded
    assert found.lost == found.before - found.after > 0.01
    assert found.changed == round(found.rows * found.lost)
    assert found.lines()[1] == f"old classes lost {found.lost:.4f} of accuracy, more than the bound of 0.01"
    assert bigru.load(tmp_path / "m").metrics["forgetting"]["limit"] == 0.01


def test_a_bound_is_reached_and_not_passed() -> None:
    made = Forgetting(10, "the test rows", False, "accuracy", 0.9, 0.8, 1, (), 0.1)
    assert not made.exceeded
    assert replace(made, after=0.79).exceeded
    assert not replace(made, limit=None).exceeded


@pytest.mark.parametrize("options", [{}, {"ensemble": 2}])
def test_a_killed_training_goes_on_with_the_same_bits(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    whole = bigru.train(NEW, init=old, keep=OLD, **SMALL, **options)
    saved, calls = checkpoint.save, []

    def stop(folder: Any, state: dict[str, Any]) -> None:
        saved(folder, state)
        calls.append(folder)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checkpoint, "save", stop)
    given = {"init": old, "keep": OLD, "out": tmp_path / "m", **SMALL, **options}
    with pytest.raises(TrainingError, match="stopped at step"):
        bigru.train(NEW, **given)
    with pytest.raises(TrainingError, match="a change of share of soft targets"):
        bigru.train(NEW, resume=True, **given, rehearsal=0.3)
    same(bigru.train(NEW, resume=True, **given), whole)


def test_two_labels_stay_one_logit(old: Path) -> None:
    made = bigru.train(OLD, init=old, **SMALL)
    assert made.bundle.model.outputs == 1
    assert made.model.labels == ("bad", "good")


def test_any_number_of_labels_grows(tmp_path: Path) -> None:
    rows = [["a"], ["a", "b"]] * 20
    first = bigru.train((OLD[0], rows), reading=Reading(multi_label=True), hidden=4, **SMALL)
    made = bigru.train((NEW[0], [["c"], ["a", "c"]] * 20), init=first, **SMALL)
    assert made.model.labels == ("a", "b", "c")
    assert made.forgetting is None


def test_a_shipped_model_goes_on_by_name() -> None:
    made = bigru.train(NEW, init="zh-sentiment", forget=1, **{**SMALL, "epochs": 1})
    assert made.model.labels == ("negative", "neutral", "positive", "good", "so")


def test_spans_that_are_not_marked_are_those_of_the_old_model(tagger: Trained) -> None:
    inputs = [list("aXYb"), list("YYX"), list("XaX")]
    tags = [["O", "O", "B-Y", "O"], ["B-Y", "B-Y", "O"], ["O", "O", "O"]]
    given = Examples(inputs, tags, "tokens", [1, 2, 3], "new", scheme="BIO", task="tag")
    found = complete_spans(tagger.bundle, given)
    assert found.labels == ("X",) * 4
    assert found.examples.targets == [["O", "B-X", "B-Y", "O"], ["B-Y", "B-Y", "B-X"], ["B-X", "O", "B-X"]]
    marked = replace(given, targets=[*tags[:2], ["B-X", "O", "O"]])
    assert complete_spans(tagger.bundle, marked).examples is marked
    over = replace(given, targets=[["B-Y", "I-Y", "I-Y", "O"], *tags[1:]])
    assert complete_spans(tagger.bundle, over).examples.targets[0] == ["B-Y", "I-Y", "I-Y", "O"]


def test_a_tagger_learns_new_spans_and_keeps_the_old(tagger: Trained) -> None:
    inputs = [list("aXYbY"), list("YYX"), list("XaX"), list("cYa")] * 10
    lines: list[str] = []
    only = [["B-Y" if c == "Y" else "O" for c in x] for x in inputs]
    made = bigru.train((inputs, only), init=tagger, say=lines.append, **{**SMALL, "epochs": 20})
    assert "data: spans that it does not mark are those of the old model: 40 of X" in lines
    assert made.model.labels == ("O", "B-X", "I-X", "B-Y", "I-Y")
    answer = made.predict([list("XaY")])[0]
    assert {span.label for span in spans(answer["tags"], "BIO")} == {"X", "Y"}


def test_which_rows_an_old_model_knows() -> None:
    given = Examples(["1", "2", "3"], ["a", "c", "b"], "text", [1, 2, 3], "x")
    assert known_rows(given, ("a", "b")).tolist() == [0, 2]
    assert known_rows(replace(given, targets=[["a"], [], ["a", "c"]]), ("a", "b")).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"hidden": 5}, "train: hidden must be 4, as in the model 'MODEL', got 5. Leave it out."),
        ({"unit": "word"}, "train: unit must be 'char', as in the model 'MODEL', got 'word'. Leave it out."),
        (
            {"channels": ["unit"]},
            "train: channels must be ['unit', 'bigram'], as in the model 'MODEL', got ['unit']. Leave it out.",
        ),
        (
            {"vectors": "v.txt"},
            "train: vectors is not allowed with init (got v.txt). The model has vectors of its own.",
        ),
        ({"forget": 2}, "train: forget must be a fraction within 0..1, got 2."),
        ({"rehearsal": "much"}, "train: rehearsal must be a fraction within 0..1, got 'much'."),
    ],
)
def test_settings_that_contradict_the_model_are_refused(old: Path, options: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init=old, **options)
    assert str(caught.value) == text.replace("MODEL", str(old))


@pytest.mark.parametrize("name", ["keep", "forget", "rehearsal"])
def test_what_belongs_to_a_model_is_refused_without_one(name: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, **{name: 1})
    assert str(caught.value) == f"train: {name} is not allowed without init (got 1)."


def test_labels_that_are_all_new_are_refused_without_old_rows(old: Path) -> None:
    strange = (NEW[0], ["x", "y"] * 20)
    with pytest.raises(DataError) as caught:
        bigru.train(strange, init=old, **SMALL)
    assert str(caught.value) == (
        "data: labels must be some of the model's (bad, good), or old rows given with keep, "
        "got new ones alone: x, y. Accept that the old ones are forgotten with forget=1."
    )
    bigru.train(strange, init=old, keep=OLD, **SMALL)


def test_a_bound_without_a_row_to_measure_on_is_refused() -> None:
    rows = [["a"], ["a", "b"]] * 20
    first = bigru.train((OLD[0], rows), reading=Reading(multi_label=True), hidden=4, **SMALL)
    with pytest.raises(ArgumentError) as caught:
        bigru.train((NEW[0], [["c", "a"], ["a", "c"]] * 20), init=first, forget=0.1, **SMALL)
    assert str(caught.value) == (
        "train: forget must be given with rows of old labels to measure on (keep, dev or test), got 0.1."
    )


def test_one_new_label_alone_teaches_with_old_rows(old: Path) -> None:
    alone = (NEW[0][::2], ["so"] * 20)
    with pytest.raises(DataError, match="labels must be at least two, got 'so' alone"):
        bigru.train(alone, init=old, **SMALL)
    assert bigru.train(alone, init=old, keep=OLD, **SMALL).model.labels == ("bad", "good", "so")


def test_models_of_other_tasks_and_inputs_are_refused(old: Path, tagger: Trained) -> None:
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init=tagger, **SMALL)
    assert str(caught.value) == "data: y must be one list of labels per input, got one label per input."
    with pytest.raises(DataError) as caught:
        bigru.train(NEW, init=old, reading=Reading(task="tag"), **SMALL)
    assert str(caught.value) == f"train: reading.task must be classify, the task of the model '{old}', got tag."
    series = [np.zeros((3, 2), np.float32), np.ones((4, 2), np.float32)] * 10
    with pytest.raises(DataError) as caught:
        bigru.train((series, ["good", "bad"] * 10), init=old, **SMALL)
    assert str(caught.value) == f"data: inputs must be text, as of the model '{old}', got series."


def test_characters_are_refused_for_a_model_of_words() -> None:
    rows = [["fine", "film"], ["dull", "plot"]] * 20
    first = bigru.train((rows, ["good", "bad"] * 20), hidden=4, **SMALL)
    with pytest.raises(DataError) as caught:
        bigru.train(([list("fine"), list("dull")] * 20, ["good", "bad"] * 20), init=first, **SMALL)
    want = "data: tokens must be words, which the model 'a model in memory' reads, got single characters alone."
    assert str(caught.value) == want


def test_series_of_another_width_are_refused() -> None:
    random = np.random.default_rng(0)
    series = [random.normal(n % 2, 0.1, (5, 2)).astype(np.float32) for n in range(30)]
    first = bigru.train((series, ["a", "b"] * 15), hidden=4, **SMALL)
    made = bigru.train((series, ["a", "c"] * 15), init=first, **SMALL)
    assert made.model.labels == ("a", "b", "c")
    with pytest.raises(DataError) as caught:
        bigru.train(([x[:, :1] for x in series], ["a", "b"] * 15), init=first, **SMALL)
    assert str(caught.value) == (
        "data: series must be of 2 numbers per step, as those of the model 'a model in memory', got 1."
    )


def test_examples_that_were_read_start_from_a_model_as_their_file_does(old: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("text,label\n" + "".join(f"{x},{y}\n" for x, y in zip(*NEW, strict=True)), encoding="utf-8")
    made = [bigru.train(data, init=old, **SMALL) for data in (path, bigru.read(path))]
    for name, weights in made[0].bundle.weights.items():
        np.testing.assert_array_equal(made[1].bundle.weights[name], weights)


def test_folders_that_are_no_model_are_refused(old: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init=tmp_path)
    known = "the folder of a saved model, what bigru pretrain wrote, or one of zh-entities, zh-sentiment"
    want = f"train: init must be {known}, got "
    assert str(caught.value) == f"{want}'{tmp_path}', a folder without config.json."
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init="nothing")
    assert str(caught.value) == f"{want}'nothing', which is none."
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init=3)
    want = "train: init must be a folder, the name of a shipped model, or a model in memory, got int."
    assert str(caught.value) == want
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BundleError) as caught:
        bigru.train(NEW, init=tmp_path)
    assert str(caught.value) == f"{tmp_path}/config.json: model_type must be 'bigru' or 'bigru-pretrained', got 'bert'."
    (tmp_path / "config.json").write_bytes((old / "config.json").read_bytes())
    with pytest.raises(BundleError, match=r"^[^\n]*$"):
        bigru.train(NEW, init=tmp_path)


def test_the_folder_of_the_model_is_left_alone(old: Path) -> None:
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init=old, out=old, force=True)
    want = f"train: out must be another folder than that of init, got '{old}'. The old model stays as it is."
    assert str(caught.value) == want


def test_a_forecaster_is_trained_on_the_whole_table(tmp_path: Path) -> None:
    values = np.sin(np.arange(200) / 5)
    first = bigru.train(values, horizon=2, lookback=12, epochs=1, hidden=4)
    with pytest.raises(ArgumentError) as caught:
        bigru.train(NEW, init=first)
    assert str(caught.value) == (
        "train: init must be a model that gives labels, tags or transcripts, got 'a model in memory', a model for "
        "forecast. A forecaster is trained on the whole table, old rows and new."
    )
    save(first.bundle, tmp_path / "m")
    with pytest.raises(ArgumentError) as caught:
        bigru.train(values, horizon=2, lookback=12, init=tmp_path / "m")
    assert str(caught.value) == f"train: init is not allowed for a forecast (got '{tmp_path / 'm'}')."


def test_models_in_older_formats_go_on() -> None:
    folder = Path(__file__).parents[2] / "golden" / "old-1-classes" / "model"
    made = bigru.load(folder)
    labels = made.labels[:2]
    rows = ([f"{c}{n}" for n in range(20) for c in "ab"], list(labels) * 20)
    assert bigru.train(rows, init=folder, **{**SMALL, "epochs": 1}).model.labels == made.labels


def test_the_linear_part_is_fitted_by_itself_where_all_old_rows_are_there(old: Path) -> None:
    assert bigru.train(NEW, init=old, keep=OLD, **SMALL).settings["separate_linear"] is True
    assert bigru.train(NEW, init=old, **SMALL).settings["separate_linear"] is False
    part = OLD[0][:10], OLD[1][:10]
    assert bigru.train((NEW[0][:10], NEW[1][:10]), init=old, keep=part, **SMALL).settings["separate_linear"] is False


def test_estimators_go_on_with_labels_as_they_were_given() -> None:
    labels = [1, 0] * 20
    one = BiGRUClassifier(hidden=4, epochs=3, channels=("unit",)).fit(OLD[0], labels)
    two = BiGRUClassifier(epochs=3).fit([*OLD[0], *NEW[0]], [*labels, *([2, 1] * 20)], init=one)
    assert two.classes_.tolist() == [0, 1, 2]
    assert two.bundle_.config.labels == ("0", "1", "2")
    assert two.predict_proba(NEW[0][:3]).shape == (3, 3)
    assert two.forgetting_.where == "rows held out of the new ones"
    assert [one.label for one in two.forgetting_.classes] == ["0", "1"]
    words = BiGRUClassifier(epochs=1).fit(NEW[0], ["so", "2"] * 20, init=two)
    assert words.classes_.tolist() == ["0", "1", "2", "so"]
    with pytest.raises(ArgumentError) as caught:
        BiGRUClassifier(hidden=5).fit(OLD[0], labels, init=one)
    assert str(caught.value) == "train: hidden must be 4, as in the model 'a model in memory', got 5. Leave it out."
