from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bigru.doctor import examine
from bigru.readers.examples import Examples
from bigru.readers.findings import Finding
from bigru.readers.reader import read
from effort import calls


def texts(rows: list[tuple[str, str]], source: str = "train", **more: object) -> Examples:
    inputs = [text for text, _ in rows]
    return Examples(inputs, [label for _, label in rows], "text", list(range(2, len(rows) + 2)), source, **more)


def tags(rows: list[tuple[list[str], list[str]]], scheme: str | None, source: str = "train") -> Examples:
    inputs, targets = [tokens for tokens, _ in rows], [tags for _, tags in rows]
    return Examples(
        inputs, targets, "tokens", [10 * n + 1 for n in range(len(rows))], source, scheme=scheme, task="tag"
    )


def found(kind: str, *files: Examples) -> list[str]:
    return [str(finding) for finding in examine(*files)[0] if finding.kind == kind]


# Enough rows of two classes that nothing else about them is worth a finding.
GB18030 = "gb18030 (recognised by its frequent characters; --encoding overrules)"
PLAIN = [(f"text {n}", "ab"[n % 2]) for n in range(12)]


def test_sound_data_have_no_findings() -> None:
    findings, summary = examine(texts(PLAIN))
    assert findings == []
    assert summary["findings"] == {}


def test_a_finding_reads_file_line_kind_message() -> None:
    assert str(Finding("a.csv", 3, "duplicate", "the same")) == "a.csv:3: duplicate: the same"
    assert str(Finding("a.csv", 0, "encoding", "odd")) == "a.csv: encoding: odd"


def test_duplicates_and_contradictions() -> None:
    one = texts([*PLAIN, ("text 1 ", "b"), ("text 2", "b"), ("text 1", "b")])
    assert found("duplicate", one) == [
        "train:14: duplicate: the same text as line 3",
        "train:16: duplicate: the same text as line 3",
    ]
    assert found("contradiction", one) == [
        "train:15: contradiction: the same text as line 4, labelled 'a' there and 'b' here"
    ]


def test_leaks_name_the_first_file_that_holds_the_text() -> None:
    dev = texts([("text 1", "b"), ("new", "a"), ("new", "a")], "dev")
    test = texts([("new", "b"), ("text 0", "a"), ("text 0", "a")], "test")
    assert found("leak", texts(PLAIN), dev, test) == [
        "dev:2: leak: the same text as train:3",
        "test:2: leak: the same text as dev:3, labelled 'a' there and 'b' here",
        "test:3: leak: the same text as train:2",
    ]
    assert found("duplicate", texts(PLAIN), dev, test) == [
        "dev:4: duplicate: the same text as line 3",
        "test:4: duplicate: the same text as line 3",
    ]


def test_the_order_of_several_labels_is_no_contradiction() -> None:
    many = Examples(["a", "a", "a"], [["x", "y"], ["y", "x"], ["x"]], "text", [1, 2, 3], "f", multi_label=True)
    assert found("duplicate", many) == ["f:2: duplicate: the same text as line 1"]
    assert found("contradiction", many) == [
        "f:3: contradiction: the same text as line 1, labelled ['x', 'y'] there and ['x'] here"
    ]


def test_copies_of_tokens_and_series() -> None:
    rows = [(["a", "b"], ["O", "O"]), (["ab"], ["O"]), (["a", "b"], ["O", "B-X"])]
    assert found("contradiction", tags(rows, "BIO")) == [
        "train:21: contradiction: the same tokens as line 1, with other tags"
    ]
    series = Examples([np.ones((2, 1)), np.ones((1, 2)), np.ones((2, 1))], ["x", "x", "x"], "series", [1, 2, 3], "f")
    assert found("duplicate", series) == ["f:3: duplicate: the same series as line 1"]


def test_unlabelled_copies_are_duplicates() -> None:
    assert found("duplicate", Examples(["a", "a"], None, "text", [1, 2], "f")) == [
        "f:2: duplicate: the same text as line 1"
    ]


