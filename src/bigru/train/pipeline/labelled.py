"""Labelled examples to a scored model: plan, featurise, train, score, compare with a plain model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...bundle import Bundle
from ...errors import first_names
from ...features.audio import AudioFeatures
from ...features.lexicon import Lexicon
from ...features.series import check_gaps
from ...features.text import TextFeatures
from ...metrics.score import Report
from ...readers.examples import Examples
from ...readers.lexicon import name_sources, read_lexicons
from ...readers.roles import columns_by_role
from ...runtime.evaluation import fit_to_model
from ...runtime.predictor import Predictor
from ...tasks.alignment import refuse_misplaced, targets_per_unit, unit_of_tags
from ..recipes import OPTIONS, Plan, plan_examples
from ..regularise.speed import perturb_speed
from ..start.forgetting import Forgetting
from .checks import say_findings
from .comparison import comparison_line, find_doubts, score_plain
from .continuing import measure_forgetting, prepare_examples, rehearsal_targets
from .request import Request, Say
from .settings import to_settings
from .soft import soft_facts, soft_remarks, soft_targets
from .trained import Trained, training_metrics
from .vectors import initial_vectors

if TYPE_CHECKING:
    from ..loop.fit import Fitted

__all__ = ["Parts", "train_examples"]

SHOWN = 8
"""Labels that are named before they are only counted."""


class Parts(NamedTuple):
    """Labelled examples by what they are for; without `dev`, a tenth of `train` is held out.

    `keep` are old ones that are learnt beside those of `train`, where a training starts from a model.
    """

    train: Examples
    dev: Examples | None = None
    test: Examples | None = None
    keep: Examples | None = None


def train_examples(parts: Parts, request: Request) -> Trained:
    """Train on `parts.train`, choose the epoch on dev, and score what was never trained on.

    Args:
        parts: the examples; those to learn from have legal tags.
        request: what is asked for.

    Raises:
        BigruError: the data, a setting or the training is at fault; see what is called here.
    """
    count = len(parts.train)
    if request.start is not None:
        train = prepare_examples(parts.train, parts.keep, parts[1:3], request)
        parts = Parts(train, parts.dev, parts.test)
    train = parts.train
    decided, weights = _decide(train, request)
    _describe(decided, request.say)
    parts = Parts(train, *(part and _select_fitting(decided, part, request) for part in parts[1:3]))
    fitted = _fit(decided, parts, request, weights)
    learnt, held = _split_held_out(train, fitted)
    about = (request.card or _card(parts, decided, fitted)).strip()
    about = "\n".join([about, "", *(f"- lexicon: {one}" for one in _sources(request))]).strip()
    parts = parts._replace(dev=parts.dev or held)
    forgetting = _measure(decided, fitted, parts, count, request)
    found = _score(decided, fitted, parts, learnt, request) if request.score else Scored({})
    remarks = (*soft_remarks(parts.dev), *found.remarks)
    card = "\n".join([about, "", *(f"- {remark}" for remark in remarks)])
    if forgetting is not None:
        card += f"\n\n## What the model that it started from knew\n{forgetting.section()}"
    bundle = _verify(decided, fitted, parts, card, soft_facts(train, request.settings))
    more = {name: report.to_json() for name, report in found.reports.items()}
    more |= {} if found.plain is None else {"plain": found.plain}
    more |= {} if forgetting is None else {"forgetting": forgetting.to_json()}
    training, config = decided.training, decided.config
    return Trained(
        model=Predictor(replace(bundle, metrics=bundle.metrics | more)),
        reports=found.reports,
        plain=found.plain,
        settings=to_settings(
            OPTIONS, training, training.augment, decided.model, decided.model.encoder, config, config.features
        ),
        inferred=train.inferred,
        remarks=remarks,
        history=fitted.history,
        forgetting=forgetting,
    )


class Scored(NamedTuple):
    """The scores of a network by part, those of the plain model, and lines on what they are worth."""

    reports: dict[str, Report]
    plain: dict[str, Any] | None = None
    remarks: Sequence[str] = ()


def _score(decided: Plan, fitted: Fitted, parts: Parts, learnt: Examples, request: Request) -> Scored:
    """Score a network and the plain model of its task on dev and test."""
    judges = {name: part for name, part in (("dev", parts.dev), ("test", parts.test)) if part is not None}
    predictor, judged = _predictors(decided, fitted, parts)
    scored = {"dev": judged}
    reports = {name: scored.get(name, predictor).evaluate(part) for name, part in judges.items()}
    remarks = find_doubts(reports, judges, learnt)
    if request.plain is False:
        return Scored(reports, None, remarks)
    plain = score_plain(decided, learnt, judges, predictor, unbounded=bool(request.plain))
    if plain is not None:
        remarks = [comparison_line(plain, reports, judges), *remarks]
    return Scored(reports, plain, remarks)


def _predictors(decided: Plan, fitted: Fitted, parts: Parts) -> tuple[Predictor, Predictor]:
    """Return the trained model, and as it was before it learnt from held-out examples, on which that one is scored."""
    network = Bundle(parts.train.task, decided.model, decided.config, fitted.weights)
    predictor = Predictor(network)
    return predictor, predictor if fitted.judged is None else Predictor(replace(network, weights=fitted.judged))


def _measure(decided: Plan, fitted: Fitted, parts: Parts, count: int, request: Request) -> Forgetting | None:
    """Return what the model forgot of that which it was started from; `count` training examples are new."""
    if request.start is None:
        return None
    judges = {"dev": parts.dev, "test": parts.test}
    return measure_forgetting(_predictors(decided, fitted, parts)[1], judges, fitted.held_out, count, request)


def _decide(train: Examples, request: Request) -> tuple[Plan, Mapping[str, np.ndarray] | None]:
    """Return the plan of a training, and the weights that it starts from where they are not all drawn."""
    if request.start is not None:
        request.say(f"starts from {request.start.name}")
        decided = request.start.plan(train, _with_words(request.chosen))
        return decided, request.start.weights(decided)
    options = _with_words(request.chosen) | _choose_unit(train, request)
    if train.features:
        options["features"] = train.features
    decided = plan_examples(train, options)
    if request.settings.get("vectors") is None:
        return decided, None
    channels, weights = initial_vectors(decided, request)
    return plan_examples(train, options | {"channels": channels}), weights


def _with_words(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the words of the lexicon in the place of its files."""
    given = options.get("lexicon")
    if given is None or isinstance(given, Lexicon):
        return dict(options)
    return {**options, "lexicon": Lexicon.of(read_lexicons(given))}


