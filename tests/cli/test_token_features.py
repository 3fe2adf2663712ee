"""`--feature`: a tagger of tokens and further columns, through every command and interface that answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bigru import BiGRUTagger
from bigru.bundle import load as load_bundle
from bigru.cli.commands.predict import _skip_answered
from bigru.cli.resumable_output import ResumableOutput
from bigru.doctor import examine
from bigru.errors import ArgumentError
from bigru.readers import chunked
from bigru.readers.reader import Reading, read
from bigru.runtime.predictor import Predictor, load

Bigru = Callable
SMALL = ("--set", "hidden=8", "--set", "epochs=4", "--quiet")
WORDS = [f"w{n}" for n in range(30)]


def sentences(count: int, seed: int = 0) -> str:
    """Return sentences in which the tag is what the second column says, and the words say nothing."""
    drawn, blocks = np.random.default_rng(seed), []
    for _ in range(count):
        rows = [(drawn.choice(WORDS), drawn.choice(["N", "V", "X"])) for _ in range(drawn.integers(2, 7))]
        blocks.append("".join(f"{word}\t{pos}\t{'B-E' if pos == 'N' else 'O'}\n" for word, pos in rows))
    return "word\tpos\ttag\n" + "\n".join(blocks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data."""
    place = tmp_path_factory.mktemp("features")
    for name, count in (("train", 120), ("test", 20)):
        (place / f"{name}.tsv").write_text(sentences(count, len(name)), encoding="utf-8")
    bare = "\n".join(line.split("\t")[0] for line in sentences(20, 4).split("\n"))
    (place / "bare.conll").write_text(bare, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """A tagger that reads the column pos beside the word."""
    from bigru.cli import run

    out = folder / "model"
    arguments = ["train", folder / "train.tsv", "--feature", "pos", "--out", out, "--test", folder / "test.tsv", *SMALL]
    assert run(list(map(str, arguments))) == 0
    return out


@pytest.mark.train
def test_what_the_feature_says_is_learnt_by_network_and_plain_model(model: Path) -> None:
    metrics = load(model).metrics
    assert metrics["test"]["span_f1"] == 1.0
    assert metrics["plain"]["test"] == 1.0
    config = load_bundle(model).config
    assert [column.name for column in config.features.columns] == ["pos"]
    assert "It reads tokens with features, as `word￨pos` (U+FFE8 between them)." in (model / "README.md").read_text(
        "utf-8"
    )


def test_predict_shows_words_alone(bigru: Bigru, model: Path, folder: Path) -> None:
    found = bigru("predict", model, folder / "test.tsv")
    assert found.code == 0, found.err
    inputs = read(folder / "test.tsv", Reading(features=("pos",))).inputs
    assert [row["tokens"] for row in found.rows] == [[t.split("￨")[0] for t in x] for x in inputs]
    entity = next(row["entities"][0] for row in found.rows if row["entities"])
    assert "￨" not in entity["text"]
    plain = bigru("predict", model, folder / "test.tsv", "--plain")
    assert "￨" not in plain.out
    with ResumableOutput(folder / "answers.jsonl", {}) as file:
        file.done, file.last = 5, found.out.splitlines()[4].encode()
        rest = iter(inputs)
        _skip_answered(file, rest, False, load_bundle(model).config.features)
    assert list(rest) == inputs[5:]


def test_lists_in_cells_are_read_as_the_model_reads_them(bigru: Bigru, model: Path, folder: Path) -> None:
    rows = [{"tokens": ["w1", "w2"], "pos": ["N", "V"]}, {"tokens": ["w3"], "pos": ["N"]}]
    path = folder / "lists.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = bigru("predict", model, path)
    assert [(row["tokens"], row["tags"]) for row in found.rows] == [(["w1", "w2"], ["B-E", "O"]), (["w3"], ["B-E"])]
    assert "feature  pos (as in training)" in found.err


def test_a_column_of_another_name(bigru: Bigru, model: Path, folder: Path) -> None:
    renamed = folder / "renamed.tsv"
    renamed.write_text((folder / "test.tsv").read_text("utf-8").replace("pos", "xpos"), encoding="utf-8")
    found = bigru("evaluate", model, renamed)
    assert (found.code, found.err) == (
        2,
        f"bigru evaluate: {renamed}: columns must be the tokens and 'pos', which the model reads as features, "
        "got word, xpos, tag. Name a column that is called otherwise with --feature.\n",
    )
    assert bigru("evaluate", model, renamed, "--feature", "xpos").json["span_f1"] == 1.0
    found = bigru("evaluate", model, renamed, "--feature", "xpos,word")
    assert (found.code, found.err) == (2, "bigru evaluate: --feature must be one column, for pos, got xpos, word.\n")


def test_values_that_are_mostly_unknown_are_said(bigru: Bigru, model: Path, folder: Path) -> None:
    found = bigru("predict", model, folder / "test.tsv", "--feature", "tag")
    assert found.code == 0
    assert "  100% of the values of feature 'tag' are unknown to the model, the first is " in found.err
    assert "unknown to the model" not in bigru("predict", model, folder / "test.tsv").err


def test_inputs_without_the_feature_are_refused(bigru: Bigru, model: Path, folder: Path) -> None:
    found = bigru("predict", model, folder / "bare.conll")
    want = "the tokens and 'pos', which the model reads as features, got 1"
    assert found.err.startswith(f"bigru predict: {folder}/bare.conll: columns must be {want}.")
    found = bigru("predict", model, "a text")
    assert (found.code, found.err) == (
        2,
        "bigru predict: TextFeatures: inputs[0] must be a list of tokens with features, as 'word￨pos', got a text. "
        "Give a file with these columns, or tokens in this form.\n",
    )


@pytest.mark.train
def test_verify_export_quantize_and_int8(bigru: Bigru, model: Path, folder: Path) -> None:
    assert bigru("verify", model, "--keep-card").code == 0
    assert bigru("verify", model, folder / "test.tsv", "--keep-card").code == 0
    for to in ("onnx", "torch"):
        found = bigru("export", model, "--to", to, "--out", folder / f"exported.{to}")
        assert found.code == 0, found.err
    found = bigru("quantize", model, folder / "int8", folder / "test.tsv")
    assert found.code == 0, found.err
    assert bigru("evaluate", folder / "int8", folder / "test.tsv", "--precision", "int8").json["span_f1"] > 0.9


def test_a_stream_answers_as_the_whole_and_arrow_as_predict(bigru: Bigru, model: Path, folder: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from bigru.runtime.arrow import ArrowPredictor

    predictor = load(model)
    assert isinstance(predictor, Predictor)
    inputs = read(folder / "test.tsv", Reading(features=("pos",))).inputs
    alone = [predictor.predict(x) for x in inputs]
    assert [row["tags"] for row in alone] == [row["tags"] for row in predictor.predict(inputs)]
    assert [row["confidence"] for row in alone] == [row["confidence"] for row in predictor.predict(inputs)]
    stream = predictor.stream(100)
    answers = [one for token in inputs[0] for one in stream.push([token])] + stream.finish()
    assert [one["tag"] for one in answers] == alone[0]["tags"]
    table = ArrowPredictor(model, "tokens")(pa.table({"tokens": inputs}))
    assert table.column("tags").to_pylist() == [row["tags"] for row in alone]
    found = bigru("predict", model, folder / "test.tsv", "--stream", "--lookahead", "100")
    assert found.code == 0
    assert [row["tag"] for row in found.rows if row["input"] == 0] == alone[0]["tags"]


def test_a_server_answers_tokens_and_refuses_texts(model: Path) -> None:
    from bigru.serve.engine.models import Loaded

    loaded = Loaded("tagger", load(model))
    assert loaded.described()["features"] == ["pos"]
    answer = loaded.answer([["w1￨N", "w2￨V"]])[0]
    assert isinstance(answer, dict)
    assert (answer["tokens"], answer["tags"]) == (["w1", "w2"], ["B-E", "O"])
    with pytest.raises(ArgumentError, match="inputs\\[0\\] must be a list of tokens with features"):
        loaded.answer(["a text"])


def test_the_doctor_examines_words_and_features(folder: Path) -> None:
    reading = Reading(features=("pos",))
    other = folder / "other.tsv"
    other.write_text("word\tpos\ttag\nw1\tQ\tO\nw2\tN\tB-E\n\nw1\tN\tB-E\nw3\tN\tB-E\n", encoding="utf-8")
    findings, _ = examine(read(folder / "train.tsv", reading), read(other, reading))
    found = [str(one) for one in findings if "other.tsv" in str(one) and "unknown units" in str(one)]
    share = f"25.00% of the values of 'pos' are not in {folder}/train.tsv, the first is 'Q' here"
    assert found == [f"{other}:2: unknown units: {share}"]
    other.write_text("word\tpos\ttag\nw1\tN\tO\nw2\tN\tB-E\n\nw1\tN\tB-E\nw3\tN\tB-E\n", encoding="utf-8")
    findings, _ = examine(read(other, reading))
    assert f"{other}:2: constant column: feature 'pos' is 'N' throughout" in [str(one) for one in findings]


def test_the_options_come_back_from_the_doctor(bigru: Bigru, folder: Path) -> None:
    found = bigru("doctor", folder / "train.tsv", "--feature", "pos")
    assert found.json["next"] == f"bigru train {folder}/train.tsv --feature pos"


def test_an_estimator(tmp_path: Path) -> None:
    X = [["a￨N", "b￨V"], ["b￨N", "a￨N"], ["c￨V", "a￨V"]] * 10
    y = [["E" if token.endswith("N") else "O" for token in x] for x in X]
    model = BiGRUTagger(features=["POS"], hidden=8, epochs=4, crf=False).fit(X, y)
    assert model.predict([["new￨N", "b￨V"]]) == [["E", "O"]]
    with pytest.raises(ArgumentError) as error:
        model.predict([["new", "b￨V"]])
    assert str(error.value) == "TextFeatures: inputs[0] token 1 must be of the form 'word￨POS', got 'new'."
    model.save(tmp_path / "model")
    assert BiGRUTagger.load(tmp_path / "model").predict([["new￨N"]]) == [["E"]]


def test_a_model_without_features_takes_none(bigru: Bigru, tmp_path: Path) -> None:
    X, y = [["a", "b"], ["b", "a"]] * 4, [["E", "O"], ["O", "E"]] * 4
    BiGRUTagger(hidden=2, epochs=1, crf=False).fit(X, y).save(tmp_path / "model")
    data = tmp_path / "data.conll"
    data.write_text("a X E\nb Y O\n\nb Y O\na X E\n", encoding="utf-8")
    for command in ("predict", "evaluate", "verify"):
        found = bigru(command, tmp_path / "model", data, "--feature", "2")
        want = f"bigru {command}: --feature is not allowed for a model without features (got 2).\n"
        assert (found.code, found.err) == (2, want)


def test_large_files_are_read_part_by_part(
    bigru: Bigru, model: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"tokens": [f"w{n}", "w2"], "pos": ["NV"[n % 2], "N"]} for n in range(300)]
    path = folder / "large.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    whole = bigru("predict", model, path)
    monkeypatch.setattr(chunked, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(chunked, "PART", 700)
    parts = bigru("predict", model, path)
    assert "so far as the file is read part by part" in parts.err
    assert (parts.code, parts.out) == (0, whole.out)


def test_a_forecast_and_a_label_have_no_features(bigru: Bigru, folder: Path) -> None:
    table = folder / "table.csv"
    table.write_text("day,a\n" + "".join(f"2024-01-{n:02},{n}\n" for n in range(1, 29)), encoding="utf-8")
    found = bigru("train", table, "--task", "forecast", "--feature", "a", "--out", folder / "none")
    assert (found.code, found.err) == (2, "bigru train: --feature is not allowed for a forecast (got 'a').\n")
