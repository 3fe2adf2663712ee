"""What the readers of annotation tools share: counted notes, the parts of a span, one label or many."""

from __future__ import annotations

from typing import Any

from ..findings import Finding
from ..labels import is_list
from ..tags.settle import first_lines
from ..tags.spans import looks_like_spans

__all__ = ["Notes", "Record", "one_or_many", "span_parts"]

Record = dict[str, Any]


class Notes:
    """What was left out or not read, counted by kind."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._places: dict[tuple[str, str], list[tuple[str, int]]] = {}

    def add(self, kind: str, message: str, line: int, source: str | None = None) -> None:
        """Note one thing, in another file than `self.source` if one is named; `message` goes on behind its number."""
        self._places.setdefault((kind, message), []).append((source or self.source, line))

    def findings(self) -> list[Finding]:
        """Return one finding for each kind of note, with its number and first lines."""
        return [self._finding(kind, message, places) for (kind, message), places in self._places.items()]

    def _finding(self, kind: str, message: str, places: list[tuple[str, int]]) -> Finding:
        first, line = places[0]
        lines = list(dict.fromkeys(at for file, at in places if file == first))
        files = len({file for file, _ in places})
        where = f"lines {first_lines(lines)}" + (f" here, and in {files - 1} more files" if files > 1 else "")
        return Finding(first, line, kind, f"{len(places)} {message}" + (f" ({where})" if line else ""))


def span_parts(value: Any) -> Any:
    """Return a value if it is a span, else None."""
    return value if looks_like_spans([value]) else None


def one_or_many(records: list[Record]) -> list[Record]:
    """Return records in which lists of exactly one label each became one label; with other lists they stay lists.

    Spans win over labels: where some records have spans, one without any has an empty list of them.
    """
    if any("spans" in record for record in records):
        return [r if "spans" in r or r.get("labels") else {"text": r["text"], "spans": []} for r in records]
    lists = [record["labels"] for record in records if "labels" in record]
    if not lists or any(not is_list(labels) or len(labels) != 1 for labels in lists):
        return records
    return [
        {**{k: v for k, v in r.items() if k != "labels"}, "label": r["labels"][0]} if "labels" in r else r
        for r in records
    ]
