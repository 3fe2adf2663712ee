"""The settings of a training that starts from a model, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, argument, refusal, sentence
from ...models import find

__all__ = ["check_start"]

OWN = ("keep", "forget", "rehearsal")
"""Settings of no use without a model to start from."""

FRACTIONS = ("forget", "rehearsal")
"""Those of them that are shares."""


def check_start(settings: Mapping[str, Any], out: Path | None) -> None:
    """Refuse settings that have no use without a model to start from, shares that are none, and the model's own folder.

    Args:
        settings: of the training.
        out: the folder that the new model goes to; None writes none.

    Raises:
        ArgumentError: there is such a setting.
    """
    init = settings.get("init")
    for name in OWN:
        value = settings.get(name)
        if value is None:
            continue
        # A setting without an option of its own is called by its name.
        shown = name if name == "rehearsal" else argument(name)
        if init is None:
            raise ArgumentError(refusal("train", shown, f"without {argument('init')}", str(value)))
        if name in FRACTIONS and not _is_fraction(value):
            raise ArgumentError(sentence("train", shown, "a fraction within 0..1", repr(value)))
    if not isinstance(init, str | os.PathLike) or out is None:
        return
    if os.path.realpath(find(init)) == os.path.realpath(out):
        want = f"another folder than that of {argument('init')}"
        raise ArgumentError(sentence("train", argument("out"), want, repr(str(out)), "The old model stays as it is."))


def _is_fraction(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and 0 <= value <= 1
