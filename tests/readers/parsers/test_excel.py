from __future__ import annotations

import datetime
import io
import zipfile
from typing import Any

import openpyxl
import pytest

from bigru.errors import DataError
from bigru.readers.parsers import workbook_size
from bigru.readers.parsers.excel import parse

ODS = """<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:body><office:spreadsheet><table:table table:name="s">{}</table:table></office:spreadsheet></office:body>
</office:document-content>"""


def saved(workbook: Any) -> bytes:
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def book(rows: list[list[Any]]) -> Any:
    workbook = openpyxl.Workbook()
    for row in rows:
        workbook.active.append(row)
    return workbook


def ods(rows: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<x/>")
        archive.writestr("content.xml", ODS.format(rows))
    return stream.getvalue()


def test_cells_are_written_as_text() -> None:
    day = datetime.datetime(2020, 1, 2)
    rows = [["text", "n", "day", "time", "ok"], ["a b", 3, day, day, True], ["c", 0.5, day, day.replace(hour=5), False]]
    grid = parse(saved(book(rows)), "f")
    assert grid.rows == [
        ["text", "n", "day", "time", "ok"],
        ["a b", "3", "2020-01-02", "2020-01-02 00:00:00", "TRUE"],
        ["c", "0.5", "2020-01-02", "2020-01-02 05:00:00", "FALSE"],
    ]
    assert grid.lines == [1, 2, 3]
    assert grid.inferred == {"sheet": "Sheet"}
    assert grid.findings == []


def test_the_first_sheet_with_cells_is_read_and_others_are_named() -> None:
    workbook = book([])
    workbook.create_sheet("hidden").append(["x"])
    workbook["hidden"].sheet_state = "hidden"
    workbook.create_sheet("data").append(["text", "label"])
    workbook["data"].append(["a", "b"])
    workbook.create_sheet("more").append(["x"])
    grid = parse(saved(workbook), "f")
    assert grid.rows == [["text", "label"], ["a", "b"]]
    message = "f: further sheets: 'more' (1 rows) not read; save it as a file of its own to read it"
    assert [str(one) for one in grid.findings] == [message]


def test_a_title_and_blank_rows_are_left_out() -> None:
    rows = [["Report"], [], ["text", "label", "n"], ["a", "x", 1], [], ["b", "y", 2]]
    grid = parse(saved(book(rows)), "f")
    assert grid.rows == [["text", "label", "n"], ["a", "x", "1"], ["b", "y", "2"]]
    assert grid.lines == [3, 4, 6]
    assert [one.kind for one in grid.findings] == ["empty row", "empty row", "preamble"]


def test_a_merged_cell_counts_for_every_row_that_it_covers() -> None:
    workbook = book([["text", "label"], ["a", "x"], ["b", None], ["c", "y"]])
    workbook.active.merge_cells("B2:B3")
    grid = parse(saved(workbook), "f")
    assert [row[1] for row in grid.rows] == ["label", "x", "x", "y"]
    assert str(grid.findings[0]) == "f:2: merged cells: 1 merged cells give their value to every row that they cover"


def test_a_table_of_libreoffice() -> None:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    row = "<table:table-row>{}</table:table-row>"
    rows = row.format(cell.format("text") + cell.format("label")) + row.format(cell.format("a") + cell.format("b"))
    empty = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell/></table:table-row>'
    assert parse(ods(rows + empty), "f").rows == [["text", "label"], ["a", "b"]]


def test_a_cell_in_the_last_corner_is_refused_before_anything_is_allocated() -> None:
    workbook = book([["a"]])
    workbook.active["XFD1048576"] = "x"
    with pytest.raises(DataError) as caught:
        parse(saved(workbook), "f")
    assert str(caught.value) == (
        "f: sheet must be at most 20,000,000 cells, got 1,048,576 rows and 16,384 columns in "
        "'xl/worksheets/sheet1.xml'. Delete the cells that stand far from the table."
    )
    far = (
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/></table:table-row><table:table-row>'
        '<table:table-cell table:number-columns-repeated="16383"/><table:table-cell office:value-type="string">'
        "<text:p>x</text:p></table:table-cell></table:table-row>"
    )
    with pytest.raises(
        DataError, match=r"^f: sheet must be at most 20,000,000 cells, got 1,048,576 rows and 16,384 col"
    ):
        parse(ods(far), "f")


def test_a_workbook_that_unpacks_to_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_size, "MOST_BYTES", 100)
    with pytest.raises(DataError, match=r"^f: data must be at most 100 bytes when unpacked, got more\.$"):
        parse(saved(book([["a"]])), "f")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"^f: data must be a workbook that can be read, got "):
        parse(data, "f")


def test_a_workbook_without_cells_is_refused() -> None:
    with pytest.raises(DataError, match=r"^f: data must be at least one sheet with cells, got none\.$"):
        parse(saved(book([])), "f")
