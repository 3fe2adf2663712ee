"""What storing a model in 8 bits costs: `python benchmarks/quantized.py --data FOLDER [ROW ...]` writes its results.

A row's recipe of the accuracy table is trained once, saved as float32 and in 8 bits, and both are loaded and answer
test. Seconds are the least of several rounds in which the contenders take turns, features and decoding included.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from accuracy import ROWS, learn, prepared
from provenance import commit, machine, versions
from sets import Split, msra

from bigru.bundle import load, save
from bigru.bundle.quantized import QuantizedWeights
from bigru.convert import lac
from bigru.ops.library import isa, threads
from bigru.runtime.predictor import Predictor, count_changed
from bigru.tasks import task_named

RESULT = Path(__file__).parent / "results" / "quantized.json"

CONTENDERS = {
    "fp32": ("fp32", "fp32"),
    "stored in int8": ("int8", "fp32"),
    "stored and multiplied in int8": ("int8", "int8"),
}
"""Storage and precision of each."""

SHIPPED = "zh-entities"
"""The row that compares the shipped model with its origin."""

BATCHES = (1, 64)
"""Texts that are asked for at once."""

SINGLE = 300
"""Texts that are asked for one by one."""

Result = dict[str, Any]


def folders(name: str, split: Split, scheme: str | None, data: Path, kept: Path) -> dict[str, Path]:
    """Return the folders of a row's model by storage; it is trained unless it lies in `kept` already."""
    whole, narrow = kept / name, kept / f"{name}-int8"
    if not whole.exists():
        save(learn(ROWS[name], split, scheme, data, {"seed": 1})[0], whole)
    made = load(whole)
    save(replace(made, weights=QuantizedWeights.of(made.weights)), narrow, force=True)
    return {"fp32": whole, "int8": narrow}


def measure(name: str, data: Path, kept: Path, rounds: int) -> Result:
    """Measure one row."""
    row = ROWS[name]
    split, scheme = prepared(row, data)
    places = folders(name, split, scheme, data, kept)
    models = {key: Predictor(load(places[storage]), precision) for key, (storage, precision) in CONTENDERS.items()}
    answers = {key: model.predict(split.test[0]) for key, model in models.items()}
    task, config = task_named(row.task), models["fp32"].bundle.config
    result: Result = {"metric": row.metric, "n": len(split.test[0])}
    result["bytes"] = {s: sum(path.stat().st_size for path in folder.iterdir()) for s, folder in places.items()}
    result["weights"] = {s: (folder / "model.safetensors").stat().st_size for s, folder in places.items()}
    for key, given in answers.items():
        score = task.score(config, split.test[1], given)[row.metric]
        result[key] = {row.metric: score, "changed": count_changed(given, answers["fp32"])}
    for batch in BATCHES:
        inputs = split.test[0] if batch > 1 else split.test[0][:SINGLE]
        for key, seconds in timed(models, inputs, batch, rounds).items():
            result[key][f"texts_per_second_of_{batch}"] = round(len(inputs) / seconds)
    return result


def measure_shipped(data: Path) -> Result:
    """Compare zh-entities as it is shipped with the weights that it was made from, on sentences of news."""
    texts = ["".join(tokens) for tokens in msra(data).test[0]]
    whole = Predictor(lac.read())
    before = whole.predict(texts)
    result: Result = {"n": len(texts), "tags": sum(len(answer["tags"]) for answer in before)}
    for precision in ("fp32", "int8"):
        after = Predictor(load("zh-entities"), precision).predict(texts)
        pairs = list(zip(before, after, strict=True))
        result[f"stored in int8, products in {precision}"] = {
            "tags_changed": sum(a != b for x, y in pairs for a, b in zip(x["tags"], y["tags"], strict=True)),
            "texts_with_changed_entities": sum(_spans(x) != _spans(y) for x, y in pairs),
        }
    return result


def _spans(answer: Result) -> list[tuple[int, int, str]]:
    return [(entity["start"], entity["end"], entity["label"]) for entity in answer["entities"]]


def timed(models: dict[str, Predictor], inputs: list[Any], batch: int, rounds: int) -> dict[str, float]:
    """Return the least seconds that each model takes for all inputs."""
    least = dict.fromkeys(models, float("inf"))
    for _ in range(rounds):
        for key, model in models.items():
            started = time.perf_counter()
            if batch == 1:
                for one in inputs:
                    model.predict(one)
            else:
                model.predict(inputs, batch_size=batch)
            least[key] = min(least[key], time.perf_counter() - started)
    return least


def show(name: str, result: Result) -> None:
    """Print a row."""
    before, after = result["bytes"].values()
    print(
        f"{name}: {before / 1e6:.2f} MB, in 8 bits {after / 1e6:.2f} MB ({before / after:.2f} times)", file=sys.stderr
    )
    for key in CONTENDERS:
        one = result[key]
        cells = "".join(f"{one[f'texts_per_second_of_{batch}']:10,}" for batch in BATCHES)
        print(f"{key:32}{100 * one[result['metric']]:8.2f}{one['changed']:6} changed{cells} texts/s", file=sys.stderr)


def main() -> None:
    names = [*ROWS, SHIPPED]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "rows", nargs="*", default=["chnsenticorp", "resume", SHIPPED], metavar="ROW", help=", ".join(names)
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--models", type=Path, help="folder to keep the trained models in, and to find them again")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    at = commit()
    rows: Result = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in arguments.rows:
            if name == SHIPPED:
                rows[name] = measure_shipped(arguments.data)
                print(rows[name], file=sys.stderr)
            else:
                rows[name] = measure(name, arguments.data, arguments.models or Path(scratch), arguments.rounds)
                show(name, rows[name])
            rows[name]["signature"] = {
                "machine": f"{machine()}, {threads()} threads, {isa()}",
                "versions": versions(at),
                "command": f"python benchmarks/quantized.py --data FOLDER {name} --rounds {arguments.rounds}",
            }
            RESULT.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
