"""The archive's .ts files: what they hold, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from bigru.doctor import examine
from bigru.errors import DataError
from bigru.readers.reader import read
from bigru.readers.reading import Reading

HEADER = "#About\n\n@problemName Two\n@timeStamps false\n@missing true\n@univariate false\n@dimensions 2\n"
DATA = HEADER + "@equalLength false\n@classLabel true walk run\n@data\n1,2,?:4,5,6:walk\n\n7:NaN: run\n"


def made(folder: Path, text: str, name: str = "a.ts") -> Path:
    (folder / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return folder / name


@pytest.mark.parametrize("name", ["a.ts", "a.ts.gz"])
def test_series_of_any_length_with_values_missing(tmp_path: Path, name: str) -> None:
    examples = read(made(tmp_path, DATA, name))
    np.testing.assert_array_equal(examples.inputs[0], np.float32([[1, 4], [2, 5], [np.nan, 6]]))
    np.testing.assert_array_equal(examples.inputs[1], np.float32([[7, np.nan]]))
    assert examples.targets == ["walk", "run"]
    assert examples.lines == [11, 13]
    assert (examples.kind, examples.task) == ("series", "classify")
    assert examples.inferred["format"] == "ts"
    assert examples.inferred["series"] == "of 2 values a step, 1 to 3 steps"
    assert examples.inferred["missing"] == "2 of 8 values"
    kinds = [(finding.line, finding.kind) for finding in examples.findings]
    assert kinds == [(13, "stray spaces"), (12, "empty row")]


def test_a_univariate_file_without_classes_is_read_to_predict_on(tmp_path: Path) -> None:
    text = "@univariate true\r\n@classLabel false\r\n@data\r\n1,2\r\n3\r\n"
    examples = read(made(tmp_path, text), require_targets=False)
    assert examples.targets is None
    assert [x.tolist() for x in examples.inputs] == [[[1.0], [2.0]], [[3.0]]]


def test_targets_that_are_numbers_are_left_aside_in_prediction_and_refused_in_training(tmp_path: Path) -> None:
    path = made(tmp_path, "@targetLabel true\n@data\n1,2:0.5\n")
    assert read(path, require_targets=False).inputs[0].tolist() == [[1.0], [2.0]]
    with pytest.raises(DataError, match=r"@classLabel must be true, with classes to learn, got @targetLabel, a number"):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "@timeStamps false",
            "@timeStamps true",
            r":11: dimension must be pairs \(time,value\) separated by commas, got",
        ),
        ("@timeStamps false", "@timeStamps no", r": @timeStamps must be true or false, got 'no'"),
        ("@classLabel true walk run", "@classLabel false", r": @classLabel must be true, with classes to learn, got f"),
        ("@data", "@date", r":11: row must be a @name, or a remark behind # or %, before @data, got '1,2,"),
        ("@data\n1,2,?:4,5,6:walk\n\n7:NaN: run\n", "", r": @data must be there, before the series, got no such line"),
        ("1,2,?:4,5,6:walk\n\n7:NaN: run", "", r": data must be at least one example, got none after @data"),
        (":walk", ":wlak", r":11: class must be one that @classLabel lists, got 'wlak'\. Did you mean 'walk'\?"),
        (":walk", "", r":11: dimensions must be 2, as the header says, got 1 separated by colons"),
        ("4,5,6", "4,5", r":11: dimensions must be equally long, got lengths 3, 2"),
        ("4,5,6", "4,x,6", r":11 dimension 2: values row 2 column 1 must be a finite number, got 'x'"),
        ("4,5,6", "4,inf,6", r":11 dimension 2: values row 2 column 1 must be a finite number, got 'inf'"),
        ("4,5,6", "4,1e39,6", r":11 dimension 2: values row 2 column 1 must be a finite number, got '1e39'"),
        ("4,5,6", "(0,4),(1,5),(2,6)", r":11 dimension 2: values row 1 column 1 must be a finite number, got '\(0'"),
        (":walk", ":", r":11: label must be not empty"),
    ],
)
def test_faulty_files_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in DATA
    with pytest.raises(DataError, match=message):
        read(made(tmp_path, DATA.replace(old, new)))


def test_dimensions_must_be_as_many_in_every_line_where_the_header_is_silent(tmp_path: Path) -> None:
    text = DATA.replace("@dimensions 2\n", "").replace("7:NaN: run", "7: run")
    with pytest.raises(DataError, match=r"a\.ts:12: dimensions must be 2, as in line 10, got 1\."):
        read(made(tmp_path, text))


def test_columns_are_not_asked_for(tmp_path: Path) -> None:
    flags = {"text": "--text", "label": "--label", "id": "--id-column", "time": "--time-column"}
    for name, value in {"text": "x", "label": "x", "id": ("x",), "time": ("x",)}.items():
        with pytest.raises(DataError, match=f": {flags[name]} is not allowed for the format ts"):
            read(made(tmp_path, DATA), Reading(**{name: value}))


def test_the_doctor_names_columns_that_are_empty_constant_or_lack_values(tmp_path: Path) -> None:
    text = DATA.replace("4,5,6", "?,?,?").replace("1,2,?", "7,7,?")
    findings, summary = examine(read(made(tmp_path, text)))
    said = [str(finding).split(": ", 1)[1] for finding in findings]
    assert "empty column: column 2 has not one number" in said
    assert "constant column: column 1 is 7 everywhere and says nothing" in said
    assert "missing values: 1 of 4 numbers of column 1 are missing, here first" in said
    assert summary["findings"]["empty column"] == 1


def test_remarks_behind_percent_signs_are_passed_over(tmp_path: Path) -> None:
    text = "%# a remark\n% another\n" + DATA.replace("@data\n", "@data\n% in between\n")
    assert read(made(tmp_path, text)).targets == ["walk", "run"]


STAMPED = "@timestamps true\n@univariate true\n@classLabel true a b\n@data\n"


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ("(0,1.5),(1,2.5),(2,?):a", [1.5, 2.5, np.nan]),
        ("(2020-01-31 00:00:00,1.5), (2020-02-01 00:00:00,2.5), (2020-02-02 00:00:00,3):a", [1.5, 2.5, 3.0]),
    ],
)
def test_time_stamps_one_step_apart_are_left_out(tmp_path: Path, row: str, values: list[float]) -> None:
    examples = read(made(tmp_path, f"{STAMPED}{row}\n"))
    np.testing.assert_array_equal(examples.inputs[0][:, 0], np.array(values, np.float32))
    assert examples.inferred["time stamps"] == "left out (one step apart in every series)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "(0,1),(1,2),(3,4):a",
            r":5: time stamps must be one step apart, since steps are read one by one, got 1 and 3\. Put",
        ),
        ("(0,1),(0,2):a", r":5: time stamps must be one step apart, since steps are read one by one, got 0 and 0\."),
        ("(noon,1),(1,2):a", r":5: time stamp must be a number or a time, got 'noon'\."),
        ("(0,1),1,2:a", r":5: dimension must be pairs \(time,value\) separated by commas, got '1,2:a'\."),
    ],
)
def test_time_stamps_with_gaps_are_refused(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(made(tmp_path, f"{STAMPED}{row}\n"))
