"""Features of tokens: further columns of a table of tokens, written behind each word as `dogs￨NNS￨I-NP`.

The notation is that of OpenNMT's source features (Klein et al. 2017, arXiv:1701.02810), so that a sequence stays a list
of strings wherever it goes. Only a reading with features divides tokens at the separator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, DataError, argument, nearest, refusal, sentence
from .labels import LabelReader

if TYPE_CHECKING:
    from .examples import Examples
    from .reading import Reading

__all__ = ["SEPARATOR", "attach", "check_attached", "columns_of", "divide", "is_quantised", "words_of"]

SEPARATOR = "\uffe8"
"""HALFWIDTH FORMS LIGHT VERTICAL, between a word and its features."""

FIELDS = ("text", "label", "group", "id", "time")
"""The fields of a reading that name columns which can hold no features."""


def divide(tokens: Sequence[str], names: Sequence[str], where: str, what: str) -> list[list[str]]:
    """Return word and features of each token, [T] lists of 1 + F strings.

    Args:
        tokens: T tokens in the notation.
        names: of the F features.
        where, what: how errors name the place and the input.

    Raises:
        ArgumentError: the input is a text, or a token has too few or too many features, or an empty one.
    """
    form = SEPARATOR.join(["word", *names])
    if isinstance(tokens, str):
        remedy = "Give a file with these columns, or tokens in this form."
        raise ArgumentError(sentence(where, what, f"a list of tokens with features, as {form!r}", "a text", remedy))
    parts = [token.split(SEPARATOR) for token in tokens]
    width = 1 + len(names)
    for n, part in enumerate(parts, 1):
        if len(part) != width or "" in part[1:]:
            raise ArgumentError(sentence(where, f"{what} token {n}", f"of the form {form!r}", repr(tokens[n - 1])))
    return parts


def words_of(tokens: Sequence[str]) -> list[str]:
    """Return tokens without their features."""
    return [token.partition(SEPARATOR)[0] for token in tokens]


def is_quantised(reading: Reading) -> tuple[str, ...]:
    """Return the columns to read as features: those that were named, else those that a model was trained on."""
    return reading.features or tuple((reading.like or {}).get("feature", ()))


def columns_of(
    source: str, reading: Reading, names: Sequence[str], taken: Mapping[str, str] | None = None
) -> list[str]:
    """Return the columns of a file that hold features, by their names in it.

    Args:
        source: the file as the user named it.
        reading: what the user has decided.
        names: of all columns.
        taken: what other columns are read as, by name ("the tokens", ...).

    Raises:
        DataError: there is no such column, or it is read as something else, or named twice.
    """
    found: list[str] = []
    for one in is_quantised(reading):
        name = _known(source, reading, one, names)
        for field in FIELDS:
            named = getattr(reading, field)
            if name in ((named,) if isinstance(named, str) else named or ()):
                want = f"another column than {argument(f'reading.{field}')}"
                raise DataError(sentence(source, argument("reading.features"), want, repr(name)))
        if name in (taken or {}):
            want = f"another column than that of {(taken or {})[name]}"
            raise DataError(sentence(source, argument("reading.features"), want, repr(name)))
        if name in found:
            raise DataError(sentence(source, argument("reading.features"), "each column once", f"{name!r} twice"))
        found.append(name)
    return found


def _known(source: str, reading: Reading, one: str, names: Sequence[str]) -> str:
    if one in names:
        return one
    if one.isascii() and one.isdecimal() and 1 <= int(one[:9]) <= len(names):
        return names[int(one[:9]) - 1]
    if not reading.features:
        want = f"the tokens and {', '.join(map(repr, is_quantised(reading)))}, which the model reads as features"
        remedy = f"Name a column that is called otherwise with {argument('reading.features')}."
        raise DataError(sentence(source, "columns", want, ", ".join(names), remedy))
    want = "one of the columns " + ", ".join(names)
    raise DataError(sentence(source, argument("reading.features"), want, repr(one), nearest(one, names)))


def attach(result: Examples, names: Sequence[str], cells: Sequence[Sequence[Sequence[Any]]]) -> None:
    """Write features behind the tokens of examples; findings list what had stray spaces.

    Args:
        result: examples of tokens.
        names: of the F features.
        cells: per example and feature a cell for each token.

    Raises:
        DataError: a cell is empty, or a cell or token holds the separator.
    """
    if not names:
        return
    readers = [LabelReader(result.source, f"feature {name!r}") for name in names]
    known: dict[str, str] = {}
    for n, (tokens, columns) in enumerate(zip(result.inputs, cells, strict=True)):
        rows: list[list[str]] = [tokens]
        for reader, column in zip(readers, columns, strict=True):
            rows.append([reader.one(cell, _line(result, n, at)) for at, cell in enumerate(column)])
        for at, what, part in _marked(rows, names):
            want = f"without {SEPARATOR!r} (U+FFE8), which separates features"
            raise DataError(sentence(f"{result.source}:{_line(result, n, at)}", what, want, repr(part)))
        joined = map(SEPARATOR.join, zip(*rows, strict=True))
        result.inputs[n] = [known.setdefault(token, token) for token in joined]
    result.features = tuple(names)
    result.inferred["features"] = ", ".join(names)
    for reader in readers:
        result.findings += reader.findings()


def _marked(rows: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield place, kind and content of the words and features that hold the separator."""
    for what, row in zip(["token", *(f"feature {name!r}" for name in names)], rows, strict=True):
        if SEPARATOR in "".join(row):
            yield from ((at, what, part) for at, part in enumerate(row) if SEPARATOR in part)


def _line(result: Examples, n: int, at: int) -> int:
    return result.lines[n] if result.token_lines is None else int(result.token_lines[n][at])


def check_attached(result: Examples, format: str, reading: Reading, required: bool) -> None:
    """Refuse columns of features that were named, or that a model reads, and that the file cannot give.

    Raises:
        DataError: it cannot.
    """
    names = ", ".join(is_quantised(reading))
    if names and not result.features and not reading.features:
        want = f"tokens with the columns {names}, which the model reads as features"
        raise DataError(sentence(result.source, "data", want, f"{result.kind} of the format {format}"))
    if reading.features and not result.features:
        context = f"for the format {format}"
        raise DataError(refusal(result.source, argument("reading.features"), context, repr(names)))
    if names and required and not result.target.per_step:
        context = "where inputs have one label each"
        raise DataError(refusal(result.source, argument("reading.features"), context, repr(names)))
