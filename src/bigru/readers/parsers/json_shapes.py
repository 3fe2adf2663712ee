"""One JSON object that holds a whole table: a list of records under a key, or columns as pandas writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import DataError, sentence
from ..times import detect

__all__ = ["unwrap"]

LISTS = frozenset(
    (
        *("data", "records", "examples", "items", "rows", "documents", "docs", "results", "instances", "samples"),
        *(
            "train",
            "sentences",
            "texts",
            "utterances",
            "dataset",
            "entries",
            "common_examples",
            "rasa_nlu_data",
            "数据",
        ),
    )
)
"""Keys under which a list of records stands, within at most one object more."""

UNITS = {"tokens", "words", "values", "series", "x"}
"""Keys of a record whose lists are one example."""

INDEX = "index"
"""The column of what the index of a frame holds."""

SAMPLE = 1000

STAMP = 9
"""Digits from which a key is a time rather than the number of a row."""

Records = list[dict[str, Any]]


def unwrap(value: dict[str, Any], source: str) -> tuple[Records, str] | None:
    """Return the records that an object holds, and in words where; None where it is a record itself.

    Known are a list of objects under a known key; `{"columns": [...], "data": [[...]]}` (pandas, orient "split");
    `{"text": {"0": ...}, "label": {"0": ...}}` (orient "columns"); `{"0": {"text": ...}, ...}` (orient "index"); and
    `{"text": [...], "label": [...]}`.

    Raises:
        DataError: two keys hold lists of records, or rows have other numbers of cells than there are columns.
    """
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return _split(value, source), "columns and data"
    named = _known_list(value, source)
    if named is not None:
        return named
    inner = list(value.values())
    if inner and all(isinstance(one, dict) for one in inner):
        return _nested_records(value)
    if _are_columns(value):
        return [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)], "a list for each column"
    return None


def _are_columns(value: dict[str, Any]) -> bool:
    """Tell whether lists are columns with a column of texts, and not the tokens or steps of one example."""
    lists = [one for one in value.values() if isinstance(one, list)]
    if len(lists) != len(value) or len(value) < 2 or len({len(one) for one in lists}) != 1 or UNITS & value.keys():
        return False
    texts = [one for one in lists if one and all(isinstance(cell, str) for cell in one)]
    return any(len(cell.split()) > 1 or len(cell) > 12 for one in texts for cell in one)


def _split(value: dict[str, Any], source: str) -> Records:
    names, rows, index = value["columns"], value["data"], value.get("index")
    for n, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != len(names):
            got = f"{len(row)} values" if isinstance(row, list) else repr(row)[:40]
            raise DataError(sentence(f"{source}:{n}", "row of data", f"a list of {len(names)}, as the columns", got))
    if not isinstance(index, list) or len(index) != len(rows) or _counts(index) or INDEX in names:
        index = None
    return _restore_index([dict(zip(map(str, names), row, strict=True)) for row in rows], index)


def _restore_index(records: Records, index: Sequence[Any] | None) -> Records:
    """Return records with what the index of a frame holds, if it does not just count the rows."""
    if index is None:
        return records
    return [{INDEX: key} | record for key, record in zip(index, records, strict=True)]


def _counts(index: Sequence[Any]) -> bool:
    return [str(key) for key in index] == [str(n) for n in range(len(index))]


def _known_list(value: dict[str, Any], source: str) -> tuple[Records, str] | None:
    """Return the list of objects that stands under a known key."""
    holders = [(f"{key}", one) for key, one in value.items()]
    holders += [
        (f"{key}.{name}", below)
        for key, one in value.items()
        if key in LISTS and isinstance(one, dict)
        for name, below in one.items()
    ]
    found = [
        (path, one)
        for path, one in holders
        if path.split(".")[-1] in LISTS and isinstance(one, list) and one and all(isinstance(x, dict) for x in one)
    ]
    if len(found) > 1:
        want = "a file with one list of records"
        got = ", ".join(f"{path} with {len(one)}" for path, one in found)
        raise DataError(sentence(source, "data", want, got, "Write each into a file of its own."))
    return (found[0][1], f"under {found[0][0]!r:.60}") if found else None


def _nested_records(value: dict[str, dict[str, Any]]) -> tuple[Records, str] | None:
    """Return the records of an object of objects: by column or by row."""
    outer, inner = list(value), list(dict.fromkeys(key for one in value.values() for key in one))
    if _are_keys(inner) and not _are_keys(outer):
        records = [{name: column.get(key) for name, column in value.items()} for key in inner]
        index = None if INDEX in value or all(key.isdecimal() and len(key) < STAMP for key in inner) else inner
        return _restore_index(records, index), "an object for each column"
    if len(outer) < 2:
        return None
    same = all(list(one) == inner for one in value.values())
    if not same and not all(key.isdecimal() for key in outer):
        return None
    if outer == [str(n) for n in range(len(outer))]:
        return list(value.values()), "an object for each row"
    return [{"key": key} | one for key, one in value.items()], "an object for each row, its key in the column key"


def _are_keys(keys: Sequence[str]) -> bool:
    """Tell whether keys are those of rows: numbers, or times."""
    if all(key.isdecimal() for key in keys):
        return bool(keys)
    found = detect(list(keys[:SAMPLE]), INDEX) if len(keys) > 1 else None
    return found is not None and found.kind == "text" and found.certainty > 0.9
