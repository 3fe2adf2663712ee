"""Tables in long form, a row per step, to series: what tells them apart, what orders their steps, what is measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import DataError, sentence
from .columns import LABELS, TEXTS, find
from .examples import Examples
from .findings import Finding
from .labels import LabelReader, is_list, is_missing
from .numbers import are_numbers, column_of, said

__all__ = ["Long", "from_long", "long_form"]

IDS = (
    *("id", "series_id", "series", "unique_id", "case_id", "case", "sequence_id", "sequence", "sample_id", "sample"),
    *("序列", "编号", "样本"),
)
"""Names of columns that tell series apart, the surest first."""

TIMES = (
    *("time", "timestamp", "datetime", "date", "step", "time_step", "timestep", "t", "tick", "frame", "index"),
    *("时间", "时刻", "日期", "步"),
)
"""Names of columns that order the steps, the surest first."""

NAMED_LABELS = tuple(name for name in LABELS if name != "y")
"""Names of label columns; y is a coordinate."""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Long:
    """The columns of a table in long form; `time` is None where steps stand in their order, `label` where none is."""

    id: str
    time: str | None
    label: str | None
    values: tuple[str, ...]


def long_form(source: str, records: Sequence[Record], names: Sequence[str], options: Any) -> Long | None:
    """Tell whether a table is in long form, and what its columns are.

    It is if a column is named that tells series apart; else if there are a column of such a name that holds most
    values more than once, a column with the name of a time, no column with the name of texts, and numbers.

    Args:
        source: the file as the user named it.
        records: its rows.
        names: its columns.
        options: of `bigru.readers.records.Options`.

    Raises:
        DataError: a named column is absent; or the table is in long form and no column of numbers is left, or no
            label where one is required.
    """
    column = {name: find(source, names, name, getattr(options, name)) for name in ("id_column", "time_column")}
    told = column["id_column"] is not None
    id, time = (
        _known(names, known) if place is None else names[place]
        for place, known in zip(column.values(), (IDS, TIMES), strict=True)
    )
    if not told and column["time_column"] is not None and id is None:
        remedy = "Name the column that tells series apart with --id-column."
        raise DataError(sentence(source, "id_column", "given beside time_column", "nothing", remedy))
    if id is None or (not told and not _looks_long(records, names, id, time, options)):
        return None
    given = find(source, names, "label_column", options.label_column)
    label = _known(names, NAMED_LABELS, (id, time)) if given is None else names[given]
    rest = [name for name in names if name not in (id, time, label)]
    values = tuple(name for name in rest if are_numbers([record.get(name) for record in records]))
    others = [name for name in rest if name not in values]
    if label is None and len(others) == 1 and options.require_targets:
        label = others[0]
    if not values:
        raise DataError(sentence(source, "columns", "at least one of numbers", ", ".join(names)))
    if label is None and options.require_targets:
        want = f"named, as none of the columns {', '.join(names)} is one of {', '.join(LABELS[:4])}, ..."
        raise DataError(sentence(source, "label_column", want, "nothing"))
    return Long(id, time, label, values)


def _known(names: Sequence[str], known: Sequence[str], taken: Sequence[str | None] = ()) -> str | None:
    folded = {str(name).strip().casefold(): name for name in reversed(names) if name not in taken}
    return next((folded[name] for name in known if name in folded), None)


def _looks_long(records: Sequence[Record], names: Sequence[str], id: str, time: str | None, options: Any) -> bool:
    if time is None or options.text_column is not None or _known(names, TEXTS) is not None:
        return False
    if any(is_list(value) for record in records[:1] for value in record.values()):
        return False
    owners = Counter(str(record[id]) for record in records if not is_missing(record.get(id)))
    return len(owners) * 2 <= owners.total()


def from_long(source: str, records: Sequence[Record], lines: Sequence[int], long: Long, options: Any) -> Examples:
    """Build series from the rows of a table in long form, in the order of their first rows.

    One label in all rows of every series belongs to the series; labels that change belong to the steps.

    Raises:
        DataError: a row has no id or no time; times of a series do not rise; a value is no number; labels change
            within a series that must have one; a step has no label. File and line are named.
    """
    groups = _groups(source, records, lines, long.id)
    if long.time is not None:
        _check_order(source, records, lines, groups, long.time)
    columns = [column_of([r.get(name) for r in records], lines, source, name) for name in long.values]
    table = np.stack(columns, axis=1)
    result = Examples([table[rows] for rows in groups.values()], None, "series", [], source)
    result.lines = [lines[rows[0]] for rows in groups.values()]
    result.inferred |= {"id column": long.id, "time column": long.time or "none, rows are in order"}
    result.inferred |= {"values": ", ".join(long.values)} | said(result.inputs)
    left = [name for name in dict.fromkeys(key for r in records for key in r) if name not in _used(long)]
    if left:
        result.inferred["not read"] = ", ".join(left)
    if long.label is not None:
        result.inferred["label column"] = long.label
        _read_labels(result, [r.get(long.label) for r in records], lines, groups, options)
    return result


def _used(long: Long) -> set[str | None]:
    return {long.id, long.time, long.label, *long.values}


def _groups(source: str, records: Sequence[Record], lines: Sequence[int], id: str) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for n, record in enumerate(records):
        owner = record.get(id)
        if is_missing(owner):
            raise DataError(sentence(f"{source}:{lines[n]}", f"column {id!r}", "filled in every row", repr(owner)))
        groups.setdefault(str(owner).strip(), []).append(n)
    return groups


def _check_order(
    source: str, records: Sequence[Record], lines: Sequence[int], groups: Mapping[str, list[int]], name: str
) -> None:
    """Refuse times that do not rise within a series; numbers are numbers, all else is ISO 8601."""
    cells = [record.get(name) for record in records]
    numbers = all(_is_float(cell) for cell in cells)
    times = [
        float(str(cell)) if numbers else _moment(cell, f"{source}:{line}")
        for cell, line in zip(cells, lines, strict=True)
    ]
    zoned = [not isinstance(time, float) and time.tzinfo is not None for time in times]
    if any(zoned) and not all(zoned):
        place = f"{source}:{lines[zoned.index(not zoned[0])]}"
        want = f"{'with' if zoned[0] else 'without'} a zone, as in line {lines[0]}"
        remedy = "Convert all times to one zone."
        raise DataError(sentence(place, f"column {name!r}", want, repr(cells[zoned.index(not zoned[0])]), remedy))
    for owner, rows in groups.items():
        for before, here in pairwise(rows):
            if not times[before] < times[here]:  # type: ignore[operator]
                want = f"after {cells[before]} of line {lines[before]}, in series {owner!r}"
                remedy = "Sort the rows of each series by time, and leave out those that come twice."
                raise DataError(
                    sentence(f"{source}:{lines[here]}", f"column {name!r}", want, repr(cells[here]), remedy)
                )


def _is_float(cell: Any) -> bool:
    try:
        return not math.isnan(float(str(cell)))
    except ValueError:
        return False


def _moment(cell: Any, place: str) -> datetime:
    try:
        return cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell).strip())
    except ValueError:
        want = "numbers, or times as 2016-07-01 05:00:00"
        raise DataError(sentence(place, "time", want, repr(cell)[:80])) from None


def _read_labels(
    result: Examples, cells: Sequence[Any], lines: Sequence[int], groups: Mapping[str, list[int]], options: Any
) -> None:
    labels, source = LabelReader(result.source), result.source
    read = [None if is_missing(cell) else labels.one(cell, line) for cell, line in zip(cells, lines, strict=True)]
    varied = any(len({read[n] for n in rows} - {None}) > 1 for rows in groups.values())
    if varied and options.task == "classify" and not options.require_targets:
        # Labels of steps are not what the model that is to answer can be asked about.
        return
    result.task = options.task or ("tag" if varied else "classify")
    per_step = result.task == "tag"
    bare = [n for rows in groups.values() for n in rows if read[n] is None]
    if not per_step:
        filled = {n for rows in groups.values() if any(read[m] is not None for m in rows) for n in rows}
        bare = [n for n in bare if n not in filled]
    if bare and options.require_targets:
        per = "every step" if per_step else "every series"
        raise DataError(sentence(f"{source}:{lines[bare[0]]}", "label", f"given for {per}", repr(cells[bare[0]])))
    if bare:
        message = f"{len(bare)} rows have no label, so that none is read"
        result.findings.append(Finding(source, lines[bare[0]], "labels missing", message))
        return
    result.targets = []
    for owner, rows in groups.items():
        if per_step:
            result.targets.append([read[n] for n in rows])
            continue
        first = next(n for n in rows if read[n] is not None)
        other = next((n for n in rows if read[n] not in (None, read[first])), None)
        if other is not None:
            want = f"{read[first]!r}, as in line {lines[first]} of series {owner!r}"
            remedy = "Labels of steps are learnt with the task tag."
            raise DataError(sentence(f"{source}:{lines[other]}", "label", want, repr(cells[other]), remedy))
        result.targets.append(read[first])
    if per_step:
        result.token_lines = [np.array([lines[n] for n in rows]) for rows in groups.values()]
    result.findings += labels.findings()
