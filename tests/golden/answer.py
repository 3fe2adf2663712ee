"""Answers of the golden models: `python tests/golden/answer.py` prints them as JSON, whose numbers are exact.

`exactly` runs this file in a process in which every part of the arithmetic is the one that any x86-64 has: the portable
kernels, NumPy, BLAS and the C library without the instructions that only some processors have. There the answers are
the same bits on every such machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent

DIGESTS = FOLDER / "digests.json"
"""The SHA-256 of every file of the golden models: a model that is written again would agree with whatever writes it."""

PORTABLE = {
    "BIGRU_ISA": "portable",
    "BIGRU_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-FMA,-FMA4,-AVX512F",
}
"""What makes a process compute alike on every x86-64."""

EXACT = platform.machine() in ("x86_64", "AMD64")
"""Whether this machine can compute what `PORTABLE` says."""

PIECE = 2
"""Units, steps or 20 ms of a recording that are pushed at a time into a stream."""


def names() -> list[str]:
    """Return the names of the golden models."""
    return sorted(path.parent.name for path in FOLDER.glob("*/golden.json"))


def golden(name: str) -> dict[str, Any]:
    """Return what is kept of a model: its inputs, how it is asked, and its answers."""
    return dict(json.loads((FOLDER / name / "golden.json").read_text(encoding="utf-8")))


def digests() -> dict[str, str]:
    """Return the SHA-256 of every file of the golden models by its path."""
    paths = sorted(path for name in names() for path in (FOLDER / name).rglob("*") if path.is_file())
    return {path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def answers(name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Ask a saved model everything that `asked` lists.

    Args:
        name: of the model's folder.
        asked: "inputs"; "precisions" to answer in; "stream", the options of a stream or None; "explain", whether labels
            are explained.

    Returns:
        The answers by precision, of a stream as "stream", explanations as "explain".
    """
    from bigru.runtime.predictor import load

    folder = FOLDER / name / "model"
    found: dict[str, Any] = {}
    for precision in asked["precisions"]:
        model = load(folder, precision)
        if model.task == "forecast":
            found[precision] = model.predict(model.read(FOLDER / name / "table.csv"))
            continue
        audio = getattr(model.bundle.config.features, "sample_rate", 0)
        inputs = [np.array(x, np.int16) if audio else x for x in asked["inputs"]]
        found[precision] = [model.predict(x) for x in inputs]
        if precision == "fp32" and asked["stream"] is not None:
            piece = audio // 50 if audio else PIECE
            found["stream"] = [_streamed(model, x, piece, asked["stream"]) for x in inputs]
        if precision == "fp32" and asked["explain"]:
            from bigru.runtime.explain import explain

            found["explain"] = [explain(model, x) for x in inputs if x]
    return found


def _streamed(model: Any, whole: Any, piece: int, options: dict[str, int]) -> list[Any]:
    stream = model.stream(**options)
    parts = [stream.push(whole[n : n + piece]) for n in range(0, len(whole), piece)]
    return [*parts, stream.finish()]


def exactly() -> dict[str, Any]:
    """Return the answers of every golden model, computed as every x86-64 computes them."""
    done = subprocess.run([sys.executable, __file__], env={**os.environ, **PORTABLE}, capture_output=True, check=True)
    return dict(json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps({name: answers(name, golden(name)) for name in names()}))
