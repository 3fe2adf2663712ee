"""Where recordings and their labels or transcripts stand: in the columns of a manifest, or in the files of a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from ..errors import DataError, sentence
from .audio.decoding import check_present
from .columns import LABELS, RECORDINGS, find
from .examples import Examples
from .findings import Finding
from .labels import LabelReader, is_missing
from .recordings import SUFFIXES, Recording, examined, is_audio, is_unreadable

__all__ = [
    "TRANSCRIPTS",
    "audio_key",
    "from_files",
    "from_folder",
    "is_folder_of_audio",
    "looks_like_recordings",
    "looks_like_transcripts",
    "recording_at",
    "target_of",
]

TRANSCRIPTS = (
    *("transcript", "transcription", "text", "sentence", "normalized_text", "words", "utterance", "wrd", "trans"),
    *("normalized_transcription", "raw_transcription", "transcripts", "转写", "文本", "句子"),
)
"""Names of columns of transcripts, the surest first."""

SHOWN = 3
"""Files that a refusal names."""

SAMPLE = 2000
"""Cells by which a column is told."""

CERTAIN = 0.9
"""Share of the cells of a column that must be names of audio files by their endings."""

LONGEST = 1_000_000
"""Seconds at which a segment may begin, and which it may last."""

FILE_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$|\.\d?[A-Za-z][A-Za-z0-9]{0,3}$")

PLACEHOLDER = re.compile(r"^(\$data_root|\$\{data_root\}|\{data_root\}|\$data_folder|\{data_folder\})[/\\]*")
"""What SpeechBrain writes in place of the folder of the recordings."""


def audio_key(records: Sequence[dict[str, Any]], names: Sequence[str], wanted: str | None) -> str | None:
    """Return the key under which records name recordings, None if they hold none.

    A column that is called audio, path, wav, ... and holds names of files is one of recordings whatever their endings;
    any other column is one if their endings say so.
    """
    named = [name for name in (*RECORDINGS, *names) if name in names and _folded(name) in RECORDINGS]
    known = [wanted] if wanted else list(dict.fromkeys((*named, *names)))
    sample = _spread(records, 10 * SAMPLE)
    for key in known:
        values = [record.get(key) for record in sample]
        if looks_like_recordings(values, named=bool(wanted) or key in named) is not None:
            return key
    return None


def _folded(name: Any) -> str:
    return str(name).strip().casefold()


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


def target_of(
    source: str,
    names: Sequence[str],
    task: str | None,
    label_column: str | None,
    required: bool,
    columns: Mapping[str, Sequence[Any]] | None = None,
) -> tuple[str | None, str]:
    """Return the key of what a recording is to be answered with, and the task: "transcribe" or "classify".

    A transcript is preferred where there is a label too. What a column is called says which of both it is, and where
    that does not, its look; a label whose values look like transcripts is one.

    Args:
        source: the file as the user named it.
        names: the keys that may be it.
        task, label_column: what the caller has decided.
        required: whether there must be a target.
        columns: the cells of each key, for the look.

    Raises:
        DataError: the key is absent, or there is none and one is required; or the task is another.
    """
    if task not in (None, "classify", "transcribe"):
        raise DataError(sentence(source, "task", "classify or transcribe for recordings", task))
    find(source, names, "label_column", label_column)
    columns = columns or {}
    spoken = [name for name, cells in columns.items() if looks_like_transcripts(cells)]
    if label_column is not None:
        is_spoken = _folded(label_column) in TRANSCRIPTS or label_column in spoken
        return label_column, task or ("transcribe" if is_spoken else "classify")
    transcript = next((name for known in TRANSCRIPTS for name in names if _folded(name) == known), None)
    label = next((name for known in LABELS for name in names if _folded(name) == known), None)
    if (
        label is not None
        and label in columns
        and _is_constant(columns.get(transcript or "", ()))
        and not _is_constant(columns[label])
    ):
        transcript = None
    if transcript is None and spoken and (label is None or label in spoken):
        transcript = label or _only(source, spoken, required)
    chosen = task or ("transcribe" if transcript or not label else "classify")
    key = transcript if chosen == "transcribe" else label
    if key is None and required:
        known = (*TRANSCRIPTS[:4], *LABELS[:4]) if task is None else TRANSCRIPTS if chosen == "transcribe" else LABELS
        want = f"named, as none of the columns {', '.join(names)} is one of {', '.join(known)}"
        raise DataError(sentence(source, "label_column", want, "nothing"))
    return key, chosen


def _only(source: str, spoken: Sequence[str], required: bool) -> str | None:
    """Return the one column that looks like transcripts."""
    if len(spoken) > 1 and required:
        want = f"named, as several columns look like transcripts: {', '.join(spoken)}"
        raise DataError(sentence(source, "label_column", want, "nothing"))
    return spoken[0] if len(spoken) == 1 else None


def _is_constant(values: Sequence[Any]) -> bool:
    return len({str(value).strip() for value in values if not is_missing(value)}) < 2


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
    return Recording(_located(value.strip(), Path(place).parent, audio_root), place, **bounds)


def _seconds(value: Any, name: str, place: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = -1.0
    if not 0 <= found <= LONGEST or isinstance(value, bool):
        raise DataError(sentence(place, name, f"seconds within 0..{LONGEST}", repr(value)[:80]))
    return found


def _located(value: str, folder: Path, audio_root: str | None) -> str:
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


def is_folder_of_audio(path: Path) -> bool:
    """Tell whether a path is a folder with recordings a few levels down, or one recording, readable or not."""
    inside = chain.from_iterable(path.glob(level) for level in ("*", "*/*", "*/*/*"))
    if path.is_dir():
        return any(_is_sound(one) for one in inside)
    return path.is_file() and _is_sound(path)


def _is_sound(path: Path) -> bool:
    return is_audio(path.name) or is_unreadable(path.name)


def from_files(paths: Sequence[str]) -> Examples:
    """Return recordings to answer; lines are their places in the list from 1."""
    lines = list(range(1, len(paths) + 1))
    inputs, findings = examined([Recording(path, path) for path in paths], lines, "recordings")
    return Examples(inputs, None, "audio", lines, "recordings", findings=findings)


def from_folder(folder: Path, task: str | None, required: bool) -> Examples:
    """Read a folder: `LABEL/*.wav` to classify, or recordings with transcripts of the same name in `.txt`, or in a
    `*.trans.txt` of their folder (LibriSpeech).

    Recordings in subfolders are found as well; where each has a transcript beside it the task is to transcribe, else
    the name of its folder is its label. Lines count the recordings, sorted by path, from 1.

    Args:
        folder: the folder, or a single recording.
        task: "transcribe" or "classify", None for what is there.
        required: whether labels or transcripts must be there.

    Raises:
        DataError: no recordings, one without label or transcript where it is required, or one that cannot be used.
    """
    source = str(folder)
    if task not in (None, "classify", "transcribe"):
        raise DataError(sentence(source, "task", "classify or transcribe for recordings", task))
    found = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if _is_sound(p) and p.is_file())
    # What lies converted beside its original is read once.
    readable = {path.with_suffix("") for path in found if is_audio(path.name)}
    left = [path for path in found if is_unreadable(path.name) and path.with_suffix("") in readable]
    passed = set(left)
    paths = [path for path in found if path not in passed]
    if not paths:
        raise DataError(sentence(source, "folder", "one with recordings (WAV, FLAC, OGG, MP3)", "none"))
    check_present([Recording(str(path), str(path)) for path in paths])
    spoken = _spoken(paths)
    chosen = task or ("classify" if set(spoken) == {None} else "transcribe")
    result = Examples([], None, "audio", list(range(1, len(paths) + 1)), source, task=chosen)
    result.inputs, result.findings = examined([Recording(str(p), str(p)) for p in paths], result.lines, source)
    beside = "cannot be read; the recording of the same name beside it is"
    result.findings += [Finding(source, 0, "passed over", f"{str(path)!r} {beside}") for path in left]
    if chosen == "transcribe" and (required or None not in spoken):
        _read_transcripts(result, paths, spoken)
    elif chosen == "classify" and (required or all(path.parent != folder for path in paths)):
        _read_labels(result, folder, paths)
    result.inferred["folder"] = "names of folders are labels" if chosen == "classify" else "transcripts lie beside"
    return result


TABLES = (".csv", ".tsv", ".jsonl", ".json", ".txt", ".scp")
"""Endings of what may be a manifest in a folder of recordings."""


def _read_labels(result: Examples, folder: Path, paths: Sequence[Path]) -> None:
    bare = [path.name for path in paths if path.parent == folder]
    if bare:
        got = f"{', '.join(bare[:SHOWN])}{' and more' if len(bare) > SHOWN else ''} in the folder itself"
        remedy = "Lay them as LABEL/name.wav, or a transcript name.txt beside each."
        raise DataError(sentence(str(folder), "recordings", "in folders named by label", got, remedy))
    labels = LabelReader(result.source)
    result.targets = [
        labels.one(path.relative_to(folder).parts[0], line) for path, line in zip(paths, result.lines, strict=True)
    ]
    tables = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in TABLES)
    if len(set(result.targets)) == 1 and tables:
        got = f"one, {result.targets[0]!r}, and {', '.join(tables[:SHOWN])}"
        remedy = f"To read what a manifest says of them, name it: {folder / tables[0]}."
        raise DataError(sentence(str(folder), "folders of recordings", "two labels at least", got, remedy))


def _spoken(paths: Sequence[Path]) -> list[str | None]:
    """Return what is said in each recording, None where nothing beside it says so."""
    tables: dict[Path, dict[str, str]] = {}
    found: list[str | None] = []
    for path in paths:
        text = path.with_suffix(".txt")
        if text.is_file():
            found.append(_text(text))
            continue
        if path.parent not in tables:
            tables[path.parent] = dict(
                row.partition(" ")[::2]
                for table in sorted(path.parent.glob("*.trans.txt"))
                for row in _utf8(table).splitlines()
            )
        said = tables[path.parent].get(path.stem)
        found.append(None if said is None else " ".join(said.split()))
    return found


def _read_transcripts(result: Examples, paths: Sequence[Path], spoken: Sequence[str | None]) -> None:
    if None in spoken:
        bare = paths[spoken.index(None)]
        remedy = f"Write what is said in it, or move {bare.name} away."
        missing = str(bare.with_suffix(".txt"))
        raise DataError(sentence(missing, "transcript", "beside its recording", "no such file", remedy))
    kept = [n for n, text in enumerate(spoken) if text]
    result.findings += [
        Finding(result.source, line, "empty row", f"{str(path.with_suffix('.txt'))!r} is empty; left out")
        for path, line, text in zip(paths, result.lines, spoken, strict=True)
        if not text
    ]
    if not kept:
        raise DataError(sentence(result.source, "transcripts", "at least one that is not empty", "none"))
    result.inputs, result.lines = [result.inputs[n] for n in kept], [result.lines[n] for n in kept]
    result.targets = [spoken[n] for n in kept]


def _text(path: Path) -> str:
    return " ".join(_utf8(path).split())


def _utf8(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(sentence(str(path), "transcript", "UTF-8", f"byte {error.start} that is not")) from None
