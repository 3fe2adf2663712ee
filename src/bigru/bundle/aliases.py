"""Saved models of earlier versions: what their settings are called today."""

from __future__ import annotations

from typing import Any

__all__ = ["FIELDS", "POOLINGS", "current_names"]

FIELDS = {"values": "input_size", "wide": "wide_linear", "front": "conv"}
"""Fields of `bigru.config.ModelConfig`: the name in an earlier version, and the name today."""

POOLINGS = {"bag": "sqrt_n"}
"""Poolings likewise."""


def current_names(model: Any) -> Any:
    """Return the entry "model" of a config.json with today's names.

    A name is only replaced where the entry does not have both: such an entry is refused by `bigru.config.from_dict`, as
    is anything that is no object.
    """
    if not isinstance(model, dict):
        return model
    found = {FIELDS[key] if key in FIELDS and FIELDS[key] not in model else key: value for key, value in model.items()}
    if isinstance(pooling := found.get("pooling"), list):
        found["pooling"] = [POOLINGS.get(kind, kind) if isinstance(kind, str) else kind for kind in pooling]
    return found
