"""Where recordings and their labels or transcripts stand: in the columns of a manifest, or in the files of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import DataError, sentence
from .columns import LABELS, RECORDINGS, find
from .examples import Examples
from .findings import Finding
from .labels import LabelReader, is_missing
from .recordings import Recording, examined, is_audio

__all__ = ["TRANSCRIPTS", "audio_key", "from_files", "from_folder", "is_folder_of_audio", "target_of"]

TRANSCRIPTS = (
    *("transcript", "transcription", "text", "sentence", "normalized_text", "words", "utterance"),
    *("转写", "文本", "句子"),
)
"""Names of columns of transcripts, the surest first."""

SHOWN = 3
"""Files that a refusal names."""


def audio_key(records: Sequence[dict[str, Any]], names: Sequence[str], wanted: str | None) -> str | None:
    """Return the key under which records name recordings, None if they hold none."""
    known = (wanted,) if wanted else [name for name in RECORDINGS if name in names]
    for key in known:
        first = next((record[key] for record in records if not is_missing(record.get(key))), None)
        if isinstance(first, str) and is_audio(first):
            return key
    return None


def target_of(
    source: str, names: Sequence[str], task: str | None, label_column: str | None, required: bool
) -> tuple[str | None, str]:
    """Return the key of what a recording is to be answered with, and the task: "transcribe" or "classify".

    A transcript is preferred where there is a label too.

    Raises:
        DataError: the key is absent, or there is none and one is required; or the task is another.
    """
    if task not in (None, "classify", "transcribe"):
        raise DataError(sentence(source, "task", "classify or transcribe for recordings", task))
    find(source, names, "label_column", label_column)
    transcript = next((name for name in TRANSCRIPTS if name in names), None)
    label = next((name for name in LABELS if name in names), None)
    if label_column is not None:
        return label_column, task or ("transcribe" if label_column in TRANSCRIPTS else "classify")
    chosen = task or ("transcribe" if transcript or not label else "classify")
    key = transcript if chosen == "transcribe" else label
    if key is None and required:
        known = (*TRANSCRIPTS[:4], *LABELS[:4]) if task is None else TRANSCRIPTS if chosen == "transcribe" else LABELS
        want = f"named, as none of the columns {', '.join(names)} is one of {', '.join(known)}"
        raise DataError(sentence(source, "label_column", want, "nothing"))
    return key, chosen


def is_folder_of_audio(path: Path) -> bool:
    """Tell whether a path is a folder with recordings a few levels down, or one recording."""
    inside = chain.from_iterable(path.glob(level) for level in ("*", "*/*", "*/*/*"))
    return (path.is_file() and is_audio(path.name)) or (path.is_dir() and any(is_audio(one.name) for one in inside))


def from_files(paths: Sequence[str]) -> Examples:
    """Return recordings to answer; lines are their places in the list from 1."""
    lines = list(range(1, len(paths) + 1))
    inputs, findings = examined([Recording(path, path) for path in paths], lines, "recordings")
    return Examples(inputs, None, "audio", lines, "recordings", findings=findings)


def from_folder(folder: Path, task: str | None, required: bool) -> Examples:
    """Read a folder: `LABEL/*.wav` to classify, or recordings with transcripts of the same name in `.txt`.

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
    paths = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if is_audio(p.name) and p.is_file())
    if not paths:
        raise DataError(sentence(source, "folder", "one with recordings (WAV, FLAC, OGG, MP3)", "none"))
    texts = [path.with_suffix(".txt") for path in paths]
    written = [text.is_file() for text in texts]
    chosen = task or ("transcribe" if any(written) else "classify")
    result = Examples([], None, "audio", list(range(1, len(paths) + 1)), source, task=chosen)
    result.inputs, result.findings = examined([Recording(str(p), str(p)) for p in paths], result.lines, source)
    if chosen == "transcribe" and (required or all(written)):
        _read_transcripts(result, paths, texts, written)
    elif chosen == "classify" and (required or all(path.parent != folder for path in paths)):
        _read_labels(result, folder, paths)
    result.inferred["folder"] = "names of folders are labels" if chosen == "classify" else "transcripts lie beside"
    return result


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


def _read_transcripts(result: Examples, paths: Sequence[Path], texts: Sequence[Path], written: Sequence[bool]) -> None:
    if not all(written):
        missing = texts[written.index(False)]
        remedy = f"Write what is said in it, or move {paths[written.index(False)].name} away."
        raise DataError(sentence(str(missing), "transcript", "beside its recording", "no such file", remedy))
    found = [_text(path) for path in texts]
    kept = [n for n, text in enumerate(found) if text]
    result.findings += [
        Finding(result.source, result.lines[n], "empty row", f"{str(texts[n])!r} is empty; left out")
        for n, text in enumerate(found)
        if not text
    ]
    if not kept:
        raise DataError(sentence(result.source, "transcripts", "at least one that is not empty", "none"))
    result.inputs, result.lines = [result.inputs[n] for n in kept], [result.lines[n] for n in kept]
    result.targets = [found[n] for n in kept]


def _text(path: Path) -> str:
    try:
        return " ".join(path.read_text(encoding="utf-8-sig").split())
    except UnicodeDecodeError as error:
        raise DataError(sentence(str(path), "transcript", "UTF-8", f"byte {error.start} that is not")) from None
