from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigru.errors import DataError
from bigru.readers.parsers.jsonl import parse, records, sniff, values

PAIR = [{"text": "a b", "label": "x"}, {"text": "c d", "label": "y"}]


def rows(text: str) -> list[dict[str, Any]]:
    return list(parse(text, "f").records())


@given(st.lists(st.fixed_dictionaries({"text": st.text(), "n": st.integers() | st.none()}), min_size=1, max_size=5))
def test_objects_come_back_however_they_are_laid_out(objects: list[dict[str, Any]]) -> None:
    for text in (
        "\n".join(map(json.dumps, objects)),
        json.dumps(objects),
        json.dumps(objects, indent=2),
        "\n".join(json.dumps(one, indent=1) for one in objects),
        " ".join(map(json.dumps, objects)),
        "\r\n".join(json.dumps(one) + "," for one in objects),
    ):
        assert records(text, "f")[0] == objects


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (json.dumps({"version": 1, "data": PAIR}), "under 'data'"),
        (json.dumps({"examples": PAIR}, indent=1), "under 'examples'"),
        (json.dumps({"rasa_nlu_data": {"common_examples": PAIR}}), "under 'rasa_nlu_data.common_examples'"),
        ('{"text": {"0": "a b", "1": "c d"}, "label": {"0": "x", "1": "y"}}', "an object for each column"),
        ('{"columns": ["text", "label"], "index": [0, 1], "data": [["a b", "x"], ["c d", "y"]]}', "columns and data"),
        (json.dumps({"0": PAIR[0], "1": PAIR[1]}), "an object for each row"),
        ('{"text": ["a b", "c d"], "label": ["x", "y"]}', "a list for each column"),
    ],
)
def test_one_object_that_holds_a_table(text: str, where: str) -> None:
    table = parse(text, "f")
    assert list(table.records()) == PAIR
    assert table.inferred == {"records": where}
    assert len(table.lines) == 2


def test_objects_by_key_keep_their_keys() -> None:
    text = json.dumps({"a1": PAIR[0], "b2": PAIR[1]})
    assert rows(text) == [{"key": "a1"} | PAIR[0], {"key": "b2"} | PAIR[1]]


@pytest.mark.parametrize(
    "record",
    [
        {"tokens": ["a", "b"], "tags": ["O", "O"]},
        {"values": [1, 2], "labels": [0, 1]},
        {"text": "a", "entities": [{"start": 0, "end": 1, "label": "X"}]},
        {"text": "a", "label": "x"},
        {"text": "a", "meta": {"by": "me"}},
    ],
)
def test_one_record_alone_is_a_record(record: dict[str, Any]) -> None:
    assert rows(json.dumps(record)) == [record]


def test_lines_are_physical_lines() -> None:
    assert parse('[\n{"a":\n1},\n\n{"a": 2}\n]\n', "f").lines == [2, 5]
    assert parse('{\n"a": 1\n}\n{\n"a": 2\n}\n', "f").lines == [1, 4]
    assert parse('{"a": 1}\n\n{"a": 2}\n', "f").lines == [1, 3]


def test_a_missing_key_is_none() -> None:
    assert rows('{"a": 1}\n{"b": 2}\n') == [{"a": 1, "b": None}, {"a": None, "b": 2}]


def test_texts_alone_are_a_column() -> None:
    assert rows('["one", "two"]') == [{"text": "one"}, {"text": "two"}]


@pytest.mark.parametrize("text", ['[["a", "x"], ["b", "y"]]', '["a", "x"]\n["b", "y"]\n'])
def test_rows_without_names(text: str) -> None:
    table = parse(text, "f")
    assert (table.names, table.named, list(table.column("1"))) == (["1", "2"], False, ["a", "b"])


def test_commas_behind_lines_are_counted() -> None:
    table = parse('{"a": 1},\n{"a": 2},\n', "f")
    assert list(table.column("a")) == [1, 2]
    assert [str(one) for one in table.findings] == ["f:1: comma behind a line: 2 lines end with a comma; left out"]
    assert len(parse('[{"a": 1},\n{"a": 2},\n]', "f").findings) == 1


def test_a_key_that_stands_twice_is_noticed() -> None:
    found, lines, findings = values('{"a": 1}\n{"a": 1, "a": 2}\n{"a": 1, "a": 3}\n', "f")
    assert (found, lines) == ([{"a": 1}, {"a": 2}, {"a": 3}], [1, 2, 3])
    message = "f:2: repeated key: 2 objects hold the key 'a' more than once; the last value counts"
    assert [str(one) for one in findings] == [message]


def test_a_byte_order_mark_in_the_middle_is_passed_over() -> None:
    assert rows('{"a": 1}\n\ufeff{"a": 2}\n') == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1}\n{"a": }\n', r"f:2: row must be one JSON object, got Expecting value in column 7\.$"),
        ('{"a": 1} x\n', r"f:1: row must be one JSON object, got Extra data in column 10\.$"),
        ('{"a": 1}\n3\n', r"f:2: row must be a JSON object, got 3\.$"),
        ('{"a": 1' + "0" * 5000 + "}", r"f:1: row must be one JSON object, got a number of more than 4,300 digits\.$"),
        ('{"a": ' + "[" * 100_000, r"f:1: row must be one JSON object, got too deep a nest\.$"),
        ('[{"a": 1}\n{"a": 2}]', r"f:2: array must be separated by commas and closed by \], got '\{\"a\": 2\}\]'\.$"),
        ('[{"a": 1}', r"f:1: array must be separated by commas and closed by \], got the end of the file\.$"),
        ('[{"a": 1}] {"b": 1}', r"f:1: text must be one JSON array, got '\{\"b\": 1\}' behind it\.$"),
        (
            "{'text': 'a', 'label': None}\n",
            r"f:1: row must be one JSON object, got Expecting property name enclosed in double quotes in column 2\. "
            r"It looks like printed Python: write it with json\.dumps\.$",
        ),
        (
            '{"data": [{"a": 1}], "records": [{"a": 2}]}',
            r"f: data must be a file with one list of records, got data with 1, records with 1\. Write each",
        ),
        (
            '{"columns": ["a", "b"], "data": [[1, 2], [1]]}',
            r"f:2: row of data must be a list of 2, as the columns, got 1 v",
        ),
    ],
)
def test_what_is_no_json_is_refused_by_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f")


def test_json_is_told_from_other_texts() -> None:
    assert all(sniff("a.txt", text) for text in ('{"a": 1}', '\ufeff[\n {"a"', '[["a"', '{\n "a"', '["a"'))
    assert not any(sniff("a.txt", text) for text in ("[1] a note", "{note}", "text,label"))
