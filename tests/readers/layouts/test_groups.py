"""`--group`: what each row belongs to, from every kind of table; and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sounds
from bigru.errors import DataError
from bigru.readers.examples import Examples
from bigru.readers.reader import from_frame, read
from bigru.readers.reading import Reading
from bigru.readers.roles import columns_by_role

ROWS = [(f"what {n} says is long enough", ("good", "bad")[n % 2], f"p{n // 3}") for n in range(12)]
GROUPS = [row[2] for row in ROWS]
BY = Reading(group="speaker")


def csv(path: Path, head: str, rows: list[tuple], separator: str = ",") -> Path:
    path.write_text("\n".join([head, *(separator.join(map(str, row)) for row in rows)]), encoding="utf-8")
    return path


def records() -> list[dict[str, str]]:
    return [dict(zip(("text", "label", "speaker"), row, strict=True)) for row in ROWS]


def frame() -> pd.DataFrame:
    return pd.DataFrame(records())


def written(name: str, folder: Path) -> Path:
    path = folder / f"x.{name.split()[0]}"
    if name in ("csv", "tsv"):
        sign = {"csv": ",", "tsv": "\t"}[name]
        return csv(path, sign.join(("text", "label", "speaker")), ROWS, sign)
    if name == "jsonl":
        path.write_text("\n".join(map(json.dumps, records())), encoding="utf-8")
    elif name == "json in one line":
        path.write_text(json.dumps(records()), encoding="utf-8")
    elif name == "parquet":
        frame().to_parquet(path)
    else:
        frame().to_excel(path, index=False)
    return path


@pytest.mark.parametrize("name", ["csv", "tsv", "jsonl", "json in one line", "parquet", "xlsx"])
def test_texts_have_their_groups_in_every_format(name: str, tmp_path: Path) -> None:
    found = read(written(name, tmp_path), BY)
    assert found.groups == GROUPS
    assert found.inputs == [row[0] for row in ROWS]
    assert found.columns("group") == ["speaker"]
    assert found.take([3, 1]).groups == ["p1", "p0"]
    assert found.rows is None


def test_frames_have_groups_and_without_the_option_there_are_none() -> None:
    assert from_frame(frame(), BY).groups == GROUPS
    assert from_frame(frame()).groups is None
    assert from_frame(frame().assign(speaker=[n // 3 for n in range(12)]), BY).groups == [
        str(n // 3) for n in range(12)
    ]


def test_rows_that_are_left_out_take_their_groups_along(tmp_path: Path) -> None:
    rows = [*ROWS[:5], ("", "bad", "nobody"), *ROWS[5:]]
    found = read(csv(tmp_path / "x.csv", "text,label,speaker", rows), BY)
    assert found.groups == GROUPS
    assert found.lines == [2, 3, 4, 5, 6, *range(8, 15)]


def test_series_spans_lists_and_flags_have_groups(tmp_path: Path) -> None:
    rows = [(n // 4, n % 4, n / 2, "ab"[n // 4 % 2], n // 8) for n in range(32)]
    found = read(csv(tmp_path / "l.csv", "id,time,x,label,speaker", rows), BY)
    assert found.kind == "series"
    assert found.groups == [str(n // 2) for n in range(8)]
    assert found.inputs[0].shape == (4, 1)
    steps = ",".join(f"t{n}" for n in range(1, 9))
    rows = [(*np.arange(8) / 8 + n, "ab"[n % 2], n // 2) for n in range(12)]
    found = read(csv(tmp_path / "w.csv", f"{steps},label,speaker", rows), BY.but(layout="wide"))
    assert found.groups == [str(n // 2) for n in range(12)]
    assert found.inputs[0].shape == (8, 1)
    path = tmp_path / "x.jsonl"
    spans = {"text": "in Rome", "spans": [[3, 7, "LOC"]]}
    for row in (spans, {"tokens": ["a"], "tags": ["X"]}, {"values": [1.0], "label": "a"}):
        path.write_text("\n".join(json.dumps(row | {"speaker": f"s{n}"}) for n in (0, 0, 1)), encoding="utf-8")
        assert read(path, BY).groups == ["s0", "s0", "s1"]
    rows = [(row[0], n % 2, n % 3 % 2, row[2]) for n, row in enumerate(ROWS)]
    assert read(csv(tmp_path / "f.csv", "text,drama,comedy,speaker", rows), BY).groups == GROUPS


TOKENS = [("s1", "Rome", "B-LOC", "d1"), ("s1", "waits", "O", "d1"), ("s2", "we", "O", "d2"), ("s2", "wait", "O", "d2")]


def test_sentences_of_a_table_of_tokens_have_the_group_of_their_rows(tmp_path: Path) -> None:
    path = csv(tmp_path / "x.csv", "sentence_id,word,tag,document", TOKENS * 3)
    found = read(path, Reading(group="document"))
    assert found.inputs[:2] == [["Rome", "waits"], ["we", "wait"]]
    assert found.groups == ["d1", "d2"] * 3
    assert [rows.tolist() for rows in found.token_lines or ()][1] == [4, 5]
    wrong = csv(tmp_path / "y.csv", "sentence_id,word,tag,document", [*TOKENS[:3], ("s2", "wait", "O", "d1")])
    with pytest.raises(DataError) as caught:
        read(wrong, Reading(group="document"))
    assert str(caught.value) == (
        f"{wrong}:5: column 'document' must be 'd2', as in line 4 of the same example, got 'd1'."
    )


def test_recordings_have_groups(tmp_path: Path) -> None:
    for n in range(4):
        sounds.write(tmp_path / f"{n}.wav", sounds.tone("low", seed=n))
    rows = [(f"{n}.wav", "ab"[n % 2], f"s{n // 2}") for n in range(4)]
    assert read(csv(tmp_path / "m.csv", "path,label,speaker", rows), BY).groups == ["s0", "s0", "s1", "s1"]


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (
            Reading(group="speeker"),
            "--group must be one of the columns text, label, speaker, got 'speeker'. Did you mean 'speaker'?",
        ),
        (Reading(group="label", label="label"), "--group must be another column than --label, got 'label'."),
        (Reading(group="speaker", id=("speaker",)), "--group must be another column than --id-column, got 'speaker'."),
    ],
)
def test_a_column_that_is_missing_or_something_else_is_refused(reading: Reading, message: str, tmp_path: Path) -> None:
    path = written("csv", tmp_path)
    with pytest.raises(DataError) as caught:
        read(path, reading)
    assert str(caught.value) == f"{path}: {message}"


def test_a_row_without_a_group_is_refused(tmp_path: Path) -> None:
    path = csv(tmp_path / "x.csv", "text,label,speaker", [*ROWS[:4], ("somebody says this", "bad", "")])
    with pytest.raises(DataError) as caught:
        read(path, BY)
    assert str(caught.value) == f"{path}:6: column 'speaker' must be filled in every row, as groups are, got ''."


def test_a_format_without_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_text("Rome B-LOC\nwaits O\n\n" * 3, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path, BY)
    assert str(caught.value) == (
        f"{path}: --group is not allowed for the format conll (got 'speaker'). Only tables have a further column."
    )


def why(found: Examples, column: str) -> str:
    return next(one.why for one in found.roles if one.column == column)


def test_a_column_that_looks_like_one_is_pointed_out(tmp_path: Path) -> None:
    found = read(written("csv", tmp_path))
    assert found.groups is None
    assert why(found, "speaker") == "4 different values; --group speaker holds out all rows of a speaker together"
    rows = [(*row, n, "hall", n // 2) for n, row in enumerate(ROWS)]
    found = read(csv(tmp_path / "y.csv", "text,label,speaker,doc_id,site,price", rows))
    # One value a row, or one for all, holds nothing together; and prices are nobody.
    assert [why(found, name).count("--group") for name in ("speaker", "doc_id", "site", "price")] == [1, 0, 0, 0]
    assert "--group" not in why(read(written("csv", tmp_path), require_targets=False), "speaker")


def test_a_model_does_not_read_what_were_groups_in_training(tmp_path: Path) -> None:
    steps = ",".join(f"t{n}" for n in range(1, 9))
    rows = [(*np.arange(8) / 8 + n, "ab"[n % 2], n // 2) for n in range(12)]
    path = csv(tmp_path / "w.csv", f"{steps},label,speaker", rows)
    like = columns_by_role(read(path, BY.but(layout="wide")).roles)
    assert like["group"] == ("speaker",)
    again = read(path, Reading(layout="wide", like=like), kind="series")
    assert (again.inputs[0].shape, again.groups, again.columns("not read")) == ((8, 1), None, [])
