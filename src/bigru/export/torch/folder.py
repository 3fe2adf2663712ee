"""A saved model as a folder for torch without bigru, written after it has answered as the runtime does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from ...bundle import Bundle
from ...bundle.quantized import SCALE, Quantized, QuantizedWeights
from ...errors import ArgumentError, MissingExtraError, sentence
from ...layout import SUFFIX
from ...tasks import task_named
from ..atomic_write import check_place, write_folder
from ..gate import TOLERANCE, check
from ..metadata import metadata

__all__ = ["MARK", "to_torch"]

MARK = b"A model that bigru trained, in plain torch"
"""What the script of a folder begins with."""

SCRIPT = Path(__file__).with_name("torch_model.py")
"""What a folder gets as `export/onnx/model.py`: it imports nothing of bigru, and is imported by nothing of it."""

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy, torch
from model import Model
torch.set_num_threads(1)
model = Model.load()
for line in sys.stdin:
    with numpy.load(line.rstrip("\\n")) as given:
        found = model(*(torch.from_numpy(given[name]) for name in ("inputs", "lengths")))
    numpy.savez(sys.argv[2], **{name: array.numpy() for name, array in found.items()})
    print(flush=True)
"""
"""What another Python does with a folder: it has torch and NumPy, and imports nothing of bigru. It answers a batch for
each line, the name of a file."""


def to_torch(
    bundle: Bundle, path: str | os.PathLike[str], *, int8: bool = False, force: bool = False
) -> dict[str, Any]:
    """Write a folder of `model.safetensors`, `config.json` and `export/onnx/model.py`, which needs torch and nothing
    else.

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
    _check(bundle)
    held = replace(bundle, weights=QuantizedWeights.of(bundle.weights)) if int8 else bundle
    contents = _contents(bundle, int8)
    with tempfile.TemporaryDirectory() as place, _Script(Path(place), contents) as script:
        found = check(held, script.run, "the torch script")
    contents |= {"config.json": _facts(bundle, int8, parity={**found, "tolerance": TOLERANCE})}
    write_folder(target, contents)
    return {"folder": str(path), "bytes": sum(map(len, contents.values())), "int8": int8, **found}


def _check(bundle: Bundle) -> None:
    """Refuse what torch's own modules do not compute."""
    remedy = "Export it with --to onnx."
    model = bundle.model
    if model.head == "window":
        want = "classify, tag or transcribe, for an export to torch"
        raise ArgumentError(sentence("export", "task", want, bundle.task, remedy))
    if model.encoder.cell == "gru" and not model.encoder.reset_after:
        want = "true for an export to torch, whose GRU knows no other"
        raise ArgumentError(sentence("export", "reset_after", want, "false", remedy))
    if find_spec("torch") is None:
        raise MissingExtraError("torch", "train", "checking an export to torch")


def _contents(bundle: Bundle, int8: bool) -> dict[str, bytes]:
    held = QuantizedWeights.of(bundle.weights).stored if int8 else bundle.weights
    weights: dict[str, np.ndarray | Quantized] = dict(held)
    if bundle.model.crf:
        crf = task_named(bundle.task).prepare(bundle.config, bundle.weights)
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


class _Script:
    """A folder at work in a Python of its own, which loads it once.

    Args:
        place: an empty folder.
        contents: the files of the export.
    """

    def __init__(self, place: Path, contents: Mapping[str, bytes]) -> None:
        for name, content in contents.items():
            (place / name).write_bytes(content)
        self._given, self._found, errors = place / "given.npz", place / "found.npz", place / "errors.txt"
        self._errors = errors.open("w+", encoding="utf-8")
        command = [sys.executable, "-c", RUN, str(place), str(self._found)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(command, text=True, **pipes)

    def __enter__(self) -> _Script:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._errors.close()

    def run(self, inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        """Return all outputs of one padded batch, by name.

        Raises:
            RuntimeError: the process came to an end.
        """
        np.savez(self._given, inputs=inputs, lengths=lengths)
        with suppress(BrokenPipeError):
            print(self._given, file=self._process.stdin, flush=True)
        if not self._process.stdout or not self._process.stdout.readline():
            code = self._process.wait()
            self._errors.seek(0)
            raise RuntimeError(f"the torch script ended with code {code}: {self._errors.read().strip()[-400:]}")
        with np.load(self._found) as arrays:
            return dict(arrays)
