"""Lines of fastText, a text with labels marked by `__label__`, to a table (Joulin et al. 2016, arXiv:1607.01759)."""

from __future__ import annotations

from ...errors import DataError, sentence
from ..findings import Finding
from ..reading import Reading
from ..table import Table

__all__ = ["PREFIX", "parse", "sniff"]

PREFIX = "__label__"
"""What a label begins with."""


def sniff(name: str, text: str) -> bool:
    """Tell whether nearly every line that is not blank holds a label."""
    lines = [line for line in text.split("\n") if line.strip()]
    return bool(lines) and sum(PREFIX in line for line in lines) >= 0.9 * len(lines)


def parse(text: str, source: str, reading: Reading | None = None, first: int = 1) -> Table:
    """Read a text a line, with its labels before or behind it.

    Returns:
        Columns `text` and `label`, or `labels` (lists) where a line has none or several.

    Raises:
        DataError: no line holds a label, or a label has no name.
    """
    texts: list[str] = []
    labels: list[list[str]] = []
    lines: list[int] = []
    findings: list[Finding] = []
    for number, line in enumerate(text.replace("\r\n", "\n").removesuffix("\n").split("\n"), first):
        if not line.strip():
            findings.append(Finding(source, number, "empty row", "the line is blank; left out"))
            continue
        words, marked = _divide(line)
        if "" in marked:
            raise DataError(sentence(f"{source}:{number}", "label", f"a name behind {PREFIX}", "nothing"))
        texts.append(words)
        labels.append(marked)
        lines.append(number)
    if not any(labels):
        raise DataError(sentence(source, "data", f"lines with {PREFIX}", "none"))
    if all(len(one) == 1 for one in labels):
        return Table(["text", "label"], [texts, [one[0] for one in labels]], lines, source, False, {}, findings)
    return Table(["text", "labels"], [texts, labels], lines, source, False, {}, findings)


def _divide(line: str) -> tuple[str, list[str]]:
    """Return a line without the labels before and behind its text, and these."""
    rest = line.strip()
    before: list[str] = []
    behind: list[str] = []
    while rest.startswith(PREFIX):
        head, _, rest = rest.partition(" ") if " " in rest else rest.partition("\t")
        before.append(head.removeprefix(PREFIX).strip())
        rest = rest.lstrip()
    while " " in rest and rest.rpartition(" ")[2].startswith(PREFIX):
        rest, _, tail = rest.rpartition(" ")
        behind.insert(0, tail.removeprefix(PREFIX))
        rest = rest.rstrip()
    return rest, before + behind
