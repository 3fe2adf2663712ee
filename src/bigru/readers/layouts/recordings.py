"""Manifests: a column names recordings, others hold their labels or transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import DataError, sentence
from ..examples import Examples
from ..labels import LabelReader, is_missing
from ..names import EXACT, LABELS, RECORDINGS, TRANSCRIPTS, fit
from ..profile import Profile
from ..recordings import Recording, examined
from ..table import Table
from .evidence import Proposal, Role, View, listed
from .rows import keep

__all__ = ["build", "propose"]


def propose(view: View) -> Proposal | None:
    """Say what speaks for a manifest of recordings."""
    reading = view.reading
    audio = view.find("text", reading.text) or _audio(view)
    if audio is None or audio.kind != "recording":
        return None
    found = Proposal("recordings", f"recordings named in {audio.name!r}", f"--text {audio.name}")
    found.add(5, f"{audio.name!r} holds names of recordings")
    if reading.task == "tag":
        found.object("task", "classify or transcribe for recordings", "tag")
    target, task = _target(view, audio)
    if target is None and view.required:
        known = (
            (*TRANSCRIPTS[:4], *LABELS[:4])
            if reading.task is None
            else (TRANSCRIPTS if task == "transcribe" else LABELS)
        )
        want = f"named, as none of the columns {listed(view.table.names)} is one of {', '.join(known[:8])}, ..."
        found.object("--label", want, "nothing")
    if not audio.readable:
        example = next(str(cell) for cell in view.table.columns[audio.place] if cell)
        found.object(
            f"the recordings in {audio.name!r}", "WAV, FLAC, OGG or MP3", repr(example), "Convert them to WAV or FLAC."
        )
    found.columns = {"audio": audio.name, "label": None if target is None else target.name, "task": task}
    found.roles = [Role(audio.name, "recording", audio.describe())]
    if target is not None:
        role = "transcript" if task == "transcribe" else "label"
        found.roles.append(Role(target.name, role, "named" if reading.label else "its name"))
    return found


def _audio(view: View) -> Profile | None:
    paths = list(view.of_kind("recording"))
    return max(paths, key=lambda one: fit(one.name, RECORDINGS), default=None)


def _target(view: View, audio: Profile) -> tuple[Profile | None, str]:
    """Return the column of what a recording is to be answered with, and the task.

    A transcript is preferred where there is a label too; a column that is named is one of transcripts if its name or
    its values say so.
    """
    reading = view.reading
    named = view.find("label", reading.label)
    others = [one for one in view.profiles if one.place != audio.place and one.kind != "empty"]
    if named is not None:
        spoken = named.name in TRANSCRIPTS or named.is_prose
        return named, reading.task or ("transcribe" if spoken else "classify")
    transcript = _best(others, TRANSCRIPTS)
    label = _best(others, LABELS)
    if transcript is None and label is None and reading.task != "classify":
        transcript = next((one for one in others if one.is_prose), None)
    task = reading.task or ("transcribe" if transcript is not None or label is None else "classify")
    return (transcript if task == "transcribe" else label), task


def _best(others: list[Profile], known: tuple[str, ...]) -> Profile | None:
    fitting = [one for one in others if fit(one.name, known) >= EXACT and one.kind != "recording"]
    return max(fitting, key=lambda one: fit(one.name, known), default=None)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Find the recordings and read their labels or transcripts."""
    columns = chosen.columns
    key, task = columns["label"], columns["task"]
    kept = keep(table, columns["audio"], key, None if key is None else table.column(key), view, kind="audio")
    result = kept.examples("audio", task)
    root = view.reading.audio_root
    paths = [_recording(value, place, root) for value, place in kept.inputs()]
    result.inputs, found = examined(paths, result.lines, table.source)
    result.findings += found
    if kept.labelled:
        labels = LabelReader(table.source)
        read = [labels.one(value, line) for value, line in kept.targets() if not is_missing(value)]
        result.targets = [" ".join(text.split()) for text in read] if task == "transcribe" else read
        result.findings += labels.findings()
    return result


def _recording(value: Any, place: str, root: str | None) -> Recording:
    """Return the recording at a path, which counts from the folder of the file that names it."""
    if not isinstance(value, str):
        raise DataError(sentence(place, "audio", "the path of a recording", repr(value)[:80]))
    folder = Path(root) if root is not None else Path(place.rpartition(":")[0]).parent
    return Recording(str(folder / value), place)
