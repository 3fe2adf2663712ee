"""Which column holds the texts and which the labels: by name, else by the look of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from ..errors import DataError, nearest, sentence

__all__ = ["LABELS", "RECORDINGS", "TEXTS", "Choice", "choose", "find", "has_header"]

TEXTS = (
    *("text", "texts", "sentence", "review", "content", "comment", "body", "message", "tweet", "document"),
    *("text_a", "sentence1", "utterance", "query", "question", "description", "review_text", "review_body"),
    *("headline", "title", "summary", "文本", "内容", "评论", "评价", "句子", "正文", "留言", "问题", "标题", "微博"),
)
"""Names of text columns, the surest first."""

LABELS = (
    *("label", "labels", "class", "target", "sentiment", "polarity", "category", "intent", "emotion", "topic"),
    *("cat", "tag", "tags", "y", "label_name", "label_text", "label_desc", "classes", "rating", "stars"),
    *("标签", "类别", "分类", "情感", "情感倾向", "类型", "意图"),
)
"""Names of label columns, the surest first."""

RECORDINGS = (
    *("audio", "audio_path", "audio_filepath", "recording", "path", "file", "filename", "file_name", "wav", "clip"),
    *("录音", "音频", "文件"),
)
"""Names of columns of recordings, the surest first."""

SHORT = 40
"""Longest label or column name, in characters, that a guess believes in."""

MOST = 300
"""Most distinct labels that a guess believes in."""


@dataclass(frozen=True)
class Choice:
    """Positions of the chosen columns and in words how they were chosen; `label` is None where there is none."""

    text: int
    label: int | None
    reasons: dict[str, str]


def choose(
    source: str,
    names: Sequence[str],
    columns: Sequence[Sequence[object]],
    text_column: str | None,
    label_column: str | None,
    require_label: bool,
) -> Choice:
    """Choose the text and the label column.

    Args:
        source: the file as the user named it.
        names: the columns' names.
        columns: the columns' values, for the guess by look.
        text_column, label_column: names that overrule every guess.
        require_label: whether a label column must be found.

    Raises:
        DataError: a named column is absent (the nearest name is suggested), or no column can be told.
    """
    reasons: dict[str, str] = {}
    text = find(source, names, "text_column", text_column)
    label = find(source, names, "label_column", label_column)
    if text is None:
        text = _known(names, TEXTS, {label})
    if label is None:
        label = _known(names, LABELS, {text})
    if text is None or (label is None and require_label):
        reasons["columns"] = "chosen by the look of their values"
        text, guess = _by_look(columns, text, label)
        label = guess if require_label else label
    if text is None or (label is None and require_label):
        missing = "text_column" if text is None else "label_column"
        want = f"named, as none of the columns {', '.join(names)} looks like it"
        raise DataError(sentence(source, missing, want, "nothing"))
    reasons["text column"] = names[text]
    if label is not None:
        reasons["label column"] = names[label]
    return Choice(text, label, reasons)


def has_header(first: Sequence[str], rest: Sequence[Sequence[str]], wanted: Sequence[str | None]) -> bool:
    """Tell whether the first row of a table holds column names.

    It does if a wanted column is in it; if it holds a known name; if it has a word above numbers; or if, in the
    column that looks like the labels, its value never comes back while others do, and none of its values is long
    or has spaces.
    """
    cells = [cell.strip() for cell in first]
    if any(name in cells for name in wanted if name is not None):
        return True
    if len(set(cells)) < len(cells) or any(not cell or len(cell) > SHORT for cell in cells):
        return False
    if any(cell.casefold() in known for known in (TEXTS, LABELS, RECORDINGS) for cell in cells):
        return True
    columns = list(zip(*rest, strict=True))
    if any(not _are_numbers([cell]) and _are_numbers(column) for cell, column in zip(cells, columns, strict=False)):
        return True
    if len(rest) < 3 or len(first) < 2 or any(cell.split() != [cell] for cell in cells):
        return False
    _, label = _by_look(columns, None, None)
    return label is not None and cells[label] not in {cell.strip() for cell in columns[label]}


def _are_numbers(cells: Sequence[str]) -> bool:
    try:
        return [float(cell) for cell in cells[:MOST]] != []
    except ValueError:
        return False


def find(source: str, names: Sequence[str], option: str, wanted: str | None) -> int | None:
    """Return the position of a column that was asked for by name, None if none was.

    Raises:
        DataError: there is no such column; the nearest name is suggested.
    """
    if wanted is None:
        return None
    if wanted in names:
        return names.index(wanted)
    remedy = nearest(wanted, names)
    raise DataError(sentence(source, option, "one of the columns " + ", ".join(names), repr(wanted), remedy))


def _known(names: Sequence[str], known: Sequence[str], taken: set[int | None]) -> int | None:
    """Return the column whose name comes first among the known ones."""
    folded = [str(name).strip().casefold() for name in names]
    found = [folded.index(name) for name in known if name in folded and folded.index(name) not in taken]
    return found[0] if found else None


def _by_look(columns: Sequence[Sequence[object]], text: int | None, label: int | None) -> tuple[int | None, int | None]:
    """Guess what is still None: the label has few distinct short values, the text is the longest of the others.

    Labels come back in other rows; only where there are just two columns need they not.
    """
    looks = [[str(value) for value in column] for column in columns]
    lengths = [fmean(map(len, look)) if look else 0.0 for look in looks]
    distinct = [len(set(look)) for look in looks]
    if label is None:
        possible = [
            n
            for n, look in enumerate(looks)
            if n != text
            and len(looks) > 1
            and max(map(len, look), default=0) <= SHORT
            and (len(looks) == 2 or distinct[n] * 2 <= len(look))
            and distinct[n] <= MOST
        ]
        label = min(possible, key=lambda n: (distinct[n], lengths[n]), default=None)
    if text is None:
        text = max((n for n in range(len(looks)) if n != label), key=lambda n: lengths[n], default=None)
    return text, label
