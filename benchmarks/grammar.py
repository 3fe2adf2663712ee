"""A grammar of tables: files of which it is known how they are meant (texts here, others in `sequences.py`)."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from vocabulary import LABEL_NAMES, LABELS, TEXT_NAMES, junk, name_of, one_label, text

from bigru.readers.reading import Reading

__all__ = ["TEXT_KINDS", "Column", "Drawn", "Truth", "rows_of", "write"]

SIZES = (5, 8, 12, 20, 40, 80, 150, 300, 800, 2000)


@dataclass
class Column:
    """A column as it is written; `role` is what it is meant as, "" for a column that nobody means."""

    name: str
    cells: list[Any]
    role: str = ""


@dataclass
class Truth:
    """How a table is meant.

    Attributes:
        layout: one of `reading.LAYOUTS`.
        columns: the columns by purpose, as layouts call them.
        reading: the options that say so.
        examples: inputs, targets, kind, task and whether labels are several; None where the choice is compared.
    """

    layout: str
    columns: dict[str, Any]
    reading: Reading
    examples: dict[str, Any] | None = None


@dataclass
class Drawn:
    """A file, and how it is meant.

    Attributes:
        kind: which rule of the grammar it comes from.
        name: the name of the file.
        data: its bytes.
        truth: how it is meant.
        plain: whether a person would not doubt how it is meant.
        needs: what a reader must know: encodings, separators, ...
        required: whether labels are needed.
    """

    kind: str
    name: str
    data: bytes
    truth: Truth
    plain: bool
    needs: set[str] = field(default_factory=set)
    required: bool = True


def rows_of(random: Random, least: int = 5, most: int = 2000) -> int:
    """Return how many rows a table has: few often, many sometimes."""
    size = random.choice([size for size in SIZES if least <= size <= most])
    return max(least, size - random.randrange(max(1, size // 5)))


def write(random: Random, columns: list[Column], header: bool, language: str = "en") -> tuple[str, bytes, set[str]]:
    """Return name and bytes of a file with these columns, and what a reader of it must know.

    Args:
        random: the source.
        columns: the columns in the order of the file.
        header: whether their names stand above them.
        language: decides which encodings are drawn.
    """
    needs: set[str] = set()
    rows = [list(row) for row in zip(*(column.cells for column in columns), strict=True)]
    names = [column.name for column in columns]
    unique = len(set(names)) == len(names) and all(names)
    if header and unique and random.random() < 0.15:
        body = "".join(json.dumps(_record(columns, row), ensure_ascii=False) + "\n" for row in rows)
        return "table.jsonl", body.encode(), {"jsonl"}
    separator = random.choices((",", "\t", ";", "|"), (8, 3, 2, 1) if len(columns) > 1 else (1, 0, 0, 0))[0]
    if separator != ",":
        needs.add(f"separator {separator!r}")
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
    ends = random.choice(("\n", "\n", "\r\n"))
    stream = io.StringIO()
    if separator == "\t" and quoting != csv.QUOTE_MINIMAL:
        needs.add("quotes between tabs")
    writer = csv.writer(stream, delimiter=separator, quoting=quoting, lineterminator=ends)
    if header and random.random() < 0.04:
        stream.write(f"sep={separator}{ends}")
        needs.add("sep= line")
    elif header and separator == ";" and random.random() < 0.1:
        stream.write(f"Export of 2016-07-01{ends}{ends}")
        needs.add("preamble")
    writer.writerows(([names] if header else []) + rows)
    body, encoding = _encoded(random, stream.getvalue(), language)
    needs |= set() if encoding == "utf-8" else {encoding}
    ending = "tsv" if separator == "\t" and random.random() < 0.6 else "csv"
    return f"table.{ending}", body, needs


def _encoded(random: Random, body: str, language: str) -> tuple[bytes, str]:
    choices = {"zh": ["gb18030", "utf-8-sig"], "de": ["cp1252"], "tw": ["big5", "utf-8-sig"], "en": ["utf-8-sig"]}
    encoding = random.choice(["utf-8"] * 5 + choices[language] * 2 + ["utf-16"])
    try:
        return body.encode(encoding), encoding
    except UnicodeEncodeError:
        return body.encode(), "utf-8"


def _record(columns: list[Column], row: list[Any]) -> dict[str, Any]:
    return {column.name: _typed(cell, column.role) for column, cell in zip(columns, row, strict=True)}


def _typed(cell: str, role: str) -> Any:
    """Return a cell as JSON holds it: a number, a list, null where there is nothing."""
    if cell == "":
        return "" if role == "label" else None
    if cell.startswith("[") and role == "label":
        return ast.literal_eval(cell)
    for kind in (int, float):
        try:
            value = kind(cell)
        except ValueError:
            continue
        return value if str(value) == cell else cell
    return cell


def place_of(columns: list[Column], role: str, header: bool) -> str | None:
    """Return how an option names the column of a role."""
    return next((c.name if header else str(n) for n, c in enumerate(columns, 1) if c.role == role), None)


def _layout(random: Random, columns: list[Column], certain: bool, header: bool) -> list[Column]:
    """Return the columns in some order, with those that nobody means."""
    rows = len(columns[0].cells)
    found = columns + [Column(*one) for one in junk(random, rows, [c.name for c in columns], certain)]
    random.shuffle(found)
    first = [c for c in found if c.name in ("", "Unnamed: 0") and not c.role]
    found = first + [c for c in found if c not in first]
    return found if header else [c for c in found if c.role or c.cells[0] or any(c.cells)]


@dataclass
class _Texts:
    """What the tables of texts share: language, names, texts."""

    random: Random
    language: str
    known: bool
    header: bool
    rows: int
    column: Column

    @classmethod
    def draw(cls, random: Random, known: float = 0.8) -> _Texts:
        language = random.choices(("en", "de", "zh", "tw"), (6, 2, 2, 1))[0]
        header, rows = random.random() < 0.85, rows_of(random)
        sure = random.random() < known
        name = name_of(random, TEXT_NAMES, sure, language)
        style = random.choice(("title", "sentence", "sentence", "review", "query") if sure else ("sentence", "review"))
        cells = [text(random, language, style) for _ in range(rows)]
        for n in range(rows):
            if style == "review" and random.random() < 0.02:
                cells[n] = cells[n].replace(". ", ".\n")
        return cls(random, language, sure and header, header, rows, Column(name, cells, "text"))

    def labels(self, known: bool) -> Column:
        language = self.language
        classes = self.random.choice(LABELS[language])
        classes = classes[: max(2, min(len(classes), self.rows // 3))]
        skew = self.random.choice((0.0, 0.0, 0.5, 1.5))
        cells: list[Any] = [one_label(self.random, classes, skew) for _ in range(self.rows)]
        if len(set(cells)) < 2:
            cells[: len(classes)] = classes
        return Column(name_of(self.random, LABEL_NAMES, known, language), cells, "label")


def texts_with_label(random: Random) -> Drawn:
    """Draw texts with a label in a column of its own, and columns that nobody means."""
    drawn = _Texts.draw(random)
    known = random.random() < 0.8
    label = drawn.labels(known)
    sure = known and drawn.known
    columns = _layout(random, [drawn.column, label], not (sure and random.random() < 0.7), drawn.header)
    _leave_gaps(random, [drawn.column, label])
    truth = [cell[:-2] if cell.endswith(".0") else cell for cell in label.cells]
    pairs = [(x, y) for x, y in zip(drawn.column.cells, truth, strict=True) if x and y]
    name, data, needs = write(random, columns, drawn.header, drawn.language)
    return Drawn("texts", name, data, _truth(columns, drawn, pairs, header=drawn.header), sure, needs)


def _leave_gaps(random: Random, columns: list[Column]) -> None:
    """Empty a few cells, and write whole numbers as pandas does where it has gaps (1.0)."""
    text_column, label = columns
    if random.random() < 0.2 and len(label.cells) > 10:
        for n in random.sample(range(1, len(label.cells)), max(1, len(label.cells) // 30)):
            random.choice((text_column, label)).cells[n] = ""
        if all(cell.lstrip("-").isdigit() for cell in label.cells if cell):
            label.cells[:] = [cell and f"{cell}.0" for cell in label.cells]


def _truth(
    columns: list[Column], drawn: _Texts, pairs: list[tuple[str, Any]], *, header: bool, many: bool = False
) -> Truth:
    names = {role: place_of(columns, role, header) for role in ("text", "label")}
    reading = Reading(
        task="classify", text=names["text"], label=names["label"], header=header, multi_label=many or None
    )
    examples = {
        "inputs": [x for x, _ in pairs], "targets": [y for _, y in pairs],
        "kind": "text", "task": "classify", "multi_label": many,
    }  # fmt: skip
    return Truth("texts", names, reading, examples)


def texts_with_several_labels(random: Random) -> Drawn:
    """Draw texts with any number of labels in one cell."""
    drawn = _Texts.draw(random, 0.9)
    classes = random.choice([classes for classes in LABELS[drawn.language] if len(classes) > 2] or [("a", "b", "c")])
    sets = [random.sample(classes, random.choice((0, 1, 1, 2, min(3, len(classes))))) for _ in range(drawn.rows)]
    sets[0], sets[1] = list(classes[:2]), list(classes[:1])
    style = random.choice(("|", "list"))
    cells = ["|".join(one) if style == "|" else repr(one) for one in sets]
    label = Column(random.choice(("labels", "tags", "topics", "label", "genres")), cells, "label")
    columns = _layout(random, [drawn.column, label], True, drawn.header)
    pairs = list(zip(drawn.column.cells, sets, strict=True))
    name, data, needs = write(random, columns, drawn.header, drawn.language)
    truth = _truth(columns, drawn, pairs, header=drawn.header, many=True)
    return Drawn("several labels in a cell", name, data, truth, drawn.known and label.name != "genres", needs)


def indicators(random: Random) -> Drawn:
    """Draw texts with several columns of 0 and 1."""
    drawn = _Texts.draw(random, 0.9)
    drawn.header = True
    names = random.choice((
        ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"),
        ("joy", "anger", "fear"), ("sports", "politics"), ("admiration", "amusement", "anger", "annoyance", "neutral"),
    ))  # fmt: skip
    single = random.random() < 0.3
    sets: list[list[str]] = []
    for _ in range(drawn.rows):
        sets.append([random.choice(names)] if single else [name for name in names if random.random() < 0.2])
    if not single:
        sets[0], sets[1], sets[2] = list(names[:2]), [], [names[-1]]
    else:
        sets[: len(names)] = [[name] for name in names][: drawn.rows]
    style = random.choice((("0", "1"), ("0", "1"), ("False", "True"), ("0.0", "1.0")))
    flags = [Column(name, [style[name in one] for one in sets], "label") for name in names]
    certain = _layout(random, [drawn.column], True, True)
    columns = certain + flags if random.random() < 0.7 else flags + certain
    examples = {
        "inputs": drawn.column.cells, "targets": [one[0] for one in sets] if single else sets,
        "kind": "text", "task": "classify", "multi_label": not single,
    }  # fmt: skip
    text_name = drawn.column.name
    reading = Reading(task="classify", text=text_name, labels=names, header=True)
    name, data, needs = write(random, columns, True, drawn.language)
    truth = Truth("indicators", {"text": text_name, "labels": list(names)}, reading, examples)
    return Drawn("columns of 0 and 1", name, data, truth, drawn.known, needs)


def texts_with_rating(random: Random) -> Drawn:
    """Draw reviews as shops export them: a title, a text, stars, votes."""
    drawn = _Texts.draw(random, 1.0)
    drawn.header = True
    drawn.column.name = random.choice(("reviewText", "review_body", "text", "Text", "content", "review"))
    stars = Column(random.choice(("rating", "stars", "overall", "star_rating", "Score")), [], "label")
    stars.cells = [one_label(random, ("5", "4", "3", "1", "2"), 1.0) for _ in range(drawn.rows)]
    stars.cells[:2] = ["5", "1"]
    if random.random() < 0.4:
        stars.cells = [f"{cell}.0" for cell in stars.cells]
    titles = [text(random, drawn.language, "title") for _ in range(drawn.rows)]
    extra = [Column(random.choice(("summary", "title", "review_headline")), titles)] if random.random() < 0.5 else []
    columns = _layout(random, [drawn.column, stars, *extra], True, True)
    pairs = [(x, y.removesuffix(".0")) for x, y in zip(drawn.column.cells, stars.cells, strict=True)]
    name, data, needs = write(random, columns, True, drawn.language)
    return Drawn("texts with stars", name, data, _truth(columns, drawn, pairs, header=True), True, needs)


def pairs_of_texts(random: Random) -> Drawn:
    """Draw two texts a row: nobody knows which is meant before it is said."""
    drawn = _Texts.draw(random, 1.0)
    drawn.header = True
    first, second = random.choice((("question1", "question2"), ("sentence1", "sentence2"), ("premise", "hypothesis")))
    drawn.column.name = first
    other = Column(second, [text(random, drawn.language, "sentence") for _ in range(drawn.rows)])
    label = drawn.labels(True)
    columns = [drawn.column, other, label]
    pairs = list(zip(drawn.column.cells, label.cells, strict=True))
    name, data, needs = write(random, columns, True, drawn.language)
    return Drawn("pairs of texts", name, data, _truth(columns, drawn, pairs, header=True), False, needs)


def texts_alone(random: Random) -> Drawn:
    """Draw texts without labels, as a model is asked about: lines, or a table of them."""
    drawn = _Texts.draw(random, 1.0)
    cells = [" ".join(cell.split()) for cell in drawn.column.cells]
    drawn.column.cells = cells
    if random.random() < 0.4:
        data, name, needs = "".join(cell + "\n" for cell in cells).encode(), "lines.txt", set()
        reading = Reading(task="classify")
    else:
        drawn.header = True
        columns = _layout(random, [drawn.column], True, True)
        name, data, needs = write(random, columns, True, drawn.language)
        reading = Reading(task="classify", text=drawn.column.name, header=True)
    examples = {"inputs": cells, "targets": None, "kind": "text", "task": "classify", "multi_label": False}
    truth = Truth("texts", {}, reading, examples)
    return Drawn("texts alone", name, data, truth, True, needs, required=False)


TEXT_KINDS: tuple[tuple[Callable[[Random], Drawn], float], ...] = (
    (texts_with_label, 10),
    (texts_with_several_labels, 2),
    (indicators, 2),
    (texts_with_rating, 2),
    (pairs_of_texts, 1),
    (texts_alone, 1.5),
)
"""The rules for tables of texts, with how often each is drawn."""