def test_illegal_tags_name_the_line_of_the_token() -> None:
    one = tags([(["a", "b"], ["O", "I-X"])], "BIO")
    message = "position 2 'b': I-X after O: it continues a span of its label, and none is open"
    assert found("illegal tags", one) == [f"train:1: illegal tags: {message}"]
    one.token_lines = [np.array([1, 4])]
    assert found("illegal tags", one) == [f"train:4: illegal tags: {message}"]
    text = Examples(["ab"], [["O", "I-X"]], "text", [7], "f", scheme="BIO", task="tag")
    assert found("illegal tags", text) == [f"f:7: illegal tags: {message}"]
    series = Examples([np.zeros((1, 1))], [["I-X"]], "series", [7], "f", scheme="BIO", task="tag")
    assert found("illegal tags", series)[0].startswith("f:7: illegal tags: position 1: I-X after the start")
    assert found("illegal tags", tags([(["a"], ["I-X"])], None)) == []


def test_tags_of_another_scheme_are_illegal_and_uncounted() -> None:
    one = tags([(["a"], ["M-X"])], "BIO")
    assert found("illegal tags", one)[0].startswith("train:1: illegal tags: position 1 'a': 'M-X' is no tag of BIO")
    assert examine(one)[1]["files"][0]["classes"] == {}


def test_odd_characters() -> None:
    rows = [
        *PLAIN,
        ("a\0b", "a"),
        ("lost \ufffd", "b"),
        ("x\u200by\ufeff", "a"),
        ("\u200b\x07", "b"),
        ("ok \u200d😀", "a"),
        ("x \ud83d", "a"),
    ]
    findings = examine(texts(rows))[0]
    assert [str(finding) for finding in findings] == [
        "train:14: damaged text: character 2 is NUL",
        "train:15: damaged text: character 6 is U+FFFD, the mark of lost characters",
        "train:16: invisible character: U+200B ZERO WIDTH SPACE in 2 rows, here first",
        "train:16: invisible character: U+FEFF ZERO WIDTH NO-BREAK SPACE in 1 rows, here first",
        "train:17: invisible character: U+0007 control character in 1 rows, here first",
        "train:19: damaged text: character 3 is half of a surrogate pair",
    ]


def test_mixed_width() -> None:
    rows = [*PLAIN, ("１９９８年", "a"), ("Ａ级", "b")]
    message = "2 rows hold full-width letters or digits (here first) and 12 rows ordinary ones"
    assert found("mixed width", texts(rows)) == [f"train:14: mixed width: {message}"]
    assert found("mixed width", texts([("１９９８年", "a"), ("好", "b")])) == []
    assert found("mixed width", tags([(["１", "2"], ["O", "O"])], "BIO")) != []


def test_classes() -> None:
    assert found("one class", texts([("x", "a"), ("y", "a")])) == ["train:2: one class: every example is 'a'"]
    skewed = texts([(f"text {n}", "a") for n in range(95)] + [(f"more {n}", "b") for n in range(5)])
    assert found("dominant class", skewed) == ["train:2: dominant class: 95.0% of the examples are 'a'"]
    assert found("rare class", texts([*PLAIN, ("new", "c")])) == ["train:14: rare class: 'c' comes 1 times, here first"]
    alike = texts([*PLAIN, *((f"new {n}", "Ａ") for n in range(5))])
    assert found("rare class", alike) == []
    assert found("alike classes", alike) == ["train:14: alike classes: 'Ａ' and 'a' differ in case or width alone"]


def test_classes_of_dev_that_train_does_not_hold() -> None:
    dev = texts([("new", "c"), ("newer", "c")], "dev")
    assert found("unknown class", texts(PLAIN), dev) == [
        "dev:2: unknown class: 'c' is not in train; it comes 2 times, here first"
    ]
    assert found("rare class", texts(PLAIN), dev) == []


def test_spans_are_counted_by_label() -> None:
    rows = [(["a", "b", "c"], ["B-X", "I-X", "B-Y"]), (["d"], ["B-X"])]
    assert examine(tags(rows, "BIO"))[1]["files"][0]["classes"] == {"X": 2, "Y": 1}
    plain = [(["a", "b"], ["DET", "NOUN"]), (["c"], ["NOUN"])]
    assert examine(tags(plain, None))[1]["files"][0]["classes"] == {"NOUN": 2, "DET": 1}


