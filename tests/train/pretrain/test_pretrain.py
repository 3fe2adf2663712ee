from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
from bigru.bundle import documents
from bigru.errors import ArgumentError, BundleError, DataError, TrainingError
from bigru.train.pretrain import corpus, vectors
from bigru.train.pretrain.run import pretrain
from bigru.train.pretrain.vectors import is_pretrained, load_vectors

GOOD, BAD = ("good", "fine", "great"), ("bad", "poor", "awful")


def reviews(count: int = 300) -> list[str]:
    random = np.random.default_rng(0)
    lines = []
    for n in range(count):
        kind, weather = (GOOD, "warm sunny") if n % 2 else (BAD, "cold rainy")
        words = [*random.choice(kind, 3), *random.permutation(["the", "day", *weather.split(), "was"])]
        lines.append(" ".join(words))
    return lines


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(reviews()) + "\n", "utf-8")
    return path


def test_units_of_the_same_company_get_similar_vectors(raw: Path) -> None:
    made = pretrain(raw, size=4)
    assert made.table.shape == (len(made.vocabulary), 4)
    assert made.table.dtype == np.float32
    row = {unit: made.table[n] for n, unit in enumerate(made.vocabulary)}
    alike = [row[a] @ row[b] for kind in (GOOD, BAD) for a in kind for b in kind]
    apart = [row[a] @ row[b] for a in GOOD for b in BAD]
    assert min(alike) > max(apart) + 0.5


def test_what_files_are_read_as_is_said_once_for_files_that_are_alike(raw: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("text,stars\n" + "\n".join(f"{x},{n % 5}" for n, x in enumerate(reviews(20))), "utf-8")
    twin = tmp_path / "twin.txt"
    twin.write_bytes(raw.read_bytes())
    lines: list[str] = []
    pretrain([raw, twin, table], size=4, say=lines.append)
    assert lines[:2] == [f"{raw}: format txt, encoding utf-8", "  text  text (its name)"]
    assert lines[2] == f"{table}: format csv, encoding utf-8, separator comma, header line 1"
    assert lines[3].startswith("  text ")


def test_the_same_texts_give_the_same_bits_from_any_files(raw: Path, tmp_path: Path) -> None:
    lines = reviews()
    folder = tmp_path / "folder"
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt.gz").write_bytes(gzip.compress("\n".join(lines[:100]).encode()))
    (folder / "b" / "c.jsonl").write_text("\n".join(json.dumps({"text": x}) for x in lines[100:200]), "utf-8")
    (folder / "d.csv").write_text("n,text\n" + "\n".join(f"{n},{x}" for n, x in enumerate(lines[200:])), "utf-8")
    (folder / ".hidden.txt").write_text("something else\n" * 9, "utf-8")
    whole, parts = pretrain(raw, size=6), pretrain([folder], size=6)
    assert parts.vocabulary == whole.vocabulary
    np.testing.assert_array_equal(parts.table, whole.table)
    assert {**parts.training, "files": 1} == whole.training


def test_what_is_saved_is_loaded(raw: Path, tmp_path: Path) -> None:
    said: list[str] = []
    made = pretrain(raw, out=tmp_path / "lm", size=4, min_count=2, say=said.append)
    assert is_pretrained(tmp_path / "lm")
    loaded = load_vectors(tmp_path / "lm")
    assert (loaded.vocabulary, loaded.training) == (made.vocabulary, made.training)
    assert (loaded.unit, loaded.lowercase, loaded.segmenter) == ("word", True, "regex")
    np.testing.assert_array_equal(loaded.table, made.table)
    np.testing.assert_array_equal(loaded.counts, made.counts)
    assert said[2] == "300 texts of 2,400 words; the 13 that come 134 times or more are 100.0% of them"
    assert loaded.training["units_read"] == 2400


def test_characters_are_read_without_being_asked_for(tmp_path: Path) -> None:
    (tmp_path / "zh.txt").write_bytes("天气很好\n天气很坏\n".encode("gb18030") * 60)
    made = pretrain(tmp_path / "zh.txt", size=2)
    assert (made.unit, made.segmenter, sorted(made.vocabulary)) == ("char", None, sorted("天气很好坏"))


def refused(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / "config.json"
        values = json.loads(path.read_text("utf-8"))
        change(values)
        path.write_text(json.dumps(values), "utf-8")

    return apply


def cut(folder: Path) -> None:
    path = folder / "vectors.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def flip(folder: Path) -> None:
    path = folder / "vectors.safetensors"
    stored = bytearray(path.read_bytes())
    stored[-1] ^= 1
    path.write_bytes(bytes(stored))


def twice(folder: Path) -> None:
    (folder / "vocabulary.json").write_bytes(documents.dump(["a"] * 13))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (refused(lambda v: v.update(format_version=2)), "format_version must be within 1..1, got 2. Install a newer"),
        (refused(lambda v: v.update(size=1 << 40)), "size must be a whole number within 1..4096, got 1099511627776."),
        (refused(lambda v: v.update(size=True)), "size must be a whole number within 1..4096, got True."),
        (refused(lambda v: v.update(size=99)), "size must be within 5252..5764 bytes, as the manifest says, got "),
        (refused(lambda v: v.update(size=5)), "arrays must be {'vectors': ('F32', [13, 5]), 'counts': ('I64', [13])},"),
        (refused(lambda v: v.update(units=12)), "vocabulary.json: units must be 12, got 13."),
        (refused(lambda v: v.update(unit="subword")), "unit must be char or word, got 'subword'."),
        (refused(lambda v: v.update(unit="char")), "segmenter must be None for the unit char, got regex."),
        (refused(lambda v: v.update(lowercase=1)), "lowercase must be of type bool, got 1."),
        (refused(lambda v: v.pop("unit")), "keys must be model_type, format_version, library_version, unit"),
        (refused(lambda v: v.update(model_type="x")), "model_type must be 'bigru-pretrained', got 'x'."),
        (lambda folder: (folder / "config.json").unlink(), "folder must be one of bigru pretrain, with"),
        (lambda folder: (folder / "vocabulary.json").unlink(), "folder must be complete, with vocabulary.json, got"),
        (lambda folder: (folder / "vectors.safetensors").unlink(), "file must be a plain file, got no such file."),
        (twice, "vocabulary must be distinct units, got 'a' twice."),
        (cut, "sha256 must be "),
        (flip, "sha256 must be "),
    ],
)
def test_folders_that_are_damaged_are_refused(
    fault: Callable[[Path], None], said: str, raw: Path, tmp_path: Path
) -> None:
    pretrain(raw, out=tmp_path / "lm", size=4)
    fault(tmp_path / "lm")
    with pytest.raises(BundleError, match=re.escape(said)):
        load_vectors(tmp_path / "lm")


