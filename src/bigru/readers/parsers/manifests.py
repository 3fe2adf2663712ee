"""Manifests of recordings as other projects write them: Common Voice, LJSpeech, Kaldi, LibriSpeech and AISHELL
transcripts, SpeechBrain, NeMo.

Each format is a pair of functions. `sniff(name, text)` tells it by the name of the file, its content and what lies
beside it. `parse(text, source, audio_root)` returns records, their lines, and in words what was inferred; a record
names its recording under "audio" (a path that starts from `audio_root`, or from the folder of the file), what is said
in it under "transcript", and, where it is a segment, its seconds under "offset" and "duration".
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DataError, sentence
from ..audio.endings import SUFFIXES, UNREADABLE, is_audio, is_unreadable
from ..opening.encoding import decode, read_bytes
from ..reading import Reading
from . import delimited, jsonl

__all__ = ["FORMATS", "Manifest", "Parsed", "detect"]

Parsed = tuple[list[dict[str, Any]], list[int], dict[str, str]]
"""Records, the line of each, and what was inferred."""

SAMPLE = 1 << 16
"""Characters that a sniff looks at."""

TRIED = 20
"""Recordings that are looked for to find the folder they lie in."""

AUDIO = tuple(dict.fromkeys((*SUFFIXES, *UNREADABLE)))

FOLDERS = ("", "wavs", "wav", "clips", "audio")
"""Where recordings lie beside a manifest."""

UP = ("", "..", "../..", "../../..")
"""Where the relative paths of a recipe may start from: Kaldi runs above the folder of its data."""


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold anything, with their numbers."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _sample(text: str) -> list[str]:
    """Return the first whole lines that hold anything."""
    head = text[:SAMPLE]
    lines = [line for _, line in _lines(head)]
    return lines[:-1] if len(text) > SAMPLE and len(lines) > 1 else lines


def _named(name: str) -> bool:
    return name.lower().endswith(AUDIO)


def _base(source: str, audio_root: str | None) -> Path:
    return Path(source).parent if audio_root is None else Path(audio_root)


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _folder(base: Path, names: Sequence[str], folders: Sequence[str]) -> str:
    """Return the first of the folders in which one of the first recordings lies; the first of all if none does."""
    tried = names[:TRIED]
    return next((folder for folder in folders if any(_exists(base / folder / name) for name in tried)), folders[0])


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _not_read(names: Sequence[str], used: set[str]) -> dict[str, str]:
    left = [name for name in names if name not in used]
    return {"not read": ", ".join(left)} if left else {}


def _sniff_common_voice(name: str, text: str) -> bool:
    cells = text[:SAMPLE].split("\n", 1)[0].rstrip("\r").split("\t")
    return {"client_id", "path", "sentence"} <= set(cells)


def _parse_common_voice(text: str, source: str, audio_root: str | None = None) -> Parsed:
    """Quotes are plain characters in these tables."""
    rows = [(number, line.split("\t")) for number, line in _lines(text)]
    names = rows.pop(0)[1]
    path, spoken = names.index("path"), names.index("sentence")
    for number, row in rows:
        if len(row) != len(names):
            want = f"{len(names)} columns separated by tabs, as line 1"
            raise DataError(sentence(f"{source}:{number}", "row", want, f"{len(row)} columns"))
    files = [row[path] if _named(row[path]) else f"{row[path]}.mp3" for _, row in rows]
    folder = _folder(_base(source, audio_root), files, ("clips", ""))
    records = [
        {"audio": _joined(folder, file), "transcript": row[spoken]} for file, (_, row) in zip(files, rows, strict=True)
    ]
    reasons = {"recordings": f"path, in {folder or 'the folder of the table'}", "transcripts": "sentence"}
    return records, [number for number, _ in rows], reasons | _not_read(names, {"path", "sentence"})


def _sniff_ljspeech(name: str, text: str) -> bool:
    rows = [line.split("|") for line in _sample(text)]
    widths = {len(row) for row in rows}
    if len(widths) != 1 or not 2 <= max(widths) <= 4:
        return False
    first = [row[0].strip() for row in rows]
    if len(set(first)) < len(first) or any(not cell or cell.split() != [cell] for cell in first):
        return False
    if all(_named(cell) for cell in first):
        return True
    file = Path(name)
    return file.name.lower().startswith("metadata") or any(
        _exists(file.parent / folder / f"{first[0]}.wav") for folder in FOLDERS
    )


def _parse_ljspeech(text: str, source: str, audio_root: str | None = None) -> Parsed:
    """No header, no quotes: the recording, and in the last column of words what is said in it."""
    lines = list(_lines(text))
    rows = [[cell.strip() for cell in line.split("|")] for _, line in lines]
    for (number, _), row in zip(lines, rows, strict=True):
        if len(row) != len(rows[0]):
            want = f"{len(rows[0])} columns separated by |, as line {lines[0][0]}"
            raise DataError(sentence(f"{source}:{number}", "row", want, f"{len(row)} columns"))
    files = [row[0] if _named(row[0]) else f"{row[0]}.wav" for row in rows]
    folder = _folder(_base(source, audio_root), files, FOLDERS if _named(rows[0][0]) else (*FOLDERS[1:], ""))
    # The last column holds the normalised transcript; of several speakers one column holds their names or numbers.
    columns = [[row[n] for row in rows] for n in range(len(rows[0]))]
    spoken = max(range(1, len(columns)), key=lambda n: (_words(columns[n]), n))
    records = [
        {"audio": _joined(folder, file), "transcript": row[spoken] or row[1]}
        for file, row in zip(files, rows, strict=True)
    ]
    reasons = {"separator": "|", "header": "none", "recordings": f"column 1, in {folder or 'the folder of the file'}"}
    reasons |= {"transcripts": f"column {spoken + 1}"}
    left = [str(n + 1) for n in range(1, len(columns)) if n != spoken]
    return records, [number for number, _ in lines], reasons | ({"not read": ", ".join(left)} if left else {})


def _words(cells: Sequence[str]) -> bool:
    """Tell a column of sentences from one of names or numbers: its cells hardly repeat and hold letters."""
    return len(set(cells)) * 2 > len(cells) and any(cell.isalpha() for cell in "".join(cells[:TRIED]))


def _sniff_kaldi(name: str, text: str) -> bool:
    file = Path(name)
    if file.name == "wav.scp" or (file.name == "text" and _exists(file.with_name("wav.scp"))):
        return True
    rows = [line.split(None, 1) for line in _sample(text)]
    if not rows or any(len(row) < 2 for row in rows) or len({row[0] for row in rows}) < len(rows):
        return False
    return file.suffix == ".scp" or all(
        row[1].rstrip().endswith("|") or (_named(row[1].rstrip()) and ("/" in row[1] or " " not in row[1].strip()))
        for row in rows
    )


def _parse_kaldi(text: str, source: str, audio_root: str | None = None) -> Parsed:
    """`wav.scp` with `text`, `segments` and `utt2spk` beside it, as far as they are there."""
    file = Path(source)
    where = source
    if file.name == "text":
        where = str(file.with_name("wav.scp"))
        text = _beside(where)
    paths = {key: (line, value) for line, key, value in _pairs(text, where)}
    for line, value in paths.values():
        _check_path(f"{where}:{line}", value)
    spoken = _table(file, "text")
    segments = _table(file, "segments")
    speakers = _table(file, "utt2spk")
    names = [value for _, value in paths.values()]
    folder = _folder(_base(source, audio_root), names, UP if audio_root is None else ("",))
    records, lines = [], []
    for key, recording, bounds in _utterances(file, paths, segments):
        line, value = paths[recording]
        record: dict[str, Any] = {"audio": value if Path(value).is_absolute() else _joined(folder, value), **bounds}
        if spoken:
            record["transcript"] = spoken.pop(key, (0, ""))[1]
        if speakers:
            record["speaker"] = speakers.get(key, (0, ""))[1]
        records.append(record)
        lines.append(line)
    if spoken:
        key, (line, _) = next(iter(spoken.items()))
        place = f"{file.with_name('text')}:{line}"
        known = "segments" if segments else "wav.scp"
        raise DataError(sentence(place, "utterance", f"one of {known}", repr(key)[:80], "Leave the row out."))
    found = [name for name, there in (("segments", segments), ("utt2spk", speakers)) if there]
    transcripts = {"transcripts": "text, beside it"} if records and "transcript" in records[0] else {}
    return records, lines, {"recordings": "wav.scp"} | transcripts | ({"read too": ", ".join(found)} if found else {})


def _utterances(
    file: Path, paths: dict[str, tuple[int, str]], segments: dict[str, tuple[int, str]]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the key of each utterance, that of its recording, and its bounds if it is a segment."""
    if not segments:
        yield from ((key, key, {}) for key in paths)
    for key, (line, value) in segments.items():
        cells = value.split()
        place = f"{file.with_name('segments')}:{line}"
        if len(cells) < 3 or not all(re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", cell) for cell in cells[1:3]):
            raise DataError(
                sentence(place, "segment", "a recording, its begin and its end in seconds", repr(value)[:80])
            )
        if cells[0] not in paths:
            raise DataError(sentence(place, "recording", "one of wav.scp", repr(cells[0])[:80]))
        begin, end = float(cells[1]), float(cells[2])
        yield key, cells[0], {"offset": begin} | ({"duration": end - begin} if end >= 0 else {})


def _check_path(place: str, value: str) -> None:
    """Refuse what Kaldi reads by running it, and what is a part of an archive."""
    if value.endswith("|") or value.startswith("|"):
        remedy = "Run the commands once and name the files they write."
        raise DataError(sentence(place, "recording", "the path of a file", f"the command {value[:80]!r}", remedy))
    if re.search(r"\.ark:\d+$", value) or value == "-":
        remedy = "Write the recordings as WAV or FLAC files (wav-copy)."
        raise DataError(sentence(place, "recording", "the path of a file", repr(value[:80]), remedy))


def _pairs(text: str, source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, key and the rest of rows whose keys are all different."""
    seen: dict[str, int] = {}
    for line, row in _lines(text):
        key, _, value = row.strip().replace("\t", " ", 1).partition(" ")
        if key in seen:
            want = f"another than that of line {seen[key]}"
            raise DataError(sentence(f"{source}:{line}", "key", want, repr(key)[:80], "Leave one of both rows out."))
        seen[key] = line
        yield line, key, value.strip()


def _beside(path: str) -> str:
    return decode(read_bytes(path), path)[0]


def _table(file: Path, name: str) -> dict[str, tuple[int, str]]:
    """Return the rows of a file beside another by their keys; none if it is not there."""
    path = file.with_name(name)
    if not _exists(path):
        return {}
    return {key: (line, value) for line, key, value in _pairs(_beside(str(path)), str(path))}


def _sniff_transcripts(name: str, text: str) -> bool:
    rows = [line.split(None, 1) for line in _sample(text)]
    keys = [row[0] for row in rows]
    if not rows or any(len(row) < 2 for row in rows) or len(set(keys)) < len(keys):
        return False
    if any(not re.fullmatch(r"[\w.-]*\d[\w.-]*", key, re.ASCII) for key in keys):
        return False
    file = Path(name)
    return bool(re.search(r"transcript|\.trans\.|\.trn$|text$", file.name.lower())) or any(
        _exists(file.with_name(keys[0] + ending)) for ending in SUFFIXES
    )


def _parse_transcripts(text: str, source: str, audio_root: str | None = None) -> Parsed:
    """A recording's name and what is said in it; recordings lie in folders of the same tree (AISHELL, LibriSpeech)."""
    rows = list(_pairs(text, source))
    base = _base(source, audio_root)
    found: dict[str, str] = {}
    for up in UP[: 1 if audio_root is not None else 3]:
        found = _recordings(base / up, up, source)
        if any(key in found for _, key, _ in rows):
            break
    records = [{"audio": found.get(key, f"{key}.wav"), "transcript": spoken} for _, key, spoken in rows]
    reasons = {"recordings": "by name, in the folders around the file", "transcripts": "behind the names"}
    return records, [line for line, _, _ in rows], reasons


def _recordings(folder: Path, up: str, source: str) -> dict[str, str]:
    """Return the recordings in a folder and below it by their names without ending."""
    found: dict[str, str] = {}
    for here, folders, files in os.walk(folder):
        folders.sort()
        inner = os.path.relpath(here, folder).replace(os.sep, "/")
        for file in sorted(files):
            stem = os.path.splitext(file)[0]
            if is_audio(file) or (is_unreadable(file) and stem not in found):
                path = _joined(up, _joined("" if inner == "." else inner, file))
                if stem in found and is_audio(found[stem]):
                    got = f"{found[stem]!r} and {path!r}"
                    raise DataError(sentence(source, "recordings", f"one of the name {stem!r}", got))
                found[stem] = path
    return found


PLACEHOLDER = "data_root"


def _sniff_speechbrain(name: str, text: str) -> bool:
    head = text[:SAMPLE].lstrip()
    if head.startswith("{"):
        return bool(re.match(r'\{\s*"[^"]+"\s*:\s*\{', head)) and '"wav"' in head[:4000]
    cells = {cell.strip().strip('"') for cell in head.split("\n", 1)[0].rstrip("\r").split(",")}
    return {"ID", "wav"} <= cells


def _parse_speechbrain(text: str, source: str, audio_root: str | None = None) -> Parsed:
    """Tables and JSON objects of SpeechBrain; all columns but those of lengths and formats are kept."""
    if text.lstrip().startswith("{"):
        rows, lines, names = _objects(text, source)
    else:
        table = delimited.parse(text, source, Reading(separator=","))
        names = [cell.strip() for cell in table.rows[0]]
        rows = [dict(zip(names, (cell.strip() for cell in row), strict=True)) for row in table.rows[1:]]
        lines = table.lines[1:]
    records = []
    for row, line in zip(rows, lines, strict=True):
        if str(row.get("start") or "0").strip() not in ("0", "0.0"):
            remedy = "Cut the recordings first."
            raise DataError(sentence(f"{source}:{line}", "start", "0: segments are not read", row["start"], remedy))
        spoken = next((row[name] for name in ("wrd", "words", "transcript", "transcription") if name in row), None)
        record = {"audio": row.get("wav")} | ({} if spoken is None else {"transcript": spoken})
        others = {k: v for k, v in row.items() if k not in IGNORED and not k.endswith(("_format", "_opts"))}
        records.append(record | others)
    kept = {name for record in records for name in record}
    return records, lines, {"recordings": "wav"} | _not_read(names, {*kept, "wav", "wrd", "words", "ID"})


IGNORED = frozenset(("ID", "wav", "wrd", "words", "transcript", "transcription", "duration", "length", "start", "stop"))
"""Columns of SpeechBrain that are the recording, its transcript, or no label."""


def _objects(text: str, source: str) -> tuple[list[dict[str, Any]], list[int], list[str]]:
    """Return the objects of one JSON object, the lines they begin on, and their keys."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(sentence(source, "data", "JSON", str(error)[:80])) from None
    rows, lines, at, line = [], [], 0, 1
    for key, value in values.items():
        next_at = max(text.find(json.dumps(key, ensure_ascii=False), at), at)
        line, at = line + text.count("\n", at, next_at), next_at
        if not isinstance(value, dict):
            raise DataError(sentence(f"{source}:{line}", "row", "a JSON object", repr(value)[:80]))
        rows.append(value)
        lines.append(line)
    return rows, lines, list(dict.fromkeys(name for row in rows for name in row))


def _sniff_nemo(name: str, text: str) -> bool:
    head = text[:SAMPLE].lstrip()
    return head.startswith("{") and '"audio_filepath"' in head.split("\n", 1)[0]


def _parse_nemo(text: str, source: str, audio_root: str | None = None) -> Parsed:
    """JSON lines; where a row has an offset, its duration is that of the segment."""
    rows, lines = jsonl.records(text, source)
    renamed = {"audio_filepath": "audio", "text": "transcript"}
    # Without an offset the duration says how long the whole recording is.
    records = [
        {renamed.get(k, k): v for k, v in row.items() if k != "duration" or row.get("offset") is not None}
        for row in rows
    ]
    return records, lines, {"recordings": "audio_filepath"}


@dataclass(frozen=True)
class Manifest:
    """A format of manifests."""

    sniff: Callable[[str, str], bool]
    parse: Callable[..., Parsed]


FORMATS = {
    "nemo": Manifest(_sniff_nemo, _parse_nemo),
    "speechbrain": Manifest(_sniff_speechbrain, _parse_speechbrain),
    "common-voice": Manifest(_sniff_common_voice, _parse_common_voice),
    "kaldi": Manifest(_sniff_kaldi, _parse_kaldi),
    "ljspeech": Manifest(_sniff_ljspeech, _parse_ljspeech),
    "transcripts": Manifest(_sniff_transcripts, _parse_transcripts),
}
"""By name, in the order in which they are tried."""


def detect(name: str, text: str) -> str | None:
    """Return the format of a manifest, None if it is none of these."""
    return next((kind for kind, format in FORMATS.items() if format.sniff(name, text)), None)
