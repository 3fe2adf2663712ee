"""Every sample, every arrangement, every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..config.precisions import PRECISIONS
from ..errors import ArgumentError, sentence
from ..ops.library import isa
from ..tasks import task_named
from . import instruction_sets as sets
from . import reference, samples
from .batchings import ALONE, Engine, arrangements
from .engines import native, runnable_precisions, torch_engine
from .examine import examine
from .outcomes import TOLERANCES, Figures, Judge, Outcome, engine_precision
from .report import PREFIX, EngineRow, VerificationReport

__all__ = ["REFERENCE", "verify"]

REFERENCE = "reference"
"""The name of the specification among the engines."""

STEPS = 1 << 16
"""Steps that the specification walks at most, spread over the samples: it takes its time."""

TOGETHER = "reading"
"""The name of what is made of the samples before any engine runs."""


def verify(
    model: Any,
    inputs: Sequence[Any] | None = None,
    engines: Mapping[str, Engine] | None = None,
    *,
    precisions: Sequence[str] = PRECISIONS,
    instruction_sets: Sequence[str] | None = None,
    torch: bool = True,
    lengths: Sequence[int] | None = None,
    most: int | None = None,
    reference_steps: int = STEPS,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> VerificationReport:
    """Run a model in every way there is and compare what it says.

    The compiled kernels in float32 on the active instruction set, with every sample alone, are what all engines are
    compared with: the specification in NumPy and float64, the kernels in fewer bits and on other instruction sets,
    torch where it is installed, and what is handed in. Each engine is compared with itself as well: every sample
    alone, in random batches, mirrored, beside padding that is not a number, first and last of a batch.

    Args:
        model: a `Bundle`, or what holds one as `bundle`: a `Predictor` or a `Forecaster`.
        inputs: samples as the model reads them; of a forecaster, cuts of a table. Made-up ones of 0, 1, 2 and many
            steps come to them; None takes made-up ones alone, of many lengths.
        engines: further ones by name; see `arrangements.Engine`. One whose name ends with a precision, as
            "onnx int8", is held to the tolerance of that.
        precisions: of the kernels; fp32 is always among them.
        instruction_sets: names of others to run the kernels on; None takes all that run here.
        torch: whether torch runs the model too, where it is installed.
        lengths: of the made-up samples; None takes `made.LENGTHS`, or `made.EDGES` beside `inputs`.
        most: samples of `inputs` that are taken at most, spread over their lengths.
        reference_steps: that the specification walks at most.
        seed: of the made-up samples and the order of the batches.
        say: called with a line for what is being run.

    Raises:
        ArgumentError: there are no samples, an input is not what the model reads, or an instruction set is missing.
    """
    bundle: Bundle = getattr(model, "bundle", model)
    rows: list[EngineRow] = []
    made_up = samples.sample_features(bundle, lengths or (samples.LENGTHS if inputs is None else samples.EDGES), seed)
    features = [*_sample_features(bundle, inputs, most, rows), *made_up]
    steps = [len(f) for f in features]
    plan = arrangements(steps, bundle.model.head != "window", seed)
    judge = Judge(bundle)
    hub = f"{PREFIX}{isa()} fp32"
    wanted = runnable_precisions(bundle, ("fp32", *(p for p in precisions if p != "fp32")))

    def add(name: str, alone: Sequence[Outcome], own: Mapping[str, Figures], base: Sequence[Outcome]) -> None:
        say(f"{name}: {len(alone):,} samples")
        if name != hub:
            rows.append(EngineRow(name, hub, ALONE, judge.compare(base, alone), TOLERANCES[engine_precision(name)]))
        rows.extend(EngineRow(name, name, key, figures, TOLERANCES["fp32"]) for key, figures in own.items())

    base, own = examine(native(bundle, "fp32"), judge, features, plan)
    add(hub, base, own, base)
    chosen = _within(steps, reference_steps)
    specified = reference.logits(bundle.model, bundle.weights, [features[n] for n in chosen])
    add(REFERENCE, [judge.specify(row) for row in specified], {}, [base[n] for n in chosen])
    for precision in wanted[1:]:
        name = f"{PREFIX}{isa()} {precision}"
        add(name, *examine(native(bundle, precision), judge, features, plan), base)
    module = torch_engine(bundle) if torch else None
    for name, engine in {**({} if module is None else {"torch": module}), **(engines or {})}.items():
        add(name, *examine(engine, judge, features, plan), base)
    for instruction_set in sets.other_sets() if instruction_sets is None else instruction_sets:
        found = sets.examine_on(instruction_set, bundle, judge, features, plan, wanted)
        for precision, (alone, of_plan) in found.items():
            add(f"{PREFIX}{instruction_set} {precision}", alone, of_plan, base)
    taken = len(features) - len(made_up)
    notes = (
        [] if inputs is None or taken == len(inputs) else [f"{taken:,} of {len(inputs):,} samples given were taken."]
    )
    notes += ["torch is not installed here and was left out."] if torch and module is None else []
    if len(chosen) < len(features):
        notes.append(f"The reference ran {len(chosen):,} of the samples.")
    return VerificationReport(rows, len(features), taken, max(steps), hub, notes)


def _sample_features(
    bundle: Bundle, inputs: Sequence[Any] | None, most: int | None, rows: list[EngineRow]
) -> list[np.ndarray]:
    """Return the samples as the network reads them; that each is read alike alone and among others becomes a row."""
    if inputs is None:
        return []
    if not len(inputs):
        raise ArgumentError(sentence("verify", "inputs", "at least one sample", "none"))
    task = task_named(bundle.task)
    features = list(task.featurise(bundle.config, inputs))
    if most is not None and len(features) > most:
        order = np.argsort([len(f) for f in features], kind="stable")
        picked = order[np.unique(np.linspace(0, len(features) - 1, most).astype(int))].tolist()
        features, inputs = [features[n] for n in picked], [inputs[n] for n in picked]
    figures = Figures()
    for own, x in zip(features, inputs, strict=True):
        alone = task.featurise(bundle.config, [x])[0]
        figures.samples += 1
        if alone.shape != own.shape or not np.array_equal(alone, own, equal_nan=own.dtype.kind == "f"):
            figures.difference = float("inf")
    rows.append(EngineRow(TOGETHER, TOGETHER, "batches", figures, TOLERANCES["fp32"]))
    return features


def _within(lengths: Sequence[int], most: int) -> list[int]:
    """Return numbers of samples, evenly spread, that have at most so many steps together; the shortest always."""
    order = np.argsort(lengths, kind="stable")
    count = len(order)
    while count > 1:
        picked = order[np.unique(np.linspace(0, len(order) - 1, count).astype(int))]
        if sum(lengths[n] for n in picked) <= most:
            break
        count //= 2
    else:
        picked = order[:1]
    return sorted(picked.tolist())
