"""The settings of a training that starts from a model, checked before anything is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, sentence
from ...models import find

__all__ = ["check_start"]

FRACTIONS = {"forget": "--forget", "rehearsal": "rehearsal"}
"""Settings that are shares, and what they are called."""


def check_start(settings: Mapping[str, Any], out: Path | None) -> None:
    """Refuse settings that have no use without a model to start from, shares that are none, and the model's own folder.

    Args:
        settings: of the training.
        out: the folder that the new model goes to; None writes none.

    Raises:
        ArgumentError: there is such a setting.
    """
    init = settings.get("init")
    for name, option in {"keep": "--keep", **FRACTIONS}.items():
        value = settings.get(name)
        if value is None:
            continue
        if init is None:
            raise ArgumentError(sentence("train", option, "left out without --from", str(value)))
        if name in FRACTIONS and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1):
            raise ArgumentError(sentence("train", option, "a fraction within 0..1", repr(value)))
    if (
        isinstance(init, str | os.PathLike)
        and out is not None
        and os.path.realpath(find(init)) == os.path.realpath(out)
    ):
        want = "another folder than that of --from"
        raise ArgumentError(sentence("train", "--out", want, repr(str(out)), "The old model stays as it is."))
