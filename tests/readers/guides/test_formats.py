"""Every example file of the guide to formats is recognised and read, and gives what the guide says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.readers.examples import Examples
from bigru.readers.formats import FORMATS, File, by_content, by_name
from bigru.readers.opening import charset
from bigru.readers.reading import Reading
from bigru.readers.table import Grid, Table

GUIDES = Path(__file__).parents[3] / "docs" / "guide"
TEXTS = {name: (GUIDES / name).read_text(encoding="utf-8") for name in ("formats.md", "formats.zh-CN.md")}
BLOCKS = {
    guide: {name: (form, body) for form, name, body in re.findall(r"^```(\S+) (\S+)\n(.*?)^```", text, re.M | re.S)}
    for guide, text in TEXTS.items()
}

PAIR = [["text", "label"], ["a good book", "pos"], ["a bad film", "neg"]]
READ: dict[str, list[list[Any]]] = {
    "excel.csv": [["text", "label"], ["a good book, really", "pos"], ["a bad film", "neg"]],
    "report.csv": [["month", "count", "city"], ["2020-01", "5", "Rome"], ["2020-02", "7", "Oslo"]],
    "quotes.csv": [
        ["text", "label"],
        ["two cells, or one?", "neg"],
        ['She said "no".', "neg"],
        ["a line\nand another", "pos"],
    ],
    "old_ucr.txt": [
        ["1.0000000e+00", "-3.2e-02", "3.8e-01", "6.8e-01"],
        ["2.0000000e+00", "1.2e+00", "9.6e-01", "6.9e-01"],
    ],
    "pretty.json": PAIR,
    "pandas.json": PAIR,
    "records.json": PAIR,
    "reviews.txt": PAIR,
    "stamps.ts": [[[1.5, 2.5, np.nan], "a"], [[0.5, 0.0], "b"]],
    "motions.arff": [["values", "class"], [[[0.1, 2.0], [0.3, 1.9]], "walk"], [[[0.0, 0.1], [0.1, None]], "rest"]],
    "sales.tsf": [
        ["series_name", "time", "value"],
        ["T1", "2020-01-31 00:00:00", "5"],
        ["T1", "2020-02-29 00:00:00", "7"],
        ["T1", "2020-03-31 00:00:00", "6"],
        ["T2", "2020-03-31 00:00:00", "1"],
        ["T2", "2020-04-30 00:00:00", None],
    ],
}


def rows(parsed: Grid | Table | Examples) -> list[list[Any]]:
    if isinstance(parsed, Grid):
        return parsed.rows
    if isinstance(parsed, Table):
        return [parsed.names, *(list(row) for row in zip(*parsed.columns, strict=True))]
    return [[x[:, 0].tolist(), y] for x, y in zip(parsed.inputs, parsed.targets or [], strict=True)]


@pytest.mark.parametrize("guide", BLOCKS)
def test_every_block_is_known(guide: str) -> None:
    assert set(BLOCKS[guide]) == set(READ)
    assert BLOCKS[guide] == BLOCKS["formats.md"]


@pytest.mark.parametrize("name", READ)
def test_the_examples_of_the_guide(name: str) -> None:
    form, body = BLOCKS["formats.md"][name]
    assert by_content(body, name, by_name(name, body.encode())) == form
    # Lines of text may have commas too: a table with a title above it needs its ending.
    assert by_content(body, "a") == ("txt" if name == "report.csv" else form)
    assert repr(rows(FORMATS[form].parse(File(name, body, b""), Reading()))) == repr(READ[name])


def test_the_guide_counts_the_encodings() -> None:
    codecs = set(charset.TWO_BYTES) | {name for one in charset.LANGUAGES.values() for name in one.encodings}
    assert [re.search(r"(\d+)( codecs| 种编码)", text)[1] for text in TEXTS.values()] == [str(len(codecs))] * 2


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("a.xlsx", b"PK\x03\x04", "excel"),
        ("a", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "excel"),
        ("a.PARQUET", b"PAR1", "parquet"),
        ("a.csv", b"PAR1", "parquet"),
        ("a.arrow", b"ARROW1", "arrow"),
        ("a.tsv.gz", b"a\tb\n", "tsv"),
        ("a.csv", b'[\n{"text": "a"}]', "jsonl"),
        ("a.json", b"@relation r\n@data\n", "arff"),
        ("a.txt", b"plain lines\nof text\n", "txt"),
    ],
)
def test_formats_are_found(name: str, data: bytes, form: str) -> None:
    found = by_name(name, data)
    binary = found is not None and FORMATS[found].binary
    assert (found if binary else by_content(data.decode(), name, found)) == form
