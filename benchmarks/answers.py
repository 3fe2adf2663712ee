"""How many answers change from engine to engine and from export to export, on real texts.

A classifier of ChnSentiCorp, trained here for a moment unless a model is named, answers reviews of ten other kinds
(online_shopping_10_cats). Every engine gets the same batches, padding included.

    python benchmarks/answers.py --data ../shared/data
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from provenance import commit, machine, versions

from bigru import bundle as saved
from bigru.bundle import Bundle
from bigru.cli import run
from bigru.export import to_onnx, to_torch
from bigru.export.onnx.session import OnnxSession
from bigru.features.batching import batches, pad
from bigru.nn.build import torch_logits as in_torch
from bigru.tasks import classify
from bigru.verify import reference
from bigru.verify.engines import native

ROOT = Path(__file__).parent
RESULT = ROOT / "results" / "answers.json"

Engine = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From inputs and lengths to logits."""


def texts(folder: Path, count: int) -> list[str]:
    """Return so many distinct reviews, evenly from the whole file."""
    archive = next((folder / "online_shopping_10_cats").glob("*.zip"))
    with zipfile.ZipFile(archive) as opened:
        content = opened.read(opened.namelist()[0]).decode("utf-8-sig")
    found = list(dict.fromkeys(row["review"] for row in csv.DictReader(io.StringIO(content)) if row["review"]))
    return [found[n] for n in np.linspace(0, len(found) - 1, count).astype(int)]


def trained(folder: Path, place: Path) -> Path:
    """Train a classifier for two epochs and return its folder."""
    parts = folder / "ChnSentiCorp"
    options = ["--epochs", "2", "--seed", "0", "--quiet", "--set", "init_from_cooccurrence=false"]
    code = run(
        ["train", str(parts / "train.tsv.gz"), "--dev", str(parts / "dev.tsv.gz"), "--out", str(place), *options]
    )
    if code:
        raise SystemExit(code)
    return place


def written_out(made: Bundle) -> Engine:
    """Return the model as its equations read."""

    def answer(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        rows = [row[:length] for row, length in zip(inputs, lengths, strict=True)]
        return np.stack(reference.logits(made.model, made.weights, rows))

    return answer


def exported(made: Bundle, place: Path) -> Engine:
    """Return the model as the script of an export to torch runs it."""
    import importlib.util

    import torch

    to_torch(made, place)
    spec = importlib.util.spec_from_file_location("exported_model", place / "model.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    model = script.Model.load(place)

    def answer(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        out = model(torch.from_numpy(inputs.astype(np.int64)), torch.from_numpy(lengths))
        logits: np.ndarray = out["logits"].numpy()
        return logits

    return answer


def onnx(made: Bundle, place: Path, int8: bool) -> tuple[Engine, int]:
    """Return an exported file in onnxruntime, and its bytes."""
    found = to_onnx(made, place, int8=int8)
    session = OnnxSession(place.read_bytes())
    return lambda inputs, lengths: session.run(inputs, lengths)["logits"], found["bytes"]


def logits(engine: Engine, parts: Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]], count: int) -> np.ndarray:
    """Return the logits of all texts, in their order."""
    rows: np.ndarray | None = None
    for indices, padded, lengths in parts:
        found = engine(padded, lengths)
        rows = np.empty((count, found.shape[1]), np.float32) if rows is None else rows
        rows[indices] = found
    assert rows is not None
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--model", type=Path, help="a saved classifier of texts, instead of one trained here")
    parser.add_argument("--count", type=int, default=10_000, help="texts")
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(options, Path(folder))


def write(options: argparse.Namespace, place: Path) -> None:
    """Compare all engines and write the result."""
    made = saved.load(options.model or trained(options.data, place / "model"))
    config = made.config
    assert isinstance(config, classify.Config)
    chosen = texts(options.data, options.count)
    features = classify.featurise(config, chosen)

    def parts() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        for indices in batches(features, 64):
            yield indices, *pad([features[i] for i in indices])

    file, bytes_of_file = onnx(made, place / "model.onnx", int8=False)
    small, bytes_of_small = onnx(made, place / "small.onnx", int8=True)
    engines: dict[str, Engine] = {
        "reference (NumPy)": written_out(made),
        "torch (bigru.nn)": in_torch(made.model, made.weights),
        "onnxruntime": file,
        "torch, exported": exported(made, place / "torch"),
        "onnxruntime, weights in int8": small,
        "runtime bf16": native(made, "bf16"),
        "runtime int8": native(made, "int8"),
    }
    ours = logits(native(made, "fp32"), parts(), len(chosen))
    labels = classify.decide(config, ours).labels
    scale = max(1.0, float(np.abs(ours).max()))
    rows = {}
    for name, engine in engines.items():
        theirs = logits(engine, parts(), len(chosen))
        others = classify.decide(config, theirs).labels
        rows[name] = {
            "largest_difference": float(np.abs(ours - theirs).max()),
            "scaled": float(np.abs(ours - theirs).max() / scale),
            "labels_changed": int((labels != others).sum()),
        }
        print(name, rows[name], flush=True)
    lengths = [len(rows) for rows in features]
    result = {
        "what": "a classifier of ChnSentiCorp on reviews of online_shopping_10_cats, beside the runtime in fp32",
        "texts": len(chosen),
        "lengths": {"least": min(lengths), "mean": float(np.mean(lengths)), "most": max(lengths)},
        "largest_logit": float(np.abs(ours).max()),
        "engines": rows,
        "bytes": {
            "weights of the model": sum(array.nbytes for array in made.weights.values()),
            "onnx": bytes_of_file,
            "onnx, int8": bytes_of_small,
        },
        "machine": machine(),
        **versions(commit()),
    }
    options.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    main()
