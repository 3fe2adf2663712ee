"""`--lexicon`: a tagger that knows names from a file alone, through every command and interface that answers."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bigru import BiGRUClassifier, BiGRUTagger
from bigru.bundle import load as load_bundle
from bigru.errors import BundleError
from bigru.readers.reader import Reading, read
from bigru.runtime.predictor import Predictor, load

Bigru = Callable
SMALL = ("--set", "hidden=8", "--set", "epochs=4", "--quiet")
HAN = [chr(0x4E00 + n) for n in range(400)]
NAMES = ["".join(np.random.default_rng(n).choice(HAN, 2 + n % 3)) for n in range(80)]
OTHERS = ["".join(np.random.default_rng(1000 + n).choice(HAN, 2 + n % 3)) for n in range(80)]


def sentences(count: int, first: int, seed: int) -> str:
    """Return sentences of names and other words, which only the lexicon distinguishes."""
    drawn, blocks = np.random.default_rng(seed), []
    for _ in range(count):
        rows = []
        for _ in range(drawn.integers(2, 5)):
            kind = drawn.integers(2)
            word = (OTHERS, NAMES)[kind][drawn.integers(first, first + 40)]
            rows += [f"{c} {('I' if n else 'B') + '-PER' if kind else 'O'}\n" for n, c in enumerate(word)]
        blocks.append("".join(rows))
    return "\n".join(blocks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, of which the test part has other names than the training part, and with lexicons."""
    place = tmp_path_factory.mktemp("lexicon")
    (place / "train.bio").write_text(sentences(150, 0, 1), encoding="utf-8")
    (place / "test.bio").write_text(sentences(20, 40, 2), encoding="utf-8")
    (place / "names.txt").write_text("".join(f"{name}\n" for name in NAMES), encoding="utf-8")
    (place / "others.tsv.gz").write_bytes(gzip.compress("".join(f"{word}\tn\n" for word in OTHERS).encode()))
    return place


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """A tagger that knows both lexicons."""
    from bigru.cli import run

    out = folder / "model"
    lexicons = ["--lexicon", folder / "names.txt", "--lexicon", folder / "others.tsv.gz"]
    arguments = ["train", folder / "train.bio", *lexicons, "--out", out, "--test", folder / "test.bio", *SMALL]
    assert run(list(map(str, arguments))) == 0
    return out


@pytest.mark.train
def test_names_of_the_lexicon_are_found_by_network_and_plain_model(model: Path, folder: Path) -> None:
    metrics = load(model).metrics
    assert metrics["test"]["span_f1"] > 0.9
    assert metrics["plain"]["test"] > 0.9
    config = load_bundle(model).config
    assert config.features.lexicon.describe() == "160 words of 2 categories"
    card = (model / "README.md").read_text("utf-8")
    assert "It knows a lexicon, `lexicon.txt.gz`: 160 words of 2 categories." in card
    assert "\n- lexicon: names.txt; its licence is its owner's matter\n- lexicon: others.tsv.gz; its lic" in card
    # What was saved is a lexicon, and the model needs no other file.
    assert gzip.decompress((model / "lexicon.txt.gz").read_bytes()).decode().count("\tnames\n") == 80


@pytest.mark.train
def test_what_is_said_of_it(bigru: Bigru, folder: Path) -> None:
    again = ["--lexicon", folder / "names.txt", "--lexicon", folder / "names.txt"]
    out = ("--out", folder / "brief")
    found = bigru("train", folder / "train.bio", *again, *out, "--set", "hidden=4", "--epochs", "1", "--no-plain")
    assert found.code == 0, found.err
    assert "the lexicon has 80 words of 1 category\n" in found.err


def test_a_missing_or_damaged_lexicon_is_refused(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    for file in model.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / "lexicon.txt.gz").write_bytes(gzip.compress(b"a\tx\n"))
    with pytest.raises(BundleError, match=r"config\.json: TextFeatures: size of lexicon must be 14, the known values"):
        load(copy)
    (copy / "lexicon.txt.gz").write_bytes(b"none")
    with pytest.raises(BundleError, match=r"config\.json: TextFeatures: lexicon must be UTF-8 text in whole gzip, got"):
        load(copy)
    (copy / "lexicon.txt.gz").unlink()
    with pytest.raises(BundleError, match=r"TextFeatures: lexicon must be there, for the channel lexicon, got none\."):
        load(copy)


def test_refusals(bigru: Bigru, folder: Path) -> None:
    (folder / "bad.txt").write_text("北京\tLOC\n上海 LOC\n", encoding="utf-8")
    found = bigru("train", folder / "train.bio", "--out", folder / "no", "--lexicon", folder / "bad.txt")
    assert (found.code, found.err.splitlines()[-1]) == (
        2,
        f"bigru train: {folder}/bad.txt:2: line must be a word, TAB and a category, as line 1 is, got '上海 LOC'. "
        "Separate word and category by a TAB.",
    )
    assert not (folder / "no").exists()
    series = folder / "series.csv"
    rows = "".join(f"{n},{n % 3},{n * 2},{'ab'[n % 2]}\n" for n in range(40))
    series.write_text("x,y,z,label\n" + rows, encoding="utf-8")
    found = bigru("train", series, "--out", folder / "no", "--layout", "wide", "--lexicon", folder / "names.txt")
    assert (found.code, found.err.splitlines()[-1]) == (
        2,
        "bigru train: lexicon is not allowed for numeric sequences (got given).",
    )


