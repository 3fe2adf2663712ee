"""What a request asks, checked before it waits, and made ready for the model when its turn comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ArgumentError, DataError, sentence
from ...readers.audio.decoding import claimed_header
from ...readers.audio.recordings import Recording
from ...readers.names import IDS, fit
from ...readers.reading import FILLS, Reading
from ...readers.table import Table
from ...readers.times import hints_time
from ...runtime.forecaster import Forecaster
from .errors import RefusedError, quote_client
from .limits import Limits

if TYPE_CHECKING:
    from .models import Loaded

__all__ = [
    "EACH",
    "INLINE",
    "check_all",
    "check_recording",
    "columns",
    "input_length",
    "one_text",
    "recording",
    "series",
]

CELLS = (str, int, float, type(None))
"""What a cell of a table may be."""

EACH = 16
"""Steps that an input counts for beside its own: a thousand empty texts are work too."""

INLINE = 1 << 10
"""Steps up to which a batch is run in the event loop itself: one or two milliseconds."""

NUMBERS = {int, float, type(None)}

UNKNOWN = 1 << 62
"""Frames from which on libsndfile says that it does not know them."""

RATES_HZ = (1000, 192_000)
"""Hertz that a recording may have."""


def one_text(x: Any) -> Any:
    """Return the text, or the tokens, of an object {"text": text}; anything else as it is."""
    return x["text"] if type(x) is dict and x.keys() == {"text"} else x


def check_all(loaded: Loaded, inputs: Any, limits: Limits, name: str = "inputs") -> list[int]:
    """Return what each input of a request costs.

    Args:
        loaded: the model.
        inputs: what the request holds under "inputs". Texts that are objects are replaced by their text.
        limits: of the server.
        name: what errors call them.

    Returns:
        Characters, tokens, numbers or cells, and some more for an input as such (`EACH`); more than `INLINE` for a
        table, whose times take long to read.

    Raises:
        RefusedError: there are none or too many, or one is of another kind, another width, or too long.
    """
    if not isinstance(inputs, list):
        raise RefusedError(400, name, "a list", type(inputs).__name__)
    if not inputs:
        raise RefusedError(400, name, "at least one", "an empty list")
    if len(inputs) > limits.inputs:
        raise RefusedError(413, name, f"at most {limits.inputs}", len(inputs), "Send them in several requests.")
    if loaded.kind == "text":
        inputs[:] = map(one_text, inputs)
    return [input_cost(loaded, x, f"{name}[{n}]", limits) for n, x in enumerate(inputs)]


def input_cost(loaded: Loaded, x: Any, name: str, limits: Limits) -> int:
    """Return what one input costs; errors as of `check_all`."""
    length = input_length(loaded, x, name)
    if length > limits.length:
        want = f"at most {limits.length} {UNITS[loaded.kind]} long"
        raise RefusedError(413, name, want, length, "Send it in parts.")
    if loaded.kind == "series":
        return length * loaded.width + EACH
    if loaded.kind == "table":
        count, most = len(x["columns"]), max(limits.columns, loaded.columns)
        if count > most:
            remedy = "Leave out the columns that the model does not read."
            raise RefusedError(413, f"{name} columns", f"at most {most}", count, remedy)
        _check_cells(x["columns"], name)
        _check_ids(loaded.predictor, x, length)
        return max(length * count, INLINE) + EACH
    return length + EACH


def input_length(loaded: Loaded, x: Any, name: str) -> int:
    """Return the length of an input in characters, tokens or rows.

    Raises:
        RefusedError: it is of another kind, or a series of another width.
    """
    if type(x) is str and loaded.kind == "text":
        return len(x)
    return CHECKS[loaded.kind](loaded, x, name)


def _text(loaded: Loaded, x: Any, name: str) -> int:
    if isinstance(x, list) and all(type(token) is str for token in x):
        return sum(map(len, x)) + len(x)
    raise RefusedError(400, name, "a text, or a list of tokens", _kind(x))


def _series(loaded: Loaded, x: Any, name: str) -> int:
    if isinstance(x, np.ndarray):
        _check_width(loaded, x.shape[-1] if x.ndim == 2 else 1, f"{name} row 0")
        return len(x)
    if not isinstance(x, list):
        raise RefusedError(400, name, "a series, as a list of rows of numbers", _kind(x))
    for n, row in enumerate(x):
        _check_width(loaded, len(row) if isinstance(row, list) else 1, f"{name} row {n}")
    return len(x)


def _check_width(loaded: Loaded, width: int, name: str) -> None:
    if width != loaded.width:
        want = f"{loaded.width} number{'' if loaded.width == 1 else 's'} wide, as the model reads it"
        raise RefusedError(400, name, want, f"{width} wide")


def _audio(loaded: Loaded, x: Any, name: str) -> int:
    raise RefusedError(400, name, "sent as the body of a request to /audio", _kind(x))


def _table(loaded: Loaded, x: Any, name: str) -> int:
    table = x.get("columns") if isinstance(x, dict) else None
    if not isinstance(table, dict) or not table or not all(isinstance(cells, list) for cells in table.values()):
        want = 'a table, as {"columns": {name: [cells]}}'
        raise RefusedError(400, name, want, _kind(x))
    lengths = {len(cells) for cells in table.values()}
    if len(lengths) > 1 or 0 in lengths:
        got = f"{len(lengths)} lengths, {min(lengths)} to {max(lengths)}"
        raise RefusedError(400, f"{name} columns", "equally long, of one row at least", got)
    _check_reading(x, name)
    return lengths.pop()


def _check_cells(table: dict[str, list[Any]], name: str) -> None:
    for column, cells in table.items():
        odd = next((cell for cell in cells if type(cell) not in CELLS), None)
        if odd is not None:
            raise RefusedError(400, f"{name} column {quote_client(column)}", "of numbers, texts and null", _kind(odd))


def _check_ids(model: Any, x: dict[str, Any], rows: int) -> None:
    """Refuse a table whose series are too many to be long enough, before anything is made of each."""
    ids, lookback = x["columns"].get(x.get("id")), model.config.lookback
    count = 1 if ids is None else len(set(map(str, ids)))
    if count > 1 and count * lookback > rows:
        want = f"at least {lookback} for each series, the look-back of the model"
        raise RefusedError(400, "rows", want, f"{rows} of {count} series", "Give more rows of the past.")


def _check_reading(x: dict[str, Any], name: str) -> None:
    for key, value in x.items():
        if key not in ("columns", "time", "id", "fill"):
            raise RefusedError(400, f"{name} key", "one of columns, time, id, fill", quote_client(key))
        if key != "columns" and value is not None and not isinstance(value, str):
            raise RefusedError(400, f"{name} {key}", "a text or null", _kind(value))
    if x.get("fill") not in (None, *FILLS):
        raise RefusedError(400, f"{name} fill", "one of " + ", ".join(FILLS), quote_client(x["fill"]))


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


def series(x: list[Any] | np.ndarray, name: str) -> np.ndarray:
    """Return rows of numbers as float64 [T, I] or [T]; null is a value that is missing.

    Raises:
        ArgumentError: they are not numbers, or rows of different widths.
    """
    if isinstance(x, np.ndarray):
        return x
    try:
        if not all(set(map(type, row if isinstance(row, list) else [row])) <= NUMBERS for row in x):
            raise TypeError
        return np.array(x, np.float64)
    except (TypeError, ValueError, OverflowError):
        want = "a series, as a list of equally wide rows of numbers"
        raise ArgumentError(sentence("serve", name, want, "another list")) from None


def columns(model: Forecaster, x: dict[str, Any], name: str) -> Any:
    """Return a table of cells as the model reads it; of other columns only the names are looked at.

    Raises:
        BigruError: it does not fit the model.
    """
    count = len(next(iter(x["columns"].values())))
    given: dict[str, Any] = {key: (x[key],) for key in ("time", "id") if x.get(key) is not None}
    read = {*model.config.features.columns, x.get("time"), x.get("id")}
    # What is never read costs nothing, however wide the table is.
    cells = {key: column for key, column in x["columns"].items() if key in read or may_be_read(key)}
    found = Table(list(cells), list(cells.values()), range(1, count + 1), name)
    return model.table(found, Reading(**given, fill=x.get("fill")))


def may_be_read(name: str) -> bool:
    """Tell whether a column may be taken for the time or the id by its name."""
    return hints_time(name) or fit(name, IDS) > 0


def check_recording(content: bytes, limits: Limits) -> int:
    """Return the samples of a recording in all its channels, as its header says: a decoder makes room for as many.

    Raises:
        RefusedError: it is no audio, has a rate that no recording has, or is too long.
    """
    try:
        found = claimed_header(recording(content))
    except DataError as error:
        reason = str(error).partition("got 'body': ")[2].removesuffix(".")
        raise RefusedError(415, "body", "WAV, FLAC, OGG or MP3 that can be decoded", reason) from None
    frames, rate, channels = found.frames, found.rate, found.channels
    if not RATES_HZ[0] <= rate <= RATES_HZ[1]:
        want = f"within {RATES_HZ[0]}..{RATES_HZ[1]} Hz"
        raise RefusedError(400, "sample rate of the recording", want, f"{rate} Hz", "Resample it.")
    seconds = frames / rate
    if seconds > limits.seconds:
        got = f"{seconds:.0f} s" if frames < UNKNOWN else "one whose header does not say"
        raise RefusedError(413, "recording", f"at most {limits.seconds:g} s long", got, "Send it in parts.")
    if frames * channels > limits.samples:
        want = f"of at most {limits.samples} samples in all channels"
        remedy = "Mix it down to one channel, resample it to 16000 Hz, or send it in parts."
        raise RefusedError(413, "recording", want, frames * channels, remedy)
    return max(frames, 0) * channels


def recording(content: bytes) -> Recording:
    """Return a recording sent as bytes, as the model reads it."""
    return Recording("body", "serve", content=content)
