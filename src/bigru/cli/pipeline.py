"""From examples to a judged model: plan, featurise, fit, compare, score. `train` and the demos share it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..bundle import Bundle
from ..config import ChannelConfig
from ..errors import ArgumentError, DataError, sentence
from ..features.audio import AudioFeatures
from ..features.series import check_gaps
from ..features.text import TextFeatures
from ..metrics.score import Report
from ..readers.examples import Examples
from ..readers.numbers import columns
from ..readers.roles import columns_by_role
from ..readers.tags.settle import fit_characters
from ..tasks import transcribe
from ..tasks.alignment import choose_unit, refuse_misplaced, tags_per_unit
from ..tasks.mismatch import fit_labels, legalise
from ..train.recipes import Plan, plan
from ..train.speed import perturbed
from .show import Say, note
from .vectors import read_vectors

if TYPE_CHECKING:
    from ..train.fit import Fitted

__all__ = ["Judged", "Parts", "facts_of", "learn"]

SHOWN = 8
"""Labels that are named before they are only counted."""


class Parts(NamedTuple):
    """Labelled examples by what they are for; without `dev`, a tenth of `train` is held out."""

    train: Examples
    dev: Examples | None = None
    test: Examples | None = None


class Judged(NamedTuple):
    """A model ready to be saved.

    Attributes:
        bundle: the model.
        reports: its scores by part: "dev" where there are such examples, "test" where given.
        remarks: lines on what the scores are worth: beside those of a plain model, and by how many rows.
    """

    bundle: Bundle
    reports: dict[str, Report]
    remarks: Sequence[str] = ()


def learn(
    parts: Parts,
    options: Mapping[str, Any],
    *,
    folder: Path | None = None,
    resume: bool = False,
    loggers: Sequence[str] = (),
    vectors: Path | None = None,
    progress: str = "auto",
    say: Say = note,
    card: str = "",
    strict: bool = False,
    plain: bool | None = None,
) -> Judged:
    """Train on `parts.train`, choose the epoch on dev, and score what was never trained on.

    Args:
        parts: the examples.
        options: settings that overrule the defaults, of `bigru.train.recipes.OPTIONS`.
        folder, resume, loggers, progress: as of `bigru.train.ensemble.fit_ensemble`.
        vectors: first weights of the units' embedding; see `bigru.cli.vectors`.
        say: told what was decided.
        card: Markdown on the data for the model card; None says what was read.
        strict: whether illegal tags, and classes of dev and test that train has not, are errors instead of counted.
        plain: whether the plain model of the task is fitted beside it; None: within bounds of time (`plain.choice`).

    Raises:
        BigruError: the data, an option or the training is at fault; see what is called here.
    """
    train = _legal(parts.train, strict, say)
    _check_classes(train)
    _check_columns(train)
    _check_groups(train)
    options = _with_unit(train, {**options, "features": train.features or options.get("features")}, say)
    decided = _plan(train, options)
    weights = None
    if vectors is not None:
        decided, weights = _with_vectors(train, options, decided, vectors, say)
    _describe(decided, say)
    parts = Parts(train, *(part and _fitting(decided, part, strict, say) for part in parts[1:]))
    data = {name: _prepare(decided, part, part is train) for name, part in parts._asdict().items() if part is not None}
    # torch is imported here, when nothing can be wrong any more that it is not needed to see.
    from ..runtime.predictor import Predictor
    from ..train.ensemble import fit_ensemble
    from ..train.export import export
    from .beside import beside, doubts, sentence_of

    fitted = fit_ensemble(
        *decided[:3],
        data["train"],
        data.get("dev"),
        decided.training,
        folder=folder,
        resume=resume,
        loggers=loggers,
        progress=progress,
        initial_weights=weights,
        variants=perturbed(decided.config, train.inputs, decided.training, data["train"]),
        groups=train.groups,
    )
    learnt, dev = _divided(train, fitted)
    dev = parts.dev or dev
    named = columns_by_role(train.roles)
    facts = {"examples": len(train), **facts_of(fitted)} | ({"columns": named} if named else {})
    about = card or _card(parts, decided, fitted)
    arguments = (decided.task, decided.config, decided.model, fitted.weights, (dev or train).inputs)
    bundle = export(*arguments, metrics={"training": facts}, card=about)
    judges = {name: part for name, part in (("dev", dev), ("test", parts.test)) if part is not None}
    predictor = Predictor(bundle)
    # What has learnt from the held-out examples since may not be scored on them.
    scored = {"dev": predictor if fitted.judged is None else Predictor(replace(bundle, weights=fitted.judged))}
    reports = {name: scored.get(name, predictor).evaluate(part) for name, part in judges.items()}
    remarks = doubts(reports, judges, learnt)
    metrics = bundle.metrics | {name: report.to_json() for name, report in reports.items()}
    found = None if plain is False else beside(decided, learnt, judges, predictor, whatever=bool(plain))
    if found is not None:
        metrics["plain"], remarks = found, [sentence_of(found, reports, judges), *remarks]
    told = "\n".join([about.strip(), "", *(f"- {remark}" for remark in remarks)]).strip()
    made = replace(bundle, metrics=metrics, card=bundle.card.replace(about.strip(), told, 1))
    return Judged(made, reports, remarks)


def _plan(train: Examples, options: Mapping[str, Any]) -> Plan:
    return plan(
        train.task,
        train.inputs,
        train.targets or [],
        train.kind,
        multi_label=train.multi_label,
        scheme=train.scheme,
        options=options,
    )


def _check_classes(train: Examples) -> None:
    """Refuse one class alone here, where the file can be named."""
    rows = [[target] if isinstance(target, str) else target for target in train.targets or []]
    classes = set(chain.from_iterable(rows))
    if len(classes) == 1 and not train.multi_label:
        got = f"{classes.pop()!r} alone"
        raise DataError(sentence(train.source, "labels", "at least two", got, "One class teaches nothing."))
    if train.task == "classify" and len(train) > 1 and all(_same(one, train.inputs[0]) for one in train.inputs):
        got = f"the same in all {len(train):,} rows"
        remedy = "Nothing tells the labels apart."
        raise DataError(sentence(train.source, "inputs", "different", got, remedy))


def _same(one: Any, other: Any) -> bool:
    """Tell whether two inputs are equal; recordings are not looked into."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other, equal_nan=True)
    return isinstance(one, str | list) and bool(one == other)


