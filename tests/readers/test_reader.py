from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigru.errors import DataError
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


def test_csv(write) -> None:
    examples = read(write("a.csv", 'text,label\n"two\nlines",pos\nbad,neg\n'))
    assert examples.inputs == ["two\nlines", "bad"]
    assert examples.targets == ["pos", "neg"]
    assert examples.lines == [2, 4]
    assert (examples.kind, examples.task, examples.multi_label) == ("text", "classify", False)
    assert examples.inferred == {
        "format": "csv",
        "encoding": "utf-8",
        "separator": "comma",
        "header": "line 1",
        "task": "classify",
    }
    assert [(one.column, one.role) for one in examples.roles] == [("text", "text"), ("label", "label")]


def test_a_gzipped_table_in_gb18030(write) -> None:
    data = gzip.compress("评论,标签\n这部电影太棒了,好\n太差了,坏\n".encode("gb18030"))
    examples = read(write("a.csv.gz", data))
    assert examples.inputs == ["这部电影太棒了", "太差了"]
    assert examples.targets == ["好", "坏"]
    assert examples.inferred["encoding"] == "gb18030 (recognised by its frequent characters; --encoding overrules)"


def test_a_byte_order_mark_is_no_part_of_the_first_name(write) -> None:
    examples = read(write("a.csv", "text,label\na,b\n".encode("utf-8-sig")))
    assert examples.columns("text") == ["text"]
    assert examples.inferred["encoding"] == "utf-8-sig"


def test_a_table_without_header(write) -> None:
    examples = read(write("r8.txt", "trade\tasian exporters fear damage\nacq\tbank aims high\ntrade\tmore of it\n"))
    assert examples.targets == ["trade", "acq", "trade"]
    assert examples.lines == [1, 2, 3]
    assert examples.inferred["header"] == "none, columns are numbered from 1"
    assert examples.columns("label") == ["1"]
    swapped = read("r8.txt", Reading(text="1", label="2"))
    assert swapped.inputs == ["trade", "acq", "trade"]


def test_quotes_read_plainly_are_said(write) -> None:
    examples = read(write("a.tsv", 'text\tlabel\n"Great" film\tpos\n"bad\tneg\n'))
    assert examples.inputs == ['"Great" film', '"bad']
    assert examples.inferred["quotes"] == "plain characters"


def test_empty_rows_are_left_out_and_listed(write) -> None:
    examples = read(write("a.csv", "text,label\ngood,pos\n ,neg\nno label,\n\nbad,neg\n"))
    assert examples.inputs == ["good", "bad"]
    assert examples.lines == [2, 6]
    assert [str(finding) for finding in examples.findings] == [
        "a.csv:3: empty row: 'text' is empty; left out",
        "a.csv:4: empty row: 'label' is empty; left out",
        "a.csv:5: empty row: the line is blank; left out",
    ]


def test_stray_spaces_of_labels_are_removed_and_listed(write) -> None:
    examples = read(write("a.csv", "text,label\na, pos\nb,pos\nc, pos\nd,neg\u3000\n"))
    assert examples.targets == ["pos", "pos", "pos", "neg"]
    assert [str(finding) for finding in examples.findings] == [
        "a.csv:2: stray spaces: label ' pos' is read as 'pos', 2 in all",
        "a.csv:5: stray spaces: label 'neg\\u3000' is read as 'neg', 1 in all",
    ]


def test_several_labels_in_a_cell(write) -> None:
    name = write("a.csv", "text,labels\na,x|y \nb,\nc,y\n")
    examples = read(name)
    assert examples.targets == [["x", "y"], [], ["y"]]
    assert examples.multi_label
    assert examples.inferred["labels"] == "any number per example"
    single = read(name, Reading(multi_label=False))
    assert single.targets == ["x|y", "y"]
    assert read(write("b.csv", "text,labels\na,x\nb,y\n"), Reading(multi_label=True)).targets == [["x"], ["y"]]


