"""Names of recordings in the columns of a manifest: known by their look, and found where they lie."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from ...errors import DataError, sentence
from ..labels import is_missing
from .endings import is_document
from .recordings import SUFFIXES, Recording, is_audio, is_unreadable

__all__ = ["looks_like_recordings", "looks_like_transcripts", "recording_at"]

SAMPLE = 2000
"""Cells by which the kind of a column is recognised."""

CERTAIN = 0.9
"""Share of the cells of a column that must be names of audio files by their endings."""

MOST_SECONDS = 1_000_000
"""Seconds at which a segment may begin, and which it may last."""

FILE_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$|\.\d?[A-Za-z][A-Za-z0-9]{0,3}$")

PLACEHOLDER = re.compile(r"^(\$data_root|\$\{data_root\}|\{data_root\}|\$data_folder|\{data_folder\})[/\\]*")
"""What SpeechBrain writes in place of the folder of the recordings."""


def looks_like_recordings(values: Sequence[Any], named: bool = False) -> str | None:
    """Tell whether the cells of a column are names of recordings, by their look alone.

    Args:
        values: the cells; missing ones are passed over.
        named: whether the column is called after recordings: then names with any ending, or none, are recordings too.

    Returns:
        "readable" if their endings are those of audio that can be read, or if they have none; "unreadable" if none of
        them can be (M4A, WebM, ..., or no audio at all); None if they are no names of recordings.
    """
    filled = _spread([value for value in values if not is_missing(value)])
    if not filled or not all(isinstance(value, str) and "\n" not in value.strip() for value in filled):
        return None
    cells = [value.strip() for value in filled]
    readable, unreadable = sum(map(is_audio, cells)), sum(map(is_unreadable, cells))
    if readable + unreadable >= CERTAIN * len(cells):
        return "readable" if readable else "unreadable"
    if not named or not all(_names_file(cell) for cell in cells) or len(set(cells)) * 2 < len(cells):
        return None
    if sum(map(is_document, cells)) * 2 > len(cells):
        return None
    bare = sum(not FILE_ENDING.search(cell) for cell in cells)
    return "readable" if readable or bare * 2 > len(cells) else "unreadable"


def _names_file(cell: str) -> bool:
    """Tell a name of a file from a sentence, a number or a lone word."""
    path = "/" in cell or "\\" in cell
    return (path or " " not in cell) and (path or any(c in "._-" or c.isdigit() for c in cell)) and not _is_number(cell)


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+\d.,eE]+", cell))


def _spread(values: Sequence[Any], most: int = SAMPLE) -> Sequence[Any]:
    """Return at most so many of the values, from all over."""
    return values[:: -(-len(values) // most)] if values else values


def looks_like_transcripts(values: Sequence[Any]) -> bool:
    """Tell whether the cells of a column are what is said in recordings rather than labels: they hardly repeat, and
    most have several words, or several characters of a script without spaces."""
    cells = [value.strip() for value in _spread([v for v in values if not is_missing(v)]) if isinstance(value, str)]
    if len(cells) < 2 or len(set(cells)) * 2 <= len(cells):
        return False
    several = sum(len(cell.split()) > 1 or sum(c >= "\u2e80" for c in cell) > 1 for cell in cells)
    return several * 2 > len(cells)


def recording_at(value: Any, record: Mapping[str, Any], place: str, audio_root: str | None = None) -> Recording:
    """Return the recording that a row of a manifest names.

    Args:
        value: its path; it starts from `audio_root`, or from the folder of the manifest. Backslashes, a placeholder
            `$data_root`, and a missing ending are understood.
        record: the row; "offset" and "duration" in seconds make a segment of it.
        place: file and line.
        audio_root: a folder, or None.

    Raises:
        DataError: it is no path, or an address, or offset and duration are no seconds.
    """
    if not isinstance(value, str):
        raise DataError(sentence(place, "audio", "the path of a recording", repr(value)[:80]))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", value):
        raise DataError(sentence(place, "audio", "the path of a file", repr(value[:80]), "Download it first."))
    bounds: dict[str, Any] = {}
    if not is_missing(record.get("offset")):
        bounds["start"] = _seconds(record["offset"], "offset", place)
        if not is_missing(record.get("duration")):
            bounds["length"] = _seconds(record["duration"], "duration", place)
    return Recording(_locate(value.strip(), Path(place).parent, audio_root), place, **bounds)


def _seconds(value: Any, name: str, place: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = -1.0
    if not 0 <= found <= MOST_SECONDS or isinstance(value, bool):
        raise DataError(sentence(place, name, f"seconds within 0..{MOST_SECONDS}", repr(value)[:80]))
    return found


def _locate(value: str, folder: Path, audio_root: str | None) -> str:
    """Return the path of a recording as it lies here."""
    root = folder if audio_root is None else Path(audio_root)
    value = PLACEHOLDER.sub("", value)
    direct = root / value
    if _exists(direct):
        return str(direct)
    if "\\" in value:
        value = PureWindowsPath(value).as_posix()
        direct = root / value
    whole = PurePath(value)
    candidates = [direct]
    if audio_root is not None and (whole.is_absolute() or PureWindowsPath(value).drive):
        # Written on another machine: the longest end of the path that is here.
        candidates += [root.joinpath(*whole.parts[n:]) for n in range(1, len(whole.parts))]
    if not FILE_ENDING.search(value):
        candidates += [Path(f"{one}{ending}") for one in candidates for ending in SUFFIXES]
    return str(next((one for one in candidates if _exists(one)), direct))


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return False
