"""Files in parts: the inputs that `read` finds in the whole, whatever the parts."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

import sounds
from bigru.errors import BigruError, DataError
from bigru.readers import chunked as large
from bigru.readers.reader import read
from bigru.readers.reading import Reading

TEXTS = ["好", "a, b", 'say "yes"', "two\nlines", "c" * 300, "\u3000d", "e\tf", "x\r\ny"] * 30


def table(delimiter: str) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerows([["id", "text", "score"], *([n, text, 5] for n, text in enumerate(TEXTS))])
    return stream.getvalue()


FILES = {
    "x.csv": table(","),
    "x.tsv": table("\t"),
    "semicolon.csv": table(";"),
    "bare.csv": "".join(f"{n},word{n} and more words {n}\n" for n in range(300)),
    "quotes.tsv": "text\tn\n" + "".join(f'"{n} inch\t{n}\n' for n in range(301)),
    "x.jsonl": "".join(json.dumps({"n": 1, "text": text}, ensure_ascii=False) + "\n" for text in TEXTS),
    "tokens.jsonl": "".join(json.dumps({"tokens": ["a", str(n)]}) + "\n" for n in range(200)),
    "array.json": json.dumps([{"text": text} for text in TEXTS], indent=1),
    "x.txt": "".join(f"line {n}\n" for n in range(300)) + "the last",
    "blank.txt": "a\n\n\r\n" * 500,
    "x.conll": "".join(f"a{n} O\nb O\n\n" for n in range(200)),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "WHOLE_BYTES", 1500)


@pytest.mark.parametrize("part", [400, 1000, 1 << 20])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("name", FILES)
def test_parts_hold_what_the_whole_holds(
    name: str, encoding: str, part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "PART", part)
    task = "tag" if "conll" in name else "classify"
    format = "txt" if name.endswith(".txt") else None
    for path, data in (
        (tmp_path / name, FILES[name].encode(encoding)),
        (tmp_path / f"{name}.gz", gzip.compress(FILES[name].encode(encoding))),
    ):
        path.write_bytes(data)
        shares: list[float] = []
        found = list(large.parts(str(path), shares.append, Reading(task=task, format=format)))
        whole = read(path, Reading(task=task, format=format), require_targets=False)
        assert [x for one in found for x in one.inputs] == whole.inputs
        assert [x for one in found for x in one.lines] == whole.lines
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        if part == 400 and name not in ("array.json", "x.conll"):
            assert len(found) > 2


@pytest.mark.parametrize(
    ("name", "bad", "line"),
    [
        ("x.csv", '9,"x",5,6\n', 901),
        ("x.jsonl", "{nonsense\n", 901),
        ("x.jsonl", "[1]\n", 901),
    ],
)
def test_what_is_wrong_far_down_is_said_with_its_line(
    name: str, bad: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "PART", 500)
    good = "a,b\n" if name == "x.csv" else '{"text": "a"}\n'
    (tmp_path / name).write_text(good * (line - 1) + bad, encoding="utf-8")
    found = large.parts(str(tmp_path / name), reading=Reading(task="classify"))
    assert next(found).inputs
    with pytest.raises(DataError, match=rf"{name}:{line}: "):
        list(found)


def test_bytes_that_are_no_text_are_said_with_their_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "PART", 500)
    (tmp_path / "x.txt").write_bytes(b"abc\n" * 1000 + b"\xff\n")
    with pytest.raises(DataError, match=r"x\.txt:1001: text must be valid utf-8, got byte 0xff\. "):
        list(large.parts(str(tmp_path / "x.txt"), reading=Reading(task="classify", format="txt")))


@pytest.mark.parametrize("options", [{"encoding": "utf-ate"}, {"format": "cvs"}, {"text": "body"}])
def test_wrong_options_are_refused_as_of_a_whole_file(options: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(FILES["x.csv"], encoding="utf-8")
    with pytest.raises(BigruError) as whole:
        read(tmp_path / "x.csv", Reading(task="classify", **options), require_targets=False)
    with pytest.raises(BigruError) as parts:
        list(large.parts(str(tmp_path / "x.csv"), reading=Reading(task="classify", **options)))
    assert str(parts.value) == str(whole.value)


def test_torn_gzip_is_refused(tmp_path: Path) -> None:
    lines = "".join(f"line {n * n}\n" for n in range(10_000)).encode()
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(lines)[:-1000])
    with pytest.raises(DataError, match="data must be whole gzip"):
        list(large.parts(str(tmp_path / "x.txt.gz"), reading=Reading(task="classify", format="txt")))


def test_a_large_manifest_of_another_project_is_read_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(large, "WHOLE_BYTES", 100)
    sounds.write(Path("clips/a.wav"), sounds.tone("low"))
    Path("t.tsv").write_text("client_id\tpath\tsentence\n" + "9f\ta.wav\tfine day\n" * 20)
    (examples,) = large.parts("t.tsv", reading=Reading(task="transcribe"))
    assert (examples.inferred["format"], len(examples)) == ("common-voice", 20)


@pytest.mark.parametrize("size", [50, 2500])
def test_a_first_row_larger_than_a_part_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(large, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(large, "PART", 30)
    rows = ["a" * size, *(f"text {n}" for n in range(200))]
    path = tmp_path / "d.csv"
    path.write_text("text,label\n" + "".join(f"{row},x\n" for row in rows))
    assert [text for part in large.parts(str(path)) for text in part.inputs] == rows
