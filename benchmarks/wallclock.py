"""Training to 92.0 % on ChnSentiCorp against the clock: `.venv-peers/bin/python benchmarks/wallclock.py --data FOLDER`.

bigru, plain torch and Keras on JAX train one model after the other, seed by seed, each in a process of its own, and
write after each epoch how many seconds it took and the dev accuracy. The result file holds seconds per epoch (the
median over epochs, evaluation included), and seconds until dev accuracy is 92.0 % for the first time. Test is not
looked at: the accuracy table scores it. A contender stops after the epoch in which it has spent `LIMIT` times what
bigru took to get there: by then the question is settled, and an hour of the machine is saved. Contenders train the
first seed only, bigru all of them. The file keeps the runs of engines that are not named, each with its own signature.

What is equal: the model of bigru's recipe (embeddings of characters and hashed bigrams, one bidirectional GRU, pooling
by maximum, mean and bag, linear part, R-Drop as two passes in one batch); its first weights, first vectors included,
whose time is counted for none; batches and their order; dropout rates, label smoothing, clipping, the learning rate of
every step, epochs; float32 and all processors.

What is not: dropout draws other numbers. bigru's AdamW moves only the rows of a table that a batch used, with moments
and a count of steps of their own, and its average takes in every tenth step; torch and Keras do what their optimisers
offer: dense AdamW and an average at every step, which bigru's forgets faster at the start. torch packs sequences by
length. Keras masks, which keeps it in its loop, and pads lengths up to one of a few, since JAX compiles each shape
again; compiling is counted, as users wait for it, and shows in the first epoch.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from provenance import commit, machine, versions
from sets import LOADERS

from bigru.config import ModelConfig, TrainConfig
from bigru.features import batching
from bigru.study.engines import check_equal
from bigru.train.data.loader import Batch, BatchLoader, Collator, Data
from bigru.train.objective.evaluator import SIZE
from bigru.train.recipes import Plan, plan

RESULT = Path(__file__).parent / "results" / "wallclock.json"
ENGINES = ("bigru", "torch", "keras")
GOAL = 0.92
LIMIT = 7
"""Contenders get so many times bigru's seconds to the goal, and the rest of the epoch that they are in."""


class Problem(NamedTuple):
    """What every engine is given."""

    plan: Plan
    train: Data
    dev: Data
    weights: dict[str, np.ndarray]
    logits: np.ndarray  # [B, 1], of the first batch of dev by the first weights

    def check(self, engine: str, logits: np.ndarray) -> None:
        """Raise RuntimeError unless an engine begins with the same answers."""
        check_equal(engine, {"logits": logits}, {"logits": self.logits})

    @property
    def model(self) -> ModelConfig:
        """The shape of the model."""
        return self.plan.model

    @property
    def training(self) -> TrainConfig:
        """How to train; the first vectors are in the weights already, and no engine stops early."""
        settings = vars(self.plan.training) | {"init_from_cooccurrence": False, "patience": self.plan.training.epochs}
        return TrainConfig(**settings)

    def stream(self) -> BatchLoader:
        """Return the batches of all epochs, in order."""
        return BatchLoader(*self.train, self.training.batch_size, self.training.epochs, self.training.seed)


class Epoch(NamedTuple):
    """What is written down after an epoch."""

    seconds: float
    dev: float


def problem(folder: Path, seed: int, epochs: int | None, rows: int | None) -> Problem:
    """Return the data as features, the recipe, and the first weights; of train only the first so many rows."""
    import torch

    from bigru.train.loop.build import first_model

    split = LOADERS["chnsenticorp"](folder)
    options = {"lowercase": True, "seed": seed, "epochs": epochs}
    train = split.train[0][:rows], split.train[1][:rows]
    chosen = plan("classify", *train, "text", options=options)
    data = [
        (chosen.task.featurise(chosen.config, x), chosen.task.targets(chosen.config, y)) for x, y in (train, split.dev)
    ]
    first = first_model(chosen.model, None, seed, torch.device("cpu"), data[0][0]).eval()
    batch = next(batches(data[1]))
    with torch.inference_mode():
        logits = first(batch.inputs, batch.lengths).numpy()
    return Problem(chosen, *data, {name: value.numpy() for name, value in first.state_dict().items()}, logits)


