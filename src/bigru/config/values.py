"""Configurations to plain JSON values and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from ..errors import ArgumentError, nearest, sentence
from .augment import AugmentConfig
from .model import ChannelConfig, ConvConfig, EncoderConfig

__all__ = ["from_dict", "replace_fields", "to_dict"]

C = TypeVar("C")

NESTED: dict[str, type] = {"EncoderConfig": EncoderConfig, "AugmentConfig": AugmentConfig}
"""Configurations within others, by the type that a field names."""

LARGEST = (1 << 53) - 1
"""The largest whole number that every reader of JSON knows exactly."""


def to_dict(config: Any) -> dict[str, Any]:
    """Return a configuration as plain JSON values (tuples become lists)."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, dict):
            return {key: plain(entry) for key, entry in value.items()}
        return [plain(v) for v in value] if isinstance(value, (tuple, list)) else value

    return dict(plain(config))


def from_dict(cls: type[C], values: Any) -> C:
    """Build a configuration from JSON values, refusing unknown keys and wrong types.

    Raises:
        ArgumentError: `values` is no object, a key is unknown or missing, or a value has the wrong type.
    """
    where = cls.__name__
    if not isinstance(values, dict):
        raise ArgumentError(sentence(where, "configuration", "an object", type(values).__name__))
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise ArgumentError(sentence(where, "key", "one of " + ", ".join(fields), repr(key), nearest(key, fields)))
    for key, entry in fields.items():
        required = entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        if required and key not in values:
            raise ArgumentError(sentence(where, key, "given", "nothing"))
    return cls(**{key: _convert(where, key, str(fields[key].type), value) for key, value in values.items()})


def replace_fields(default: C, chosen: Mapping[str, Any]) -> C:
    """Return a configuration with the fields that are among the chosen values changed, their types checked.

    Raises:
        ArgumentError: a value has the wrong type or lies outside of its bounds.
    """
    values = to_dict(default)
    return from_dict(type(default), {name: chosen.get(name, value) for name, value in values.items()})


def _check_magnitude(where: str, key: str, value: Any) -> None:
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ArgumentError(sentence(where, key, f"within -{LARGEST}..{LARGEST}", "a number beyond"))


def _convert(where: str, key: str, kind: str, value: Any) -> Any:
    """Convert one JSON value to the field's type; ints pass for floats, nothing else is bent."""
    _check_magnitude(where, key, value)
    if kind in NESTED:
        return from_dict(NESTED[kind], value)
    if kind.startswith("tuple[ChannelConfig") and isinstance(value, list):
        return tuple(from_dict(ChannelConfig, v) for v in value)
    if kind.startswith("tuple[ConvConfig") and isinstance(value, list):
        return tuple(from_dict(ConvConfig, v) for v in value)
    if kind.startswith("tuple[str") and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if kind.startswith("tuple[float") and isinstance(value, list):
        return tuple(_convert(where, key, "float", v) for v in value)
    if kind.startswith("tuple[int, int]") and isinstance(value, (list, tuple)) and [*map(type, value)] == [int, int]:
        return tuple(value)
    if value is None and kind.endswith("| None"):
        return None
    if kind.startswith("float") and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    plain: dict[str, type] = {"int": int, "str": str, "bool": bool}
    want = plain.get(kind)
    if want is not None and isinstance(value, want) and (want is bool or not isinstance(value, bool)):
        return value
    remedy = "Did you mean 'fp32'?" if (key, value) == ("precision", 32) else ""
    raise ArgumentError(sentence(where, key, f"of type {kind}", repr(value), remedy))
