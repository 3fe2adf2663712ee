"""A missing value is the same cells to every reader: series in columns, in rows, in JSON, and tables with time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bigru.readers.cells import EMPTY
from bigru.readers.reader import read
from bigru.readers.reading import Reading
from bigru.tables.timetable import read_timetable

CELLS = [*sorted(EMPTY), "3"]


def check_series(path: Path, text: str, reading: Reading) -> None:
    """Read series of three values, the second of which is missing in all but the last series."""
    path.write_text(text, "utf-8")
    inputs = np.stack(read(path, reading).inputs)
    np.testing.assert_array_equal(np.isnan(inputs[..., 0]), [[False, True, False]] * (len(CELLS) - 1) + [[False] * 3])


def test_series_in_a_row_each(tmp_path: Path) -> None:
    rows = [f"1,{cell},2.5,{'xy'[n % 2]}" for n, cell in enumerate(CELLS)]
    check_series(tmp_path / "a.csv", "\n".join(["s1,s2,s3,label", *rows]), Reading(layout="wide"))


def test_series_with_a_row_per_step(tmp_path: Path) -> None:
    rows = [f"{n},{value},{'xy'[n % 2]}" for n, cell in enumerate(CELLS) for value in ("1", cell, "2.5")]
    check_series(tmp_path / "a.csv", "\n".join(["id,value,label", *rows]), Reading(id=("id",)))


def test_series_in_json(tmp_path: Path) -> None:
    rows = [
        json.dumps({"values": [1, 3 if cell == "3" else cell, 2.5], "label": "xy"[n % 2]})
        for n, cell in enumerate(CELLS)
    ]
    check_series(tmp_path / "a.jsonl", "\n".join(rows), Reading())


def test_tables_with_time(tmp_path: Path) -> None:
    cells = [text for n, cell in enumerate(CELLS[:-1]) for text in (str(2 * n), cell)] + [str(2 * len(EMPTY))]
    rows = [f"{date},{cell}" for date, cell in zip(np.arange(len(cells)).astype("M8[D]"), cells, strict=True)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["date,value", *rows]), "utf-8")
    (series,) = read_timetable(path, Reading(fill="linear")).series
    np.testing.assert_array_equal(series.values[:, 0], np.arange(len(cells)))
