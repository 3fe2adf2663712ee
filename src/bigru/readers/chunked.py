"""Files larger than memory, part by part: lines, tables and JSON lines give the inputs that `read` finds in the whole.

What is inferred (encoding, format, separator, columns) is inferred from the first part and holds for all. Other
formats, series and recordings are read as a whole.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from ..errors import DataError, sentence
from .columns import has_header
from .encoding import MARKS, decode
from .examples import Examples
from .formats import by_content, by_name
from .packed import LINE, unpacked
from .parsers import delimited as tables
from .parsers import jsonl
from .reader import read
from .records import Options, Record, from_records

__all__ = ["SMALL", "parts"]

SMALL = 1 << 24
"""Bytes, unpacked, up to which a file is read as a whole."""

PART = 1 << 22
"""Characters of a part."""

FORMATS = ("csv", "tsv", "jsonl", "txt")
"""Formats that can be read part by part."""

Told = Callable[[float], None]
"""Told from time to time what share of a file has been read."""

Records = tuple[list[Record], list[int]]
"""Records and the line of each."""


def parts(path: str, told: Told = lambda _share: None, **options: Any) -> Iterator[Examples]:
    """Yield the inputs of a file, a part at a time; a file of at most `SMALL` bytes is a single part.

    Args:
        path: the file, gzipped or not.
        told: told what share of the file has been read.
        options: as of `read`; labels are not asked for.

    Raises:
        DataError, ArgumentError, MissingExtraError: as `read`; of a later part, after the parts before it.
    """
    found = _found(path, options)
    if found is None:
        yield read(path, require_targets=False, **options)
        told(1.0)
        return
    codec, kind, quoted = found
    with _opened(path) as (stream, share):
        cut: Cut | None = None
        for text, line in _texts(stream, codec, path, quoted):
            if kind != "txt" and not text.strip():
                continue
            if cut is None:
                cut = Cut(path, kind, text, options)
            examples = cut.examples(text, line)
            said = {"so far": "as the file is read part by part", "format": kind, "encoding": codec}
            examples.inferred = said | examples.inferred
            told(share())
            yield examples
        told(1.0)


class Cut:
    """How a part of a file becomes inputs, decided by the first part.

    Args:
        source: the file as the user named it.
        kind: one of `FORMATS`.
        text: the first part.
        options: as of `read`.

    Attributes:
        quoted: whether quotes may hold line ends.
    """

    def __init__(self, source: str, kind: str, text: str, options: dict[str, Any]) -> None:
        self._source, self._kind = source, kind
        self._names: list[str] = []
        self._delimiter: str | None = None
        self.quoted = False
        self._options = Options(options.get("task"), options.get("text_column"), require_targets=False)
        if kind in ("csv", "tsv"):
            self._begin(text)

    def _begin(self, text: str) -> None:
        """Learn from the first part what separates the columns of a table, and what they are called."""
        table = tables.parse(text, self._source, "\t" if self._kind == "tsv" else None)
        first = table.rows[0]
        self._delimiter, self._header = table.delimiter, 0
        self.quoted = table.quoted
        if has_header(first, table.rows[1:], (self._options.text_column,)):
            self._names, self._header = [cell.strip() for cell in first], table.lines[0]
        else:
            self._names = [str(n) for n in range(1, len(first) + 1)]

    def examples(self, text: str, line: int) -> Examples:
        """Return the inputs of a part that begins on a line."""
        examples = from_records(self._source, *self._records(text, line), self._options)
        column = examples.inferred.get("text column")
        if column is not None:
            # What the first part was chosen by, the others are read by.
            self._options = replace(self._options, text_column=column)
        return examples

    def _records(self, text: str, line: int) -> Records:
        if self._kind == "jsonl":
            return jsonl.parse(text, self._source, line)
        if self._kind == "txt":
            texts = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
            return [{"text": one} for one in texts], list(range(line, line + len(texts)))
        table = tables.parse(text, self._source, self._delimiter, line)
        rows, lines = table.rows, table.lines
        if lines and lines[0] == self._header:
            rows, lines = rows[1:], lines[1:]
        if rows and len(rows[0]) != len(self._names):
            want = f"{len(self._names)} columns, as the first row"
            raise DataError(sentence(f"{self._source}:{lines[0]}", "row", want, len(rows[0])))
        return [dict(zip(self._names, row, strict=True)) for row in rows], lines


@contextmanager
def _opened(path: str) -> Iterator[tuple[IO[bytes], Callable[[], float]]]:
    """Open a file, unpacked if it is gzipped; with it comes what tells the share that has been read.

    Raises:
        DataError: a device; gzip that is damaged, where it is read.
    """
    size = max(Path(path).stat().st_size, 1)
    with unpacked(path) as (stream, raw):
        yield stream, lambda: min(raw.tell() / size, 1.0)


def _found(path: str, options: dict[str, Any]) -> tuple[str, str, bool] | None:
    """Return encoding and format of a large file that can be read part by part, and whether its records may hold line
    ends in quotes; None for any other."""
    if not Path(path).is_file() or options.get("id_column") or options.get("time_column"):
        return None
    try:
        with _opened(path) as (stream, _):
            head = stream.read(SMALL + 1)
    except OSError:  # `read` says of it what is to be said
        return None
    if len(head) <= SMALL:
        return None
    codec = options.get("encoding") or next((name for mark, name in MARKS if head.startswith(mark)), None)
    if codec is None:
        codec = decode(head[: head.rfind(b"\n") + 1] or head, path)[1]
    try:
        text = codecs.getincrementaldecoder(codec)("replace").decode(head)
    except (LookupError, UnicodeError):  # `read` says of it what is to be said
        return None
    kind = options.get("format") or by_name(path, head) or by_content(text)
    if kind not in FORMATS or (kind == "jsonl" and text.lstrip()[:1] == "["):
        return None
    part = text[: _end(text, kind in ("csv", "tsv")) or _end(text, False)]
    if not part:
        return None
    cut = Cut(path, kind, part, options)
    return (codec, kind, cut.quoted) if cut.examples(part, 1).kind in ("text", "tokens") else None


def _texts(stream: IO[bytes], codec: str, source: str, quoted: bool) -> Iterator[tuple[str, int]]:
    """Yield parts that end where a record ends, and the number of the line that each begins on."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    waiting, line = "", 1
    while True:
        block = stream.read(PART)
        try:
            waiting += decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            at = line + waiting.count("\n") + error.object[: error.start].count(b"\n")
            got = f"byte 0x{error.object[error.start]:02x}"
            remedy = "Save the file as UTF-8, or name its encoding."
            raise DataError(sentence(f"{source}:{at}", "text", f"valid {codec}", got, remedy)) from None
        end = _end(waiting, quoted) if block else len(waiting)
        if not end and len(waiting) > LINE:
            raise DataError(sentence(f"{source}:{line}", "row", f"at most {LINE:,} characters", "a longer one"))
        if end:
            yield waiting[:end], line
            line += waiting.count("\n", 0, end)
            waiting = waiting[end:]
        if not block:
            return


def _end(text: str, quoted: bool) -> int:
    """Return where the last whole record of a text ends: behind a line end that stands in no quotes, 0 for none."""
    end = text.rfind("\n")
    while quoted and end >= 0 and text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, text.rfind('"', 0, end))
    return end + 1