def test_labels_are_optional_for_prediction(write) -> None:
    name = write("a.csv", "text,label\na,x\nb,\n")
    examples = read(name, require_targets=False)
    assert (examples.inputs, examples.targets) == (["a", "b"], None)
    assert [str(f) for f in examples.findings] == [
        "a.csv:3: labels missing: 1 rows have no 'label', so that none is read"
    ]
    assert read(write("b.csv", "text,label\na,x\n"), require_targets=False).targets == ["x"]
    assert read(write("c.csv", "text\na\n"), require_targets=False).targets is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text\na\n""\n'),
        ("b.csv", "text,note\na,1\n,2\n"),
        ("a.jsonl", '{"text": "a"}\n{"text": ""}\n'),
    ],
)
def test_an_empty_text_is_an_input_to_predict_on(write, name: str, content: str) -> None:
    examples = read(write(name, content), require_targets=False)
    assert (examples.inputs, examples.findings) == (["a", ""], [])


@pytest.mark.parametrize("content", ["text\na\n", "text,label\na,x\n", "text,label\na,x|y\n"])
def test_a_table_of_texts_is_input_for_a_tagger_too(write, content: str) -> None:
    examples = read(write("a.csv", content), Reading(task="tag"), require_targets=False)
    assert (examples.inputs, examples.targets, examples.task, examples.multi_label) == (["a"], None, "tag", False)


def test_tagged_tokens_are_input_for_a_classifier_too(write) -> None:
    examples = read(write("a.conll", "a B-X\nb O\n"), Reading(task="classify"), require_targets=False)
    assert (examples.inputs, examples.targets, examples.task) == ([["a", "b"]], None, "classify")


def test_no_text_is_no_input_to_predict_on(write) -> None:
    examples = read(write("a.jsonl", '{"text": "a"}\n{"text": null}\n'), require_targets=False)
    assert examples.inputs == ["a"]
    assert [str(finding) for finding in examples.findings] == ["a.jsonl:2: empty row: 'text' is empty; left out"]


def test_plain_lines(write) -> None:
    name = write("a.txt", "first text\n\nsecond one, longer\n")
    examples = read(name, require_targets=False)
    assert examples.inputs == ["first text", "", "second one, longer"]
    assert examples.lines == [1, 2, 3]
    assert examples.findings == []
    with pytest.raises(
        DataError, match=r"^a\.txt: data must be labelled, got plain lines of text\. Labels come in CSV"
    ):
        read(name)


def test_json_lines_with_labels(write) -> None:
    name = write(
        "a.jsonl", lines({"sentence": "好", "label": 1, "id": 7}) + "\n" + lines({"sentence": "坏", "label": 0.0})
    )
    examples = read(name)
    assert examples.inputs == ["好", "坏"]
    assert examples.targets == ["1", "0"]
    assert examples.lines == [1, 3]


def test_json_lines_with_lists_of_labels(write) -> None:
    examples = read(write("a.jsonl", lines({"text": "a", "labels": ["x", "y"]}, {"text": "b", "labels": []})))
    assert examples.targets == [["x", "y"], []]
    assert examples.multi_label


def test_a_json_array(write) -> None:
    examples = read(write("a.json", '\n[\n{"text": "a",\n "label": true},\n\n{"text": "b", "label": false}]\n'))
    assert examples.inputs == ["a", "b"]
    assert examples.targets == ["True", "False"]
    assert examples.lines == [3, 6]


SENTENCE = "苹果公司在加利福尼亚州。"


@pytest.mark.parametrize(
    "record",
    [
        {"text": SENTENCE, "spans": [[5, 11, "LOC"], [0, 4, "ORG"]]},
        {"text": SENTENCE, "label": [[0, 4, "ORG"], [5, 11, "LOC"]]},
        {
            "text": SENTENCE,
            "entities": [
                {"start": 0, "end": 4, "label": "ORG", "text": "苹果公司"},
                {"start": 5, "end": 11, "label": "LOC"},
            ],
        },
    ],
)
def test_json_spans(write, record: dict) -> None:
    key = next(key for key in record if key != "text")
    examples = read(write("a.jsonl", lines(record, {"text": "无", key: []})))
    assert examples.targets == [["B-ORG", *["I-ORG"] * 3, "O", "B-LOC", *["I-LOC"] * 5, "O"], ["O"]]
    assert (examples.kind, examples.task, examples.scheme) == ("text", "tag", "BIO")
    bmes = read("a.jsonl", Reading(scheme="BMES"))
    assert (bmes.targets or [])[0][:4] == ["B-ORG", "M-ORG", "M-ORG", "E-ORG"]


