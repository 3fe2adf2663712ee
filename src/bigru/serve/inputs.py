"""What a request asks, checked before it waits, and made ready for the model when its turn comes."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np

from ..errors import ArgumentError, sentence
from ..readers.reading import Reading
from ..readers.recordings import Recording, load, soundfile
from ..readers.table import Table
from ..runtime.forecaster import Forecaster
from ..tables.timetable import FILLS
from .limits import Limits
from .refusal import RefusedError, shown

__all__ = ["check_all", "check_seconds", "columns", "samples", "series", "steps_of"]

CELLS = (str, int, float, type(None))
"""What a cell of a table may be."""


def check_all(kind: str, inputs: Any, limits: Limits) -> list[int]:
    """Return the length of each input of a request.

    Args:
        kind: "text", "series", "audio" or "table".
        inputs: what the request holds under "inputs".
        limits: of the server.

    Raises:
        RefusedError: there are none or too many, or one is of another kind or too long.
    """
    if not isinstance(inputs, list):
        raise RefusedError(400, "inputs", "a list", type(inputs).__name__)
    if not inputs:
        raise RefusedError(400, "inputs", "at least one", "an empty list")
    if len(inputs) > limits.inputs:
        raise RefusedError(413, "inputs", f"at most {limits.inputs}", len(inputs), "Send them in several requests.")
    lengths = [steps_of(kind, x, f"inputs[{n}]") for n, x in enumerate(inputs)]
    if max(lengths) > limits.length:
        n = lengths.index(max(lengths))
        want = f"at most {limits.length} {UNITS[kind]} long"
        raise RefusedError(413, f"inputs[{n}]", want, lengths[n], "Send it in parts.")
    return lengths


def steps_of(kind: str, x: Any, name: str) -> int:
    """Return the length of an input in characters, tokens or rows.

    Raises:
        RefusedError: it is of another kind.
    """
    if type(x) is str and kind == "text":
        return len(x)
    return CHECKS[kind](x, name)


def _text(x: Any, name: str) -> int:
    if isinstance(x, list) and all(type(token) is str for token in x):
        return sum(map(len, x)) + len(x)
    raise RefusedError(400, name, "a text, or a list of tokens", _kind(x))


def _series(x: Any, name: str) -> int:
    if isinstance(x, list):
        return len(x)
    raise RefusedError(400, name, "a series, as a list of rows of numbers", _kind(x))


def _audio(x: Any, name: str) -> int:
    raise RefusedError(400, name, "sent as the body of a request to /audio", _kind(x))


def _table(x: Any, name: str) -> int:
    table = x.get("columns") if isinstance(x, dict) else None
    if not isinstance(table, dict) or not table or not all(isinstance(cells, list) for cells in table.values()):
        want = 'a table, as {"columns": {name: [cells]}}'
        raise RefusedError(400, name, want, _kind(x))
    lengths = {len(cells) for cells in table.values()}
    if len(lengths) > 1 or 0 in lengths:
        raise RefusedError(400, f"{name} columns", "equally long, of one row at least", sorted(lengths))
    for column, cells in table.items():
        odd = next((cell for cell in cells if type(cell) not in CELLS), None)
        if odd is not None:
            raise RefusedError(400, f"{name} column {shown(column)}", "of numbers, texts and null", _kind(odd))
    _check_reading(x, name)
    return lengths.pop()


def _check_reading(x: dict[str, Any], name: str) -> None:
    for key, value in x.items():
        if key not in ("columns", "time", "id", "fill"):
            raise RefusedError(400, f"{name} key", "one of columns, time, id, fill", shown(key))
        if key != "columns" and value is not None and not isinstance(value, str):
            raise RefusedError(400, f"{name} {key}", "a text or null", _kind(value))
    if x.get("fill") not in (None, *FILLS):
        raise RefusedError(400, f"{name} fill", "one of " + ", ".join(FILLS), shown(x["fill"]))


def _kind(x: Any) -> str:
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        int: "a number",
        float: "a number",
        bool: "true or false",
    }
    return "null" if x is None else names.get(type(x), type(x).__name__)


CHECKS = {"text": _text, "series": _series, "audio": _audio, "table": _table}

UNITS = {"text": "characters", "series": "rows", "audio": "bytes", "table": "rows"}


def series(x: list[Any], name: str) -> np.ndarray:
    """Return rows of numbers as float64 [T, I] or [T]; null is a value that is missing.

    Raises:
        ArgumentError: they are not numbers, or rows of different widths.
    """
    try:
        rows = np.array(x, object)
        if not all(type(v) in (int, float, type(None)) for v in rows.ravel()):
            raise TypeError
        return rows.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        want = "a series, as a list of equally wide rows of numbers"
        raise ArgumentError(sentence("serve", name, want, "another list")) from None


def columns(model: Forecaster, x: dict[str, Any], name: str) -> Any:
    """Return a table of cells as the model reads it.

    Raises:
        BigruError: it does not fit the model.
    """
    cells = x["columns"]
    found = Table(list(cells), list(cells.values()), range(1, len(next(iter(cells.values()))) + 1), name)
    given: dict[str, Any] = {key: (x[key],) for key in ("time", "id") if x.get(key) is not None}
    return model.table(found, Reading(**given), fill=x.get("fill"))


def check_seconds(content: bytes, limits: Limits) -> float:
    """Return the seconds of a recording, as its header says: a decoder makes room for as much.

    Raises:
        RefusedError: it is no audio, or too long.
    """
    sf = soundfile()
    try:
        info = sf.info(BytesIO(content))
        seconds = info.frames / max(info.samplerate, 1)
        channels = info.channels
    except (sf.SoundFileError, RuntimeError, TypeError) as error:
        reason = str(getattr(error, "error_string", "no such format")).rstrip(".")
        raise RefusedError(415, "body", "WAV, FLAC, OGG or MP3 that can be decoded", reason) from None
    if seconds * channels > limits.seconds:
        raise RefusedError(
            413, "recording", f"at most {limits.seconds:g} s long", f"{seconds:.0f} s", "Send it in parts."
        )
    return seconds


def samples(content: bytes) -> tuple[np.ndarray, int]:
    """Return the samples of a recording sent as bytes, and their rate; errors as of `bigru.readers.recordings.load`."""
    return load(Recording("body", "serve", content=content))
