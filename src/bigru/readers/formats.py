"""Which format a file is in: by its first bytes, its name, else by what it holds."""

from __future__ import annotations

import re
from pathlib import PurePath

from .opening.packed import plain_name

__all__ = ["FORMATS", "by_content", "by_name"]

FORMATS = ("csv", "tsv", "jsonl", "parquet", "conll", "conllu", "npz", "ts", "txt", "word/tag")
"""Every format that `read` knows. "txt" is one text per line, without labels."""

SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
SUFFIXES |= {".parquet": "parquet", ".conllu": "conllu", ".npz": "npz", ".ts": "ts"}
SUFFIXES |= {f".{name}": "conll" for name in ("conll", "conll03", "iob", "iob1", "iob2", "bio", "bioes", "bmes")}

SAMPLE = 400
"""Lines looked at."""

WORD_TAG = re.compile(r"\[?\S+/[A-Za-z]{1,4}(\][A-Za-z]{1,4})?")


def by_name(name: str, data: bytes) -> str | None:
    """Return the format that the first bytes or the suffix (before `.gz`) say, None if neither does."""
    if data.startswith(b"PAR1"):
        return "parquet"
    return SUFFIXES.get(PurePath(plain_name(name)).suffix.lower())


def by_content(text: str) -> str:
    """Guess the format of a text: JSON objects, word/tag pairs, columns of tokens and tags, a table, or plain lines."""
    lines = [line.rstrip("\r") for line in text.split("\n", SAMPLE)[:SAMPLE]]
    filled = [line for line in lines if line.strip()]
    if not filled:
        return "txt"
    if filled[0].lstrip().startswith(("{", "[{")) or filled[0].strip() == "[":
        return "jsonl"
    items = [item for line in filled for item in line.split()]
    if sum(bool(WORD_TAG.fullmatch(item)) for item in items) > 0.95 * len(items):
        return "word/tag"
    if _are_columns(lines, filled):
        return "conll"
    return "tsv" if all("\t" in line for line in filled) else "txt"


def _are_columns(lines: list[str], filled: list[str]) -> bool:
    """Tell whether the rows are tokens with tags.

    They are if they have equally many short cells and either blank lines part them into sentences or the last
    cells look like span tags.
    """
    separator = "\t" if all("\t" in line for line in filled) else " "
    marked = [line if not line.startswith("-DOCSTART-") else "" for line in lines]
    rows = [line.rstrip(" ").split(separator) for line in marked if line.strip()]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return False
    if any(not cell or " " in cell[1:] for row in rows for cell in row):
        return False
    blocks = sum(bool(line.strip()) and not before.strip() for before, line in zip(["", *marked], marked, strict=False))
    tagged = any(row[-1] == "O" or row[-1][1:2] == "-" for row in rows)
    return tagged or 1 < blocks < len(rows)
