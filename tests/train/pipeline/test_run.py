"""`bigru.train`: every task in one call, the bits of the command line, silence, and its refusals word by word."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest

import bigru
from bigru.cli import run
from bigru.errors import ArgumentError, BundleError, DataError, MissingExtraError, TrainingError
from bigru.readers.reading import Reading
from bigru.train import forecast, recipes
from bigru.train.loop import checkpoint
from bigru.train.loop.display import Display, Update
from bigru.train.pipeline import run as module
from bigru.train.pipeline.request import APART
from bigru.train.pipeline.settings import Settings
from bigru.train.pipeline.trained import Trained
from sounds import RATE, melody
from tables import hourly

SMALL: dict[str, Any] = {"hidden": 4, "epochs": 2, "plain": False}
TEXTS = [f"{word}{n}" for n in range(20) for word in ("好看", "难看")]
LABELS = ["good", "bad"] * 20
OPTIONS = ("--set", "hidden=4", "--epochs", "2", "--no-plain")


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    rows = [f"{text},{label}" for text, label in zip(TEXTS, LABELS, strict=True)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def same(one: Trained, folder: Path) -> None:
    """Compare the weights of a model, bit by bit, with those of a saved one."""
    other = bigru.load(folder).bundle.weights
    assert set(one.bundle.weights) == set(other)
    for name, weight in one.bundle.weights.items():
        np.testing.assert_array_equal(weight, other[name])


def test_texts_become_what_the_command_line_makes_of_them(
    reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = bigru.train(reviews, test=reviews, out=tmp_path / "m", channels=("unit",), **SMALL)
    assert capsys.readouterr() == ("", "")
    options = ("--test", str(reviews), "--out", str(tmp_path / "c"), "--set", "channels=unit")
    assert run(["train", str(reviews), *options, *OPTIONS]) == 0
    same(trained, tmp_path / "c")
    saved = bigru.load(tmp_path / "c")
    assert trained.metrics["test"] == saved.metrics["test"]
    assert trained.metrics["dev"] == saved.metrics["dev"]
    assert (tmp_path / "m" / "config.json").read_bytes() == (tmp_path / "c" / "config.json").read_bytes()
    assert trained.dev is not None
    assert trained.test is not None
    assert trained.dev["accuracy"] == trained.metrics["training"]["best_score"]
    assert trained.folder == tmp_path / "m"
    assert trained.predict(TEXTS[0]) == saved.predict(TEXTS[0])
    assert (trained.plain, trained.finished_before) == (None, False)
    assert trained.inferred["format"] == "csv"
    assert [row["epoch"] for row in trained.history] == [1, 2]
    assert {"hidden": 4, "epochs": 2, "unit": "char", "seed": 0}.items() <= trained.settings.items()


@pytest.mark.train
def test_a_pair_a_frame_and_examples_are_learnt_like_the_file(reviews: Path) -> None:
    import pandas as pd

    whole = bigru.train(reviews, **SMALL).bundle.weights
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS})
    for data in ((TEXTS, LABELS), frame, bigru.read(reviews)):
        found = bigru.train(data, **SMALL).bundle.weights
        for name, weight in whole.items():
            np.testing.assert_array_equal(found[name], weight)


@pytest.mark.train
def test_tags_series_several_labels_and_recordings(tmp_path: Path) -> None:
    rows = [[*"王小明去北京", str(n)] for n in range(20)]
    tags = [["B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"]] * 20
    tagger = bigru.train((rows, tags), **SMALL)
    assert (tagger.bundle.task, tagger.bundle.config.scheme) == ("tag", "BIO")
    assert tagger.dev is not None
    assert 0 <= tagger.dev["span_f1"] <= 1
    drawn = np.random.default_rng(0).normal(size=(40, 7, 2))
    steps = (drawn[:, :, 0] > 0).astype(int)
    series = bigru.train((drawn, steps[:, 0]), **SMALL)
    assert (series.bundle.task, series.bundle.config.labels) == ("classify", ("0", "1"))
    per_step = bigru.train((drawn, steps), **SMALL)
    assert (per_step.bundle.task, per_step.bundle.config.scheme) == ("tag", None)
    marks = [["good"] * (n % 2) + ["big"] * (n % 3 > 0) for n in range(40)]
    many = bigru.train((TEXTS, marks), **SMALL)
    assert many.bundle.config.multi_label
    assert many.inferred["labels"] == "any number per example"
    words = [("low", "high"), ("high", "middle"), ("middle", "low")] * 6
    spoken = [(melody(pair, seed=n), RATE) for n, pair in enumerate(words)]
    heard = bigru.train((spoken, [" ".join(pair) for pair in words]), reading=Reading(task="transcribe"), **SMALL)
    assert (heard.bundle.task, heard.bundle.config.unit) == ("transcribe", "token")
    assert heard.dev is not None
    assert heard.dev["wer"] >= 0


def test_a_table_is_forecast_as_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tables import write

    table = hourly(300)
    times = np.datetime_as_string(table.series[0].times)
    rows = [f"{t},{a:.4f}" for t, (a, _) in zip(times, table.series[0].values, strict=True)]
    path = write(tmp_path, "\n".join(["date,a", *rows, ""]))
    chosen = {"hidden": 4, "epochs": 2, "lookback": 24, "horizon": 6}
    trained = bigru.train(path, out=tmp_path / "m", **chosen)  # type: ignore[arg-type]
    assert capsys.readouterr() == ("", "")
    options = ("--horizon", "6", "--lookback", "24", "--out", str(tmp_path / "c"))
    assert run(["train", str(path), *options, *OPTIONS[:4]]) == 0
    same(trained, tmp_path / "c")
    assert trained.test is not None
    assert trained.test["mse"] == bigru.load(tmp_path / "c").metrics["test"]["mse"]
    assert trained.remarks[0].startswith(("The model answers", "On dev", "Dev holds"))
    assert {"horizon": 6, "lookback": 24, "targets": ("a",)}.items() <= trained.settings.items()
    numbers = bigru.train(table.series[0].values[:, 0], **chosen)  # type: ignore[arg-type]
    assert len(numbers.predict(numbers_table(table))[0]["forecast"]["1"]) == 6
    again = bigru.evaluate(trained.model, path)
    assert again["mse"] == pytest.approx(trained.test["mse"])


def numbers_table(table: Any) -> Any:
    """Return the first column of a table as a table of numbers that are one step apart."""
    from bigru.train.pipeline.forecasts import read_table

    return read_table(table.series[0].values[:, 0], forecast.find_roles(None, {}), Reading())[0]


def test_a_function_gets_the_progress_and_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    updates: list[Update] = []
    lines: list[str] = []
    bigru.train((TEXTS, LABELS), progress=updates.append, say=lines.append, **SMALL)
    assert capsys.readouterr() == ("", "")
    epochs = [update.figures for update in updates if update.figures]
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert {"loss", "step", "dev_loss", "dev_accuracy"} <= set(epochs[0])
    assert updates[0].text == "36 training examples, 4 dev examples, held out from the training data with seed 0"
    assert lines[0] == "data: 40 examples; kind text, task classify"
    assert "2 labels: bad, good" in lines


@pytest.mark.train
def test_ctrl_c_keeps_a_checkpoint_and_resume_ends_with_the_same_bits(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bigru.train(reviews, **SMALL).bundle.weights
    say = Display.say

    def interrupted(self: Any, text: str) -> None:
        say(self, text)
        if text.startswith("epoch 1/2"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Display, "say", interrupted)
    out = tmp_path / "m"
    with pytest.raises(TrainingError) as stopped:
        bigru.train(reviews, out=out, **SMALL)
    assert str(stopped.value) == (
        f"train: stopped at step 2 of 4; the checkpoint is kept in '{out}'. "
        "Go on with the same command and resume=True."
    )
    with pytest.raises(KeyboardInterrupt):
        bigru.train(reviews, **SMALL)
    monkeypatch.undo()
    resumed = bigru.train(reviews, out=out, resume=True, **SMALL)
    for name, weight in whole.items():
        np.testing.assert_array_equal(resumed.bundle.weights[name], weight)
    assert not checkpoint.has_started(out)


def test_a_training_that_was_killed_behind_its_save_is_returned(
    reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "remove", lambda _: None)
        first = bigru.train(reviews, out=tmp_path / "m", hidden=4, epochs=1)
    second = bigru.train(reviews, out=tmp_path / "m", resume=True, hidden=4, epochs=1)
    assert second.finished_before
    assert second.reports == first.reports
    assert second.plain == first.plain
    assert not checkpoint.exists(tmp_path / "m")


def test_save_writes_what_load_reads(tmp_path: Path) -> None:
    trained = bigru.train((TEXTS, LABELS), **SMALL)
    assert trained.folder is None
    trained.save(tmp_path / "m")
    same(trained, tmp_path / "m")
    with pytest.raises(BundleError):
        trained.save(tmp_path / "m")
    trained.save(tmp_path / "m", force=True)


Call = Callable[[Path, Path], Any]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda d, o: bigru.train(d, hiden=2), "got 'hiden'. Did you mean 'hidden'?"),
        (lambda d, o: bigru.train(d, pooling="max"), "train: pooling must be a list of names, got 'max'."),
        (lambda d, o: bigru.train(d, crf=1), "train: crf must be of type bool, got 1."),
        (lambda d, o: bigru.train(d, epochs=0), "TrainConfig: epochs must be greater than 0, got 0."),
        (lambda d, o: bigru.train(d, force=True), "train: force=True must be given with out, got no out."),
        (lambda d, o: bigru.train(d, resume=True), "train: resume=True must be given with out, got no out."),
        (
            lambda d, o: bigru.train(d, targets=["a"], reading=Reading(task="classify")),
            "train: targets is not allowed where nothing is forecast (got ['a']).",
        ),
        (
            lambda d, o: bigru.train(d, reading=Reading(fill="linear")),
            "train: reading.fill is not allowed where nothing is forecast (got 'linear').",
        ),
        (
            lambda d, o: bigru.train(d, reading=Reading(task="forecast")),
            "train: horizon must be given for a forecast, in rows, got nothing.",
        ),
        (
            lambda d, o: bigru.train(d, horizon=3, dev=d),
            "One table is divided in time: split=(0.7, 0.1, 0.2).",
        ),
        (
            lambda d, o: bigru.train(d, horizon=3, plain=True),
            "train: plain=True is not allowed for a forecast (got given).",
        ),
        (
            lambda d, o: bigru.train((TEXTS, LABELS), reading=Reading(label="x")),
            "reading: label is not allowed for inputs and labels in memory (got 'x').",
        ),
        (
            lambda d, o: bigru.train(bigru.read(d), reading=Reading(text="x")),
            "reading: text is not allowed for examples that were read (got 'x').",
        ),
        (lambda d, o: bigru.train((TEXTS, LABELS[1:])), "data: y must be as long as X (40), got 39."),
        (
            lambda d, o: bigru.train((TEXTS, [["a", "a"], ["b"]] * 20)),
            "data: y must be one label per step, or different labels per input, got 2 labels for 3 steps in row 1, "
            "and one twice in row 1. Name the task: reading=Reading(task=...).",
        ),
        (
            lambda d, o: bigru.train((TEXTS, LABELS), reading=Reading(task="tag")),
            "data: y must be one list of labels per input, got one label per input.",
        ),
        (
            lambda d, o: bigru.train((TEXTS, [["a"], ["b"]] * 20), reading=Reading(multi_label=False)),
            "data: y must be one label per input, got lists of labels.",
        ),
        (
            lambda d, o: bigru.train((TEXTS, LABELS), reading=Reading(scheme="BIO")),
            "data: scheme is not allowed where labels are no span tags (got BIO).",
        ),
        (
            lambda d, o: bigru.train([("a", "b")]),
            "bigru: data must be a path, a pair (X, y), a data frame, a split of a data set or Examples, got list.",
        ),
        (lambda d, o: bigru.train(17), "or Examples, got int."),
        (
            lambda d, o: bigru.train((TEXTS, ["a"] * 40)),
            "data: labels must be at least two, got 'a' alone. One class teaches nothing.",
        ),
        (
            lambda d, o: bigru.train(d, dev=(np.zeros((4, 3, 1)), [0, 1, 0, 1])),
            "dev: data must be text, as in ",
        ),
        (
            lambda d, o: bigru.train(d, dev=(["x"], ["gut"])),
            "dev:1: label must be one of bad, good, got 'gut'.",
        ),
        (
            lambda d, o: bigru.train(d, out=o),
            "taken: out must be free for the model, got a folder with README.md. Name another folder with out.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_a_step_is_taken(call: Call, line: str, reviews: Path) -> None:
    folder = reviews.parent / "taken"
    folder.mkdir()
    (folder / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises((ArgumentError, DataError, BundleError)) as error:
        call(reviews, folder)
    assert line in str(error.value)


def table_of(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "given.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("rows", "arguments", "options", "in_python", "in_the_command"),
    [
        (
            ("text,mood", "a fine plot,good", "no plot at all,bad"),
            {"reading": Reading(label="mod")},
            ("--label", "mod"),
            ": reading.label must be one of the columns text, mood, got 'mod'. Did you mean 'mood'?",
            ": --label must be one of the columns text, mood, got 'mod'. Did you mean 'mood'?",
        ),
        (
            ("when,x", "03/04/2021,1", "05/06/2021,2"),
            {"horizon": 1},
            ("--horizon", "1"),
            ":2: time must be of one meaning, got '03/04/2021'. Say which comes first with "
            "Reading(time_format='day-first') or Reading(time_format='month-first').",
            ":2: time must be of one meaning, got '03/04/2021'. Say which comes first with "
            "--time-format day-first or --time-format month-first.",
        ),
        (
            ("day,x", "2021-01-01,5", "2021-01-02,2", "2021-01-04,7", "2021-01-05,1"),
            {"horizon": 1},
            ("--horizon", "1"),
            ":4: time must be 1 day after 2021-01-02 of line 3, got 2021-01-04. 1 row is missing: "
            "add them, or fill with Reading(fill='forward') or Reading(fill='linear').",
            ":4: time must be 1 day after 2021-01-02 of line 3, got 2021-01-04. 1 row is missing: "
            "add them, or fill with --fill forward or --fill linear.",
        ),
    ],
)
def test_the_same_refusal_names_arguments_in_python_and_options_in_the_command(
    rows: tuple[str, ...],
    arguments: dict[str, Any],
    options: tuple[str, ...],
    in_python: str,
    in_the_command: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = table_of(tmp_path, *rows)
    with pytest.raises(DataError) as error:
        bigru.train(path, **arguments)
    assert str(error.value) == f"{path}{in_python}"
    assert run(["train", str(path), *options, "--out", str(tmp_path / "m")]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"bigru train: {path}{in_the_command}"


def test_a_folder_that_is_taken_is_called_by_argument_or_option(
    reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError) as error:
        bigru.train(reviews, out=folder)
    text = "must be free for the model, got a folder with a model. Replace it with"
    assert str(error.value) == f"{folder}: out {text} force=True, or name another folder with out."
    assert run(["train", str(reviews), "--out", str(folder)]) == 2
    said = f"bigru train: {folder}: --out {text} --force, or name another folder with --out.\n"
    assert capsys.readouterr().err == said


def test_without_torch_it_says_what_to_install(reviews: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError) as error:
        bigru.train(reviews)
    assert str(error.value) == (
        "bigru: training needs the package torch, which is not installed. Install it with: pip install 'bigru[train]'."
    )


def test_every_setting_is_typed_and_no_other() -> None:
    own = {"horizon", "targets", *APART}
    assert set(get_type_hints(Settings)) == {*recipes.OPTIONS, *forecast.OPTIONS, *own}
    assert len(inspect.signature(module.train).parameters) == 12