def _fit(decided: Plan, parts: Parts, request: Request, weights: Mapping[str, np.ndarray] | None) -> Fitted:
    """Featurise the examples and train; the test part is looked at as well, so that its faults come first."""
    train = parts.train
    data = {name: _prepare(decided, part, part is train) for name, part in parts._asdict().items() if part is not None}
    # torch is imported here, when nothing can be wrong any more that it is not needed to see.
    from ..ensemble.members import fit_ensemble
    from ..loop.job import TrainingJob

    job = TrainingJob(
        *decided[:3],
        data["train"],
        data.get("dev"),
        decided.training,
        **request.running,
        initial_weights=weights,
        variants=perturb_speed(decided.config, train.inputs, decided.training, data["train"]),
        groups=train.groups,
        soft=soft_targets(decided, train, data["train"][0], request.settings)
        or rehearsal_targets(decided, train.inputs, data["train"][1], request),
    )
    return fit_ensemble(job)


def _verify(decided: Plan, fitted: Fitted, parts: Parts, card: str, more: Mapping[str, Any]) -> Bundle:
    """Return the model once it has answered alike on every engine, with the facts of its training."""
    from ..export import export

    train = parts.train
    named = columns_by_role(train.roles)
    facts = training_metrics(fitted, {"examples": len(train), **more}) | ({"columns": named} if named else {})
    inputs = (parts.dev or train).inputs
    arguments = (decided.task, decided.config, decided.model, fitted.weights, inputs)
    return export(*arguments, metrics={"training": facts}, card=card)


def _sources(request: Request) -> list[str]:
    """Return where the words of a lexicon are from, and their licence."""
    given = request.settings.get("lexicon")
    return [] if given is None or isinstance(given, Lexicon) else name_sources(given)


