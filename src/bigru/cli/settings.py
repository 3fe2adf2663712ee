"""Settings from `--config` and `--set key=value`, and durations from `--time`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..config import AugmentConfig, EncoderConfig, TrainConfig, from_dict
from ..errors import ArgumentError, DataError, nearest, sentence
from ..readers.opening.packed import read_whole

__all__ = ["KINDS", "check_values", "duration", "settings"]

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}

NUMBER = re.compile(r"\d+(\.\d+)?")

KINDS: dict[str, type] = {
    "unit": str,
    "channels": list,
    "pooling": list,
    "lowercase": bool,
    "min_count": int,
    "max_size": int,
    "replace": dict,
    "segmenter": str,
    "per_series": bool,
    "beam": int,
    "language": bool,
    "sample_rate": int,
    "mel_bins": int,
    "normalise": str,
    "skip": bool,
    "wide": bool,
    "crf": bool,
    "past": list,
    "known": list,
    "calendar": list,
    "joint": bool,
    "lookback": int,
    "segment": int,
    "season": int,
    "windows": int,
    "guard": bool,
    "loss": str,
    "quantiles": tuple,
    "levels": tuple,
    "split": tuple,
}
"""The JSON types of the settings that no configuration class checks by itself; tuple stands for a list of numbers."""


def duration(text: str) -> float:
    """Return seconds from `90s`, `10m`, `1.5h` or a plain number of seconds.

    Raises:
        ArgumentError: the text is no duration above 0.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    seconds = float(match[1]) * UNITS[match[2] or "s"] if match else 0.0
    if seconds <= 0:
        raise ArgumentError(sentence("train", "--time", "a duration above 0, as 90s, 10m or 1h", repr(text)))
    return seconds


def settings(known: Sequence[str], config: Path | None, pairs: Sequence[str]) -> dict[str, Any]:
    """Return the settings of `--config` overruled by those of `--set`.

    Args:
        known: every setting's name.
        config: a file with one JSON object.
        pairs: `key=value`; a value that is JSON (64, true, ["max"]) is read as such, else it is text. Lists
            may also be written with commas: `pooling=max,mean`.

    Raises:
        ArgumentError: the file is no JSON object, a key is unknown (the nearest is named), `=` is missing, or a
            value has the wrong type.
    """
    values = {} if config is None else _object(config)
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ArgumentError(sentence("train", "--set", "key=value", repr(pair)))
        values[key.strip()] = _value(key.strip(), value.strip())
    for key in values:
        if key not in known:
            raise ArgumentError(
                sentence("train", "setting", "one of " + ", ".join(sorted(known)), repr(key), nearest(key, known))
            )
    _check_kinds(values)
    check_values(values)
    return values


def check_values(values: Mapping[str, Any]) -> None:
    """Refuse a value that the configuration it belongs to would refuse, before any data are read.

    Raises:
        ArgumentError: it has the wrong type, or lies outside of its bounds.
    """
    for kind in (EncoderConfig, TrainConfig, AugmentConfig):
        own = {field.name for field in fields(kind)}
        from_dict(kind, {name: value for name, value in values.items() if name in own and value is not None})


def _check_kinds(values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        kind = KINDS.get(key)
        if kind is None or value is None:
            continue
        if kind is tuple:
            _check_numbers(key, value)
            continue
        fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if not fits or (kind is list and not all(isinstance(item, str) for item in value)):
            want = "a list of names" if kind is list else f"of type {kind.__name__}"
            raise ArgumentError(sentence("train", key, want, repr(value)))


def _check_numbers(key: str, value: Any) -> None:
    if not isinstance(value, list) or not all(type(number) in (int, float) for number in value):
        raise ArgumentError(sentence("train", key, "a list of numbers", repr(value)))


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
