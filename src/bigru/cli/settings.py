"""Settings from `--config` and `--set key=value`, and durations from `--time`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, DataError, sentence
from ..readers.opening.packed import read_whole
from ..train.pipeline.settings import KINDS

__all__ = ["duration", "settings"]

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}

NUMBER = re.compile(r"\d+(\.\d+)?")


def duration(text: str, option: str = "--time", command: str = "train") -> float:
    """Return seconds from `90s`, `10m`, `1.5h` or a plain number of seconds.

    Raises:
        ArgumentError: the text is no duration above 0.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    seconds = float(match[1]) * UNITS[match[2] or "s"] if match else 0.0
    if seconds <= 0:
        raise ArgumentError(sentence(command, option, "a duration above 0, as 90s, 10m or 1h", repr(text)))
    return seconds


def settings(config: Path | None, pairs: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `--config` overruled by those of `--set`.

    Args:
        config: a file with one JSON object.
        pairs: `key=value`; a value that is JSON (64, true, ["max"]) is read as such, else it is text. Lists
            may also be written with commas: `pooling=max,mean`.

    Raises:
        ArgumentError: the file is no JSON object, or `=` is missing.
    """
    values = {} if config is None else _object(config)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ArgumentError(sentence("train", "--set", "key=value", repr(pair)))
        values[key.strip()] = _value(key.strip(), value.strip())
    return values


def _object(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(read_whole(path, str(path)).decode("utf-8"))
    except OSError as error:
        raise ArgumentError(sentence(str(path), "--config", "a readable file", error.strerror)) from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise ArgumentError(sentence(str(path), "--config", "JSON", error)) from None
    if not isinstance(values, dict):
        raise ArgumentError(sentence(str(path), "--config", "a JSON object", type(values).__name__))
    return values


def _value(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ArgumentError(sentence("train", key, "a value", "too deep a nest")) from None
    except ValueError:
        parts = [part.strip() for part in text.split(",")]
        if KINDS.get(key) is tuple:
            return [float(part) if NUMBER.fullmatch(part) else part for part in parts]
        return parts if KINDS.get(key) is list else text