def _check_groups(train: Examples) -> None:
    """Refuse groups that hold nothing together, or everything."""
    if train.groups is None:
        return
    name, count = next(iter(train.columns("group")), "--group"), len(set(train.groups))
    if count == 1:
        got = f"{train.groups[0]!r} in every row"
        raise DataError(sentence(train.source, f"column {name!r}", "of several groups", got, "Leave --group out."))
    if count == len(train):
        got = f"{count:,} different values in {count:,} rows"
        raise DataError(sentence(train.source, f"column {name!r}", "of groups of rows", got, "Leave --group out."))


def _check_columns(train: Examples) -> None:
    """Refuse series with a column of which not one number is there."""
    for finding in columns(train):
        if finding.kind == "empty column":
            got, remedy = "not one", "Leave such a column out."
            raise DataError(sentence(train.source, finding.message.split(" has ")[0], "of numbers", got, remedy))


def _with_vectors(
    train: Examples, options: Mapping[str, Any], decided: Plan, path: Path, say: Say
) -> tuple[Plan, dict[str, np.ndarray]]:
    """Return the plan with the width of the vectors for the channel "unit", and that channel's first weights."""
    features = decided.config.features
    if not isinstance(features, TextFeatures) or all(channel.name != "unit" for channel in features.channels):
        raise ArgumentError(sentence("train", "--vectors", "left out where no units are embedded", str(path)))
    vocabulary = features.vocabulary
    found = read_vectors(path, vocabulary)
    table = np.stack(list(found.values()))
    channels = [c if c.name != "unit" else ChannelConfig("unit", 1, table.shape[1]) for c in features.channels]
    decided = _plan(train, {**options, "channels": channels})
    # Units without a vector start as noise of the same size, so that none stands out at first.
    random = np.random.default_rng(decided.training.seed)
    rows = random.normal(0.0, table.std(), (len(vocabulary) + 1, table.shape[1])).astype(np.float32)
    for n, unit in enumerate(vocabulary, 1):
        rows[n] = found.get(unit, rows[n])
    say(f"{path}: vectors of {table.shape[1]} numbers for {len(found)} of {len(vocabulary)} units")
    place = next(n for n, channel in enumerate(channels) if channel.name == "unit")
    return decided, {f"embedding.{place}.weight": rows}


def _describe(decided: Plan, say: Say) -> None:
    """Say what was decided: unit, labels, encoder and head."""
    task, config, encoder = decided.task, decided.config, decided.model.encoder
    features = config.features
    if isinstance(features, TextFeatures):
        channels = ", ".join(channel.name for channel in features.channels)
        say(f"reads {features.unit}s ({len(features.vocabulary)} known; channels {channels})")
        for n, column in enumerate(features.columns, 1):
            say(f"feature{n} is the column {column.name!r} ({len(column.values)} known values)")
    elif isinstance(features, AudioFeatures):
        say(f"reads {features.mel_bins} mel bands every {features.frame_shift:g} ms, at {features.sample_rate:,} Hz")
    else:
        own = ", each series scaled by itself too, as their scales differ widely" if features.level else ""
        gaps = f", {len(features.missing)} of which may be missing" if features.missing else ""
        say(f"reads {len(features.mean)} numbers per step{gaps}{own}")
    names = ", ".join(config.labels[:SHOWN])
    labels = {"char": "characters", "token": "tokens"}[config.unit] if task is transcribe else "labels"
    more = f" and {len(config.labels) - SHOWN} more" if len(config.labels) > SHOWN else ""
    say(f"{len(config.labels)} {labels}: {names}{more}")
    layers = f"{encoder.layers} layer{'s' if encoder.layers > 1 else ''} of {encoder.hidden} units"
    head = f"pooling {' + '.join(decided.model.pooling)}" if decided.model.pooling else "a label per step"
    head = f"CTC, a step every {1000 * config.seconds:g} ms" if task is transcribe else head
    crf = ", CRF" if decided.model.crf else ""
    say(f"{encoder.cell.upper()}, directions: {encoder.direction}, {layers}, {head}{crf}")


