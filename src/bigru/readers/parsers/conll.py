"""Columns of tokens and tags, one token a line, sentences parted by blank lines: CoNLL and CoNLL-U."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from ... import scheme as schemes
from ...errors import DataError, nearest, sentence
from ..examples import Examples
from ..findings import Finding
from ..numbers import whole_number

__all__ = ["CONLLU_COLUMNS", "parse"]

CONLLU_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U by name (Nivre et al. 2020, universaldependencies.org/format.html)."""

SHOWN = 40
"""Characters of a faulty row that an error shows."""

Rows = Iterator[tuple[int, str]]


def parse(
    text: str,
    source: str,
    *,
    conllu: bool = False,
    token_column: str | None = None,
    tag_column: str | None = None,
    scheme: str | None = None,
    require_targets: bool = True,
) -> Examples:
    """Read sentences of tokens with tags.

    Args:
        text: the content of the file. Columns are parted by tabs if the first row holds one, else by spaces.
        source: the file as the user named it.
        conllu: comments begin with `#`; ranges (`3-4`) and empty nodes (`8.1`) are passed over, and counted
            in a finding, as are `-DOCSTART-` rows of either format.
        token_column: number of the token's column, from 1 (CoNLL-U: or a name); None: 1 (CoNLL-U: form).
        tag_column: likewise for the tag; None: the last (CoNLL-U: upos).
        scheme: the tag scheme; None detects it.
        require_targets: whether a tag column must be there.

    Raises:
        DataError: a row has more or fewer columns than the first, a cell is empty, a column is absent, or
            there is no sentence.
    """
    skipped: dict[str, list[int]] = {}
    rows = _rows(text, skipped, conllu)
    first = next((row for row in rows if row[1]), None)
    if first is None:
        raise DataError(sentence(source, "data", "at least one example", "none"))
    separator = "\t" if "\t" in first[1] else " "
    width = len(_cells(first[1], separator))
    names = CONLLU_COLUMNS if conllu else tuple(str(n + 1) for n in range(width))
    token_at = _column(source, "text_column", token_column, names, width, 1 if conllu else 0)
    tag_at = _column(source, "label_column", tag_column, names, width, 3 if conllu else width - 1)
    if tag_at == token_at and require_targets:
        raise DataError(sentence(f"{source}:{first[0]}", "row", "a token and its tag", repr(first[1][:SHOWN])))
    every = chain([first], rows)
    inputs, targets, token_lines, stray = _sentences(every, source, separator, width, (token_at, tag_at))
    result = Examples(inputs, None, "tokens", [int(n[0]) for n in token_lines], source, task="tag")
    result.token_lines = token_lines
    if tag_at != token_at:
        result.targets = targets
        result.scheme = scheme or schemes.detect(targets)
        result.inferred["tag column"] = names[tag_at]
        result.inferred["scheme"] = result.scheme or "none, plain tags"
    result.inferred |= {"token column": names[token_at], "separator": "tab" if separator == "\t" else "space"}
    passed = [Finding(source, n[0], "passed over", f"{len(n)} {kind}") for kind, n in skipped.items()]
    result.findings = passed + stray
    return result


def _rows(text: str, skipped: dict[str, list[int]], conllu: bool) -> Rows:
    """Yield line number and content of every row that counts, and an empty string for each blank line."""
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip(" \t"):
            yield number, ""
        elif line.startswith("-DOCSTART-"):
            skipped.setdefault("-DOCSTART- rows", []).append(number)
        elif not conllu:
            yield number, line
        elif not line.startswith("#"):
            head = line.split("\t", 1)[0]
            if head.isdigit():
                yield number, line
            else:
                kind = "ranges of several tokens" if "-" in head else "empty nodes"
                skipped.setdefault(kind, []).append(number)


def _cells(line: str, separator: str) -> list[str]:
    """Return the cells of a row; any number of spaces part two cells, but each tab parts its own."""
    return line.split("\t") if separator == "\t" else [cell for cell in line.split(" ") if cell]


def _column(source: str, option: str, wanted: str | None, names: Sequence[str], width: int, default: int) -> int:
    if wanted is None:
        return min(default, width - 1)
    known = list(names[:width])
    if wanted in known:
        return known.index(wanted)
    number = whole_number(wanted)
    if number is not None and 1 <= number <= width:
        return number - 1
    want = "one of the columns " + ", ".join(known)
    raise DataError(sentence(source, option, want, repr(wanted), nearest(wanted, known)))


def _sentences(
    rows: Rows, source: str, separator: str, width: int, columns: tuple[int, int]
) -> tuple[list[list[str]], list[list[str]], list[np.ndarray], list[Finding]]:
    """Return tokens, tags and line numbers by sentence, and the tags that came with stray spaces."""
    inputs: list[list[str]] = []
    targets: list[list[str]] = []
    numbers: list[list[int]] = []
    findings: list[Finding] = []
    # The same few strings come back in every sentence; keeping one copy of each spares most of the memory.
    known: dict[str, str] = {}
    clean: dict[str, str] = {}
    token_at, tag_at = columns
    open_sentence = False
    for number, line in rows:
        if not line:
            open_sentence = False
            continue
        cells = _cells(line, separator)
        if len(cells) != width:
            _refuse(source, number, line, separator, width, len(cells))
        token, tag = cells[token_at], cells[tag_at]
        if tag not in clean:
            clean[tag] = tag.strip()
            if clean[tag] != tag:
                message = f"tag {tag!r} is read as {clean[tag]!r}, here and below"
                findings.append(Finding(source, number, "stray spaces", message))
        if not token or not clean[tag]:
            raise DataError(sentence(f"{source}:{number}", "row", "without empty cells", repr(line[:SHOWN])))
        if not open_sentence:
            open_sentence = True
            inputs.append([])
            targets.append([])
            numbers.append([])
        inputs[-1].append(known.setdefault(token, token))
        targets[-1].append(clean[tag])
        numbers[-1].append(number)
    return inputs, targets, [np.array(lines) for lines in numbers], findings


def _refuse(source: str, number: int, line: str, separator: str, width: int, got: int) -> None:
    kind = "tabs" if separator == "\t" else "spaces"
    want = f"{width} columns parted by {kind}, as the first row"
    raise DataError(sentence(f"{source}:{number}", "row", want, f"{got} in {line[:SHOWN]!r}"))