def test_vectors_that_are_not_finite_are_refused(raw: Path, tmp_path: Path) -> None:
    made = pretrain(raw, size=4)
    made.table[3, 2] = np.nan
    (tmp_path / "lm").mkdir()
    for name, content in made.contents().items():
        (tmp_path / "lm" / name).write_bytes(content)
    with pytest.raises(BundleError, match=r"arrays must be finite vectors and counts from 0, got others\.$"):
        load_vectors(tmp_path / "lm")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"t\.txt: data must be at least one example, got an empty file\.$"),
        (
            b"a b c\n",
            r"t\.txt: data must be texts with at least 2 different words that come 3 times, got 3 units, 0 of",
        ),
        (b"\x00\x01\x02" * 100, r"t\.txt: data must be text, got binary data\."),
    ],
)
def test_texts_that_cannot_be_used_are_refused(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(content)
    with pytest.raises(DataError, match=said):
        pretrain(tmp_path / "t.txt", out=tmp_path / "lm")
    assert not (tmp_path / "lm").exists()


def test_a_long_line_is_refused_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bigru.readers import chunked
    from bigru.train.pretrain import texts

    for module in (chunked, texts):
        monkeypatch.setattr(module, "SMALL", 1000)
    monkeypatch.setattr(chunked, "PART", 64)
    for number, content in ((1, "a" * 2000), (201, "a b\n" * 200 + "a" * 2000), (1, '{"text": "' + "a" * 2000 + '"}')):
        (tmp_path / "t.txt").write_text(content, "utf-8")
        said = (
            rf"t\.txt:{number}: row must be at most 1,000 characters, got a longer one\. Break the text into lines\.$"
        )
        with pytest.raises(DataError, match=said):
            pretrain(tmp_path / "t.txt")
    (tmp_path / "t.txt").write_text("a b c\n" * 1000, "utf-8")
    assert pretrain(tmp_path / "t.txt", size=2).training["texts"] == 1000


def test_nul_characters_are_units_as_in_training(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(b"one \x00 two three four five six\n" * 20)
    assert "\x00" in pretrain(tmp_path / "t.txt", size=2).vocabulary


def test_paths_are_checked(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"texts must be a file, or a folder of files, got an empty folder\.$"):
        pretrain([raw, tmp_path / "empty"])
    with pytest.raises(DataError, match=r"raw\.txt: texts must be named once, got the same file twice\.$"):
        pretrain([raw, raw])
    with pytest.raises(DataError, match=r"none\.txt: data must be a file, got no such file\."):
        pretrain([tmp_path / "none.txt"])


def test_arguments_are_checked(raw: Path) -> None:
    for settings, said in (
        ({"unit": "subword"}, "pretrain: unit must be one of char, word, got 'subword'."),
        ({"size": 1}, "pretrain: size must be within 2..4096, got 1."),
        ({"min_count": 0}, "pretrain: min_count must be greater than 0, got 0."),
        ({"max_size": 1}, "pretrain: max_size must be at least 2, got 1."),
        ({"max_seconds": 0.0}, "pretrain: max_seconds must be greater than 0, got 0.0."),
    ):
        with pytest.raises(ArgumentError, match=re.escape(said)):
            pretrain(raw, **settings)


def test_a_folder_that_exists_is_kept_unless_it_may_be_replaced(raw: Path, tmp_path: Path) -> None:
    pretrain(raw, out=tmp_path / "lm", size=4)
    before = (tmp_path / "lm" / "vectors.safetensors").read_bytes()
    with pytest.raises(ArgumentError, match=r"--out must be free, got a folder that exists\."):
        pretrain(raw, out=tmp_path / "lm", size=6)
    assert (tmp_path / "lm" / "vectors.safetensors").read_bytes() == before
    pretrain(raw, out=tmp_path / "lm", size=6, force=True)
    assert load_vectors(tmp_path / "lm").table.shape[1] == 6
    with pytest.raises(ArgumentError, match=r"--out must be free or an earlier export, got another folder\."):
        pretrain(raw, out=tmp_path, force=True)


def test_ctrl_c_leaves_what_was_there(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretrain(raw, out=tmp_path / "lm", size=4)

    def interrupt(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(corpus.Corpus, "add", interrupt)
    with pytest.raises(TrainingError, match=r"^pretrain: stopped; nothing was written\.$"):
        pretrain(raw, out=tmp_path / "lm", force=True)
    assert load_vectors(tmp_path / "lm").table.shape[1] == 4
    assert sorted(one.name for one in tmp_path.iterdir()) == ["lm", "raw.txt"]


def test_a_full_disk_is_one_line_and_nothing_is_left(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    class Full:
        write = full

        def close(self) -> None:
            pass

    monkeypatch.setattr(corpus.tempfile, "TemporaryFile", Full)
    with pytest.raises(TrainingError, match=r"folder must be one with room for 4 bytes a unit, got No space left on"):
        pretrain(raw, out=tmp_path / "lm")
    monkeypatch.undo()
    monkeypatch.setattr("bigru.export.atomic_write._write", full)
    with pytest.raises(ArgumentError, match=r"--out must be writable, got No space left on device\. Nothing was"):
        pretrain(raw, out=tmp_path / "lm")
    assert not (tmp_path / "lm").exists()


def test_reading_ends_when_its_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = reviews()
    for n in range(3):
        (tmp_path / f"{n}.txt").write_text("\n".join(lines[100 * n : 100 * n + 100]), "utf-8")
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr("bigru.train.pretrain.run.time.perf_counter", lambda: next(clock))
    said: list[str] = []
    made = pretrain([tmp_path], size=4, max_seconds=15.0, say=said.append)
    assert made.training["texts"] == 200
    assert said[2] == "stopped after 15 s: 67% of the texts were read"


def test_it_is_a_function_of_the_package() -> None:
    assert bigru.pretrain is pretrain
    assert vectors.is_pretrained("/nowhere") is False
