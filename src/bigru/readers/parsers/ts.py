"""The `.ts` files of the UEA and UCR archive (Bagnall et al. 2018, arXiv:1811.00075) to Examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import DataError, nearest, sentence
from ..examples import Examples
from ..findings import Finding
from ..labels import LabelReader
from ..numbers import summarise, to_series, whole_number
from .stamps import split_stamps

__all__ = ["parse", "sniff"]

REMARKS = ("#", "%")

TRUTH = {"true": True, "false": False}


def sniff(name: str, text: str) -> bool:
    """Tell whether a text begins as a `.ts` file does: remarks, then declarations that other formats have not."""
    lines = [line.lower() for line in text[: 1 << 16].removeprefix("\ufeff").split("\n") if line.strip()]
    first = next((line for line in lines if not line.lstrip().startswith(REMARKS)), "")
    declared = ("@problemname", "@timestamps", "@univariate", "@classlabel", "@missing", "@dimensions", "@targetlabel")
    return first.startswith(declared) and any(line.startswith(("@classlabel", "@targetlabel")) for line in lines)


def parse(text: str, source: str, *, require_targets: bool = True) -> Examples:
    """Read series: a line each, dimensions separated by `:`, their values by `,`, the class last; `?` is missing.

    Lines that begin with `#` or `%` are remarks. Time stamps, `(time,value)`, are left out where those of each series
    are one step apart.

    Args:
        text: the content of the file.
        source: the file as the user named it.
        require_targets: whether classes must be there.

    Raises:
        DataError: time stamps that are not one step apart, a target that is a number (`@targetLabel`), no `@data`, a
            class that the header does not list, dimensions of different length or number, or a value that is no
            number; the line is named.
    """
    rows = list(enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1))
    header, begin = _header(rows, source)
    classes = header.get("classlabel", ["false"])
    labelled = _truth("@classLabel", classes, source)
    stamped = _truth("@timeStamps", header.get("timestamps", ["false"]), source)
    if "targetlabel" in header and require_targets:
        raise DataError(sentence(source, "@classLabel", "true, with classes to learn", "@targetLabel, a number"))
    if require_targets and not labelled:
        raise DataError(sentence(source, "@classLabel", "true, with classes to learn", "false"))
    extra = labelled or "targetlabel" in header
    result = Examples([], [] if labelled else None, "series", [], source)
    labels, known = LabelReader(source), [one.strip() for one in classes[1:]]
    for line, row in rows[begin:]:
        if not row.strip() or row.lstrip().startswith(REMARKS):
            continue
        cells = split_stamps(row, f"{source}:{line}") if stamped else row.split(":")
        label = cells.pop() if extra else None
        _check_dimensions(cells, header, source, line)
        result.inputs.append(_values(cells, f"{source}:{line}"))
        result.lines.append(line)
        if labelled and result.targets is not None:
            result.targets.append(_known(labels.one(label, line), known, f"{source}:{line}"))
    if not result.inputs:
        raise DataError(sentence(source, "data", "at least one example", "none after @data"))
    _check_widths(result)
    result.findings += labels.findings()
    result.findings += [
        Finding(source, line, "empty row", "the line is blank; left out") for line in _blank(rows, begin)
    ]
    result.inferred |= summarise(result.inputs)
    if stamped:
        result.inferred["time stamps"] = "left out (one step apart in every series)"
    return result


def _header(rows: Sequence[tuple[int, str]], source: str) -> tuple[dict[str, list[str]], int]:
    """Return the words behind each `@name`, in lower case, and how many lines come before the data."""
    found: dict[str, list[str]] = {}
    for n, (line, row) in enumerate(rows, 1):
        words = row.split()
        if not words or words[0].startswith(REMARKS):
            continue
        name = words[0].lower()
        if name == "@data":
            return found, n
        if not name.startswith("@"):
            raise DataError(
                sentence(f"{source}:{line}", "row", "a @name, or a remark behind # or %, before @data", repr(row[:40]))
            )
        found[name[1:]] = words[1:] or [""]
    raise DataError(sentence(source, "@data", "there, before the series", "no such line"))


def _truth(name: str, words: Sequence[str], source: str) -> bool:
    value = words[0].lower()
    if value not in TRUTH:
        raise DataError(sentence(source, name, "true or false", repr(words[0][:40])))
    return TRUTH[value]


def _check_dimensions(cells: Sequence[str], header: dict[str, list[str]], source: str, line: int) -> None:
    written = header.get("dimensions", header.get("dimension", [""]))[0]
    univariate = header.get("univariate", [""])[0].lower() == "true"
    want = whole_number(written) or (1 if univariate else 0)
    if want and len(cells) != want:
        remedy = "A class stands behind one more colon."
        got = f"{len(cells)} separated by colons"
        raise DataError(sentence(f"{source}:{line}", "dimensions", f"{want}, as the header says", got, remedy))


def _values(cells: Sequence[str], place: str) -> np.ndarray:
    """Return float32 [T, I] of the dimensions of one series."""
    columns = [
        to_series(cell.split(",") if cell.strip() else [], f"{place} dimension {n}", texts=True)
        for n, cell in enumerate(cells, 1)
    ]
    lengths = [len(column) for column in columns]
    if len(set(lengths)) != 1:
        raise DataError(sentence(place, "dimensions", "equally long", "lengths " + ", ".join(map(str, lengths))))
    return np.concatenate(columns, axis=1)


def _known(label: str, known: Sequence[str], place: str) -> str:
    if known and label not in known:
        remedy = nearest(label, known)
        raise DataError(sentence(place, "class", "one that @classLabel lists", repr(label), remedy))
    return label


def _check_widths(result: Examples) -> None:
    width = result.inputs[0].shape[1]
    for x, line in zip(result.inputs, result.lines, strict=True):
        if x.shape[1] != width:
            want = f"{width}, as in line {result.lines[0]}"
            raise DataError(sentence(f"{result.source}:{line}", "dimensions", want, x.shape[1]))


def _blank(rows: Sequence[tuple[int, str]], begin: int) -> list[Any]:
    last = max(n for n, (_, row) in enumerate(rows) if row.strip())
    return [line for n, (line, row) in enumerate(rows) if begin <= n < last and not row.strip()]
