"""Error classes, the two sentences that errors are written in, and array checks.

Every error that bigru raises on purpose is a `BigruError`. Its text reads `where: name must be WANT, got GOT. Remedy.`
or, of what is excluded by something else, `where: name is not allowed with X (got GOT). Remedy.` — the command line
prints it on one line and exits with code 2.
"""

from __future__ import annotations

import difflib
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any

import numpy as np

__all__ = [
    "ArgumentError",
    "BigruError",
    "BundleError",
    "DataError",
    "MissingExtraError",
    "TrainingError",
    "VerificationError",
    "argument",
    "check_array",
    "check_choice",
    "check_lengths",
    "first_names",
    "nearest",
    "one_line",
    "refusal",
    "require",
    "sentence",
    "spell_arguments",
]


LINE = 2400
"""Characters of an error or a note at most."""

SHORT, LONG = 300, 1200
"""Characters of the parts of a sentence: of place, name and got; of remedy and want, which may be a list."""


NAME = 80
"""Characters of a name that another is looked for at most."""


class BigruError(Exception):
    """Base of every error that bigru raises on purpose. Its text is one line, see `one_line`."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(one_line(part, LINE) if isinstance(part, str) else part for part in arguments))


class ArgumentError(BigruError, ValueError):
    """An argument, option or array is not what the function takes."""


class DataError(BigruError, ValueError):
    """A data file, or a row of it, cannot be used. The text names file and line."""


class BundleError(BigruError):
    """A saved model is missing, damaged, hostile, or newer than this version."""


class TrainingError(BigruError):
    """Training cannot go on: the loss is not finite, the disk is full, a checkpoint does not fit."""


class VerificationError(BigruError):
    """A model answers differently by engine, instruction set, batch or padding: it must not be used."""


class MissingExtraError(BigruError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"bigru: {purpose} needs the package {package}, which is not installed. "
            f"Install it with: pip install 'bigru[{extra}]'."
        )


def require(module: str, *, extra: str, purpose: str, package: str = "") -> Any:
    """Import a module of an optional package and return it.

    Args:
        module: its dotted name.
        extra: the extra of bigru that installs the package.
        purpose: what the package is needed for, for the error.
        package: its name where it is installed from; the module's unless given.

    Raises:
        MissingExtraError: it is not installed, or a library that it loads is not.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        raise MissingExtraError(package or module.partition(".")[0], extra, purpose) from error


def one_line(text: str, most: int | None = LINE) -> str:
    r"""Return a text as one line that a terminal shows as it stands: unprintable characters escaped, and shortened.

    Files, clients and other libraries write into errors and notes. Control characters, line ends of every kind, marks
    that turn the direction of writing and halves of surrogate pairs become the escapes that Python has for them.

    Args:
        text: the text.
        most: characters at most, None for any number; a longer text loses its middle, as the beginning and the end of
            a path tell most.

    >>> one_line("a\x1b[31m\u202eb\n")
    'a\\x1b[31m\\u202eb\\n'
    >>> one_line("/a/very/long/folder/name.csv:12", 20)
    '/a/very/lon...csv:12'
    """
    text = _shorten(text, most)
    if text.isprintable():
        return text
    # Spaces of other widths are no danger, and common in Chinese.
    shown = (c if c.isprintable() or unicodedata.category(c) == "Zs" else repr(c)[1:-1] for c in text)
    return _shorten("".join(shown), most)


def _shorten(text: str, most: int | None) -> str:
    if most is None or len(text) <= most:
        return text
    head = (most - 3) * 2 // 3
    return f"{text[:head]}...{text[len(text) - (most - 3 - head) :]}"


def sentence(where: str, name: str, want: str, got: object, remedy: str = "") -> str:
    """Return `where: name must be WANT, got GOT. Remedy.` as one line; each part is escaped and shortened."""
    text = f"{one_line(where, SHORT)}: {one_line(name, SHORT)} must be {one_line(want, LONG)}, "
    text += f"got {one_line(str(got), SHORT)}."
    return f"{text} {one_line(remedy, LONG)}" if remedy else text


def refusal(where: str, name: str, context: str, got: object, remedy: str = "") -> str:
    """Return `where: name is not allowed CONTEXT (got GOT). Remedy.`, for what would be right without something else.

    Args:
        where: the function or the file.
        name: the argument, option or field.
        context: what excludes it: "with ...", "without ...", "for ..." or "where ...".
        got: its value; "given" for one that has none to show.
        remedy: a sentence.

    >>> refusal("train", "--group", "with --dev", "'speaker'", "Nothing is held out then.")
    "train: --group is not allowed with --dev (got 'speaker'). Nothing is held out then."
    """
    text = f"{one_line(where, SHORT)}: {one_line(name, SHORT)} is not allowed {one_line(context, LONG)} "
    text += f"(got {one_line(str(got), SHORT)})."
    return f"{text} {one_line(remedy, LONG)}" if remedy else text


SPELLING: ContextVar[str] = ContextVar("SPELLING", default="")
"""How messages name arguments in this call: "python" or "options"; "" is as options, of what nobody has decided."""

OPTIONS = {
    "init": "--from",
    "targets": "--target",
    "id": "--id-column",
    "time": "--time-column",
    "features": "--feature",
}
"""The options that are not called as their argument."""