def test_spans_may_touch(write) -> None:
    examples = read(write("a.jsonl", lines({"text": "abc", "spans": [[1, 3, "X"], [0, 1, "X"]]})))
    assert examples.targets == [["B-X", "B-X", "I-X"]]


def test_json_tokens_with_tags(write) -> None:
    examples = read(
        write(
            "a.jsonl", lines({"tokens": ["EU", "no"], "ner_tags": ["B-ORG", "O"]}, {"tokens": ["x"], "ner_tags": ["O"]})
        )
    )
    assert examples.inputs == [["EU", "no"], ["x"]]
    assert examples.targets == [["B-ORG", "O"], ["O"]]
    assert (examples.kind, examples.task, examples.scheme) == ("tokens", "tag", "BIO")


def test_json_tokens_with_labels(write) -> None:
    examples = read(write("a.jsonl", lines({"tokens": ["a", "b"], "label": "x"}, {"tokens": [], "label": "y"})))
    assert (examples.inputs, examples.targets, examples.task) == ([["a", "b"]], ["x"], "classify")
    assert [str(finding) for finding in examples.findings] == ["a.jsonl:2: empty row: 'tokens' is empty; left out"]
    many = read(write("b.jsonl", lines({"tokens": ["a", "b"], "labels": ["x"]})), Reading(task="classify"))
    assert (many.targets, many.multi_label) == ([["x"]], True)


def test_json_series(write) -> None:
    examples = read(
        write("a.jsonl", lines({"values": [[1, 2.5], [3, 4]], "label": "x"}, {"values": [[0, 0]], "label": "y"}))
    )
    assert examples.inputs[0].dtype == np.float32
    assert [series.tolist() for series in examples.inputs] == [[[1.0, 2.5], [3.0, 4.0]], [[0.0, 0.0]]]
    assert (examples.targets, examples.kind, examples.task) == (["x", "y"], "series", "classify")
    steps = read(write("b.jsonl", lines({"values": [1, 2, 3], "labels": [0, 1, 1]})))
    assert steps.inputs[0].tolist() == [[1.0], [2.0], [3.0]]
    assert (steps.targets, steps.task, steps.scheme) == ([["0", "1", "1"]], "tag", None)


def test_arrays(write) -> None:
    stream = io.BytesIO()
    np.savez(stream, x=np.zeros((2, 3, 1)), y=[0, 1])
    assert read(write("a.npz", stream.getvalue())).targets == ["0", "1"]


def test_columns_of_tokens_and_word_tag_pairs(write) -> None:
    assert read(write("eng.testa", "EU NNP B-ORG\nno UH O\n\nyes UH O\n")).scheme == "BIO"
    examples = read(write("pfr.txt", "北京/ns 好/a\n"))
    assert (examples.inputs, examples.targets) == (["北京好"], [["B-LOC", "I-LOC", "O"]])
    assert read(write("x.conllu", "1\ta\ta\tDET\tDT\t_\t0\troot\t_\t_\n")).targets == [["DET"]]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9).filter(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, st.sampled_from(["a", "b"])), min_size=1, max_size=7))
def test_json_lines_come_back_as_they_were(write, rows: list[tuple[str, str]]) -> None:
    examples = read(write("a.jsonl", lines(*({"text": text, "label": label} for text, label in rows))))
    assert list(zip(examples.inputs, examples.targets or [], strict=True)) == rows
    assert examples.lines == list(range(1, len(rows) + 1))
