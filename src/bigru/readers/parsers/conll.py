"""Columns of tokens and tags, one token a line, blank lines between sentences: CoNLL and CoNLL-U."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ...errors import DataError, nearest, sentence
from ..examples import Examples
from ..findings import Finding
from ..reading import Reading
from ..tags.settle import first_lines, settle_scheme, settle_tokens
from ..token_features import attach, columns_of
from .conllrows import CONLLU_COLUMNS, Columns, TokenRow, read_header, split_cells, tag_column, tags_first, token_rows

__all__ = ["CONLLU_COLUMNS", "parse"]

SHOWN = 40
"""Characters of a faulty row that an error shows."""

UNREAD = Reading()


def parse(
    text: str,
    source: str,
    *,
    conllu: bool = False,
    token_column: str | None = None,
    tag_column: str | None = None,
    scheme: str | None = None,
    require_targets: bool = True,
    reading: Reading = UNREAD,
) -> Examples:
    """Read sentences of tokens with tags.

    What most rows are decides: whether tabs or spaces stand between columns, and how many columns there are. A line
    that begins with `#` and has another width, or a tag that no other row has, is a comment. Comments, `-DOCSTART-`
    rows and, in CoNLL-U, ranges (`3-4`) and empty nodes (`8.1`) are passed over and counted in findings, as are rows
    whose token is empty. A first row of names (token, tag, ...) names the columns; a first column that counts the
    tokens of each sentence is not the token.

    Args:
        text: the content of the file.
        source: the file as the user named it.
        conllu: whether the columns are those of CoNLL-U; found by itself where there are ten of them and the first
            counts.
        token_column: number of the token's column, from 1, or its name; None: 1 (CoNLL-U: form).
        tag_column: the same for the tag; None: the last that holds different values (CoNLL-U: upos).
        scheme: the tag scheme; None detects it.
        require_targets: whether a tag column must be there.
        reading: says which columns are features of the tokens.

    Raises:
        DataError: a row has another width than most, a tag is empty, a column is absent, or there is no sentence.
    """
    rows, columns, skipped = token_rows(text, conllu)
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    header = read_header(rows, columns) if columns.names is None else None
    if header is not None:
        rows = rows[1:]
        columns = columns._replace(names=header)
    names = list(columns.names or [str(n + 1) for n in range(columns.width)])[: columns.width]
    aside = [names.index(name) for name in columns_of(source, reading, names)]
    token_at, tag_at, reason = _choose(source, rows, columns, token_column, tag_column, aside)
    taken = {names[token_at]: "the tokens"} | ({names[tag_at]: "the tags"} if require_targets else {})
    features = columns_of(source, reading, names, taken)
    if tag_at == token_at and require_targets:
        raise DataError(sentence(f"{source}:{rows[0].line}", "row", "a token and its tag", repr(rows[0].text[:SHOWN])))
    read = _Sentences(source, columns, token_at, tag_at, aside)
    read.read(rows, skipped)
    if not read.inputs:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    result = Examples(read.inputs, None, "tokens", [lines[0] for lines in read.numbers], source, task="tag")
    result.token_lines = [np.array(lines) for lines in read.numbers]
    result.findings = [Finding(source, n[0], "passed over", f"{len(n)} {kind}") for kind, n in skipped.items()]
    result.findings += read.findings()
    if tag_at != token_at and read.check_tags(require_targets, result.findings):
        result.targets = read.targets
        result.inferred["tag column"] = names[tag_at] + reason
        settle_scheme(result, scheme)
    result.inferred["token column"] = names[token_at]
    others = [name for n, name in enumerate(names) if n not in (token_at, tag_at, *aside)]
    if others:
        result.inferred["not read"] = f"column{'s' if len(others) > 1 else ''} {', '.join(others)}"
    result.inferred["separator"] = "tab" if columns.separator == "\t" else "space"
    if header is not None:
        result.inferred["header"] = "first row"
    settle_tokens(result)
    attach(result, features, [list(zip(*rows, strict=True)) for rows in read.features] if features else [])
    return result


def _choose(
    source: str, rows: Sequence[TokenRow], columns: Columns, token: str | None, tag: str | None, aside: Sequence[int]
) -> tuple[int, int, str]:
    """Return the columns of tokens and tags, none of those `aside` unless it is the last left, and what is to be said
    of the choice."""
    names = list(columns.names or [str(n + 1) for n in range(columns.width)])[: columns.width]
    first = min(1 if columns.counted else 0, columns.width - 1)
    token_at = _column(source, "--text", token, names, first)
    if tag is not None:
        return token_at, _column(source, "--label", tag, names, 0), ""
    if columns.conllu:
        return token_at, min(3, columns.width - 1), ""
    tag_at, reason = tag_column(rows, columns, token_at, names, aside)
    if token is None and columns.width == 2 and not aside and tags_first(rows, columns):
        return 1, 0, " (before the token)"
    return token_at, tag_at, reason


def _column(source: str, option: str, wanted: str | None, names: Sequence[str], default: int) -> int:
    if wanted is None:
        return default
    if wanted in names:
        return names.index(wanted)
    if wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(names):
        return int(wanted[:9]) - 1
    want = "one of the columns " + ", ".join(names)
    raise DataError(sentence(source, option, want, repr(wanted), nearest(wanted, names)))


@dataclass
class _Sentences:
    """Sentences as they are put together of rows."""

    source: str
    columns: Columns
    token_at: int
    tag_at: int
    features_at: Sequence[int] = ()
    inputs: list[list[str]] = field(default_factory=list)
    targets: list[list[str]] = field(default_factory=list)
    numbers: list[list[int]] = field(default_factory=list)
    features: list[list[list[str]]] = field(default_factory=list)
    stray: list[Finding] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    bare: list[tuple[int, str]] = field(default_factory=list)
    odd: list[tuple[TokenRow, int]] = field(default_factory=list)

    def read(self, rows: Sequence[TokenRow], skipped: dict[str, list[int]]) -> None:
        """Read all rows; those that are comments are added to `skipped`.

        Raises:
            DataError: rows have another width than most.
        """
        tags = self._known_tags(rows)
        # The same few strings come back in every sentence; keeping one copy of each spares most of the memory.
        known: dict[str, str] = {}
        clean: dict[str, str] = {}
        last = -1
        separator, width = self.columns.separator, self.columns.width
        for row in rows:
            cells = row.text.split(separator)
            # Most rows need no further look: it costs as much as all the rest.
            if len(cells) != width or "" in cells:
                cells = split_cells(row.text, self.columns)
            if row.text[0] == "#" and self._is_comment(cells, tags):
                skipped.setdefault("comment lines", []).append(row.line)
                continue
            if len(cells) != width:
                self.odd.append((row, len(cells)))
                continue
            token, tag = cells[self.token_at], cells[self.tag_at]
            if not token:
                self.empty.append(row.line)
                continue
            if tag not in clean:
                clean[tag] = self._clean(tag, row)
            if not clean[tag]:
                self.bare.append((row.line, row.text))
            if row.sentence != last:
                last = row.sentence
                self.inputs.append([])
                self.targets.append([])
                self.numbers.append([])
                self.features.append([])
            self.inputs[-1].append(known.setdefault(token, token))
            self.targets[-1].append(clean[tag])
            self.numbers[-1].append(row.line)
            self.features[-1].append([cells[n] for n in self.features_at])
        self._check_widths()

    def _known_tags(self, rows: Sequence[TokenRow]) -> set[str]:
        if not any(row.text.startswith("#") for row in rows):
            return set()
        cells = (split_cells(row.text, self.columns) for row in rows if not row.text.startswith("#"))
        return {row[self.tag_at].strip() for row in cells if len(row) == self.columns.width}

    def _is_comment(self, cells: Sequence[str], tags: set[str]) -> bool:
        """Tell a comment from a row whose token begins with `#`: its last cell is no tag."""
        if self.columns.width == 1 or self.tag_at == self.token_at:
            return len(cells) != self.columns.width
        tag = cells[self.tag_at] if len(cells) == self.columns.width else cells[-1]
        return tag.strip() not in tags

    def _clean(self, tag: str, row: TokenRow) -> str:
        stripped = tag.strip()
        if stripped != tag and stripped:
            message = f"tag {tag!r} is read as {stripped!r}, here and below"
            self.stray.append(Finding(self.source, row.line, "stray spaces", message))
        return stripped

    def _check_widths(self) -> None:
        if not self.odd:
            return
        row, got = self.odd[0]
        kind = "tabs" if self.columns.separator == "\t" else "spaces"
        want = f"{self.columns.width} columns with {kind} between them, as most rows"
        more = f", and {len(self.odd) - 1} more such rows" if len(self.odd) > 1 else ""
        remedy = "A token that holds spaces needs tabs between the columns." if kind == "spaces" else ""
        remedy = remedy if got > self.columns.width else ""
        got_text = f"{got} in {row.text[:SHOWN]!r}{more}"
        raise DataError(sentence(f"{self.source}:{row.line}", "row", want, got_text, remedy))

    def check_tags(self, required: bool, findings: list[Finding]) -> bool:
        """Tell whether tags are to be read: all are there.

        Raises:
            DataError: one is missing, and they are required.
        """
        if not self.bare:
            return True
        line, text = self.bare[0]
        if required:
            more = f", and {len(self.bare) - 1} more such rows" if len(self.bare) > 1 else ""
            raise DataError(sentence(f"{self.source}:{line}", "row", "without empty tags", repr(text[:SHOWN]) + more))
        message = f"{len(self.bare)} rows have no tag, so that none is read"
        findings.append(Finding(self.source, line, "labels missing", message))
        return False

    def findings(self) -> list[Finding]:
        """Return what was left out or changed."""
        found = list(self.stray)
        if self.empty:
            message = f"{len(self.empty)} rows have no token and are left out (lines {first_lines(self.empty)})"
            found.append(Finding(self.source, self.empty[0], "empty token", message))
        return found
