"""What a training was started with, in a form that can say what has changed since."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...config import ForecastModelConfig, ModelConfig, TrainConfig, to_dict
from ...tables.windows import Windows

if TYPE_CHECKING:
    from ..objective.distill import SoftTargets
    from .loader import Data

__all__ = ["changes", "configuration", "digest_arrays", "fingerprint"]

LONGEST = 60
"""Characters up to which a value is kept as it is; longer ones (vocabularies) are kept as a digest."""

PRECISION = "training.precision"
"""Its value "32" in older checkpoints is what is fp32 now."""

DIGEST = re.compile("[0-9a-f]{16}|[0-9a-f]{32}")
"""What stands for long values and arrays, and tells a reader nothing."""


def digest_arrays(arrays: Sequence[np.ndarray] | np.ndarray) -> str:
    """Return a digest of arrays: their number, dtypes, shapes and bytes."""
    if isinstance(arrays, Windows):
        arrays = arrays.arrays()
    digest = hashlib.blake2b(digest_size=16)
    digest.update(str(len(arrays)).encode())
    for array in arrays:
        array = np.asarray(array)
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def configuration(name: str, config: Any) -> dict[str, str]:
    """Return the leaves of a configuration as `name.key.key: value`, long values as digests."""
    flat: dict[str, str] = {}

    def walk(key: str, value: Any) -> None:
        if isinstance(value, dict) and value:
            for inner, entry in value.items():
                walk(f"{key}.{inner}", entry)
            return
        text = json.dumps(value, default=lambda other: other.hex() if isinstance(other, bytes) else other.tolist())
        flat[key] = text if len(text) <= LONGEST else hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    walk(name, to_dict(config))
    return flat


def changes(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Return `key (was X, is Y)` for everything that differs between two fingerprints; of digests the key alone."""
    if before.get(PRECISION) == json.dumps("32"):
        before = before | {PRECISION: json.dumps("fp32")}
    found = []
    for key in sorted(before.keys() | now.keys()):
        was, now_is = before.get(key, "absent"), now.get(key, "absent")
        if was != now_is:
            digests = DIGEST.fullmatch(was) and DIGEST.fullmatch(now_is)
            found.append(key if digests else f"{key} (was {was}, is {now_is})")
    return found


def fingerprint(
    config: Any,
    model: ModelConfig | ForecastModelConfig,
    train: Data,
    dev: Data | None,
    training: TrainConfig,
    weights: Mapping[str, np.ndarray] | None,
    soft: SoftTargets | None = None,
    groups: Sequence[str] | None = None,
) -> dict[str, str]:
    """Return what a checkpoint of this training must agree with."""
    data = {
        "training features": digest_arrays(train[0]),
        "training targets": digest_arrays(train[1]),
        "dev features": "held out" if dev is None else digest_arrays(dev[0]),
        "dev targets": "held out" if dev is None else digest_arrays(dev[1]),
        "initial weights": digest_arrays([weights[name] for name in sorted(weights)]) if weights else "none",
    }
    if soft is not None:
        data |= {"soft targets": digest_arrays(soft.rows), "share of soft targets": f"{soft.share:g}"}
        data |= {} if soft.temperature == 1.0 else {"temperature": f"{soft.temperature:g}"}
    if groups is not None:
        data["groups"] = hashlib.blake2b("\0".join(groups).encode(), digest_size=16).hexdigest()
    named = {"task": config, "model": model, "training": training}
    for name, value in named.items():
        data |= configuration(name, value)
    return data
