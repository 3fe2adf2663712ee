"""The rows of a CoNLL file, and what their columns are: separator, number, names, which one holds the tags."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ...notation import rewrite

__all__ = [
    "CONLLU_COLUMNS",
    "Columns",
    "Evidence",
    "TokenRow",
    "read_header",
    "sniff",
    "split_cells",
    "tag_column",
    "tags_first",
    "token_rows",
]

CONLLU_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
"""The columns of CoNLL-U by name (Nivre et al. 2020, universaldependencies.org/format.html)."""

TOKENS = ("token", "tokens", "word", "words", "form", "char", "字", "词")
TAGS = ("tag", "tags", "label", "labels", "ner", "ner_tag", "ner_tags", "pos", "pos_tag", "upos", "iob", "标签")

SAMPLE = 2000
"""Rows that decide what the columns are."""

GLOBAL = re.compile(r"#\s*global\.columns\s*=\s*(.+)")
"""The first line of CoNLL-U Plus, which names the columns."""

NODE = re.compile(r"[0-9]+")
RANGE = re.compile(r"[0-9]+-[0-9]+")
EMPTY = re.compile(r"[0-9]+\.[0-9]+")


SMALL = 8
"""Rows below which tags may differ as much as they like."""


class TokenRow(NamedTuple):
    """A row that is not blank: its physical line, its text, and the number of its sentence."""

    line: int
    text: str
    sentence: int


class Columns(NamedTuple):
    """What the columns of a file are.

    Attributes:
        separator: tab, or space for any number of spaces.
        width: how many columns most rows have.
        names: the columns' names, where the format or a comment has them.
        counted: whether the first column counts the tokens of each sentence.
        conllu: whether they are those of CoNLL-U.
    """

    separator: str
    width: int
    names: list[str] | None = None
    counted: bool = False
    conllu: bool = False


class Evidence(NamedTuple):
    """What speaks for lines being tokens with tags.

    Attributes:
        rows, sentences: rows that are not blank or comments, and the blocks that blank lines part them into.
        width: how many columns most rows have.
        even: the share of rows of that width.
        tags: distinct values of the last column.
        scheme: the scheme or notation that these spell, None for plain values.
        short: the share of rows whose first column holds one word.
    """

    rows: int
    sentences: int
    width: int
    even: float
    tags: int
    scheme: str | None
    short: float

    @property
    def likely(self) -> bool:
        """Whether they are: even columns, single words, and span tags, or sentences with few tags."""
        if self.width < 2 or self.even < 0.98 or self.short < 0.95:
            return False
        if self.scheme is not None:
            return True
        return 1 < self.sentences < self.rows and self.tags <= max(2, min(300, self.rows // 4), SMALL - self.rows)


def sniff(lines: Sequence[str]) -> Evidence:
    """Return what the first lines of a file say about its being CoNLL; the ending of its name says nothing."""
    rows, columns, _ = token_rows("\n".join(lines), False)
    cut = [split_cells(row.text, columns) for row in rows if not row.text.startswith("#")]
    good = [cells for cells in cut if len(cells) == columns.width]
    if not good:
        return Evidence(len(cut), 0, columns.width, 0.0, 0, None, 0.0)
    token_at = 1 if columns.counted and columns.width > 1 else 0
    tags = [cells[-1].strip() for cells in good]
    short = sum(cells[token_at] in ("", " ") or " " not in cells[token_at] for cells in good) / len(good)
    even, sentences = len(good) / len(cut), len({row.sentence for row in rows})
    made = rewrite([tags])
    return Evidence(len(cut), sentences, columns.width, even, len(set(tags)), made.scheme, short)


def token_rows(text: str, conllu: bool) -> tuple[list[TokenRow], Columns, dict[str, list[int]]]:
    """Return the rows that may hold tokens, what their columns are, and the lines that were passed over, by kind."""
    skipped: dict[str, list[int]] = {}
    rows: list[TokenRow] = []
    number_of_sentence, after_blank, named = 0, True, None
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip(" \t"):
            after_blank = True
        elif line.startswith("-DOCSTART-"):
            skipped.setdefault("-DOCSTART- rows", []).append(number)
        elif named is None and (found := GLOBAL.match(line)):
            named = found[1].lower().split()
        elif not (conllu and line.startswith("#")):
            number_of_sentence += after_blank
            after_blank = False
            rows.append(TokenRow(number, line, number_of_sentence))
    columns = _columns(rows[:SAMPLE], conllu)
    if named and len(named) == columns.width:
        columns = columns._replace(names=named, counted=named[0] == "id")
    if columns.conllu or (named and columns.counted):
        rows = [row for row in rows if not _skip_row(row, columns, skipped)]
    return rows, columns, skipped


def _columns(rows: Sequence[TokenRow], conllu: bool) -> Columns:
    plain = [row.text for row in rows if not row.text.startswith("#")] or [row.text for row in rows]
    separator = "\t" if 2 * sum("\t" in line for line in plain) > len(plain) else " "
    cut = [_cells(line, separator) for line in plain]
    width = Counter(map(len, cut)).most_common(1)[0][0] if cut else 0
    while width > 1 and separator == "\t" and all(not cells[width - 1 :] or not cells[width - 1] for cells in cut):
        width -= 1
    columns = Columns(separator, width)
    alike = [cells for cells in cut if len(cells) == width]
    heads = [cells[0] for cells in alike]
    if conllu or (width == len(CONLLU_COLUMNS) and separator == "\t" and _count(heads)):
        return columns._replace(names=list(CONLLU_COLUMNS[:width]), counted=True, conllu=True)
    return columns._replace(counted=width > 2 and _count(heads))


def _count(heads: Sequence[str]) -> bool:
    """Tell whether the first cells count 1, 2, 3, ... (or from 0) again and again, ranges and empty nodes apart."""
    numbers = [int(head[:9]) for head in heads if NODE.fullmatch(head)]
    others = [head for head in heads if not (NODE.fullmatch(head) or RANGE.fullmatch(head) or EMPTY.fullmatch(head))]
    if others or len(numbers) < 2 or numbers[0] > 1:
        return False
    steps = [after - before == 1 or after == numbers[0] for before, after in pairwise(numbers)]
    return all(steps) and 1 + numbers[0] in numbers


def _skip_row(row: TokenRow, columns: Columns, skipped: dict[str, list[int]]) -> bool:
    """Tell whether a row of CoNLL-U is no token of its own, and note it."""
    head = _cells(row.text, columns.separator)[0]
    if row.text.startswith("#"):
        kind = "comment lines"
    elif RANGE.fullmatch(head):
        kind = "ranges of several tokens"
    elif EMPTY.fullmatch(head):
        kind = "empty nodes"
    else:
        return False
    skipped.setdefault(kind, []).append(row.line)
    return True


def split_cells(line: str, columns: Columns) -> list[str]:
    """Return the cells of a row; a row of spaces may begin with a token that is itself a space."""
    cells = _cells(line, columns.separator)
    if columns.separator == "\t":
        while len(cells) > columns.width and not cells[-1]:
            cells.pop()
    elif line.startswith(" ") and len(cells) == columns.width - 1:
        # Two spaces: the token and what follows it. One: the token is empty.
        cells = [" " if line.startswith("  ") else "", *cells]
    return cells


def _cells(line: str, separator: str) -> list[str]:
    """Cut a row; each tab parts two cells, and so does any number of spaces."""
    return line.split("\t") if separator == "\t" else [cell for cell in line.split(" ") if cell]


def read_header(rows: Sequence[TokenRow], columns: Columns) -> list[str] | None:
    """Return the names in the first row if it holds names of tokens and of tags."""
    cells = [cell.strip().lower() for cell in split_cells(rows[0].text, columns)]
    if len(cells) != columns.width or len(set(cells)) < len(cells) or len(rows) < 2:
        return None
    return cells if set(cells) & set(TOKENS) and set(cells) & set(TAGS) else None


def tag_column(
    rows: Sequence[TokenRow], columns: Columns, token_at: int, names: Sequence[str], aside: Sequence[int] = ()
) -> tuple[int, str]:
    """Return the column of the tags, and what is to be said of it; the column of the tokens where no other is left.

    It is the last, but for columns that hold one value other than O throughout, and for a second layer of tags (the
    same labels, fewer of them, as nested entities are written).
    """
    cut = [split_cells(row.text, columns) for row in rows[:SAMPLE] if not row.text.startswith("#")]
    cut = [cells for cells in cut if len(cells) == columns.width]
    last = max({*range(columns.width)} - {token_at, *aside}, default=token_at) if aside else columns.width - 1
    known = [{cells[n].strip() for cells in cut} for n in range(columns.width)]
    informative = [
        n for n in range(columns.width) if n not in (token_at, *aside) and (len(known[n]) > 1 or known[n] == {"O"})
    ]
    if columns.counted:
        informative = [n for n in informative if n > 0]
    if columns.width < 3 or not informative:
        return last, ""
    chosen = informative[-1]
    spelt = {n: rewrite([[cells[n].strip() for cells in cut]]) for n in informative[-2:]}
    if len(informative) > 1 and known[chosen] == {"O"} and spelt[informative[-2]].scheme:
        return informative[-2], f" (column {names[chosen]} holds nothing but O, and is not read)"
    if len(informative) > 1 and all(made.scheme for made in spelt.values()):
        outer, inner = ([tag[2:] for tag in spelt[n].rows[0] if tag != "O"] for n in informative[-2:])
        if set(inner) <= set(outer) and len(inner) < len(outer):
            return informative[-2], f" (column {names[chosen]} holds a second layer of tags, which is not read)"
    return chosen, ""


def tags_first(rows: Sequence[TokenRow], columns: Columns) -> bool:
    """Tell whether the first of two columns holds tags of spans, with O among them, and the second does not."""
    cut = [split_cells(row.text, columns) for row in rows[:SAMPLE] if not row.text.startswith("#")]
    first, second = ([cells[n].strip() for cells in cut if len(cells) == columns.width] for n in (0, 1))
    return "O" in first and rewrite([first]).scheme is not None and rewrite([second]).scheme is None