def with_bigru(given: Problem) -> Iterator[Epoch]:
    """`bigru.train.loop.fit`, as `bigru train` calls it."""
    from bigru.train.loop.fit import fit
    from bigru.train.loop.job import TrainingJob

    fitted = fit(TrainingJob(
        given.plan.task, given.plan.config, given.model, given.train, given.dev, given.training,
        progress="silent", initial_weights=given.weights,
    ))  # fmt: skip
    before = 0.0
    for row in fitted.history:
        yield Epoch(row["seconds"] - before, row["dev_accuracy"])
        before = row["seconds"]


def with_torch(given: Problem) -> Iterator[Epoch]:
    """The same modules around torch.nn.GRU on packed sequences, torch's AdamW and torch's average."""
    import torch
    from torch import nn
    from torch.nn.functional import binary_cross_entropy_with_logits
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from bigru.nn.model import SequenceModel
    from bigru.train.optim.schedule import rate_factor
    from bigru.train.regularise.rdrop import duplicate, symmetric_kl

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(given.model.inputs, given.model.encoder.hidden, batch_first=True, bidirectional=True)

        def forward(self, x: Any, lengths: Any, window: None) -> Any:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            y, last = self.gru(packed)
            return pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])[0], last

    model, training, stream = SequenceModel(given.model), given.training, given.stream()
    model.load_state_dict({name: torch.from_numpy(value) for name, value in given.weights.items()})
    own, encoder = list(model.encoder.parameters()), Encoder()
    with torch.no_grad():
        for parameter, value in zip(encoder.parameters(), own, strict=True):
            parameter.copy_(value)
    model.encoder = encoder  # type: ignore[assignment]
    decayed = [p for name, p in model.named_parameters() if decays(name, p)]
    free = [p for name, p in model.named_parameters() if not decays(name, p)]
    groups = [{"params": decayed, "weight_decay": training.weight_decay}, {"params": free, "weight_decay": 0.0}]
    adamw = torch.optim.AdamW(groups, lr=training.learning_rate, fused=True)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(training.ema_decay))
    torch.manual_seed(training.seed)
    with torch.inference_mode():
        first = next(batches(given.dev))
        given.check("torch", model.eval()(first.inputs, first.lengths).numpy())
    model.train()

    def accuracy() -> float:
        average.eval()
        right = 0
        with torch.inference_mode():
            for batch in batches(given.dev):
                right += int(((average(batch.inputs, batch.lengths)[:, 0] > 0).long() == batch.targets).sum())
        return right / len(given.dev[0])

    def step(batch: Any, rate: float) -> None:
        for group in adamw.param_groups:
            group["lr"] = rate
        batch = duplicate(batch)
        logits = model(batch.inputs, batch.lengths)
        wanted = batch.targets.float() * (1 - training.label_smoothing) + 0.5 * training.label_smoothing
        loss = binary_cross_entropy_with_logits(logits[:, 0], wanted)
        loss = loss + training.r_drop * symmetric_kl(logits, batch, False)
        adamw.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), training.max_grad_norm)
        adamw.step()
        average.update_parameters(model)

    start = time.perf_counter()
    for number, batch in enumerate(stream, 1):
        step(batch, training.learning_rate * rate_factor((number - 0.5) / stream.steps, training.warmup_fraction))
        if number % stream.per_epoch == 0:
            score = accuracy()
            now = time.perf_counter()
            yield Epoch(now - start, score)
            start = time.perf_counter()


def decays(name: str, parameter: Any) -> bool:
    """Tell whether weight decay applies to a parameter, as in `bigru.train.loop.trainer.decays`."""
    return parameter.ndim > 1 and name.split(".")[0] not in ("embedding", "wide")


def batches(data: Data) -> Iterator[Batch]:
    """Return all of a data set in the batches that bigru evaluates."""
    collate = Collator(*data)
    return (collate(indices) for indices in batching.batches(data[0], SIZE))


def with_keras(given: Problem) -> Iterator[Epoch]:
    """Keras on JAX."""
    os.environ["KERAS_BACKEND"] = "jax"
    from contenders import sentiment

    yield from (Epoch(*row) for row in sentiment.train(given))


def environment(engine: str) -> dict[str, str]:
    """Return the environment of an engine's process: bigru's as its command line sets it, the others' untouched."""
    return {**os.environ, **({"OMP_WAIT_POLICY": "PASSIVE"} if engine == "bigru" else {})}


