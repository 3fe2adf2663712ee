"""Manifests: a column names recordings, others hold their labels or transcripts."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from ...config.targets import TARGETS
from ...errors import argument
from ..audio.endings import is_audio, is_unreadable
from ..audio.paths import looks_like_transcripts, recording_at
from ..audio.recordings import check_recordings
from ..examples import Examples
from ..labels import LabelReader, is_missing
from ..names import EXACT, LABELS, RECORDINGS, TEXTS, TRANSCRIPTS, fit
from ..profile import Profile
from ..table import Table
from .evidence import Proposal, Role, View, name_some
from .rows import keep

__all__ = ["build", "propose"]


def propose(view: View) -> Proposal | None:
    """Say what speaks for a manifest of recordings."""
    reading = view.reading
    audio = view.find("text", reading.text) or _audio(view)
    if audio is None or audio.kind != "recording" or (reading.text is None and _names_no_audio(view, audio)):
        return None
    found = Proposal("recordings", f"recordings named in {audio.name!r}", argument("reading.text", audio.name))
    found.add(5, f"{audio.name!r} holds names of recordings")
    if reading.task is not None and "audio" not in reading.target.kinds:
        found.object("task", "classify or transcribe for recordings", reading.task)
    target, task = _target(view, audio, found)
    is_text = TARGETS[task].is_text
    if target is None and view.required:
        known = (*TRANSCRIPTS[:4], *LABELS[:4]) if reading.task is None else (TRANSCRIPTS if is_text else LABELS)
        want = f"named, as none of the columns {name_some(view.table.names)} is one of {', '.join(known[:8])}, ..."
        found.object(argument("reading.label"), want, "nothing")
    found.columns = {"audio": audio.name, "label": None if target is None else target.name, "task": task}
    found.roles = [Role(audio.name, "recording", audio.describe())]
    if target is not None:
        role = "transcript" if is_text else "label"
        found.roles.append(Role(target.name, role, "named" if reading.label else "its name"))
    return found


def _names_no_audio(view: View, one: Profile) -> bool:
    """Tell whether a column names files that are no recordings (.txt, .pdf) beside a column of texts."""
    cells = [str(cell).strip() for cell in view.table.columns[one.place] if not is_missing(cell)]
    if any(is_audio(cell) or is_unreadable(cell) or not PurePath(cell).suffix for cell in cells):
        return False
    return any(fit(other.name, TEXTS) >= EXACT or other.is_prose for other in view.of_kind("text"))


def _audio(view: View) -> Profile | None:
    paths = list(view.of_kind("recording"))
    return max(paths, key=lambda one: fit(one.name, RECORDINGS), default=None)


def _target(view: View, audio: Profile, found: Proposal) -> tuple[Profile | None, str]:
    """Return the column of what a recording is to be answered with, and the task.

    A transcript is preferred where there is a label too, unless it is the same everywhere. What a column is called
    says which of both it is, and where that does not, its look.
    """
    reading, cells = view.reading, view.table.columns
    named = view.find("label", reading.label)
    others = [one for one in view.profiles if one.place != audio.place and one.kind != "empty"]
    spoken = [one for one in others if looks_like_transcripts(cells[one.place])]
    if named is not None:
        is_spoken = named.name.strip().casefold() in TRANSCRIPTS or named in spoken
        return named, reading.task or ("transcribe" if is_spoken else "classify")
    transcript, label = _best(others, TRANSCRIPTS), _best(others, LABELS)
    if transcript is not None and label is not None and transcript.constant and not label.constant:
        transcript = None
    if transcript is None and spoken and (label is None or label in spoken):
        transcript = label or spoken[0]
        if label is None and len(spoken) > 1 and view.required:
            names = " or ".join(repr(one.name) for one in spoken[:3])
            found.ask(argument("reading.label"), "named", f"several columns that look like transcripts: {names}")
    task = reading.task or ("transcribe" if transcript is not None or label is None else "classify")
    return (transcript if TARGETS[task].is_text else label), task


def _best(others: list[Profile], known: tuple[str, ...]) -> Profile | None:
    fitting = [one for one in others if fit(one.name, known) >= EXACT and one.kind != "recording"]
    return max(fitting, key=lambda one: fit(one.name, known), default=None)


def build(table: Table, chosen: Proposal, view: View) -> Examples:
    """Find the recordings and read their labels or transcripts."""
    columns = chosen.columns
    key, task = columns["label"], columns["task"]
    kept = keep(table, columns["audio"], key, None if key is None else table.column(key), view, kind="audio")
    result = kept.examples("audio", task)
    known: dict[str, Any] = {name: table.column(name) for name in ("offset", "duration") if name in table.names}
    bounds = [{name: cells[n] for name, cells in known.items()} for n in kept.places]
    root = view.reading.audio_root
    paths = [recording_at(value, row, place, root) for (value, place), row in zip(kept.inputs(), bounds, strict=True)]
    result.inputs, found = check_recordings(paths, result.lines, table.source)
    result.findings += found
    if kept.labelled:
        labels = LabelReader(table.source)
        read = [labels.one(value, line) for value, line in kept.targets() if not is_missing(value)]
        result.targets = [" ".join(text.split()) for text in read] if result.target.is_text else read
        result.findings += labels.findings()
    return result
