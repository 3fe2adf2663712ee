"""`bigru info`: what is installed and what runs."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from .. import __version__

__all__ = ["info"]

OPTIONAL = ("torch", "lightning", "scikit-learn", "pyarrow", "narwhals", "rjieba", "tokenizers", "snownlp", "jieba")


def info() -> None:
    """Print one JSON object; a package that is not installed is null."""
    facts = {
        "bigru": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "engines": {"train": "torch", "predict": "numpy"},
        "packages": {name: _version(name) for name in ("numpy", "safetensors", *OPTIONAL)},
    }
    print(json.dumps(facts, indent=2))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
