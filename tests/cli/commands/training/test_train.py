"""`bigru train`: from every kind of file to a saved and scored model."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru as package
from bigru.bundle import load
from bigru.errors import DataError
from bigru.readers.reader import read
from bigru.readers.reading import Reading
from bigru.train.loop import checkpoint
from bigru.train.loop.display import Display
from holder import HOLD
from tolerances import FLOAT32_STEP

Bigru = Callable
SMALL = ("--set", "hidden=4", "--epochs", "2", "--set", "channels=unit")
FOR_SERIES = SMALL[:4]
WORDS = ("好", "坏", "大", "小", "远", "近", "冷", "热", "新", "旧", "黑", "白")


def conll(path: Path, tags: list[str]) -> Path:
    """Write one sentence thirty times, its characters tagged."""
    rows = [f"{c} {t}" for c, t in zip("王小明去北京", tags, strict=True)]
    path.write_text(("\n".join(rows) + "\n\n") * 30, encoding="utf-8")
    return path


@pytest.mark.train
def test_a_model_is_trained_scored_saved_and_used(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    options = ("--set", "hidden=8", "--set", "learning_rate=0.05", "--epochs", "5")
    result = bigru("train", reviews, "--test", reviews, "--out", out, *options)
    assert result.code == 0, result.err
    assert result.json["model"] == str(out)
    assert result.json["training"]["examples"] == 40
    assert result.json["dev"]["accuracy"] == result.json["test"]["accuracy"] == 1.0
    assert result.json["test"]["intervals"]["accuracy"] == [1.0, 1.0]
    assert result.json["test"]["signature"]["accuracy"].startswith("accuracy|n:40|")
    assert sorted(path.name for path in out.iterdir()) == [
        *("README.md", "config.json", "metrics.json", "model.safetensors", "vocabulary.json"),
    ]
    assert load(out).metrics["test"]["accuracy"] == 1.0
    assert [answer["label"] for answer in package.load(out).predict(["难看7", "好看99"])] == ["bad", "good"]


def test_what_was_inferred_is_said(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    said = bigru("train", reviews, "--out", tmp_path / "m", *SMALL).err
    for text in (
        "40 examples; format csv, encoding utf-8, separator comma",
        "task classify",
        "reads chars (",
        "2 labels: bad, good",
        "GRU, directions: both, 1 layer of 4 units, pooling max",
        "4 dev examples, held out from the training data with seed 0",
        "epoch 2/2  loss",
        "dev (it chose the epoch)",
        "signature: accuracy|n:4|",
        f"The model is in {tmp_path / 'm'}. Next:",
        f"  bigru predict {tmp_path / 'm'} TEXT",
    ):
        assert text in said


def test_how_fast_it_trained_is_said_and_kept(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    result = bigru("train", reviews, "--out", tmp_path / "m", *SMALL)
    said = re.search(r"^trained on ([\d,]+) sequences per second, ([\d,]+) time steps per second$", result.err, re.M)
    assert said, result.err
    sequences, steps = (int(figure.replace(",", "")) for figure in said.groups())
    kept = result.json["training"]
    assert (round(kept["sequences_per_second"]), round(kept["time_steps_per_second"])) == (sequences, steps)
    # The reviews have three characters or four.
    assert 2 <= steps / sequences <= 5


def test_quiet_says_nothing_but_the_scores(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    result = bigru("train", reviews, "--out", tmp_path / "m", "--quiet", *SMALL)
    assert (result.code, result.err) == (0, "")
    assert 0 <= result.json["dev"]["macro_f1"] <= 1


@pytest.mark.parametrize("classes", [3, 12])
def test_many_classes(bigru: Bigru, tmp_path: Path, classes: int) -> None:
    rows = [{"sentence": f"{WORDS[n % classes]}{n}", "topic": f"t{n % classes}"} for n in range(classes * 6)]
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert load(tmp_path / "m").config.labels == tuple(sorted(f"t{n}" for n in range(classes)))


def test_any_number_of_labels(bigru: Bigru, tmp_path: Path) -> None:
    marks = [["good"] * (n % 2) + ["big"] * (n % 3 > 0) for n in range(40)]
    rows = [f"{''.join(mark) or 'none'} {n},{'|'.join(mark)}" for n, mark in enumerate(marks)]
    path = tmp_path / "x.csv"
    path.write_text("text,labels\n" + "\n".join(rows), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert load(tmp_path / "m").config.multi_label
    assert 0 <= result.json["dev"]["micro_f1"] <= 1
    assert "labels any number per example" in result.err
    scored = bigru("evaluate", tmp_path / "m", path)
    assert scored.code == 0, scored.err
    assert set(bigru("predict", tmp_path / "m", "good").rows[0]) == {"text", "labels", "scores"}


@pytest.mark.train
@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("BIO", ["B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC"]),
        ("IOB1", ["I-PER", "I-PER", "I-PER", "O", "I-LOC", "I-LOC"]),
        ("BIOES", ["B-PER", "I-PER", "E-PER", "O", "B-LOC", "E-LOC"]),
        ("BMES", ["B-PER", "M-PER", "E-PER", "O", "B-LOC", "E-LOC"]),
    ],
)
def test_tags_of_every_scheme(bigru: Bigru, tmp_path: Path, scheme: str, tags: list[str]) -> None:
    path = conll(tmp_path / "x.conll", tags)
    options = ("--set", "learning_rate=0.05", "--set", "hidden=8", "--epochs", "8", "--set", "channels=unit")
    result = bigru("train", path, "--test", path, "--out", tmp_path / "m", *options)
    assert result.code == 0, result.err
    assert f"scheme {scheme}" in result.err
    assert result.json["test"]["span_f1"] == 1.0
    answer = bigru("predict", tmp_path / "m", "王小明去北京").rows[0]
    assert answer["tags"] == tags
    assert [(entity["text"], entity["label"]) for entity in answer["entities"]] == [("王小明", "PER"), ("北京", "LOC")]


def test_spans_in_json(bigru: Bigru, tmp_path: Path) -> None:
    row = {"text": "王小明去北京", "spans": [[0, 3, "PER"], {"start": 4, "end": 6, "label": "LOC"}]}
    path = tmp_path / "x.jsonl"
    path.write_text((json.dumps(row) + "\n") * 20, encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert load(tmp_path / "m").config.labels == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


@pytest.mark.train
@pytest.mark.parametrize("per_step", [False, True])
def test_series(bigru: Bigru, tmp_path: Path, per_step: bool) -> None:
    x = np.random.default_rng(0).normal(size=(40, 7, 2))
    y = (x[:, :, 0] > 0).astype(int) if per_step else (x[:, 0, 0] > 0).astype(int)
    np.savez(tmp_path / "x.npz", x=x, y=y)
    result = bigru("train", tmp_path / "x.npz", "--out", tmp_path / "m", *FOR_SERIES)
    assert result.code == 0, result.err
    assert "reads 2 numbers per step" in result.err
    assert 0 <= result.json["dev"]["accuracy"] <= 1
    assert bigru("evaluate", tmp_path / "m", tmp_path / "x.npz").code == 0
    assert len(bigru("predict", tmp_path / "m", tmp_path / "x.npz").rows) == 40


def test_gzip_and_gb18030(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(reviews.read_text(encoding="utf-8").encode("gb18030")))
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert "encoding gb18030" in result.err
    assert "看" in load(tmp_path / "m").config.features.vocabulary


def test_columns_can_be_named(bigru: Bigru, tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("was\tart\ttext\n" + "".join(f"{w}{n}\t{w}\tx\n" for n in range(9) for w in "ab"), encoding="utf-8")
    result = bigru("train", path, "--text", "was", "--label", "art", "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert load(tmp_path / "m").config.labels == ("a", "b")


def test_stray_spaces_are_said(bigru: Bigru, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,label\n" + "".join(f"好{n},good\n坏{n}, bad\n" for n in range(9)), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL)
    assert f"{path}:3: stray spaces: label ' bad' is read as 'bad', 9 in all" in result.err
    assert load(tmp_path / "m").config.labels == ("bad", "good")


def test_only_the_first_findings_are_shown(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    text = reviews.read_text(encoding="utf-8") + ",good\n" * 7
    reviews.write_text(text, encoding="utf-8")
    said = bigru("train", reviews, "--out", tmp_path / "m", *SMALL).err
    assert said.count("empty row") == 5
    assert f"  and 2 more findings; see all with: bigru doctor {reviews}" in said


def test_settings_reach_the_model(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"layers": 2, "hidden": 64, "pooling": ["mean"]}', encoding="utf-8")
    more = ("--config", tmp_path / "c.json", "--set", "merge=gated", "--class-weights", "balanced", "--seed", "3")
    result = bigru("train", reviews, "--out", tmp_path / "m", *SMALL, *more, "--precision", "fp32", "--time", "5m")
    assert result.code == 0, result.err
    model = load(tmp_path / "m").model
    assert (model.encoder.layers, model.encoder.hidden, model.encoder.merge) == (2, 4, "gated")
    assert model.pooling == ("mean",)
    assert not result.json["training"]["reproducible"]
    assert "held out from the training data with seed 3" in result.err


def test_the_precision_32_is_refused_by_its_name(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    wants = {"--precision=32": "one of fp32, bf16, got '32'", "--set=precision=32": "of type str, got 32"}
    for given, want in wants.items():
        result = bigru("train", reviews, "--out", tmp_path / "m", *SMALL, given)
        said = f"bigru train: TrainConfig: precision must be {want}. Did you mean 'fp32'?\n"
        assert (result.code, result.err) == (2, said)


def test_loggers_write_below_the_folder(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    assert bigru("train", reviews, "--out", tmp_path / "m", "--logger", "csv", *SMALL).code == 0
    assert len(list((tmp_path / "m" / "logs" / "csv").rglob("metrics.csv"))) == 1


def test_vectors_are_the_first_weights(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text("3 2\n好 1 2\n看 3 4\n龙 5 6\n", encoding="utf-8")
    still = ("--set", "learning_rate=1e-12", "--set", "ema_decay=0")
    result = bigru("train", reviews, "--out", tmp_path / "m", "--vectors", tmp_path / "v.txt", *SMALL, *still)
    assert result.code == 0, result.err
    bundle = load(tmp_path / "m")
    vocabulary = bundle.config.features.vocabulary
    assert f"vectors of 2 numbers for 2 of {len(vocabulary)} units" in result.err
    table = bundle.weights["embedding.0.weight"]
    assert table.shape == (len(vocabulary) + 1, 2)
    np.testing.assert_allclose(table[1 + vocabulary.index("看")], [3, 4], **FLOAT32_STEP)
    assert np.ptp(table[1:], axis=0).min() > 0


def test_force_replaces_a_model(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    assert bigru("train", reviews, "--out", tmp_path / "m", *SMALL).code == 0
    assert bigru("train", reviews, "--out", tmp_path / "m", "--force", *SMALL, "--set", "hidden=6").code == 0
    assert load(tmp_path / "m").model.encoder.hidden == 6


@pytest.mark.train
def test_ctrl_c_keeps_a_checkpoint_that_resume_ends_with_the_same_bits(
    bigru: Bigru, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("train", reviews, *SMALL, "--epochs", "4")
    assert bigru(*command, "--out", tmp_path / "whole").code == 0
    say = Display.say

    def interrupted(self: Any, text: str) -> None:
        say(self, text)
        if text.startswith("epoch 2/4"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Display, "say", interrupted)
    stopped = bigru(*command, "--out", tmp_path / "cut")
    assert (stopped.code, stopped.out) == (130, "")
    assert stopped.err.splitlines()[-1] == (
        f"bigru train: stopped at step 4 of 8; the checkpoint is kept in '{tmp_path / 'cut'}'. "
        "Go on with the same command and --resume."
    )
    monkeypatch.undo()
    assert bigru(*command, "--out", tmp_path / "cut").code == 2
    assert bigru(*command, "--out", tmp_path / "cut", "--resume").code == 0
    whole, cut = (load(tmp_path / name).weights for name in ("whole", "cut"))
    for name, weight in whole.items():
        np.testing.assert_array_equal(cut[name], weight)
    assert not list((tmp_path / "cut").glob("checkpoint*"))


@pytest.mark.train
def test_a_training_that_was_killed_behind_its_save_is_finished_by_resume(
    bigru: Bigru, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("train", reviews, "--epochs", 2, "--set", "hidden=2", "--out", tmp_path / "m")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "remove", lambda _: None)
        first = bigru(*arguments)
    assert checkpoint.exists(tmp_path / "m")
    second = bigru(*arguments, "--resume")
    assert (second.code, second.err) == (0, f"The training had ended, and its model is in {tmp_path}/m.\n")
    assert second.json == first.json
    assert not checkpoint.exists(tmp_path / "m")
    # A model beside the checkpoint of another training is not replaced.
    bigru("train", reviews, "--epochs", 1, "--set", "hidden=2", "--out", tmp_path / "other")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "remove", lambda _: None)
        bigru("train", reviews, "--epochs", 1, "--set", "hidden=3", "--set", "seed=2", "--out", tmp_path / "third")
    (tmp_path / "third" / checkpoint.CURRENT).rename(tmp_path / "m" / checkpoint.CURRENT)
    result = bigru(*arguments, "--resume")
    assert result.code == 2
    assert "--out must be free for the model, got a folder with a model" in result.err


@pytest.mark.process
def test_two_trainings_do_not_share_a_folder(refused: Callable[..., str], reviews: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        line = refused("train", reviews, "--epochs", 1, "--out", tmp_path)
        holder.kill()
    assert line == (
        f"bigru train: folder must be free, got '{tmp_path}', where another training writes. "
        "Wait until it has ended, or name another folder."
    )


@pytest.mark.process
def test_what_is_wrong_with_a_file_is_said_without_torch(tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("text,label\n" + "a,x\n" * 9)
    code = """if True:
        import sys
        from bigru.cli import run
        codes = [run(["train", sys.argv[1], *more]) for more in ([], ["--label", "lable"], ["--resume"])]
        codes += [run(["train", sys.argv[1] + "x"]), run(["train", sys.argv[1], "--set", "hiden=2"])]
        codes.append(run(["doctor", sys.argv[1]]))
        print(codes, sorted({"torch"} & set(sys.modules)))"""
    command = [sys.executable, "-c", code, str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "[2, 2, 2, 2, 2, 1] []", done.stderr


def test_english_texts_with_spans_become_a_model_of_words(bigru: Bigru, tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    rows = [{"text": f"Anna{n} is in Oslo .", "label": [[0, 5, "PER"], [12, 16, "LOC"]]} for n in range(10, 20)]
    rows = [{**row, "label": [[0, 6, "PER"], [13, 17, "LOC"]]} for row in rows]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = bigru("train", path, "--test", path, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert f"{path}: tags are moved from characters to words, as words cover all 20 spans" in result.err
    assert "reads words" in result.err
    answer = package.load(tmp_path / "m").predict("Anna77 is in Oslo .")
    assert len(answer["tags"]) == 5
    scored = bigru("evaluate", tmp_path / "m", path)
    assert scored.json["span_f1"] == result.json["test"]["span_f1"]


def test_spans_within_words_make_a_model_of_characters_and_are_named(bigru: Bigru, tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    rows = [{"text": f"Anna{n} is in Oslo .", "label": [[0, 4, "PER"], [13, 17, "LOC"]]} for n in range(10, 20)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL)
    first = "10 of 20 spans begin or end within a word; the first: line 1, 'Anna'"
    assert f"{path}: the model reads characters, as {first}" in result.err
    line = bigru("train", path, "--out", tmp_path / "w", *SMALL, "--set", "unit=word").err.splitlines()[-1]
    assert line == (
        f"bigru train: {path}:1: span must be of whole words, as the model is to read words, "
        "got 'Anna' from 0 to 4, and 9 more such spans. "
        "Correct the span, or let the model read characters (unit=char)."
    )


def test_illegal_tags_and_unknown_classes_are_counted_not_the_end(bigru: Bigru, tmp_path: Path) -> None:
    train = conll(tmp_path / "train.conll", ["B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC"])
    test = tmp_path / "test.conll"
    test.write_text("王 I-PER\n去 O\n北 B-ORG\n", encoding="utf-8")
    result = bigru("train", train, "--dev", test, "--test", test, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert f"{test}:1: illegal tags: 1 tag is illegal in BIO and read as conlleval reads them (lines 1)" in result.err
    assert f"{test}:3: unknown class: 'ORG' 1 times: not in the training data" in result.err


def test_strict_refuses_illegal_tags_and_unknown_classes_by_line(tmp_path: Path) -> None:
    train = read(conll(tmp_path / "train.conll", ["B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC"]))
    for content, message in (
        ("王 I-PER\n去 O\n", r"test\.conll:1: tag 1 must be legal in BIO, got I-PER after the start of the sequence"),
        ("王 O\n北 B-ORG\n", r"test\.conll:2: label must be one of LOC, PER, got 'ORG'\."),
    ):
        (tmp_path / "test.conll").write_text(content, encoding="utf-8")
        test = read(tmp_path / "test.conll", Reading(scheme="BIO"))
        with pytest.raises(DataError, match=message):
            package.train(train, test=test, reading=Reading(strict=True), hidden=4, epochs=1)


def test_a_rare_token_of_several_characters_is_said_and_read_by_a_model_of_characters(
    bigru: Bigru, tmp_path: Path
) -> None:
    train = conll(tmp_path / "train.conll", ["B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC"])
    test = conll(tmp_path / "test.conll", ["B-PER", "I-PER", "I-PER", "O", "B-LOC", "I-LOC"])
    test.write_text(test.read_text(encoding="utf-8").replace("王", "王王", 1), encoding="utf-8")
    result = bigru("train", train, "--test", test, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    said = f"{test}:1: long tokens: '王王' is read as one unknown character, as nearly all tokens are single characters"
    assert said in result.err
    assert said in bigru("evaluate", tmp_path / "m", test).err
    assert said in bigru("predict", tmp_path / "m", test).err
    test.write_text("王小 B-PER\n去 O\n", encoding="utf-8")
    line = bigru("evaluate", tmp_path / "m", test).err.splitlines()[-1]
    assert line.startswith(f"bigru evaluate: {test}:1: token must be one character, as the model reads characters, got")
