"""Files as people bring them: what is read of each, or the question that is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.examples import Examples
from bigru.readers.reader import load, read
from bigru.readers.reading import Reading

Write = Callable[[str, str], Path]

PROSE = [f"the {'acting' if n % 3 else 'plot'} was {'fine' if n % 2 else 'dull'} in part {n}" for n in range(40)]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def refusal(path: Path, **decided: object) -> str:
    with pytest.raises(DataError) as caught:
        read(path, Reading(**decided))
    return str(caught.value).removeprefix(f"{path.parent}/")


def messages(examples: Examples, kind: str) -> list[str]:
    return [one.message for one in examples.findings if one.kind == kind]


def test_a_model_of_tokens_reads_a_token_per_row(write: Write) -> None:
    path = write(
        "ner.csv", "Sentence #,Word,Tag\n" + "".join(f"Sentence: {n},Anna,B-PER\n,sleeps,O\n" for n in range(12))
    )
    found = read(path, require_targets=False, kind="tokens")
    assert found.kind == "tokens"
    assert found.inputs[0] == ["Anna", "sleeps"]


def test_a_model_of_tokens_reads_texts_as_well(write: Write) -> None:
    found = read(write("texts.csv", "text\nAnna sleeps\nhe does not\n"), require_targets=False, kind="tokens")
    assert found.inputs == ["Anna sleeps", "he does not"]


def test_a_model_of_words_refuses_tokens(write: Write) -> None:
    path = write("ner.jsonl", '{"tokens": ["Anna", "sleeps"], "tags": ["B-PER", "O"]}\n' * 3)
    with pytest.raises(DataError, match=r"ner.jsonl: data must be text, as the model reads, got tokens\.$"):
        read(path, require_targets=False, kind="text")


def test_labels_separated_by_commas_are_asked_for(write: Write) -> None:
    kinds = ["a, x", "b, x", "a, y", "b, y", "c, x", "c, y", "a, z", "b, z"]
    body = "".join(f'"{text}","{kinds[n % 8]}"\n' for n, text in enumerate(PROSE))
    plural = read(write("plural.csv", "text,topics\n" + body))
    assert plural.multi_label
    assert plural.targets is not None
    assert plural.targets[0] == ["a", "x"]
    want = "given, as ',' in 'topic' may separate labels, got nothing."
    one = write("one.csv", "text,topic\n" + body)
    assert refusal(one) == f"one.csv: --multi-label or --one-label must be {want}"
    assert read(one, Reading(multi_label=True)).targets == plural.targets
    alone = read(one, Reading(multi_label=False)).targets
    assert alone is not None
    assert alone[0] == "a, x"


def test_what_programs_write_for_no_label_is_left_out(write: Write) -> None:
    body = "".join(f"{text},{'none' if n % 2 else 'some'}\n" for n, text in enumerate(PROSE))
    found = read(write("gaps.csv", f"text,label\n{body}we came late,NaN\nnobody came,NULL\n"))
    assert sorted(set(found.targets or [])) == ["none", "some"]
    assert messages(found, "empty row") == ["'label' is 'NaN'; left out", "'label' is 'NULL'; left out"]


def test_single_quotes_enclose_cells(write: Write) -> None:
    body = "".join(f"'{text}, again','{'p' if n % 2 else 'n'}'\n" for n, text in enumerate(PROSE))
    found = read(write("single.csv", f"'text','label'\n{body}"))
    assert found.inputs[0] == f"{PROSE[0]}, again"
    assert found.targets is not None
    assert found.targets[:2] == ["n", "p"]
    assert found.inferred["quotes"] == "single"


def test_rows_of_names_above_texts(write: Write) -> None:
    head = "Start,End,Q1,Q2\nStart date,End date,What was it?,Good?\n{id: s},{id: e},{id: q1},{id: q2}\n"
    times = [f"2023-01-02 10:{n:02},2023-01-02 11:{n:02}" for n in range(40)]
    body = "".join(f"{times[n]},{text},{'no' if n % 2 else 'yes'}\n" for n, text in enumerate(PROSE))
    found = read(write("survey.csv", head + body))
    assert sorted(set(found.targets or [])) == ["no", "yes"]
    assert len(found) == 40
    assert len(messages(found, "passed over")) == 2


def test_metadata_above_a_blank_line_and_the_names(write: Write) -> None:
    body = "".join(f"{n:02}.03.2021;{n},5\n" for n in range(1, 29))
    table, _ = load(write("station.csv", f"Station;Berlin\nHeight;37 m\n\nDate;Temp\n{body}"))
    assert table.names == ["Date", "Temp"]
    assert [one.message for one in table.findings if one.kind == "preamble"][:2] == [
        "line 1 stands before the table; left out: 'Station Berlin'",
        "line 2 stands before the table; left out: 'Height 37 m'",
    ]


@pytest.mark.parametrize("name", ["text", "TEXT", " Text", "1"])
def test_a_column_is_found_whatever_its_case(write: Write, name: str) -> None:
    body = "".join(f"{text},{'p' if n % 2 else 'n'}\n" for n, text in enumerate(PROSE))
    assert read(write("case.csv", "Text,Label\n" + body), Reading(text=name, label="label")).inputs == PROSE


@pytest.mark.parametrize("orient", ["columns", "split"])
def test_the_index_of_a_frame_is_kept(write: Write, orient: str) -> None:
    days = [f"2021-01-{n:02}T00:00:00.000" for n in range(1, 29)]
    held = {"load": dict.fromkeys(days, 1.5)} if orient == "columns" else {}
    split = {"columns": ["load"], "index": days, "data": [[1.5]] * 28}
    table, _ = load(write("frame.json", json.dumps(held or split)))
    assert table.names == ["index", "load"]
    assert table.columns[0] == days


def test_an_index_that_counts_is_left_out(write: Write) -> None:
    split = {"columns": ["text", "label"], "index": list(range(40)), "data": [[t, "pn"[len(t) % 2]] for t in PROSE]}
    assert read(write("frame.json", json.dumps(split))).inputs == PROSE


def test_a_last_column_of_nothing_but_o_is_not_the_tags(write: Write) -> None:
    rows = "".join("1\tAnna\tB-PER\tO\n2\tsleeps\tO\tO\n\n" for _ in range(12))
    found = read(write("outer.tsv", rows))
    assert found.scheme == "BIO"
    assert found.inferred["tag column"] == "3 (column 4 holds nothing but O, and is not read)"


def test_columns_of_conll_that_are_not_read_are_named(write: Write) -> None:
    found = read(write("four.conll", "Anna NNP B-NP B-PER\nsleeps VBZ B-VP O\n\n" * 12))
    assert found.inferred["not read"] == "columns 2, 3"


@pytest.mark.parametrize("name", ["semi.tsv", "tilde.csv"])
def test_separators_that_the_ending_does_not_say(write: Write, name: str) -> None:
    sign = ";" if name == "semi.tsv" else "~"
    body = "".join(f"{text}{sign}{'p' if n % 2 else 'n'}\n" for n, text in enumerate(PROSE))
    assert read(write(name, f"text{sign}label\n{body}")).inputs == PROSE


def test_numbers_without_a_known_time_are_pointed_to_forecasts(write: Write) -> None:
    rows = "".join(f"{year}-{month:02},{year * month}.5\n" for year in (1, 2, 3) for month in range(1, 13))
    text = refusal(write("sales.csv", "Month,Sales\n" + rows))
    assert text.endswith(" To forecast numbers, rows being steps of time: --task forecast.")


def test_columns_of_a_model_are_read_alike(write: Write) -> None:
    body = "".join(f"{text},{'p' if n % 2 else 'n'},{text[::-1]}\n" for n, text in enumerate(PROSE))
    path = write("two.csv", "title,mark,text\n" + body)
    like = {"text": ("title",), "label": ("mark",)}
    found = read(path, Reading(like=like))
    assert found.inputs == PROSE
    assert found.targets is not None
    assert found.targets[:2] == ["n", "p"]
    assert [one.why for one in found.roles if one.role != "not read"] == ["as in training", "as in training"]
    assert read(path, Reading(like=like), require_targets=False).inputs == PROSE
    assert read(path, Reading(like={"text": ("other",)}), require_targets=False).inputs[0] == PROSE[0][::-1]


def test_values_are_read_in_the_order_of_a_model(write: Write) -> None:
    body = "".join(f"{owner},{n},{n * owner % 7}.5,{n}.25,{'ab'[owner % 2]}\n" for owner in range(6) for n in range(8))
    path = write("long.csv", "subject,t,ay,ax,activity\n" + body)
    like = {"series": ("subject",), "time": ("t",), "label": ("activity",), "values": ("ax", "ay")}
    assert read(path, Reading(like=like)).inputs[1][3].tolist() == [3.25, 3.5]
    assert read(path).inputs[1][3].tolist() == [3.5, 3.25]
    want = "those that the model was trained on: ax, az, got ay, ax."
    assert refusal(path, like=like | {"values": ("ax", "az")}) == f"long.csv: columns must be {want}"


def test_labels_alone_are_no_texts(write: Write) -> None:
    path = write("sent.csv", "id,label\n" + "".join(f"{n},{'p' if n % 2 else 'n'}\n" for n in range(40)))
    with pytest.raises(DataError, match="the table must be texts with labels"):
        read(path, require_targets=False, kind="text")


def test_lists_in_cells_that_go_together_are_tokens_and_tags(write: Write) -> None:
    body = "".join(f"\"['Anna', 'n{n}']\",\"['B-PER', 'O']\"\n" for n in range(12))
    found = read(write("rows.csv", "tokens,ner_tags\n" + body))
    assert found.task == "tag"
    assert found.inputs[1] == ["Anna", "n1"]
    assert found.targets is not None
    assert found.targets[1] == ["B-PER", "O"]
    assert found.inferred["lists in cells of"] == "tokens, ner_tags"


def test_spans_in_cells(write: Write) -> None:
    span = '"[{""start"":0,""end"":4,""text"":""Anna"",""labels"":[""PER""]}]"'
    found = read(write("export.csv", "text,id,label\n" + "".join(f"Anna went,{n},{span}\n" for n in range(12))))
    assert found.task == "tag"
    assert found.targets is not None
    assert found.targets[0][:5] == ["B-PER", "I-PER", "I-PER", "I-PER", "O"]


def test_numbers_in_cells_are_series(write: Write) -> None:
    body = "".join(f'"[{n}.5, 1.0, 2.0]",{"ab"[n % 2]}\n' for n in range(12))
    found = read(write("cells.csv", "series,label\n" + body))
    assert found.kind == "series"
    assert found.inputs[3][:, 0].tolist() == [3.5, 1.0, 2.0]


@pytest.mark.parametrize("cell", ["['a', 'b']", "[1, 0]"])
def test_lists_of_labels_stay_labels(write: Write, cell: str) -> None:
    found = read(write("many.csv", "text,labels\n" + "".join(f'{text},"{cell}"\n' for text in PROSE)))
    assert found.multi_label
    assert found.inputs == PROSE


def test_tags_before_the_tokens(write: Write) -> None:
    found = read(write("swapped.tsv", "B-PER\tAnna\nO\tsleeps\n\n" * 12))
    assert found.inputs[0] == ["Anna", "sleeps"]
    assert found.scheme == "BIO"
    assert found.inferred["tag column"] == "1 (before the token)"


def test_numbers_that_rise_in_every_series_are_its_time(write: Write) -> None:
    body = "".join(f"{owner},{'ab'[owner % 2]},{n * 50},{n * owner % 7}.5\n" for owner in range(6) for n in range(8))
    found = read(write("clock.csv", "user_id,activity,ticks_of_sensor,x\n" + body))
    assert [one.column for one in found.roles if one.role == "time"] == ["ticks_of_sensor"]
    assert found.inputs[1].shape == (8, 1)


def test_classes_by_time_are_not_forecast_unasked(write: Write) -> None:
    body = "".join(f"2021-01-01 00:{n:02}:00,{n * 37 % 11}.5,{int(n % 9 == 0)}\n" for n in range(60))
    assert refusal(write("faults.csv", "timestamp,value,label\n" + body)).startswith(
        "faults.csv: --id-column must be given, to learn the labels in 'label', got nothing."
    )


def test_files_of_texts_beside_texts_are_no_recordings(write: Write) -> None:
    body = "".join(f"docs/{n}.txt,{text},{'p' if n % 2 else 'n'}\n" for n, text in enumerate(PROSE))
    found = read(write("docs.csv", "file,text,label\n" + body))
    assert found.kind == "text"
    assert found.inputs == PROSE


def test_the_rule_of_a_markdown_table_is_passed_over(write: Write) -> None:
    body = "".join(f"| {text} | {'p' if n % 2 else 'n'} |\n" for n, text in enumerate(PROSE))
    found = read(write("table.md", "| text | label |\n|---|:--|\n" + body))
    assert len(found) == 40
    assert messages(found, "passed over") == ["a rule below the column names; left out"]


def test_spans_of_a_model_stay_spans(write: Write) -> None:
    path = write("spans.jsonl", '{"text": "Anna went", "label": [[0, 4, "PER"]]}\n' * 3)
    for column in ("spans", "entities"):
        reading = Reading(like={"text": ("text",), "spans": (column,)}, task="tag")
        found = read(path, reading, require_targets=False, kind="text")
        assert found.inputs[0] == "Anna went"
        assert found.targets is not None


def test_series_in_lists_of_a_model(write: Write) -> None:
    path = write("signal.jsonl", "".join(f'{{"signal": [{n}.5, 1, 2], "class": "{"ab"[n % 2]}"}}\n' for n in range(12)))
    like = {"series": ("signal",), "label": ("class",)}
    found = read(path, Reading(like=like), require_targets=False, kind="series")
    assert found.inputs[3][:, 0].tolist() == [3.5, 1.0, 2.0]


@pytest.mark.parametrize("pairs", ["0,3", "3;1"])
def test_a_few_cells_with_several_labels_are_seen(write: Write, pairs: str) -> None:
    body = "".join(f"{text}\t{pairs if n % 9 == 0 else n % 4}\n" for n, text in enumerate(PROSE))
    path = write("few.tsv", "text\tlabel\n" + body)
    assert refusal(path).startswith("few.tsv: --multi-label or --one-label must be given, as ")
    targets = read(path, Reading(multi_label=True)).targets
    assert targets is not None
    assert sorted(targets[0]) == sorted(pairs.replace(";", ",").split(","))


def test_labels_are_divided_where_it_is_asked_for(write: Write) -> None:
    body = "".join(f"{text}\t{'a,zz' if n == 3 else 'ab'[n % 2]}\n" for n, text in enumerate(PROSE))
    targets = read(write("one.tsv", "text\tlabel\n" + body), Reading(multi_label=True)).targets
    assert targets is not None
    assert targets[3] == ["a", "zz"]
