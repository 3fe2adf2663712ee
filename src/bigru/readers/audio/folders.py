"""Folders of recordings, with their labels or transcripts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from ...config.targets import target_of
from ...errors import DataError, sentence
from ..examples import Examples
from ..findings import Finding
from ..labels import LabelReader
from .decoding import check_present
from .recordings import Recording, check_recordings, is_audio, is_unreadable

__all__ = ["from_files", "from_folder", "is_folder_of_audio"]

SHOWN = 3
"""Files that a refusal names."""


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
    inputs, findings = check_recordings([Recording(path, path) for path in paths], lines, "recordings")
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
    source, kinds = str(folder), target_of(task).kinds
    if "audio" not in kinds:
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
    spoken = _find_transcripts(paths)
    chosen = task or ("classify" if set(spoken) == {None} else "transcribe")
    result = Examples([], None, "audio", list(range(1, len(paths) + 1)), source, task=chosen)
    result.inputs, result.findings = check_recordings([Recording(str(p), str(p)) for p in paths], result.lines, source)
    beside = "cannot be read; the recording of the same name beside it is"
    result.findings += [Finding(source, 0, "passed over", f"{str(path)!r} {beside}") for path in left]
    transcribed = result.target.is_text
    if transcribed and (required or None not in spoken):
        _read_transcripts(result, paths, spoken)
    elif not transcribed and (required or all(path.parent != folder for path in paths)):
        _read_labels(result, folder, paths)
    result.inferred["folder"] = "transcripts lie beside" if transcribed else "names of folders are labels"
    return result


TABLES = (".csv", ".tsv", ".jsonl", ".json", ".txt", ".scp")
"""Endings of what may be a manifest in a folder of recordings."""


def _read_labels(result: Examples, folder: Path, paths: Sequence[Path]) -> None:
    bare = [path.name for path in paths if folder in (path, path.parent)]
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


def _find_transcripts(paths: Sequence[Path]) -> list[str | None]:
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
