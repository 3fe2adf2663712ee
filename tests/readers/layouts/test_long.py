"""Tables with a row per step: distinguished from other tables, cut into series, and refused by file and row."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bigru.errors import DataError
from bigru.readers.reader import from_frame, read
from bigru.readers.reading import Reading

ROWS = [
    ("a", 0, 1.0, 10, "walk"),
    ("a", 1, 2.0, 20, "walk"),
    ("b", 0, 3.0, 30, "run"),
    ("b", 2, 4.0, None, "run"),
    ("b", 5, 5.0, 50, "run"),
]
NAMES = ("id", "time", "ax", "ay", "label")
FRAME = pd.DataFrame(ROWS, columns=NAMES)


def table(rows: list[tuple] = ROWS, names: tuple[str, ...] = NAMES) -> str:
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    return "\n".join(",".join(row) for row in [names, *cells]) + "\n"


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return folder / name


@pytest.mark.parametrize("form", ["a.csv", "a.csv.gz", "a.jsonl", "a.parquet", "frame"])
def test_a_row_per_step_makes_series(tmp_path: Path, form: str) -> None:
    if form == "frame":
        examples = from_frame(FRAME)
    elif form == "a.parquet":
        FRAME.to_parquet(tmp_path / form)
        examples = read(tmp_path / form)
    elif form == "a.jsonl":
        text = "".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in ROWS)
        examples = read(written(tmp_path, text, form))
    else:
        examples = read(written(tmp_path, table(), form))
    np.testing.assert_array_equal(examples.inputs[0], np.float32([[1, 10], [2, 20]]))
    np.testing.assert_array_equal(examples.inputs[1], np.float32([[3, 30], [4, np.nan], [5, 50]]))
    assert examples.targets == ["walk", "run"]
    assert (examples.kind, examples.task) == ("series", "classify")
    assert examples.lines == ([2, 4] if "csv" in form else [1, 3])
    roles = [(one.column, one.role) for one in examples.roles]
    assert roles == [("id", "series"), ("time", "time"), ("label", "label"), ("ax", "values"), ("ay", "values")]
    assert examples.inferred["missing"] == "1 of 10 values"


def test_labels_that_change_are_labels_of_steps_and_have_lines_of_their_own(tmp_path: Path) -> None:
    path = written(tmp_path, table([(*row[:4], "xy"[n % 2]) for n, row in enumerate(ROWS)]))
    examples = read(path)
    assert examples.task == "tag"
    assert examples.targets == [["x", "y"], ["x", "y", "x"]]
    assert examples.token_lines is not None
    assert [lines.tolist() for lines in examples.token_lines] == [[2, 3], [4, 5, 6]]
    want = (
        r"a\.csv:3: label must be 'x', as in line 2 of series 'a', got 'y'\. Labels of steps are learnt with the task"
    )
    with pytest.raises(DataError, match=want):
        read(path, Reading(task="classify"))
    assert read(path, Reading(task="classify"), require_targets=False).targets is None
    assert read(written(tmp_path, table()), Reading(task="tag")).targets == [["walk"] * 2, ["run"] * 3]


def test_names_overrule_what_is_inferred(tmp_path: Path) -> None:
    path = written(tmp_path, table(names=("lap", "at", "ax", "ay", "what")))
    with pytest.raises(DataError, match="task must be classify"):
        read(path, Reading(task="tag"))
    examples = read(path, Reading(id=("lap",), time=("at",)))
    assert (len(examples), examples.columns("label")) == (2, ["what"])
    examples = read(path, Reading(id=("lap",), label="what"))
    assert examples.columns("time") == []
    assert examples.inputs[0].shape == (2, 3)


def test_columns_of_words_are_said_not_to_be_read(tmp_path: Path) -> None:
    rows = [(*row, "left" if row[0] == "a" else "right") for row in ROWS]
    examples = read(written(tmp_path, table(rows, (*NAMES, "hand"))))
    assert examples.columns("not read") == ["hand"]
    assert examples.inputs[0].shape == (2, 2)


def test_texts_with_ids_and_dates_stay_texts(tmp_path: Path) -> None:
    rows = [(n, f"2020-01-0{n + 1}", 3.5, f"words number {n}", "ab"[n % 2]) for n in range(6)]
    examples = read(written(tmp_path, table(rows, ("id", "date", "score", "remark", "label"))))
    assert examples.kind == "text"
    same = [(1, *row[1:]) for row in rows]
    assert read(written(tmp_path, table(same, ("id", "date", "score", "text", "label")))).kind == "text"


def test_a_short_table_of_numbers_has_a_header(tmp_path: Path) -> None:
    examples = read(written(tmp_path, "id,time,ax,az\n1,0,0.1,0.2\n1,1,0.1,0.3\n"), require_targets=False)
    assert examples.inferred["header"] == "line 1"
    assert examples.inputs[0].shape == (2, 2)


def test_to_predict_on_no_label_is_needed(tmp_path: Path) -> None:
    examples = read(written(tmp_path, table([row[:4] for row in ROWS], NAMES[:4])), require_targets=False)
    assert (len(examples), examples.targets) == (2, None)
    rows = [*ROWS[:2], *((*row[:4], None) for row in ROWS[2:])]
    examples = read(written(tmp_path, table(rows)), require_targets=False)
    assert examples.targets is None
    assert examples.findings[0].kind == "labels missing"


def changed(row: int, column: int, value: object) -> str:
    rows = [list(row) for row in ROWS]
    rows[row][column] = value
    return table([tuple(row) for row in rows])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            changed(1, 2, "x"),
            {},
            r"a\.csv:3: column 'ax' must be a finite number, got 'x'\. A missing value is an empty",
        ),
        (changed(1, 2, "inf"), {}, r"a\.csv:3: column 'ax' must be a finite number, got 'inf'"),
        (changed(1, 2, "1e60"), {}, r"a\.csv:3: column 'ax' must be a finite number, got '1e60'"),
        (changed(3, 0, None), {}, r"a\.csv:5: column 'id' must be filled in every row, got ''"),
        (changed(3, 1, 0), {}, r"a\.csv:5: column 'time' must be after 0 of line 4, in series 'b', got '0'\. Sort"),
        (changed(4, 1, 1), {}, r"a\.csv:6: column 'time' must be after 2 of line 5, in series 'b', got '1'\. Sort"),
        (changed(3, 1, "noon"), {}, r"a\.csv:5: column 'time' must be a finite number, got 'noon'\. A missing"),
        (changed(3, 1, None), {}, r"a\.csv:5: column 'time' must be a number or a time in every row, got ''"),
        (
            table([row[:4] for row in ROWS], NAMES[:4]),
            {},
            r"--task must be forecast for a table with time, got none\. This looks like a forecast: --task forecast",
        ),
        (table(), {"id": ("idd",)}, r"--id-column must be one of the columns .* Did you mean 'id'\?"),
        (table(), {"time": ("tme",)}, r"--time-column must be one of the columns .* Did you mean 'time'\?"),
        (table(), {"label": "lable"}, r"--label must be one of the columns .* Did you mean 'label'\?"),
        (
            table(names=("lap", *NAMES[1:])),
            {"time": ("time",)},
            r"--id-column must be given, to learn the labels in 'label', got nothing\. Name the column",
        ),
        (
            table([(*row[:2], row[4]) for row in ROWS], ("id", "time", "label")),
            {"id": ("id",)},
            r"columns must be at least one of numbers, got id, time, label",
        ),
        (table([*ROWS, ("c", 0, 1, 1, None)]), {}, r"a\.csv:7: label must be given for every series, got ''"),
        (changed(1, 4, None), {"task": "tag"}, r"a\.csv:3: label must be given for every step, got ''"),
        (table(), {"multi_label": True}, r"multi_label is not allowed for this file"),
    ],
)
def test_faulty_tables_are_refused(tmp_path: Path, text: str, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(written(tmp_path, text), Reading(**options))


def test_times_are_dates_too_and_of_one_kind_of_zone(tmp_path: Path) -> None:
    def dated(times: list[str]) -> str:
        return table([(row[0], time, *row[2:]) for row, time in zip(ROWS, times, strict=True)])

    good = ["2020-01-01", "2020-01-02T05:00:00", "2020-03-01 10:00", "2020-03-01 11:00", "2020-03-02"]
    assert len(read(written(tmp_path, dated(good)))) == 2
    with pytest.raises(
        DataError, match=r"a\.csv:4: column 'time' must be without an offset from UTC, as in line 2, got .* Write"
    ):
        read(written(tmp_path, dated([*good[:2], "2020-03-01T10:00+01:00", *good[3:]])))
    zoned = [time + ("" if "T" in time else "T00:00:00" if len(time) == 10 else ":00") + "+01:00" for time in good]
    assert len(read(written(tmp_path, dated(zoned)))) == 2


def test_one_list_column_of_any_name_is_the_series(tmp_path: Path) -> None:
    frame = pd.DataFrame({"signal": [[1.0, 2.0], [3.0]], "label": ["a", "b"]})
    frame.to_parquet(tmp_path / "a.parquet")
    for examples in (read(tmp_path / "a.parquet"), from_frame(frame)):
        assert [x.tolist() for x in examples.inputs] == [[[1.0], [2.0]], [[3.0]]]
        assert examples.columns("series") == ["signal"]
    text = '{"x": [[1, null], [2, 3]], "label": "a"}\n{"x": [[0, 1]], "label": "b"}\n'
    examples = read(written(tmp_path, text, "a.jsonl"))
    np.testing.assert_array_equal(examples.inputs[0], np.float32([[1, np.nan], [2, 3]]))
    tags = read(written(tmp_path, '{"x": [1, 2], "tags": ["a", "b"]}\n', "a.jsonl"))
    assert (tags.task, tags.targets) == ("tag", [["a", "b"]])