def contend(engine: str, given: Problem, out: Path, most: float) -> None:
    """Train with one engine, until the goal or `most` seconds are behind it, and write its epochs to a file."""
    train = {"bigru": with_bigru, "torch": with_torch, "keras": with_keras}[engine]
    rows: list[dict[str, float]] = []
    for epoch in train(given):
        rows.append(epoch._asdict())
        print(f"{engine}: epoch {len(rows)}, {epoch.seconds:.1f} s, dev {epoch.dev:.4f}", file=sys.stderr, flush=True)
        if epoch.dev >= GOAL or sum(row["seconds"] for row in rows) > most:
            break
    out.write_text(json.dumps(rows), encoding="utf-8")


def summary(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Return seconds spent, per epoch and to the goal (None if it was not reached), and the epochs."""
    spent = np.cumsum([row["seconds"] for row in rows])
    reached = next((round(float(s), 2) for s, row in zip(spent, rows, strict=True) if row["dev"] >= GOAL), None)
    return {
        "seconds_to_goal": reached,
        "seconds": round(float(spent[-1]), 2),
        "seconds_per_epoch": round(statistics.median(row["seconds"] for row in rows), 2),
        "best_dev": max(row["dev"] for row in rows),
        "epochs": [{"seconds": round(row["seconds"], 2), "dev": round(row["dev"], 4)} for row in rows],
    }


def order(engines: list[str], seeds: list[int]) -> list[tuple[str, int]]:
    """Return who trains which seed, bigru first: its seconds limit the others'."""
    first = [("bigru", seed) for seed in seeds] if "bigru" in engines else []
    return first + [(engine, seeds[0]) for engine in engines if engine != "bigru"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train to 92.0 % on ChnSentiCorp against the clock.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--epochs", type=int, help="fewer or more than the recipe's: a trial, not a result")
    parser.add_argument("--rows", type=int, help="train on the first so many texts: a trial, not a result")
    parser.add_argument("--out", type=Path, help=f"{RESULT.name} of results/ by default; a trial goes to runs/")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)  # the file that a process of one engine writes
    parser.add_argument("--most", type=float, default=float("inf"), help=argparse.SUPPRESS)  # its seconds
    arguments = parser.parse_args()
    if arguments.one:
        given = problem(arguments.data, arguments.seeds[0], arguments.epochs, arguments.rows)
        contend(arguments.engines[0], given, arguments.one, arguments.most)
        return
    trial = {"--epochs": arguments.epochs, "--rows": arguments.rows}
    out = arguments.out or (Path("runs") / RESULT.name if any(trial.values()) else RESULT)
    out.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(out.read_text(encoding="utf-8"))["runs"] if out.exists() else []
    runs: list[dict[str, Any]] = [run for run in before if run["engine"] not in arguments.engines]
    for engine, seed in order(arguments.engines, arguments.seeds):
        most = float("inf") if engine == "bigru" else LIMIT * fastest(runs)
        rows = apart(engine, seed, arguments, most, out.with_suffix(".part"))
        signature = {"machine": machine(), "load": os.getloadavg()[0], "versions": versions(commit()), "options": trial}
        runs.append({"engine": engine, "seed": seed, **summary(rows), "signature": signature})
        out.write_text(json.dumps({"goal": GOAL, "limit": LIMIT, "runs": runs}, indent=1) + "\n", encoding="utf-8")
        print({key: runs[-1][key] for key in ("engine", "seed", "seconds_to_goal", "seconds", "best_dev")}, flush=True)


def fastest(runs: list[dict[str, Any]]) -> float:
    """Return the seconds in which bigru reached the goal with the first seed that did; infinity without one."""
    return next((run["seconds_to_goal"] for run in runs if run["engine"] == "bigru" and run["seconds_to_goal"]), np.inf)


def apart(engine: str, seed: int, arguments: argparse.Namespace, most: float, file: Path) -> list[dict[str, float]]:
    """Train one seed with one engine in a process of its own and return its epochs."""
    command = [sys.executable, __file__, "--data", str(arguments.data), "--seeds", str(seed), "--engines", engine]
    for name in ("epochs", "rows"):
        if getattr(arguments, name):
            command += [f"--{name}", str(getattr(arguments, name))]
    subprocess.run([*command, "--one", str(file), "--most", str(most)], check=True, env=environment(engine))
    rows: list[dict[str, float]] = json.loads(file.read_text(encoding="utf-8"))
    file.unlink()
    return rows


if __name__ == "__main__":
    main()
