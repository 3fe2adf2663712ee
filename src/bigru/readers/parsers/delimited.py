"""Delimited text (CSV, TSV and similar) to a grid of cells, each row with its physical line."""

from __future__ import annotations

import csv
import gc
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ..findings import Finding
from ..reading import Reading
from ..table import Grid
from .edges import trim, without_blank
from .quotes import mend

__all__ = ["SEPARATORS", "Dialect", "inspect", "parse", "sniff", "split_text"]

SEPARATORS = {
    **{"\t": "tab", ";": "semicolon", ",": "comma", "|": "vertical bar"},
    **{
        "，": "full-width comma",
        "；": "full-width semicolon",
        "、": "ideographic comma",
        "^": "caret",
        "~": "tilde",
        "\x01": "^A",
    },
    "space": "space",
}
"""What separates columns, the likeliest first where two divide a file equally well."""

USUAL = (",", "\t", ";", "|")
"""Separators that a table with some uneven rows is still believed to have."""

SAMPLE = 1 << 16
"""Characters from which the dialect is inferred."""

NAMED = re.compile('\ufeff?"?sep=(?P<separator>[^\r\n"])"?[ ;,\t]*(?:\r\n|\r|\n)', re.IGNORECASE)
"""The first line by which Excel is given the separator."""

NUMBER = re.compile(r"[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?|[?]|[Nn][Aa][Nn]?")


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is written.

    Attributes:
        separator: one character, or "space" for any number of spaces and tabs.
        quotes: whether double quotes enclose cells; else they are characters.
        skip_spaces: whether spaces behind a separator are no part of a cell (`a, "b"`).
        escapes: whether a backslash stands before quotes inside a cell.
        quote: what encloses cells, a double quote or a single one.
        ending: what every line ends with beside its line end (the `;` of `1,2,3;`), or "".
    """

    separator: str
    quotes: bool = True
    skip_spaces: bool = False
    escapes: bool = False
    quote: str = '"'
    ending: str = ""

    def describe(self, named: bool = False) -> dict[str, str]:
        """Return what the dialect says, in words, for printing."""
        word = SEPARATORS.get(self.separator, repr(self.separator))
        said = {"separator": f"{word} (named by line 1)" if named else word}
        if not self.quotes:
            said["quotes"] = "plain characters"
        if self.quote != '"':
            said["quotes"] = "single"
        if self.skip_spaces:
            said["spaces"] = "left out behind separators"
        if self.escapes:
            said["escapes"] = "a backslash before quotes"
        if self.ending:
            said["line ends"] = f"without {self.ending!r}"
        return said


def sniff(name: str, text: str) -> bool:
    """Tell whether a text is delimited: its lines have equally many cells, at least two, by one separator."""
    return _choose(text[:SAMPLE], Reading())[1] > 0.9


def parse(text: str, source: str, reading: Reading | None = None, first: int = 1) -> Grid:
    """Divide delimited text into rows of equally many cells.

    Lines before the table (a title, metadata, remarks) and behind it (a total, a source) are left out with a finding;
    so are blank lines. Quotes are read as in RFC 4180; a row that is ill quoted but whole as it stands is read plainly,
    with a finding.

    Args:
        text: the content of the file.
        source: the file as the user named it.
        reading: what is decided already: separator, decimal sign, format "tsv".
        first: number of the first line.

    Raises:
        DataError: rows have other numbers of columns than the first (the first such row is named, all are counted), or
            a quote is never closed.
    """
    dialect, named = inspect(text, reading)
    grid = split_text(text, source, dialect, first, whole=True)
    grid.inferred = dialect.describe(named is not None) | grid.inferred
    if named is not None:
        message = f"the line names the separator, {SEPARATORS.get(named, repr(named))}; left out"
        grid.findings.insert(0, Finding(source, first, "separator line", message))
    return grid


def inspect(text: str, reading: Reading | None = None) -> tuple[Dialect, str | None]:
    """Return the dialect of a text, judged by its first part, and the separator that a `sep=` line names, if any."""
    reading = reading or Reading()
    line = NAMED.match(text)
    named = line["separator"] if line else None
    sample = text[line.end() if line else 0 :][:SAMPLE]
    if len(text) > SAMPLE:
        sample = sample[: sample.rfind("\n") + 1] or sample
    sample = _unify(sample)
    separator = reading.separator or named or ("\t" if reading.format == "tsv" else None)
    separator = separator or _choose(sample, reading)[0]
    dialect = Dialect(separator, quotes=separator != "space")
    lines = [one for one in sample.split("\n") if one.strip()]
    if separator != ";" and len(lines) > 1 and all(one.rstrip().endswith(";") for one in lines[1:]):
        dialect = replace(dialect, ending=";")
    if '"' not in sample and len(lines) > 1 and all(_is_enclosed(one, separator) for one in lines):
        dialect = replace(dialect, quote="'")
    quoted = re.escape(separator) + r'[ ]+"(?:[^"]|"")*"[ ]*(?=' + re.escape(separator) + r"|\r|\n|$)"
    if separator != "space" and re.search(quoted, sample):
        dialect = replace(dialect, skip_spaces=True)
    return dialect, named


def _is_enclosed(line: str, separator: str) -> bool:
    """Tell whether a line is cells in single quotes throughout."""
    cells = line.strip().split(f"'{separator}'")
    return len(cells) > 1 and cells[0].startswith("'") and cells[-1].endswith("'")


def split_text(text: str, source: str, dialect: Dialect, first: int = 1, whole: bool = False) -> Grid:
    """Divide a text, or a part of one, by a dialect that is known.

    Args:
        text: whole lines.
        source: the file as the user named it.
        dialect: as `inspect` returns it.
        first: number of the first line.
        whole: whether the text is the whole file, with what may stand before and behind the table.

    Raises:
        DataError: as `parse`.
    """
    line = NAMED.match(text)
    if line is not None and first == 1:
        text, first = text[line.end() :], first + 1
    text = _unify(text)
    if dialect.ending:
        text = re.sub(re.escape(dialect.ending) + r"[ \t]*(?=\n|$)", "", text)
    grid = _read(text, source, dialect, first)
    if grid.rows:
        _clean(grid, len(grid.rows) if "\ufeff" in text else 1)
        trim(grid, dialect.separator, SEPARATORS.get(dialect.separator, repr(dialect.separator)), whole)
    return grid


def _unify(text: str) -> str:
    """Return a text without a byte-order mark, and without the doubled carriage returns of a file written twice."""
    return text.removeprefix("\ufeff").replace("\r\r\n", "\r\n")


def _read(text: str, source: str, dialect: Dialect, first: int) -> Grid:
    """Return the rows, blank ones left out, of whatever widths they are."""
    if not dialect.quotes:
        return plain(text, source, dialect.separator, first)
    for one in _variants(text, dialect):
        try:
            grid = _quoted(text, source, one, first)
        except csv.Error:
            continue
        if one.escapes:
            grid.inferred |= {"escapes": "a backslash before quotes"}
        if not _needs_mending(grid, one.separator):
            _note_joined(grid, one.separator)
            return grid
        return mend(text, source, one.separator, first, one.skip_spaces, grid)
    return mend(text, source, dialect.separator, first, dialect.skip_spaces, None)


def _variants(text: str, dialect: Dialect) -> Iterator[Dialect]:
    """Yield the dialects in which quotes may be written, the likeliest first."""
    yield dialect
    if dialect.skip_spaces:
        yield replace(dialect, skip_spaces=False)
    if '\\"' in text and not dialect.escapes:
        yield replace(dialect, escapes=True)


def _needs_mending(grid: Grid, separator: str) -> bool:
    """Tell whether quotes joined lines that are whole rows as they stand, or left rows of other widths."""
    widths = Counter(map(len, grid.rows))
    if len(widths) > 1 and any('"' in cell for row in grid.rows for cell in row):
        return True
    if separator != "\t" or not widths:
        return False
    width = widths.most_common(1)[0][0]
    return any(
        line.count("\t") == width - 1
        for row in grid.rows
        for cell in row
        if "\n" in cell and "\t" in cell
        for line in cell.split("\n")
    )


def _note_joined(grid: Grid, separator: str) -> None:
    """Note quoted cells that hold lines which would be whole rows by themselves: a quote may have been forgotten."""
    for row, line, after in zip(grid.rows, grid.lines, [*grid.lines[1:], 0], strict=False):
        if 0 < after < line + 2:
            continue
        inner = [one for cell in row if "\n" in cell for one in cell.split("\n")[1:-1]]
        whole = sum(one.count(separator) == len(row) - 1 > 0 for one in inner)
        if whole and whole == len(inner):
            message = f"a quoted cell holds {whole} lines that would be rows by themselves; check its quotes"
            grid.findings.append(Finding(grid.source, line, "joined rows", message))


def _quoted(text: str, source: str, dialect: Dialect, first: int) -> Grid:
    options = {"skipinitialspace": dialect.skip_spaces, "delimiter": dialect.separator, "strict": True}
    options["quotechar"] = dialect.quote
    if dialect.escapes:
        # Only quotes and backslashes are escaped; any other backslash is a character.
        text = re.sub(r'\\(?![\\"])|\\\\(?!")', r"\\\\", text)
        options["escapechar"] = "\\"
    reader = csv.reader(io.StringIO(text, newline=""), **options)  # type: ignore[arg-type]
    with long_fields(len(text)), without_gc():
        rows = list(reader)
    if reader.line_num == len(rows):
        return without_blank(Grid(rows, list(range(first, first + len(rows))), source))
    lines, line = [], first
    for row in rows:
        lines.append(line)
        cells = ",".join(row)
        line += 1 + cells.count("\n") + cells.count("\r") - cells.count("\r\n")
    return without_blank(Grid(rows, lines, source))


def plain(text: str, source: str, separator: str, first: int) -> Grid:
    """Divide lines in which quotes are characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    rows = [line.split() if separator == "space" else line.split(separator) for line in lines]
    return without_blank(Grid(rows, list(range(first, first + len(rows))), source))


INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"


def _clean(grid: Grid, count: int) -> None:
    """Remove invisible characters around the names in the first row, and the byte-order marks of joined files from
    the first `count` rows."""
    for n, row in enumerate(grid.rows[:count]):
        cleaned = [row[0].removeprefix("\ufeff"), *row[1:]] if n else [cell.strip(INVISIBLE) for cell in row]
        if cleaned != row:
            grid.rows[n] = cleaned
            what = "a byte-order mark before the row was" if n else "invisible characters around names were"
            grid.findings.append(Finding(grid.source, grid.lines[n], "invisible character", f"{what} removed"))


@contextmanager
def without_gc() -> Iterator[None]:
    """Keep the garbage collector from walking the rows again and again while they grow: they hold no cycles."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@contextmanager
def long_fields(size: int) -> Iterator[None]:
    """Let the csv module read fields of up to `size` characters (its own limit is 131,072)."""
    before = csv.field_size_limit(max(size, csv.field_size_limit()))
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _choose(sample: str, reading: Reading) -> tuple[str, float]:
    """Return the separator that gives the most even rows of two or more columns (else a comma), and their share."""
    scores = {one: _evenness(sample, one) for one in SEPARATORS if one != "," or reading.decimal != ","}
    if "," in scores and sample.count(",") == len(re.findall(r"(?<=\d),(?=\d)", sample)):
        # Commas between digits alone are decimal signs, if anything else divides the rows as evenly.
        rival = max(score for one, score in scores.items() if one != ",")
        scores[","] = (0.0, 0, 0) if rival[:2] >= scores[","][:2] else scores[","]
    usual = max((one for one in scores if one in USUAL), key=scores.__getitem__)
    rare = max((one for one in scores if one not in USUAL), key=scores.__getitem__)
    if scores[rare][0] > 0.97 and scores[rare] > scores[usual]:
        return rare, scores[rare][0]
    return (usual, scores[usual][0]) if scores[usual][0] else (",", 0.0)


def _evenness(sample: str, separator: str) -> tuple[float, int, int]:
    """Return how well a separator divides a sample: the share of rows with the commonest number of cells, less what
    stands around the table; the rows before it, negative; and that number. All are 0 where it is one.

    Spaces separate tables of numbers alone: words have them too.
    """
    rows = _sample_rows(sample, separator)
    # A separator that cuts through quoted cells leaves halves of quotes behind.
    halves = sum(any(cell.count('"') % 2 for cell in row) for row in rows)
    if not rows or 2 * halves > len(rows):
        return 0.0, 0, 0
    width = Counter(map(len, rows)).most_common(1)[0][0]
    begin = next(n for n, row in enumerate(rows) if len(row) == width)
    end = len(rows) - next(n for n, row in enumerate(reversed(rows)) if len(row) == width)
    if 2 * begin >= len(rows) or len(rows) - end > 2:
        begin, end = 0, len(rows)
    share = sum(len(row) == width for row in rows[begin:end]) / (end - begin)
    if all(not row[-1].strip() for row in rows):
        width -= 1  # it ends lines and separates nothing by that
    return (round(share, 3), -begin, width) if width > 1 else (0.0, 0, 0)


def _sample_rows(sample: str, separator: str) -> list[list[str]]:
    """Return the rows of a sample that are neither blank nor remarks; none where spaces separate words."""
    if separator == "space":
        rows = [line.split() for line in sample.split("\n") if line.strip() and not line.startswith("#")]
        cells = [cell for row in rows[1:] or rows for cell in row]
        return rows if sum(bool(NUMBER.fullmatch(cell)) for cell in cells) > 0.9 * len(cells) else []
    with long_fields(len(sample)):
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    return [row for row in rows if not row[0].lstrip().startswith("#")] or rows