@pytest.mark.train
def test_verify_export_quantize_and_int8(bigru: Bigru, model: Path, folder: Path) -> None:
    assert bigru("verify", model, "--keep-card").code == 0
    assert bigru("verify", model, folder / "test.bio", "--keep-card").code == 0
    for to in ("onnx", "torch"):
        found = bigru("export", model, "--to", to, "--out", folder / f"exported.{to}")
        assert found.code == 0, found.err
    import onnx

    saved = (model / "lexicon.txt.gz").read_bytes()
    entries = {entry.key: entry.value for entry in onnx.load(folder / "exported.onnx").metadata_props}
    assert base64.b64decode(json.loads(entries["lexicon"])) == saved
    found = bigru("quantize", model, folder / "int8", folder / "test.bio")
    assert found.code == 0, found.err
    assert (folder / "int8" / "lexicon.txt.gz").read_bytes() == saved
    assert bigru("evaluate", folder / "int8", folder / "test.bio", "--precision", "int8").json["span_f1"] > 0.9


def test_a_stream_answers_as_the_whole_arrow_and_a_server_as_predict(model: Path, folder: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from bigru.runtime.arrow import ArrowPredictor
    from bigru.serve.engine.models import Loaded

    predictor = load(model)
    assert isinstance(predictor, Predictor)
    texts = ["".join(x) for x in read(folder / "test.bio", Reading()).inputs]
    alone = [predictor.predict(x) for x in texts]
    stream = predictor.stream(100)
    answers = [one for c in texts[0] for one in stream.push(c)] + stream.finish()
    assert [one["tag"] for one in answers] == alone[0]["tags"]
    table = ArrowPredictor(model, "text")(pa.table({"text": texts}))
    assert table.column("tags").to_pylist() == [row["tags"] for row in alone]
    answer = Loaded("tagger", predictor).answer([texts[0]])[0]
    assert isinstance(answer, dict)
    assert answer["tags"] == alone[0]["tags"]


@pytest.mark.train
def test_estimators(tmp_path: Path, folder: Path) -> None:
    X = [NAMES[n] + OTHERS[n] for n in range(40)]
    y = [["P"] * len(NAMES[n]) + ["O"] * len(OTHERS[n]) for n in range(40)]
    lexicon = dict.fromkeys(NAMES, "name") | dict.fromkeys(OTHERS, "word")
    tagger = BiGRUTagger(lexicon=lexicon, hidden=8, epochs=8, crf=False).fit(X, y)
    assert tagger.predict([NAMES[50] + OTHERS[50]]) == [["P"] * len(NAMES[50]) + ["O"] * len(OTHERS[50])]
    tagger.save(tmp_path / "model")
    assert BiGRUTagger.load(tmp_path / "model").bundle_.config == tagger.bundle_.config
    X, y = NAMES[:40] + OTHERS[:40], [1] * 40 + [0] * 40
    classifier = BiGRUClassifier(lexicon=[str(folder / "names.txt")], hidden=8, epochs=20).fit(X, y)
    assert classifier.score(NAMES[40:] + OTHERS[40:], [1] * 40 + [0] * 40) > 0.9


@pytest.mark.train
def test_a_training_that_starts_from_the_model_keeps_its_words(bigru: Bigru, model: Path, folder: Path) -> None:
    arguments = ("train", folder / "test.bio", "--from", model, "--out", folder / "more", "--epochs", "1", "--no-plain")
    found = bigru(*arguments, "--lexicon", folder / "names.txt")
    assert (found.code, found.err.splitlines()[-1]) == (
        2,
        f"bigru train: lexicon is not allowed with --from (got ['{folder}/names.txt']). Its channels are made for the "
        "words that the model was trained with, which it keeps.",
    )
    found = bigru(*arguments)
    assert found.code == 0, found.err
    assert (folder / "more" / "lexicon.txt.gz").read_bytes() == (model / "lexicon.txt.gz").read_bytes()


@pytest.mark.train
def test_a_training_from_vectors_of_raw_text_has_a_lexicon_too(bigru: Bigru, folder: Path) -> None:
    (folder / "raw.txt").write_text("".join(f"{a}{b}\n" for a in NAMES for b in OTHERS[:20]), encoding="utf-8")
    found = bigru("pretrain", folder / "raw.txt", "--out", folder / "lm")
    assert found.code == 0, found.err
    arguments = ("--from", folder / "lm", "--lexicon", folder / "names.txt", "--out", folder / "both", *SMALL)
    found = bigru("train", folder / "train.bio", *arguments)
    assert found.code == 0, found.err
    assert load_bundle(folder / "both").config.features.lexicon.describe() == "80 words of 1 category"
