"""`bigru info`: what is installed and what runs."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from ..._version import __version__

__all__ = ["info", "package_version"]

NEEDED = ("numpy", "safetensors", "typer", "rich")
OPTIONAL = ("torch", "scikit-learn", "pyarrow", "narwhals", "rjieba", "tokenizers", "datasets")
FOR_EXPORT = ("onnx", "onnxruntime")
FOR_AUDIO = ("soundfile", "kaldi-native-fbank", "jiwer")
FOR_DEMOS_AND_LOGS = ("snownlp", "jieba", "espeakng-loader", "tensorboard")

FEATURES = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")
"""Abilities of a processor that matter to matrix products, as Linux names them."""


def info() -> None:
    """Print one JSON object; a package that is not installed is null."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = {
        name: package_version(name) for name in (*NEEDED, *OPTIONAL, *FOR_EXPORT, *FOR_AUDIO, *FOR_DEMOS_AND_LOGS)
    }
    facts = {
        "bigru": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": cpus,
        "cpu_features": _features(),
        "kernels": _kernels(),
        "threads": {
            name: os.environ.get(name) for name in ("BIGRU_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        },
        "engines": {"train": "torch" if packages["torch"] else None, "predict": "native"},
        "packages": packages,
    }
    print(json.dumps(facts, indent=2))


def _kernels() -> dict[str, object] | None:
    """Return what the compiled kernels are built for and use, None where they are not built.

    Raises:
        BigruError: BIGRU_ISA or BIGRU_THREADS asks of them what they cannot do here.
    """
    if find_spec("bigru._native") is None:
        return None
    from ...ops import library

    sets = library.instruction_sets()
    return {
        "built": [name for name, _ in sets],
        "runs_here": [name for name, runs in sets if runs],
        "active": library.isa(),
        "threads": library.threads(),
    }


def package_version(name: str) -> str | None:
    """Return the version of a package, None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _features() -> list[str] | None:
    """Return which of `FEATURES` the processor has, None where the system does not say."""
    listing = Path("/proc/cpuinfo")
    if not listing.exists():
        return None
    words = set(listing.read_text(encoding="utf-8", errors="replace").split())
    return [feature for feature in FEATURES if feature in words]
