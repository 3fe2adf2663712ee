"""A saved model as a folder for torch without bigru, written after it has answered as the runtime does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from ..bundle import Bundle
from ..bundle.quantized import SCALE, Quantized, QuantizedWeights
from ..config import ForecastModelConfig, ModelConfig
from ..errors import ArgumentError, MissingExtraError, sentence
from ..layout import SUFFIX
from ..tasks import tag
from .metadata import metadata
from .parity import TOLERANCE, check, drawn
from .place import check_place, write_folder

__all__ = ["MARK", "to_torch"]

MARK = b"A model that bigru trained, in plain torch"
"""What the script of a folder begins with."""

SCRIPT = Path(__file__).with_name("torch_model.txt")

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy, torch
from model import Model
torch.set_num_threads(1)
model, given, found = Model.load(), numpy.load(sys.argv[2]), {}
for n in range(len(given.files) // 2):
    inputs, lengths = (torch.from_numpy(given[f"{n}.{name}"]) for name in ("inputs", "lengths"))
    found |= {f"{n}.{name}": array.numpy() for name, array in model(inputs, lengths).items()}
numpy.savez(sys.argv[3], **found)
"""
"""What another Python does with a folder: it has torch and NumPy, and imports nothing of bigru."""


def to_torch(
    bundle: Bundle, path: str | os.PathLike[str], *, int8: bool = False, force: bool = False
) -> dict[str, Any]:
    """Write a folder of `model.safetensors`, `config.json` and `model.py`, which needs torch and nothing else.

    The weights are a state_dict of `torch.nn` modules: a GRU, RNN or LSTM per layer, embeddings, linear layers.

    Args:
        bundle: the saved model.
        path: of the folder; missing parents are made.
        int8: store weights in 8 bits, with a scale beside each; the script multiplies them out.
        force: replace an earlier export.

    Returns:
        What was written: `folder`, `bytes`, `int8`, and what the comparison found.

    Raises:
        ArgumentError: the place is taken or cannot be written, or torch's own modules do not compute such a model.
        ParityError: the script would answer otherwise than the runtime.
        MissingExtraError: torch is not installed.
    """
    target = Path(os.path.abspath(path))
    check_place(target, force, folder=True, mark=MARK, within="model.py")
    model = _checked(bundle)
    held = replace(bundle, weights=QuantizedWeights.of(bundle.weights)) if int8 else bundle
    contents = _contents(bundle, int8)
    with tempfile.TemporaryDirectory() as place:
        outputs = iter(_run(Path(place), contents, model))
        found = check(held, lambda inputs, lengths: next(outputs), "the torch script").values
    contents |= {"config.json": _facts(bundle, int8, parity={**found, "tolerance": TOLERANCE})}
    write_folder(target, contents)
    return {"folder": str(path), "bytes": sum(map(len, contents.values())), "int8": int8, **found}


def _checked(bundle: Bundle) -> ModelConfig:
    """Refuse what torch's own modules do not compute."""
    remedy = "Export it with --to onnx."
    model = bundle.model
    if isinstance(model, ForecastModelConfig):
        want = "classify, tag or transcribe, for an export to torch"
        raise ArgumentError(sentence("export", "task", want, bundle.task, remedy))
    if model.encoder.cell == "gru" and not model.encoder.reset_after:
        want = "true for an export to torch, whose GRU knows no other"
        raise ArgumentError(sentence("export", "reset_after", want, "false", remedy))
    if find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "checking an export to torch")
    return model


def _contents(bundle: Bundle, int8: bool) -> dict[str, bytes]:
    held = QuantizedWeights.of(bundle.weights).stored if int8 else bundle.weights
    weights: dict[str, np.ndarray | Quantized] = dict(held)
    crf = tag.crf_of(bundle.config, bundle.weights) if isinstance(bundle.config, tag.Config) else None
    if crf is not None:
        weights |= {f"crf.{name}": array for name, array in crf._asdict().items()}
    stored: dict[str, np.ndarray] = {}
    for name, array in weights.items():
        if bundle.model.encoder.direction == "backward":
            # One way is one way for torch: sequences are turned round before and after.
            name = name.removesuffix(SUFFIX["backward"])
        if isinstance(array, Quantized):
            stored[name], stored[name + SCALE] = array.values, array.scales
        else:
            stored[name] = array
    ordered = {name: np.ascontiguousarray(array) for name, array in stored.items()}
    return {
        "model.safetensors": save(ordered, {"format": "pt"}),
        "config.json": _facts(bundle, int8),
        "model.py": SCRIPT.read_bytes(),
    }


def _facts(bundle: Bundle, int8: bool, **more: Any) -> bytes:
    values = {name: json.loads(value) for name, value in metadata(bundle, export={"int8": int8}, **more).items()}
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _run(place: Path, contents: Mapping[str, bytes], model: ModelConfig) -> list[dict[str, np.ndarray]]:
    """Return what the script answers to the drawn inputs, a dict per batch."""
    for name, content in contents.items():
        (place / name).write_bytes(content)
    batches = [{"inputs": inputs, "lengths": lengths} for inputs, lengths in drawn(model)]
    given, out = place / "given.npz", place / "found.npz"
    named: dict[str, Any] = {f"{n}.{name}": a for n, batch in enumerate(batches) for name, a in batch.items()}
    np.savez(given, **named)
    command = [sys.executable, "-c", RUN, str(place), str(given), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the torch script ended with code {done.returncode}: {done.stderr.strip()[-400:]}")
    with np.load(out) as arrays:
        found: list[dict[str, np.ndarray]] = [{} for _ in batches]
        for key in arrays.files:
            n, name = key.split(".", 1)
            found[int(n)][name] = arrays[key]
    return found
