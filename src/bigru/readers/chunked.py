"""Files larger than memory, part by part: lines, tables and JSON lines give the inputs that `read` finds in the whole.

What is inferred (encoding, format, separator, columns) is inferred from the first part and holds for all. Other
formats, series and recordings are read as a whole.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from ..errors import DataError, sentence
from .examples import Examples
from .formats import FORMATS, by_content, by_name
from .headers import named_columns
from .layouts.evidence import Proposal, View
from .layouts.verdict import build, choose
from .literals import FOUND
from .opening.encoding import MARKS, decode
from .opening.packed import LINE_BYTES, open_unpacked
from .parsers import delimited, jsonl
from .reader import UNREAD, check_used, read
from .reading import Reading
from .table import Table

__all__ = ["WHOLE_BYTES", "parts"]

WHOLE_BYTES = 1 << 24
"""Bytes, unpacked, up to which a file is read as a whole."""

PART = 1 << 22
"""Characters of a part."""

FIRST = 2
"""Lines of the first part at least: a header says nothing without a row."""

Report = Callable[[float], None]
"""Called from time to time with the share of a file that has been read."""


def parts(
    path: str,
    report: Report = lambda _share: None,
    reading: Reading = UNREAD,
    kind: str | None = None,
    longest: int = LINE_BYTES,
) -> Iterator[Examples]:
    """Yield the inputs of a file, a part at a time; a file of at most `WHOLE_BYTES` bytes is a single part.

    Args:
        path: the file, gzipped or not.
        report: called with the share of the file that has been read.
        reading: what is decided already; labels are not asked for.
        kind: the kind of inputs that the model takes.
        longest: characters of a line at most.

    Raises:
        DataError, ArgumentError, MissingExtraError: as `read`; of a later part, after the parts before it.
    """
    if longest < LINE_BYTES:
        _check_first_line(path, longest)
    found = _detect(path, reading, kind)
    if found is None:
        whole = read(path, reading, require_targets=False, kind=kind)
        report(1.0)
        yield whole
        return
    codec, format, quoted = found
    with _open(path) as (stream, share):
        cut: FilePart | None = None
        for text, line in _texts(stream, codec, path, quoted, longest):
            if format != "txt" and not text.strip():
                continue
            if cut is None:
                cut = FilePart(path, format, text, reading, kind)
            examples = cut.examples(text, line)
            facts = {"so far": "as the file is read part by part", "format": format, "encoding": codec}
            examples.inferred = facts | examples.inferred
            report(share())
            yield examples
        report(1.0)


class FilePart:
    """How a part of a file becomes inputs, decided by the first part.

    Args:
        source: the file as the user named it.
        format: one of `FORMATS` that can be read by parts.
        text: the first part.
        reading: what is decided already.
        kind: the kind of inputs that the model takes.

    Attributes:
        quoted: whether quotes may hold line ends.
        by_parts: whether further parts can be read like the first; lists in cells need the whole column.
    """

    def __init__(self, source: str, format: str, text: str, reading: Reading, kind: str | None) -> None:
        self._source, self._format, self._reading, self._kind = source, format, reading, kind
        self.quoted, self._body = False, 1
        self._names: list[str] = []
        first = self._table(text, 1)
        self._names, self._named = first.names, first.named
        self._body = first.lines[0]
        self.by_parts = FOUND not in first.inferred
        self._chosen: Proposal = choose(first, reading, False, kind)[0]

    def examples(self, text: str, line: int) -> Examples:
        """Return the inputs of a part that begins on a line."""
        table = self._table(text, line)
        result = build(table, self._chosen, View(table, self._reading, False, self._kind))
        check_used(result, self._format, self._reading, False)
        return result

    def _table(self, text: str, line: int) -> Table:
        if self._format == "jsonl":
            table = Table.from_records(*jsonl.records(text, self._source, line), self._source)
            return table if not self._names else table.select(self._names)
        if self._format == "txt":
            texts = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
            return Table(["text"], [texts], range(line, line + len(texts)), self._source)
        if not self._names:
            tab = "\t" if self._format == "tsv" else None
            reading = self._reading.but(separator=self._reading.separator or tab)
            self._dialect, _ = delimited.inspect(text, reading)
            grid = delimited.split_text(text, self._source, self._dialect, whole=True)
            self.quoted = self._dialect.quotes and "quotes" not in grid.inferred
            return named_columns(grid, self._reading, ask=False)
        grid = delimited.split_text(text, self._source, self._dialect, line, whole=line == 1)
        rows, lines = grid.rows, grid.lines
        skip = sum(one < self._body for one in lines)
        rows, lines = rows[skip:], lines[skip:]
        if rows and len(rows[0]) != len(self._names):
            want = f"{len(self._names)} columns, as the first row"
            raise DataError(sentence(f"{self._source}:{lines[0]}", "row", want, len(rows[0])))
        columns: list[Sequence[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in self._names]
        return Table(self._names, columns, lines, self._source, self._named, findings=grid.findings)


@contextmanager
def _open(path: str) -> Iterator[tuple[IO[bytes], Callable[[], float]]]:
    """Open a file, unpacked if it is gzipped; with it comes what tells the share that has been read.

    Raises:
        DataError: a device; gzip that is damaged, where it is read.
    """
    size = max(Path(path).stat().st_size, 1)
    with open_unpacked(path) as (stream, raw):
        yield stream, lambda: min(raw.tell() / size, 1.0)


def _detect(path: str, reading: Reading, kind: str | None) -> tuple[str, str, bool] | None:
    """Return encoding and format of a large file that can be read part by part, and whether its records may hold line
    ends in quotes; None for any other."""
    known = reading.format is None or reading.format in FORMATS  # `read` refuses what is not
    if not known or not Path(path).is_file() or reading.id or reading.time:
        return None
    try:
        with _open(path) as (stream, _):
            head = stream.read(WHOLE_BYTES + 1)
    except OSError:  # `read` says what is wrong with it
        return None
    if len(head) <= WHOLE_BYTES:
        return None
    codec = reading.encoding or next((name for mark, name in MARKS if head.startswith(mark)), None)
    if codec is None:
        codec = decode(head[: head.rfind(b"\n") + 1] or head, path)[1]
    try:
        text = codecs.getincrementaldecoder(codec)("replace").decode(head)
    except (LookupError, UnicodeError):  # `read` says of it what is to be said
        return None
    format = reading.format or by_content(text, path, by_name(path, head))
    if not FORMATS[format].by_parts or (format == "jsonl" and text.lstrip()[:1] == "["):
        return None
    part = text[: _end(text, format in ("csv", "tsv")) or _end(text, False)]
    if part.count("\n") < FIRST:  # a row of megabytes behind the header
        return None
    cut = FilePart(path, format, part, reading, kind)
    if not cut.by_parts:
        return None
    return (codec, format, cut.quoted) if cut.examples(part, 1).kind in ("text", "tokens") else None


def _check_first_line(path: str, longest: int) -> None:
    """Refuse a text whose first line is too long, before the file is read as a whole."""
    if not Path(path).is_file():
        return
    with _open(path) as (stream, _):
        head = stream.read(longest + 1)
    named = by_name(path, head)
    whole = named is not None and not FORMATS[named].by_parts
    lines = b"\n" in head or b"\r" in head or head.lstrip()[:1] == b"["
    if len(head) > longest and not whole and not lines:
        _refuse_long(path, 1, longest)


def _refuse_long(source: str, line: int, longest: int) -> NoReturn:
    remedy = "Break the text into lines."
    raise DataError(sentence(f"{source}:{line}", "row", f"at most {longest:,} characters", "a longer one", remedy))


def _texts(stream: IO[bytes], codec: str, source: str, quoted: bool, longest: int) -> Iterator[tuple[str, int]]:
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
        if block and line == 1 and waiting.count("\n", 0, end) < FIRST:
            end = 0
        if not end and len(waiting) > longest:
            _refuse_long(source, line, longest)
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