DENIALS = {
    "header": "--no-header",
    "multi_label": "--one-label",
    "plain": "--no-plain",
    "soft_labels": "--no-soft-labels",
}
"""The options that stand for False."""

SEVERAL = ("id", "time", "labels", "features", "targets")
"""Arguments that hold several names."""

REPEATED = ("targets",)
"""Those whose option is given once for each name."""


@contextmanager
def spell_arguments(how: str) -> Iterator[None]:
    """Have messages name arguments as the caller gave them: "python" or "options". The outermost caller decides."""
    token = None if SPELLING.get() else SPELLING.set(how)
    try:
        yield
    finally:
        if token is not None:
            SPELLING.reset(token)


def argument(name: str, *values: Any) -> str:
    """Return an argument of `bigru.train` or `bigru.evaluate` as the caller writes it: in Python, or as an option.

    Args:
        name: the argument; "reading.FIELD" for a field of `Reading`, "settings.NAME" for a setting without an option.
        values: what it is given; none for the argument alone.

    >>> argument("reading.zone"), argument("reading.zone", "Europe/Berlin"), argument("force", True)
    ('--zone', '--zone Europe/Berlin', '--force')
    >>> with spell_arguments("python"):
    ...     argument("reading.zone"), argument("reading.zone", "Europe/Berlin"), argument("force", True)
    ('reading.zone', "Reading(zone='Europe/Berlin')", 'force=True')
    """
    room, _, own = name.rpartition(".")
    if SPELLING.get() == "python":
        shown = repr(values if own in SEVERAL or len(values) > 1 else values[0]) if values else ""
        if room == "reading":
            return f"Reading({own}={shown})" if values else name
        return f"{own}={shown}" if values else own
    typed = ",".join(map(str, values))
    if room == "settings":
        return f"--set {own}={typed}"
    if len(values) == 1 and isinstance(values[0], bool):
        return OPTIONS.get(own, f"--{own.replace('_', '-')}") if values[0] else DENIALS[own]
    flag = OPTIONS.get(own, f"--{own.replace('_', '-')}")
    if own in REPEATED and values:
        return " ".join(f"{flag} {shlex.quote(str(value))}" for value in values)
    return f"{flag} {shlex.quote(typed)}" if values else flag


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'x'?` for the known word closest to `word`, or an empty string.

    Only names of at most `NAME` characters are compared: it takes the product of their lengths.
    """
    short = [name for name in known if len(name) <= NAME] if len(word) <= NAME else []
    close = difflib.get_close_matches(word, short, n=1, cutoff=0.5)
    return f"Did you mean {close[0]!r}?" if close else ""


def first_names(names: Sequence[str], most: int) -> str:
    """Return the first names in a row, and how many more there are: "a, b and 3 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def check_choice(where: str, name: str, value: object, choices: Iterable[str]) -> None:
    """Raise ArgumentError unless `value` is one of `choices`."""
    known = list(choices)
    if value not in known:
        remedy = nearest(str(value), known)
        raise ArgumentError(sentence(where, name, "one of " + ", ".join(known), repr(value), remedy))


def check_array(
    where: str,
    name: str,
    value: Any,
    shape: tuple[str | int, ...],
    dtype: str = "float",
    letters: dict[str, int] | None = None,
) -> np.ndarray:
    """Check dtype kind and shape of an array; bind the letters of its shape.

    Args:
        where: the function that asks, as the user knows it.
        name: the argument's name.
        value: anything `np.asarray` takes.
        shape: one entry per axis; an int is exact, a letter ("B", "T", ...) is bound in
            `letters` at first sight and must agree afterwards.
        dtype: "float" or "int", the kind wanted.
        letters: letters bound so far; extended in place.

    Returns:
        The value as an array, not copied if it was one.

    Raises:
        ArgumentError: the kind, the number of axes or an axis does not fit.
    """
    array = np.asarray(value)
    bound = {} if letters is None else letters
    want = "[" + ", ".join(f"{s}={bound[s]}" if s in bound else str(s) for s in shape) + "]"
    kinds = {"float": "f", "int": "iu"}[dtype]
    if array.dtype.kind not in kinds:
        raise ArgumentError(sentence(where, name, f"{dtype} {want}", f"dtype {array.dtype}"))
    fits = array.ndim == len(shape) and all(
        bound.setdefault(s, n) == n if isinstance(s, str) else s == n for s, n in zip(shape, array.shape, strict=True)
    )
    if not fits:
        raise ArgumentError(sentence(where, name, f"{dtype} {want}", f"shape {list(array.shape)}"))
    return array


def check_lengths(where: str, lengths: Any, batch: int, time: int) -> np.ndarray:
    """Return `lengths` as int64 [B], every entry within 0..T.

    Raises:
        ArgumentError: wrong kind or shape, or an entry below 0 or above T.
    """
    array = check_array(where, "lengths", lengths, (batch,), "int").astype(np.int64, copy=False)
    if array.size and (array.min() < 0 or array.max() > time):
        bad = int(array.min() if array.min() < 0 else array.max())
        raise ArgumentError(sentence(where, "lengths", f"within 0..T={time}", bad))
    return array