def _legal(train: Examples, strict: bool, say: Say) -> Examples:
    """Return the training examples with legal tags, and say what was not legal."""
    legal = legalise(train, train.scheme, strict=strict, learn=True)
    for finding in legal.findings[len(train.findings) :]:
        say(f"  {finding}")
    return legal


def _fitting(decided: Plan, part: Examples, strict: bool, say: Say) -> Examples:
    """Return dev or test examples as the model can be scored on them, and say what does not fit it."""
    fitting = fit_labels(decided.config, part, strict=strict)
    if getattr(decided.config.features, "unit", "") == "char":
        fitting = fit_characters(fitting)
    for finding in fitting.findings[len(part.findings) :]:
        say(f"  {finding}")
    return fitting


def _with_unit(train: Examples, options: Mapping[str, Any], say: Say) -> Mapping[str, Any]:
    """Return the options with the unit that suits texts with spans, and say why it does; a given one stays."""
    if train.kind != "text" or train.task != "tag" or options.get("unit") is not None:
        return options
    found = choose_unit(train.inputs, train.targets or [], train.scheme, options.get("segmenter"))
    if found.misplaced:
        example, span = found.misplaced[0]
        count = f"{len(found.misplaced)} of {found.spans} spans begin or end within a word"
        quoted = repr(train.inputs[example][span.start : span.end])
        say(f"{train.source}: the model reads characters, as {count}; the first: line {train.lines[example]}, {quoted}")
    elif found.unit == "word":
        say(f"{train.source}: tags are moved from characters to words, as words cover all {found.spans} spans")
    return {**options, "unit": found.unit}


def _prepare(decided: Plan, part: Examples, learn_from: bool) -> tuple[list[np.ndarray], Any]:
    """Return features and targets, tags one per unit that the model reads."""
    check_gaps(decided.config.features, part)
    config, given = decided.config, part.targets or []
    features = decided.task.featurise(config, part.inputs)
    lines = part.token_lines or part.lines
    if part.task == "tag" and isinstance(config.features, TextFeatures):
        given, misplaced = tags_per_unit(config.features, part.inputs, given, config.scheme)
        if learn_from:
            refuse_misplaced(part.source, part.lines, part.inputs, misplaced)
    more = {} if isinstance(config, transcribe.Config) else {"unknown": not learn_from}
    targets = decided.task.targets(config, given, source=part.source, lines=lines, **more)
    if isinstance(decided.config, transcribe.Config):
        transcribe.check_room(decided.config, features, targets, source=part.source, lines=part.lines)
    return features, targets


def _divided(train: Examples, fitted: Fitted) -> tuple[Examples, Examples | None]:
    """Return the training examples that were learnt from, and those that chose the epoch, if some were held out."""
    held = fitted.held_out
    if held is None or not len(held):
        return train, None
    kept = np.setdiff1d(np.arange(len(train)), held)
    return train.take(kept), train.take(held)


def facts_of(fitted: Fitted) -> dict[str, Any]:
    """Return what metrics.json keeps of a training."""
    given = {"ensemble": fitted.ensemble, "linear_score": fitted.linear_score, "network_score": fitted.network_score}
    more = {name: value for name, value in given.items() if value is not None}
    return more | {
        "score": fitted.score_name,
        "best_score": fitted.best_score,
        "best_epoch": fitted.best_epoch,
        "steps": fitted.steps,
        "seconds": round(fitted.seconds, 1),
        "sequences_per_second": round(fitted.rates[0], 1),
        "time_steps_per_second": round(fitted.rates[1], 1),
        "reproducible": fitted.reproducible,
    }


def _card(parts: Parts, decided: Plan, fitted: Fitted) -> str:
    """Return what the model card says of data and training."""
    rows = [f"- {name}: {len(part)} examples" for name, part in parts._asdict().items() if part is not None]
    if fitted.held_out is not None and len(fitted.held_out):
        rows.append(f"- dev: {len(fitted.held_out)} examples held out of train by seed {decided.training.seed}")
    time = f"{fitted.steps} steps in {fitted.seconds:.0f} s, weights of epoch {fitted.best_epoch}"
    if fitted.ensemble is not None:
        time = f"{fitted.ensemble['members']} trainings and one that learnt from their mean: {time}"
    return "\n".join([*rows, f"\n{time}, seed {decided.training.seed}. The licence of the data is its owner's matter."])
