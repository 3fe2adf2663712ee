"""The doctor of tables with time: all that is wrong at once, and what to type next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bigru.readers.reading import Reading
from bigru.tables.columns import table_of_file
from bigru.tables.doctor import examine_table
from tables import write


def examined(folder: Path, rows: list[str], **reading: Any) -> tuple[list[str], dict[str, Any]]:
    how = Reading(**reading)
    findings, summary = examine_table(table_of_file(write(folder, "\n".join([*rows, ""])), how), how)
    return [str(finding).removeprefix(f"{folder}/") for finding in findings], summary


def test_a_clean_table(tmp_path: Path) -> None:
    rows = ["date,a,b", *(f"2020-01-{n:02d},{n * n},{n % 3}.5" for n in range(1, 31))]
    findings, summary = examined(tmp_path, rows)
    assert findings == []
    assert summary["columns"] == {"date": "time", "a": "number", "b": "number"}
    assert (summary["step"], summary["first"], summary["last"]) == ("1 day", "2020-01-01", "2020-01-30")
    assert summary["series"] == {"count": 1, "shortest": 30, "longest": 30}
    assert summary["next"] == f"bigru train {tmp_path}/t.csv --task forecast --target a --horizon 3 --out model"


def test_all_that_is_wrong_is_found_at_once(tmp_path: Path) -> None:
    rows = [",date,a,b,c,e,w", *(f"{n},2020-01-{n:02d},{n * n},{n % 3},5,,x" for n in range(1, 21))]
    rows[4], rows[5] = rows[5], rows[4]
    rows[9] = rows[8]
    del rows[12:14]
    rows[2] = "2,2020-01-02,NA,-999,5,,x"
    rows[3] = "3,2020-01-03,9,-999,5,,x"
    rows[11] = "11,2020-01-11,q,1,5,,x"
    findings, summary = examined(tmp_path, rows)
    assert findings == [
        "t.csv: constant column: column 'c' is the same in every row and is not forecast",
        "t.csv: counter: column 'column 1' counts rows and is not forecast",
        "t.csv: empty column: column 'e' has not one value",
        "t.csv:3: missing values: 1 of 18 cells of column 'a' are empty, here first. Fill them in, or have them filled "
        "with --fill forward or --fill linear.",
        "t.csv:3: placeholder: -999 stands in 2 cells of column 'b', far from all others: empty the cells if it means "
        "that there is no value",
        "t.csv:6: unsorted: 1 row earlier than the row before, here first. Sort the rows by time.",
        "t.csv:10: repeated time: 1 row of a time that there is already, 2020-01-08 here first. Leave out the second "
        "rows.",
        "t.csv:11: missing rows: 3 missing in 2 gaps, at most 2 together; first after 2020-01-08. Add them, or fill "
        "with --fill forward or --fill linear.",
        "t.csv:12: unreadable: 1 cell of column 'a' without a number, 'q' here first",
    ]
    assert summary["missing"] == {"a": 1}
    assert summary["columns"]["w"] == "not read (words)"
    assert summary["next"].endswith("--target a --horizon 1 --lookback 5 --fill linear --out model")


def test_a_time_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    findings, summary = examined(tmp_path, ["date,a", "2020-01-01,1", "noon,4", "2020-01-03,9"])
    assert findings == [
        "t.csv:3: unreadable: time must be a date or time as 2016-07-01 05:00:00, got 'noon'. Say how times are "
        "written with --time-format, as --time-format '%d.%m.%Y %H:%M'."
    ]
    assert (summary["step"], summary["first"]) == (None, None)
    findings, _ = examined(tmp_path, ["x,y", "1,1", "3,4"])
    assert findings[0].startswith("t.csv: unreadable: time column must be named, as none of the columns x, y is called")
    findings, _ = examined(tmp_path, ["date,a", "01/02/2020,1", "02/02/2020,4"])
    assert "--time-format day-first or --time-format month-first" in findings[0]


def test_series_of_a_panel(tmp_path: Path) -> None:
    rows = ["date,shop,a", *(f"2020-01-{n:02d},{s},{n * n if s == 'x' else 0}" for s in "xy" for n in range(1, 21))]
    findings, summary = examined(tmp_path, [*rows, "2020-01-01,z,4", "2020-01-08,y,0"], id=("shop",))
    assert findings == [
        "t.csv: constant series: column 'a' never changes in series y",
        "t.csv:42: short series: of 1 of 3 series there is a single row, which is their answer: z",
        "t.csv:43: repeated time: 1 row of series 'y' of a time that there is already, 2020-01-08 here first. Leave "
        "out the second rows.",
        "t.csv:43: unsorted: 1 row of series 'y' earlier than the row before, here first. Sort the rows by time.",
    ]
    assert summary["series"] == {"count": 3, "shortest": 1, "longest": 21}
    assert "--id-column shop" in summary["next"]
    findings, _ = examined(tmp_path, rows)
    assert findings[-1].endswith("2020-01-01 here first. Name what tells series apart: --id-column shop.")


@pytest.mark.parametrize("rows", [["a", "1"], ["date,a", "2020-01-01,"], ["date,a", "x,y"], ["date", "2020-01-01"]])
def test_nothing_is_an_error(tmp_path: Path, rows: list[str]) -> None:
    findings, summary = examined(tmp_path, rows)
    assert findings
    assert summary["rows"] == 1


def test_the_next_command_fits_a_short_table(tmp_path: Path) -> None:
    rows = [f"2021-01-{1 + n // 24:02} {n % 24:02}:00,{n * 37 % 11}.5" for n in range(60)]
    _, summary = examined(tmp_path, ["time,load", *rows])
    assert summary["next"].endswith("--task forecast --horizon 6 --lookback 18 --out model")