def _describe(decided: Plan, say: Say) -> None:
    """Say what was decided: unit, labels, encoder and head."""
    config, encoder = decided.config, decided.model.encoder
    features = config.features
    if isinstance(features, TextFeatures):
        channels = ", ".join(channel.name for channel in features.channels)
        say(f"reads {features.unit}s ({len(features.vocabulary)} known; channels {channels})")
        for n, column in enumerate(features.columns, 1):
            say(f"feature{n} is the column {column.name!r} ({len(column.values)} known values)")
        if features.lexicon is not None:
            say(f"the lexicon has {features.lexicon.describe()}")
    elif isinstance(features, AudioFeatures):
        say(f"reads {features.mel_bins} mel bands every {features.frame_shift:g} ms, at {features.sample_rate:,} Hz")
    else:
        own = ", each series scaled by itself too, as their scales differ widely" if features.level else ""
        gaps = f", {len(features.missing)} of which may be missing" if features.missing else ""
        say(f"reads {len(features.mean)} numbers per step{gaps}{own}")
    outputs, head = decided.task.describe(config, decided.model)
    say(f"{len(config.labels)} {outputs}: {first_names(config.labels, SHOWN)}")
    layers = f"{encoder.layers} layer{'s' if encoder.layers > 1 else ''} of {encoder.hidden} units"
    say(f"{encoder.cell.upper()}, directions: {encoder.direction}, {layers}, {head}")


def _select_fitting(decided: Plan, part: Examples, request: Request) -> Examples:
    """Return dev or test examples as the model can be scored on them, and say what does not fit it."""
    fitting = fit_to_model(decided.config, part, request.reading.strict)
    say_findings(fitting.findings[len(part.findings) :], request.say)
    return fitting


def _choose_unit(train: Examples, request: Request) -> dict[str, str]:
    """Return the unit that suits texts with tags per character, and say why it does; nothing where one is given."""
    if request.settings.get("unit") is not None:
        return {}
    if train.kind == "text" and train.soft is not None and train.soft.per_step:
        # Probabilities of tags cannot be moved to words, as tags can.
        return {"unit": "char"}
    found = unit_of_tags(train, request.settings.get("segmenter"))
    if found is None:
        return {}
    if found.misplaced:
        example, span = found.misplaced[0]
        count = f"{len(found.misplaced)} of {found.spans} spans begin or end within a word"
        quoted = f"line {train.lines[example]}, {train.inputs[example][span.start : span.end]!r}"
        request.say(f"{train.source}: the model reads characters, as {count}; the first: {quoted}")
    elif found.unit == "word":
        covered = f"words cover all {found.spans} spans"
        request.say(f"{train.source}: tags are moved from characters to words, as {covered}")
    return {"unit": found.unit}


def _prepare(decided: Plan, part: Examples, learn_from: bool) -> tuple[list[np.ndarray], Any]:
    """Return features and targets, tags one per unit that the model reads."""
    config, task = decided.config, decided.task
    check_gaps(config.features, part)
    features = task.featurise(config, part.inputs)
    given, misplaced = targets_per_unit(config, part)
    if learn_from:
        refuse_misplaced(part.source, part.lines, part.inputs, misplaced)
    lines = part.token_lines or part.lines
    targets = task.targets(config, given, source=part.source, lines=lines, unknown=not learn_from)
    task.check_pairs(config, features, targets, source=part.source, lines=part.lines)
    return features, targets


def _split_held_out(train: Examples, fitted: Fitted) -> tuple[Examples, Examples | None]:
    """Return the training examples that were learnt from, and those that chose the epoch, if some were held out."""
    held = fitted.held_out
    if held is None or not len(held):
        return train, None
    kept = np.setdiff1d(np.arange(len(train)), held)
    return train.take(kept), train.take(held)


def _card(parts: Parts, decided: Plan, fitted: Fitted) -> str:
    """Return what the model card says of data and training."""
    rows = [f"- {name}: {len(part)} examples" for name, part in parts._asdict().items() if part is not None]
    if fitted.held_out is not None and len(fitted.held_out):
        rows.append(f"- dev: {len(fitted.held_out)} examples held out of train by seed {decided.training.seed}")
    time = f"{fitted.steps} steps in {fitted.seconds:.0f} s, weights of epoch {fitted.best_epoch}"
    if fitted.ensemble is not None:
        time = f"{fitted.ensemble['members']} trainings and one that learnt from their mean: {time}"
    return "\n".join([*rows, f"\n{time}, seed {decided.training.seed}. The licence of the data is its owner's matter."])
