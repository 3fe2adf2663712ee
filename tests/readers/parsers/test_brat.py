from __future__ import annotations

from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.annotation.brat import is_folder, read

TEXT = "Anna is in Rome.\n\nBob stays.\n"
MARKS = "T1\tPER 0 4\tAnna\nT2\tLOC 11 15\tRome\nT3\tPER 18 21\tBob\n"


def pair(folder: Path, name: str = "a", text: str = TEXT, marks: str = MARKS) -> Path:
    (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
    (folder / f"{name}.ann").write_text(marks, encoding="utf-8")
    return folder / f"{name}.ann"


@pytest.mark.parametrize("ending", [".ann", ".txt"])
def test_a_pair_by_either_name(tmp_path: Path, ending: str) -> None:
    made = read(pair(tmp_path).with_suffix(ending), "a")
    assert made.records == [
        {"text": "Anna is in Rome.", "spans": [[0, 4, "PER"], [11, 15, "LOC"]]},
        {"text": "Bob stays.", "spans": [[0, 3, "PER"]]},
    ]
    assert (made.lines, made.findings) == ([1, 3], [])
    assert made.reasons == {"layout": "BRAT", "files": "1 pairs"}


def test_a_folder_with_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    pair(tmp_path)
    pair(tmp_path / "more", "b", "Rome\n", "")
    (tmp_path / "alone.txt").write_text("x", encoding="utf-8")
    assert is_folder(tmp_path)
    made = read(tmp_path, "d")
    assert [record["text"] for record in made.records] == ["Anna is in Rome.", "Bob stays.", "Rome"]
    assert made.lines == [1, 2, 3]
    assert [str(one) for one in made.findings] == [
        "d: no annotations: 1 texts have no .ann and are left out, the first alone.txt"
    ]


def test_what_is_not_read_is_counted(tmp_path: Path) -> None:
    marks = "T1\tPER 0 4;8 10\tAnna in\nR1\tLives Arg1:T1 Arg2:T2\nE1\tMove:T1\nA1\tOld T1\n#1\tNote T1\tx\n"
    file = pair(tmp_path, marks=marks)
    made = read(file, "a")
    assert all(record["spans"] == [] for record in made.records)
    assert [str(one) for one in made.findings] == [
        f"{file}:1: not read: 1 spans of several fragments are not read (lines 1)",
        f"{file}:2: not read: 1 relations are not read (lines 2)",
        f"{file}:3: not read: 1 events are not read (lines 3)",
        f"{file}:4: not read: 1 attributes are not read (lines 4)",
    ]


def test_a_span_over_a_line_end_is_cut_there(tmp_path: Path) -> None:
    made = read(pair(tmp_path, text="New\nYork\n", marks="T1\tLOC 0 8\tNew York\n"), "a")
    assert [record["spans"] for record in made.records] == [[[0, 3, "LOC"]], [[0, 4, "LOC"]]]
    assert [str(one) for one in made.findings] == [
        f"{tmp_path / 'a.txt'}:1: cut spans: 2 spans are cut at a line end (lines 1, 2)"
    ]


def test_line_ends_of_windows_count_as_two_characters(tmp_path: Path) -> None:
    made = read(pair(tmp_path, text="Hi\r\nBob\r\n", marks="T1\tPER 4 7\tBob\n"), "a")
    assert made.records == [{"text": "Hi", "spans": []}, {"text": "Bob", "spans": [[0, 3, "PER"]]}]


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (
            "T1\tPER 0 99\tAnna\n",
            r"a\.ann:1: span must be within 0 <= start < end <= 29, the length",
        ),
        ("\nT1\tPER 4 4\t\n", r"a\.ann:2: span must be within"),
        ("T1 PER 0 4\n", r"a\.ann:1: line must be T1, a tab, LABEL START END, got 'T1 PER 0 4'\."),
        ("T1\tPER ² 4\n", r"a\.ann:1: line must be T1, a tab"),
        ("hello\n", r"a\.ann:1: line must be T1, a tab, LABEL START END, got 'hello'\."),
    ],
)
def test_faulty_lines_are_refused(tmp_path: Path, marks: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(pair(tmp_path, marks=marks), "a")


def test_a_missing_partner_is_named(tmp_path: Path) -> None:
    file = pair(tmp_path)
    file.with_suffix(".txt").unlink()
    with pytest.raises(DataError, match=r"a\.ann: data must be beside its partner a\.txt, got no such file\."):
        read(file, "a")
    file.unlink()
    assert not is_folder(tmp_path)
    with pytest.raises(DataError, match=r"d: data must be a folder of \.ann and \.txt, got no \.ann\."):
        read(tmp_path, "d")