def test_unknown_units() -> None:
    train = texts([("a good film", "a"), ("a bad one", "b")])
    dev = texts([("a good one", "a"), ("bad, bad acting", "b")], "dev")
    findings, summary = examine(train, dev)
    assert "dev:3: unknown units: 28.57% of the words are not in train, the first is ',' here" in map(str, findings)
    assert [entry["unknown_units"] for entry in summary["files"]] == [None, pytest.approx(2 / 7)]
    chinese = texts([("好电影", "a")]), texts([("好书", "a")], "dev")
    assert found("unknown units", *chinese) == [
        "dev:2: unknown units: 50.00% of the characters are not in train, the first is '书' here"
    ]
    tokens = tags([(["a"], ["O"])], "BIO"), tags([(["b"], ["O"])], "BIO", "dev")
    assert found("unknown units", *tokens) == [
        "dev:1: unknown units: 100.00% of the tokens are not in train, the first is 'b' here"
    ]
    assert examine(train, train)[1]["files"][1]["unknown_units"] == 0.0


def test_files_of_another_kind() -> None:
    series = Examples([np.zeros((1, 1))], ["a"], "series", [1], "dev")
    expected = ["dev: mismatch: series to classify, but train holds text to classify"]
    assert found("mismatch", texts(PLAIN), series) == expected
    assert found("mismatch", series, texts(PLAIN)) == [
        "train: mismatch: text to classify, but dev holds series to classify"
    ]


def test_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("文本,标签\n很好的电影,好\n很坏的电影,坏\n".encode("gb18030"))
    one = read(path)
    assert found("encoding", one) == [f"{path}: encoding: the file is in {GB18030}"]
    assert examine(one)[1]["files"][0]["inferred"]["encoding"] == GB18030


def test_the_summary_is_json_and_holds_lengths() -> None:
    rows = [("x" * n, "ab"[n % 2]) for n in range(1, 102)]
    summary = json.loads(json.dumps(examine(texts([*rows, ("x", "a")]))[1]))
    entry = summary["files"][0]
    assert entry["lengths"] == {
        "unit": "characters",
        "median": 50,
        "p95": 96,
        "p99": 100,
        "longest": 101,
        "line": 102,
    }
    assert (entry["file"], entry["examples"], entry["kind"], entry["task"]) == ("train", 102, "text", "classify")
    assert entry["classes"] == {"b": 51, "a": 51}
    assert entry["findings"] == summary["findings"] == {"contradiction": 1}


def test_findings_of_the_reader_come_first_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\n,x\nb, y\na,x\n", encoding="utf-8")
    kinds = [(finding.line, finding.kind) for finding in examine(read(path))[0]]
    assert kinds == [(2, "rare class"), (3, "empty row"), (4, "rare class"), (4, "stray spaces"), (5, "duplicate")]


def test_rows_are_not_compared_in_pairs() -> None:
    rows = [(f"这部电影太棒了，情节扣人心弦，演员演技精湛 {n // 2}", "好坏"[n % 2]) for n in range(20_000)]
    findings, _ = examine(texts(rows))
    assert len(findings) == 10_000
    assert calls(lambda: examine(texts(rows))) < 50 * len(rows)


def test_tags_of_another_scheme_than_that_of_training_are_illegal() -> None:
    train = tags([(["Ada", "in", "New", "York"], ["B-PER", "O", "B-LOC", "I-LOC"])], "BIO")
    dev = tags([(["Bob", "sleeps"], ["I-PER", "O"])], "IOB1", "dev")
    assert found("illegal tags", dev) == []
    (line,) = found("illegal tags", train, dev)
    assert line.startswith("dev:1: illegal tags: position 1 'Bob': I-PER after the start of the sequence")


def test_one_label_and_a_list_of_it_are_no_contradiction() -> None:
    many = Examples(["a", "b"], [["x"], ["x", "y"]], "text", [2, 3], "train", multi_label=True)
    assert found("leak", many, texts([("a", "x"), ("b", "y")], "dev")) == [
        "dev:2: leak: the same text as train:2",
        "dev:3: leak: the same text as train:3, labelled ['x', 'y'] there and 'y' here",
    ]
