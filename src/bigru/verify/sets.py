"""The compiled kernels on the other instruction sets of this machine, each in a process of its own.

The set is chosen once, when the kernels are loaded. Model and samples go to the process in files of a temporary folder,
and what was found comes back in one: arrays and JSON, nothing that could be run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle, load, save
from ..errors import BigruError, sentence
from ..ops.gru.native import instruction_sets, isa
from .arrangements import Batch
from .engines import native
from .examine import examine
from .outcomes import Figures, Judge, Outcome

__all__ = ["Examined", "answer", "on", "others"]

Examined = dict[str, tuple[list[Outcome], dict[str, Figures]]]
"""By precision what `examine` returned."""

SAMPLES, FOUND, PLAN = "samples.npz", "found.npz", "plan.json"


def others() -> list[str]:
    """Return the instruction sets that run here beside the active one; emulations of others are none."""
    return [name for name, runs in instruction_sets() if runs and name != isa() and not name.endswith("_emulated")]


def on(
    name: str,
    bundle: Bundle,
    features: Sequence[np.ndarray],
    plan: Mapping[str, Sequence[Batch]],
    precisions: Sequence[str],
) -> Examined:
    """Examine the compiled kernels on another instruction set.

    Args:
        name: of the set.
        bundle, features: the model and the samples.
        plan: of `arrangements`.
        precisions: to run in.

    Raises:
        BigruError: the process came to an end without an answer.
    """
    with tempfile.TemporaryDirectory(prefix="bigru-verify-") as place:
        folder = Path(place)
        save(replace(bundle, card="", metrics={}), folder / "model")
        np.savez(folder / SAMPLES, **_packed("samples", features))
        told = {key: [_plain(batch) for batch in batches] for key, batches in plan.items()}
        (folder / PLAN).write_text(json.dumps({"precisions": list(precisions), "plan": told}), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-P", "-c", f"from {__name__} import answer; answer({place!r})"],
            env={**os.environ, "BIGRU_ISA": name},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise BigruError(sentence("verify", f"instruction set {name}", "run through", last[:200]))
        return _read(folder / FOUND)


def _read(path: Path) -> Examined:
    with np.load(path, allow_pickle=False) as file:
        figures = json.loads(file["figures"].tobytes())
        return {
            precision: (
                _outcomes(file, precision),
                {key: Figures(**values) for key, values in own.items()},
            )
            for precision, own in figures.items()
        }


def _outcomes(file: Mapping[str, np.ndarray], precision: str) -> list[Outcome]:
    parts = (_unpacked(file, f"{precision} {key}") for key in Outcome._fields)
    return [Outcome(*own) for own in zip(*parts, strict=True)]


def _packed(name: str, arrays: Sequence[np.ndarray]) -> dict[str, Any]:
    """Return arrays that agree in all axes but the first as two: a file of many small ones is slow."""
    return {name: np.concatenate(arrays), f"{name} lengths": np.array([len(array) for array in arrays], np.int64)}


def _unpacked(file: Mapping[str, np.ndarray], name: str) -> list[np.ndarray]:
    return np.split(file[name], np.cumsum(file[f"{name} lengths"])[:-1])


def _plain(batch: Batch) -> list[object]:
    return [batch.rows, [batch.kept.start, batch.kept.stop], batch.extra, batch.dirty]


def answer(place: str) -> None:
    """Do what `on` asks of a process: examine, and write what was found."""
    folder = Path(place)
    bundle = load(folder / "model")
    judge = Judge(bundle)
    with np.load(folder / SAMPLES, allow_pickle=False) as file:
        features = _unpacked(file, "samples")
    told = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    plan = {
        key: [Batch(rows, slice(*kept), extra, dirty) for rows, kept, extra, dirty in batches]
        for key, batches in told["plan"].items()
    }
    arrays: dict[str, Any] = {}
    figures = {}
    for precision in told["precisions"]:
        alone, of_plan = examine(native(bundle, precision), judge, features, plan)
        figures[precision] = {key: asdict(value) for key, value in of_plan.items()}
        for key in Outcome._fields:
            arrays |= _packed(f"{precision} {key}", [getattr(outcome, key) for outcome in alone])
    np.savez(folder / FOUND, figures=np.frombuffer(json.dumps(figures).encode(), np.uint8), **arrays)
