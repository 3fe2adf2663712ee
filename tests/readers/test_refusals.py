"""What a reader must refuse, and in which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bigru.errors import ArgumentError, DataError
from bigru.readers.reader import read
from bigru.readers.reading import Reading


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a file into an empty folder, which is the working folder, and return its name."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return name

    return write


def lines(*records: object) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        (
            "a.csv",
            "text,label\na,b\nc\n",
            {},
            r"a\.csv:3: row must be 2 columns separated by commas, as line 1, got 1 column",
        ),
        ("a.csv", "text,label\n", {}, r"a\.csv: data must be at least one example, got a header alone"),
        ("a.csv", "\n \n", {}, r"a\.csv: data must be at least one example, got blank lines"),
        ("a.csv", "text,label\n,b\n", {}, r"a\.csv: data must be at least one example, got none"),
        (
            "a.csv",
            "text,label\na,b\n",
            {"text": "texts"},
            r"a\.csv: --text must be one of .* Did you mean 'text'",
        ),
        ("a.csv", "text,label\na,x||y\n", {}, r"a\.csv:2: label must be not empty, got ''"),
        (
            "a.csv",
            "text,label\na,b\n",
            {"task": "tag"},
            r"a\.csv: task must be classify for texts with labels, got tag\. Tags",
        ),
        (
            "a.csv",
            "text,label\na,b\n",
            {"scheme": "BIO"},
            r"a\.csv: scheme is not allowed where labels are no span tags",
        ),
        ("a.conll", "a O\n", {"multi_label": True}, r"a\.conll: multi_label is not allowed for this file \(got True\)"),
        ("a.conll", "a O\n", {"task": "classify"}, r"a\.conll: task must be tag for this file, got classify"),
        (
            "a.txt",
            "a/n\n",
            {"label": "x"},
            r"a\.txt: --label is not allowed for the format word/tag \(got 'x'\)",
        ),
        (
            "a.jsonl",
            '{"text": "a", "label": 1}\n{"text": \n',
            {},
            r"a\.jsonl:2: row must be one JSON object, got Expecting value",
        ),
        ("a.jsonl", '{"text": "a"} x\n', {}, r"a\.jsonl:1: row must be one JSON object, got Extra data in column 15"),
        ("a.jsonl", "[" * 99999, {}, r"a\.jsonl:1: row must be one JSON object, got too deep a nest"),
        ("a.jsonl", '{"a": 1}\n3\n', {}, r"a\.jsonl:2: row must be a JSON object, got 3"),
        (
            "a.json",
            '[{"a": 1}\n{"a": 1}]',
            {},
            r"a\.json:2: array must be separated by commas and closed by \], got '\{\"a\": 1\}\]'",
        ),
        (
            "a.json",
            '[{"a": 1}\n',
            {},
            r"a\.json:2: array must be separated by commas and closed by \], got the end of the file",
        ),
        ("a.json", "[\n", {}, r"a\.json:2: row must be one JSON object, got Expecting value"),
        ("a.json", "[]", {}, r"a\.json: data must be at least one example, got no rows"),
        ("a.jsonl", lines({"text": 5, "label": "x"}), {}, r"a\.jsonl:1: text must be text, got 5"),
        (
            "a.jsonl",
            lines({"text": "a", "label": {"x": 1}}),
            {},
            r"a\.jsonl: --label must be named, as no column looks like labels, got text, label",
        ),
        (
            "a.jsonl",
            lines({"text": "a"}),
            {"task": "tag"},
            r"a\.jsonl: task must be classify for texts with labels, got tag",
        ),
        (
            "a.jsonl",
            lines({"text": "ab", "spans": "x"}),
            {},
            r"a\.jsonl:1: spans must be a list of \[start, end, label\], got 'x'",
        ),
        (
            "a.jsonl",
            lines({"text": "ab", "spans": [[0, 1]]}),
            {},
            r"a\.jsonl:1: span must be \[start, end, label\], got \[0, 1\]",
        ),
        (
            "a.jsonl",
            lines({"text": "ab", "spans": [[0, 1.0, "X"]]}),
            {},
            r"a\.jsonl:1: span must be \[start, end, label\], got",
        ),
        ("a.jsonl", lines({"text": "ab", "spans": [[0, 1, " "]]}), {}, r"a\.jsonl:1: label must be not empty, got ' '"),
        (
            "a.jsonl",
            lines({"text": "ab", "spans": [[0, 3, "X"]]}),
            {},
            r"a\.jsonl:1: span must be within 0 <= start < end <= 2, got .*\. Positions count characters from 0",
        ),
        (
            "a.jsonl",
            lines({"text": "ab", "spans": [[1, 1, "X"]]}),
            {},
            r"a\.jsonl:1: span must be at least one character long, the end exclusive, got \[1, 1, 'X'\]\. If the end",
        ),
        (
            "a.jsonl",
            lines({"text": "ab", "spans": [[-1, 1, "X"]]}),
            {},
            r"a\.jsonl:1: span must be within 0 <= start < end <= 2",
        ),
        (
            "a.jsonl",
            lines({"text": "abc", "spans": [[1, 3, "X"], [0, 2, "Y"]]}),
            {},
            r"a\.jsonl:1: spans must be without overlap, got \[0, 2, Y\] 'ab' and \[1, 3, X\] 'bc'",
        ),
        (
            "a.jsonl",
            lines({"text": "abc", "spans": [{"start": 0, "end": 1, "label": "X", "text": "ac"}]}),
            {},
            r"a\.jsonl:1: text from 0 to 1 must be 'ac', got 'a'\. Positions",
        ),
        (
            "a.jsonl",
            lines({"tokens": ["a", 1], "tags": ["O", "O"]}),
            {},
            r"a\.jsonl:1: tokens must be a list of non-empty strings",
        ),
        (
            "a.jsonl",
            lines({"tokens": ["a"], "tags": ["O"]}, {"tokens": "a", "tags": ["O"]}),
            {},
            r"a\.jsonl:2: tokens must be a list of",
        ),
        (
            "a.jsonl",
            lines({"tokens": ["a", "b"], "tags": ["O"]}),
            {},
            r"a\.jsonl:1: tags must be a list of 2 labels, one per step or token, got 1 of them",
        ),
        (
            "a.jsonl",
            lines({"tokens": ["a"], "tags": "O"}),
            {"task": "tag"},
            r"a\.jsonl:1: tags must be a list of 1 labels, .*, got 'O'",
        ),
        (
            "a.jsonl",
            lines({"tokens": ["a"], "kind": ["O"]}),
            {},
            r"a\.jsonl: --label must be named, as none of the keys tokens, kind is one of label, tags",
        ),
        (
            "a.jsonl",
            lines({"tokens": ["a"], "tags": ["O"]}),
            {"label": "tag"},
            r"a\.jsonl: --label must be one of .* Did you mean 'tags'",
        ),
        (
            "a.jsonl",
            lines({"values": [[1, 2], [3]], "label": "x"}),
            {},
            r"a\.jsonl:1: values must be rows of equally many numbers, got \[\[1, 2\], \[3\]\]",
        ),
        (
            "a.jsonl",
            lines({"values": [[]], "label": "x"}),
            {},
            r"a\.jsonl:1: values must be rows of equally many numbers",
        ),
        (
            "a.jsonl",
            '{"values": [[1, 2], [3, -Infinity]], "label": "x"}',
            {},
            r"a\.jsonl:1: values row 2 column 2 must be a finite number, got -inf\. A missing value is an empty cell",
        ),
        (
            "a.jsonl",
            '{"values": [1, 1e39], "label": "x"}',
            {},
            r"a\.jsonl:1: values row 2 column 1 must be a finite number, got 1e\+39",
        ),
        (
            "a.jsonl",
            lines({"values": [True, False], "label": "x"}),
            {},
            r"a\.jsonl:1: values row 1 column 1 must be a finite number, got True",
        ),
        (
            "a.jsonl",
            lines({"values": [1, "2"], "label": "x"}),
            {},
            r"a\.jsonl:1: values row 2 column 1 must be a finite number, got '2'",
        ),
        (
            "a.jsonl",
            lines({"values": [[1, 2]], "label": "x"}, {"values": [[1]], "label": "y"}),
            {},
            r"a\.jsonl:2: values must be 2 numbers a step, as line 1, got 1",
        ),
    ],
)
def test_faulty_files_are_refused(write, name: str, content: str, options: dict, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        read(write(name, content), Reading(**options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"task": "tagging"},
            r"reading: task must be one of classify, tag, transcribe, forecast, got 'tagging'\. Did you mean 'tag'\?",
        ),
        ({"format": "cvs"}, r"read: format must be one of .*, got 'cvs'\. Did you mean 'csv'\?"),
        ({"scheme": "IOB"}, r"reading: scheme must be one of BIO, .*, got 'IOB'"),
        ({"encoding": "utf-9"}, r"read: encoding must be a codec of Python, got 'utf-9'"),
    ],
)
def test_options_that_do_not_exist_are_refused(write, options: dict, message: str) -> None:
    with pytest.raises(ArgumentError, match="^" + message):
        read(write("a.csv", "text,label\na,b\n"), Reading(**options))
