"""What annotation tools write, each by a small example of its layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bigru.errors import DataError
from bigru.readers.annotation.convert import convert
from bigru.readers.reader import read

TEXT = "Anna is in Rome"
SPANS = [[0, 4, "PER"], [11, 15, "LOC"]]


def converted(*values: Any, task: str | None = None) -> Any:
    made = convert(list(values), "f", list(range(1, len(values) + 1)), task)
    return None if made is None else (made.records, made.lines, [str(finding) for finding in made.findings])


def region(start: int, end: int, label: str, kind: str = "labels") -> dict:
    return {"type": "labels", "value": {"start": start, "end": end, "text": TEXT[start:end], kind: [label]}}


def study(*annotations: Any, **more: Any) -> dict:
    return {"id": 1, "data": {"text": TEXT}, "annotations": list(annotations), **more}


FOUND = {"result": [region(0, 4, "PER"), region(11, 15, "LOC")]}
STUDIED = [[0, 4, "PER", "Anna"], [11, 15, "LOC", "Rome"]]


@pytest.mark.parametrize(
    ("value", "spans"),
    [
        ({"text": TEXT, "label": SPANS}, SPANS),
        ({"text": TEXT, "labels": SPANS, "meta": {}}, SPANS),
        ({"data": TEXT, "label": SPANS}, SPANS),
        ([TEXT, {"entities": SPANS}], SPANS),
        ({"text": TEXT, "spans": SPANS, "answer": "accept", "tokens": [{"text": "Anna"}]}, SPANS),
        ({"text": TEXT, "label": {"PER": {"Anna": [[0, 3]]}}}, [[0, 4, "PER", "Anna"]]),
        (
            {"content": TEXT, "annotation": [{"label": ["PER"], "points": [{"start": 0, "end": 3, "text": "Anna"}]}]},
            [[0, 4, "PER", "Anna"]],
        ),
        (study(FOUND), STUDIED),
        ({"id": 1, "data": {"text": TEXT}, "completions": [FOUND]}, STUDIED),
        (
            {"text": TEXT, "annotation_id": 3, "label": [{"start": 0, "end": 4, "text": "Anna", "labels": ["PER"]}]},
            [[0, 4, "PER", "Anna"]],
        ),
        ({"data": [{"text": "Anna", "entity": "PER"}, {"text": " is in Rome"}]}, [[0, 4, "PER"]]),
    ],
)
def test_layouts_with_spans(value: Any, spans: list) -> None:
    assert converted(value) == ([{"text": TEXT, "spans": spans}], [1], [])


@pytest.mark.parametrize(
    ("value", "record"),
    [
        ({"text": "a", "label": ["pos"]}, {"text": "a", "label": "pos"}),
        (["a", {"cats": {"pos": 1.0, "neg": 0.0}}], {"text": "a", "label": "pos"}),
        (["a", {"cats": {"pos": True, "neg": True}}], {"text": "a", "labels": ["pos", "neg"]}),
        ({"text": "a", "label": "pos", "answer": "accept"}, {"text": "a", "label": "pos"}),
        ({"text": "a", "accept": ["x"], "options": [], "answer": "accept"}, {"text": "a", "label": "x"}),
        ({"text": "a", "accept": ["x", "y"], "answer": "accept"}, {"text": "a", "labels": ["x", "y"]}),
        ({"content": "a", "annotation": {"labels": ["pos"]}}, {"text": "a", "label": "pos"}),
        (
            {"id": 1, "data": {"review": "a"}, "annotations": [{"result": [{"value": {"choices": ["pos"]}}]}]},
            {"text": "a", "label": "pos"},
        ),
        ({"text": "a", "sentiment": "pos", "annotator": 1, "lead_time": 2.5, "id": 9}, {"text": "a", "label": "pos"}),
        ({"text": "a", "topic": {"choices": ["x", "y"]}, "lead_time": 1}, {"text": "a", "labels": ["x", "y"]}),
    ],
)
def test_layouts_with_labels(value: Any, record: dict) -> None:
    assert converted(value) == ([record], [1], [])


def test_entities_with_relations_are_read_without_them() -> None:
    entities = [{"id": 0, "label": "PER", "start_offset": 0, "end_offset": 4}]
    records, _, findings = converted({"text": TEXT, "entities": entities, "relations": [{"id": 1}]})
    assert records == [{"text": TEXT, "spans": entities}]
    assert findings == ["f:1: not read: 1 texts have relations, which are not read (lines 1)"]


def test_doccano_1_0_has_numbers_for_labels() -> None:
    annotations = [{"label": 4, "start_offset": 0, "end_offset": 4, "user": 1}]
    records, _, findings = converted({"id": 1, "text": TEXT, "annotations": annotations, "meta": {}})
    assert records == [{"text": TEXT, "spans": [[0, 4, "4"]]}]
    assert findings == [
        "f:1: numbered labels: 1 texts have labels by number alone; their names are not in the file (lines 1)"
    ]
    assert converted({"text": "a", "annotations": [{"label": 2, "user": 1}]})[0] == [{"text": "a", "label": "2"}]


def test_answers_that_do_not_accept_are_left_out_and_counted() -> None:
    answers = ["accept", "reject", "ignore", "reject", "accept"]
    values = [{"text": str(n), "label": "x", "answer": answer} for n, answer in enumerate(answers)]
    records, lines, findings = converted(*values)
    assert records == [{"text": "0", "label": "x"}, {"text": "4", "label": "x"}]
    assert lines == [1, 5]
    assert findings == [
        "f:2: not accepted: 2 answers are reject and are left out (lines 2, 4)",
        "f:3: not accepted: 1 answers are ignore and are left out (lines 3)",
    ]


def test_annotations_of_label_studio_that_do_not_count() -> None:
    other = {"result": [region(0, 4, "ORG")]}
    values = [
        study({**FOUND, "was_cancelled": True}),
        study(other, FOUND),
        study(other, {**FOUND, "ground_truth": True}),
        study(FOUND, FOUND),
        study({"result": [region(0, 4, "PER"), {"type": "relation"}]}),
        study(),
    ]
    records, lines, findings = converted(*values)
    assert lines == [2, 3, 4, 5]
    assert [record["spans"] for record in records] == [
        [[0, 4, "ORG", "Anna"]],
        STUDIED,
        STUDIED,
        STUDIED[:1],
    ]
    assert findings == [
        "f:1: cancelled: 1 tasks have cancelled annotations, which are left out (lines 1)",
        "f:1: not annotated: 2 tasks have no annotation and are left out (lines 1, 6)",
        "f:2: annotators differ: 1 tasks have several annotations that differ, of which the first is read (lines 2)",
        "f:5: not read: 1 tasks have relations, which are not read (lines 5)",
    ]


def test_texts_that_nobody_annotated_in_dataturks_are_left_out() -> None:
    values = [{"content": "a", "annotation": None}, {"content": TEXT, "annotation": []}]
    assert converted(*values) == (
        [{"text": TEXT, "spans": []}],
        [2],
        ["f:1: not annotated: 1 texts are not annotated and are left out (lines 1)"],
    )


def test_an_object_around_all_of_them() -> None:
    assert converted({"classes": ["PER"], "annotations": [[TEXT, {"entities": SPANS}]]})[0][0]["spans"] == SPANS
    rasa = {"text": TEXT, "intent": "ask", "entities": [{"start": 0, "end": 4, "value": "Anna", "entity": "PER"}]}
    whole = {"rasa_nlu_data": {"common_examples": [rasa]}}
    assert converted(whole)[0] == [{"text": TEXT, "spans": [[0, 4, "PER"]]}]
    assert converted(whole, task="classify")[0] == [{"text": TEXT, "label": "ask"}]
    snips = {"Ask": [{"data": [{"text": "who is "}, {"text": "Anna", "entity": "PER"}]}]}
    assert converted(snips)[0] == [{"text": "who is Anna", "spans": [[7, 11, "PER"]]}]
    assert converted(snips, task="classify")[0] == [{"text": "who is Anna", "label": "Ask"}]


def test_numbered_tags_get_their_names_where_they_are(tmp_path: Path) -> None:
    row = {"tokens": ["Anna", "is"], "ner_tags": [1, 0]}
    made = convert([row], str(tmp_path / "train.jsonl"), [1])
    assert made is not None
    assert made.records == [{"tokens": ["Anna", "is"], "tags": ["1", "0"]}]
    assert [str(finding) for finding in made.findings] == [
        f"{tmp_path / 'train.jsonl'}:1: numbered tags: 'ner_tags' holds numbers, and their names are not known; "
        "a dataset_info.json beside the file would name them"
    ]
    feature = {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}, "_type": "Sequence"}
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": {"ner_tags": feature}}), encoding="utf-8")
    made = convert([row], str(tmp_path / "train.jsonl"), [1])
    assert made is not None
    assert (made.records[0]["tags"], made.findings) == (["B-PER", "O"], [])
    made = convert([{**row, "ner_tags_names": ["O", "B-X"]}], str(tmp_path / "train.jsonl"), [1])
    assert made is not None
    assert made.records[0]["tags"] == ["B-X", "O"]


@pytest.mark.parametrize(
    "value",
    [
        {"text": "a", "label": "pos"},
        {"text": "a", "label": ["x", "y"]},
        {"text": "a", "spans": [[0, 1, "X"]]},
        {"tokens": ["a"], "tags": ["O"]},
        {"values": [1, 2], "label": "a"},
        {"a": 1},
        [1, 2],
        "x",
        None,
    ],
)
def test_plain_records_are_not_of_a_tool(value: Any) -> None:
    assert converted(value) is None


@pytest.mark.parametrize(
    "value",
    [
        {"content": "a", "annotation": 3},
        {"content": "a", "annotation": [{"label": ["X"], "points": [4]}]},
        {"id": 1, "data": {"text": "a"}, "annotations": [{"result": 5}]},
        ["a", {"cats": {"x": "much"}}],
        {"text": "a", "intent": "b", "entities": [3]},
        {"text": "a", "label": {"X": {"a": [[0, {}]]}}},
    ],
)
def test_values_that_break_their_layout_are_refused_by_line(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(value) + "\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"a\.jsonl:1: (record must be in the layout of|span must be|row must be a JSON object)"
    ):
        read(path)


def test_files_of_tools_are_read_from_end_to_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([study(FOUND), study(FOUND)], indent=1), encoding="utf-8")
    examples = read(path)
    assert (examples.kind, examples.task, examples.inferred["layout"]) == ("text", "tag", "Label Studio")
    assert examples.targets is not None
    assert examples.targets[0][:5] == ["B-PER", "I-PER", "I-PER", "I-PER", "O"]
    path.write_text(f'["{TEXT}", {{"entities": [[0, 4, "PER"]]}}]\n' * 2, encoding="utf-8")
    assert read(path).inferred["layout"] == "spaCy"
    path.write_text('{\n"text": "a",\n"label": "x"\n}\n{\n"text": "b",\n"label": "y"\n}\n', encoding="utf-8")
    assert (read(path).targets, read(path).lines) == (["x", "y"], [1, 5])


def test_what_follows_an_array_and_endless_numbers_are_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[\n{"text": "a", "label": "x"}\n]\n{}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json:4: text must be one JSON array, got '\{\}\\n'"):
        read(path)
    path.write_text('{"text": "a", "label": ' + "1" * 5000 + "}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json:1: row must be one JSON object, got a number of more than 4,300"):
        read(path)
