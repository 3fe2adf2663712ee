"""How a problem becomes its three configurations: the defaults of its task and kind of input, and what was chosen.

Nothing here imports torch: a command can explain its defaults without it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..bundle.configuration import check_size
from ..config import (
    AugmentConfig,
    ChannelConfig,
    ConvConfig,
    EncoderConfig,
    ModelConfig,
    TrainConfig,
    from_dict,
    replace_fields,
)
from ..errors import ArgumentError, check_choice, nearest, refusal, sentence
from ..features import transcripts
from ..features.audio import AudioFeatures
from ..features.channels import NGRAMS, configure, is_hashed
from ..features.columns import column_of
from ..features.lexicon import lexicon_channels
from ..features.segment import infer_unit
from ..features.series import SeriesFeatures
from ..features.text import UNITS, TextFeatures
from ..ops.ctc.language import SymbolModel
from ..readers.token_features import words_of
from ..scheme import all_tags
from ..tasks import classify, tag, transcribe
from ..tasks.alignment import choose_unit
from .defaults import DEFAULTS, LONG, Recipe
from .loop.checks import check_shape, refuse_ensemble

if TYPE_CHECKING:
    from ..readers.examples import Examples

__all__ = ["KINDS", "OPTIONS", "TASKS", "Plan", "plan", "plan_examples", "plan_training"]

WHERE = "train"


TASKS = {"classify": classify, "tag": tag, "transcribe": transcribe}
"""The tasks by name."""

KINDS = {"text": "text", "tokens": "text", "series": "series", "audio": "audio"}
"""What recipe a kind of input has."""

ORDERS, MOST_ARCS = (4, 3, 2, 1), 40_000
"""Symbols of an n-gram of a language model: as many as leave config.json small."""

BEAM = 16
"""Prefixes that are kept where a language model is listened to."""

MANY = 50_000
"""With more examples than these, two passes over each are not worth their time."""

ENOUGH = 50_000
"""With fewer units than these, what stands near what says little: opposites stand in the same places."""

RARE = 200_000
"""Of fewer units than these a classifier knows even those that occur once: its linear part has a use for each."""

FEWEST_BUCKETS, MOST_BUCKETS = 1 << 14, 1 << 18
"""Bounds of the number of buckets of an n-gram channel."""

ROOM = 6
"""Buckets, at least, for each of the different strings that a hashed channel sees in training."""

COUNTED = 5_000
"""Inputs, about, in which they are counted."""

CHAINED = 64
"""Plain tags of texts, at most, that a CRF decides: more pairs of them would cost as much as the rest."""

SPEECH = ("beam", "language")
AUDIO = ("sample_rate", "mel_bins", "frame_shift", "normalise")
TEXT = ("unit", "channels", "lowercase", "min_count", "max_size", "replace", "segmenter", "features", "lexicon")
SERIES_SETTINGS = ("per_series",)
MODEL = ("pooling", "skip", "crf", "wide_linear", "conv")
ENCODER = tuple(f.name for f in fields(EncoderConfig))
AUGMENT = tuple(f.name for f in fields(AugmentConfig))
TRAINING = (*(f.name for f in fields(TrainConfig) if f.name != "augment"), *AUGMENT)
OPTIONS = (*TEXT, *SERIES_SETTINGS, *AUDIO, *SPEECH, *MODEL, *ENCODER, *TRAINING)
"""Every setting that `plan` takes, flat: of the features, of the model, of its encoder, of the training."""


class Plan(NamedTuple):
    """What `fit` needs to know of a problem."""

    task: ModuleType
    config: Any
    model: ModelConfig
    training: TrainConfig


def plan(
    task: str,
    inputs: Sequence[Any],
    targets: Sequence[Any],
    kind: str,
    *,
    multi_label: bool = False,
    scheme: str | None = None,
    options: Mapping[str, Any] | None = None,
    labels: Sequence[str] = (),
) -> Plan:
    """Decide everything about a problem: the recipe for its kind, changed where `options` say so.

    Args:
        task: "classify", "tag" or "transcribe".
        inputs: training inputs; vocabulary and scaling are learnt from them.
        targets: per input a label, a list of labels (`multi_label`), one tag per character, unit or step, or a
            transcript. The unit of texts with a tag for each character is the word where words cover all spans.
        kind: "text", "tokens", "series" or "audio".
        multi_label: whether an input has any number of labels.
        scheme: how tags spell spans, None where they spell none.
        options: of `OPTIONS`; None as a value stands for the default.
        labels: labels or tags that a model can answer besides those of the targets.

    Raises:
        ArgumentError: an option is unknown or does not suit the task, or its value does not fit.
    """
    check_choice(WHERE, "task", task, TASKS)
    check_choice(WHERE, "kind of input", kind, KINDS)
    chosen = {name: value for name, value in (options or {}).items() if value is not None}
    for name in chosen:
        if name not in OPTIONS:
            raise ArgumentError(
                sentence(WHERE, "option", "one of " + ", ".join(OPTIONS), repr(name), nearest(name, OPTIONS))
            )
    refuse_ensemble(TASKS[task], chosen.get("ensemble", 1))
    if (task, KINDS[kind]) not in DEFAULTS:
        raise ArgumentError(sentence(WHERE, "task", f"another for {kind} inputs", repr(task)))
    recipe = DEFAULTS[task, KINDS[kind]]
    if kind == "text" and task == "tag" and not chosen.get("unit"):
        chosen["unit"] = choose_unit(inputs, targets, scheme, chosen.get("segmenter")).unit
    unit, units = _probe(inputs, chosen) if KINDS[kind] == "text" else ("", 0)
    features = _features(task, inputs, kind, recipe, chosen, unit, units)
    front = _front(task, chosen.get("conv", _usual_front(recipe, inputs)))
    config = _config(task, features, targets, multi_label, scheme, chosen, labels)
    if isinstance(config, transcribe.Config):
        config = replace(config, stride=math.prod(conv.stride for conv in front))
    model = _model(task, config, recipe, front, chosen)
    check_size(model)
    training = plan_training(recipe, chosen, len(inputs), units)
    check_shape(config, model, training)
    return Plan(task=TASKS[task], config=config, model=model, training=training)


def plan_examples(train: Examples, options: Mapping[str, Any]) -> Plan:
    """Return `plan` of training examples; labels that only their soft labels name can be answered too."""
    return plan(
        train.task,
        train.inputs,
        train.targets or [],
        train.kind,
        multi_label=train.multi_label,
        scheme=train.scheme,
        options=options,
        labels=() if train.soft is None else train.soft.labels,
    )


def _probe(inputs: Sequence[Any], chosen: Mapping[str, Any]) -> tuple[str, int]:
    """Return the unit of texts, and from a sample about how many units there are."""
    settings = {name: chosen[name] for name in TEXT if name in chosen and name not in ("channels", "lexicon")}
    settings["unit"] = settings.get("unit") or ("token" if settings.get("features") else infer_unit(inputs))
    check_choice(WHERE, "unit", settings["unit"], UNITS)
    sample = inputs[:: max(1, len(inputs) // 1000)]
    features = TextFeatures.fit(sample, **settings, channels=("unit",))
    return settings["unit"], sum(map(len, features.features_many(sample))) * len(inputs) // max(len(sample), 1)


def plan_training(recipe: Recipe, chosen: Mapping[str, Any], count: int, units: int) -> TrainConfig:
    """Return how to train on `count` examples of so many units; cooling down ends what is more than enough."""
    augment: AugmentConfig = replace_fields(recipe.training.augment, chosen)
    training = replace(replace_fields(recipe.training, chosen), augment=augment)
    if count > MANY and "r_drop" not in chosen:
        training = replace(training, r_drop=0.0)
    if units < ENOUGH and "init_from_cooccurrence" not in chosen:
        training = replace(training, init_from_cooccurrence=False)
    if "epochs" in chosen:
        return training
    per_epoch = max(1, math.ceil(count / training.batch_size))
    enough = min(recipe.most_epochs, math.ceil(recipe.least_steps / per_epoch))
    return replace(training, epochs=max(training.epochs, enough))


def _features(
    task: str, inputs: Sequence[Any], kind: str, recipe: Recipe, chosen: Mapping[str, Any], unit: str, units: int
) -> TextFeatures | SeriesFeatures | AudioFeatures:
    if kind == "audio":
        _refuse((*(TEXT[1:] if task == "transcribe" else TEXT), *SERIES_SETTINGS), chosen, kind)
        return AudioFeatures.fit(inputs, **{name: chosen[name] for name in AUDIO if name in chosen})
    _refuse(AUDIO, chosen, kind)
    settings = {name: chosen[name] for name in TEXT if name in chosen}
    if kind == "series":
        _refuse(TEXT, chosen, kind)
        return SeriesFeatures.fit(inputs, chosen.get("per_series"))
    _refuse(SERIES_SETTINGS, chosen, kind)
    usual = {"lowercase": recipe.lowercase, "min_count": 1 if recipe.pooling and units < RARE else None}
    settings = {**usual, **settings, "unit": unit}
    if settings.get("features") and task != "tag":
        raise ArgumentError(refusal(WHERE, "features", "for labels", "given"))
    channels = settings.pop("channels", None) or recipe.channels[_read_as(inputs, unit, settings)]
    channels = [*channels, *_of_features(channels, settings.get("features", ()), recipe)]
    if settings.get("lexicon") is not None:
        given = {c if isinstance(c, str) else c.name for c in channels}
        channels += [] if given & {*lexicon_channels()} else configure(recipe.lexicon, 0)
    if "channels" not in chosen:
        channels = _size_channels(channels, units, inputs, settings)
    return TextFeatures.fit(inputs, **settings, channels=channels)


def _read_as(inputs: Sequence[Any], unit: str, settings: Mapping[str, Any]) -> str:
    """Return the unit whose channels suit the inputs: characters where the words of all tokens are single ones."""
    if not settings.get("features"):
        return unit
    return "char" if all(len(word) == 1 for x in inputs for word in words_of(x)) else unit


def _of_features(
    channels: Sequence[str | ChannelConfig], names: Sequence[str], recipe: Recipe
) -> list[str | ChannelConfig]:
    """Return the recipe's channels of every feature that the given channels leave out."""
    known = {column_of(c if isinstance(c, str) else c.name) for c in channels}
    return [
        made
        for n in range(len(names))
        if n not in known
        for made in configure([f"feature{n + 1}{ending}" for ending in recipe.features], 0)
    ]


def _refuse(names: Sequence[str], chosen: Mapping[str, Any], kind: str) -> None:
    """Refuse settings of another kind of input, or of another task."""
    names_of = {"series": "numeric sequences", "audio": "recordings", "classify": "labels", "tag": "tags"}
    inputs = names_of.get(kind, "texts")
    for name in names:
        if name in chosen:
            raise ArgumentError(refusal(WHERE, name, f"for {inputs}", "given"))


def buckets(units: int) -> int:
    """Return how many buckets the n-grams of so many units get: half as many, as a power of two, within bounds.

    Most of the different n-grams of a text occur once or twice. With fewer buckets they drown the frequent ones (on
    entities in news, a quarter of the buckets costs 0.7 points of span F1); with more, a model of few texts is large.
    """
    return min(max(1 << (max(units // 2, 1) - 1).bit_length(), FEWEST_BUCKETS), MOST_BUCKETS)


def _size_channels(
    channels: Sequence[str | ChannelConfig], units: int, inputs: Sequence[Any], settings: Mapping[str, Any]
) -> list[str | ChannelConfig]:
    """Return the channels with so many buckets that few of what training shows share one.

    Those that join units have buckets by the number of units, the others by how much there is of each.
    """
    made = [c for c in channels if isinstance(c, ChannelConfig)]
    joined = {name for name, looks in NGRAMS.items() if len(looks) > 1}
    counted = [c for c in made if is_hashed(c.name) and c.name not in joined]
    sizes = {c.name: buckets(units) for c in made if c.name in joined}
    if counted:
        step = max(1, len(inputs) // COUNTED)
        wide = [replace(c, size=1 << 20, dim=1) for c in counted]
        rows = TextFeatures.fit(inputs[::step], **settings, channels=wide).rows(inputs[::step])[0]
        found = [len(np.unique(column)) for column in rows.T]
        sizes |= {c.name: min(1 << (ROOM * n - 1).bit_length(), c.size) for c, n in zip(counted, found, strict=True)}
    return [
        replace(c, size=max(sizes[c.name], 2)) if isinstance(c, ChannelConfig) and c.name in sizes else c
        for c in channels
    ]


def _config(
    task: str,
    features: Any,
    targets: Sequence[Any],
    multi_label: bool,
    scheme: str | None,
    chosen: Mapping[str, Any],
    more: Sequence[str],
) -> classify.Config | tag.Config | transcribe.Config:
    crf = chosen.get("crf")
    if task != "transcribe":
        _refuse(SPEECH, chosen, task)
    if task == "tag":
        labels = all_tags({*chain.from_iterable(targets), *more}, scheme)
        if crf is None:
            crf = scheme is not None or _uses_crf(labels, features, chosen)
        return tag.Config(labels, features, scheme, crf=crf)
    for name, given in (("crf", crf), ("scheme", scheme)):
        if given:
            raise ArgumentError(refusal(WHERE, name, "for one label per input", repr(given)))
    if task == "transcribe":
        unit = chosen.get("unit") or transcripts.infer_transcript_unit(targets)
        check_choice(WHERE, "unit", unit, transcripts.UNITS)
        spelt = {symbol for text in targets for symbol in transcripts.symbols(text, unit)}
        return _transcriber(transcribe.Config(tuple(sorted(spelt)), features, unit), targets, chosen)
    found = set(chain.from_iterable(targets)) if multi_label else set(targets)
    return classify.Config(tuple(sorted(found.union(more))), features, multi_label)


def _transcriber(config: transcribe.Config, texts: Sequence[str], chosen: Mapping[str, Any]) -> transcribe.Config:
    """Return the configuration with its beam and, where it is wanted, a language model of the training transcripts."""
    if not chosen.get("language"):
        return replace(config, beam=chosen.get("beam", 1))
    numbers = transcribe.targets(config, texts)
    for order in ORDERS:
        language = SymbolModel.fit(numbers, config.outputs, order)
        if len(language.log_p) <= MOST_ARCS:
            break
    return replace(config, beam=chosen.get("beam", BEAM), language=language)


def _model(
    task: str, config: Any, recipe: Recipe, front: tuple[ConvConfig, ...], chosen: Mapping[str, Any]
) -> ModelConfig:
    text = isinstance(config.features, TextFeatures)
    pooling = tuple(chosen.get("pooling", recipe.pooling))
    if bool(pooling) != (TASKS[task].HEAD == "sequence"):
        if pooling:
            raise ArgumentError(refusal(WHERE, "pooling", "for a label per step", list(pooling)))
        raise ArgumentError(sentence(WHERE, "pooling", "at least one way for a label per input", "none"))
    return ModelConfig(
        outputs=config.outputs,
        channels=config.features.channels if text else (),
        input_size=0 if text else config.features.values,
        encoder=replace_fields(recipe.encoder, chosen),
        pooling=pooling,
        skip=chosen.get("skip", recipe.skip),
        crf=task == "tag" and config.crf,
        wide_linear=chosen.get("wide_linear", recipe.wide_linear and not _weights_tags(task, chosen)),
        conv=front,
    )


def _usual_front(recipe: Recipe, inputs: Sequence[Any]) -> tuple[ConvConfig, ...]:
    """Return the recipe's convolutions, those of long inputs where half of these are long."""
    if recipe.long_conv is None or not inputs:
        return recipe.conv
    return recipe.long_conv if np.median([len(one) for one in inputs]) >= LONG else recipe.conv


def _uses_crf(labels: Sequence[str], features: Any, chosen: Mapping[str, Any]) -> bool:
    """Tell whether a CRF decides plain tags: of texts, and not where answers must come before a text has ended, or
    where tags are smoothed, of which a CRF knows nothing."""
    alone = chosen.get("lookahead") or chosen.get("label_smoothing")
    return isinstance(features, TextFeatures) and 2 < len(labels) <= CHAINED and not alone


def _weights_tags(task: str, chosen: Mapping[str, Any]) -> bool:
    """Tell whether tags are weighted, which a linear part that is fitted by itself knows nothing of."""
    return task == "tag" and chosen.get("class_weights", "none") != "none"


def _front(task: str, layers: Any) -> tuple[ConvConfig, ...]:
    """Return the convolutions, given as `ConvConfig` or as objects with its fields."""
    if not isinstance(layers, (list, tuple)):
        want = 'a list of layers, as [{"filters": 64, "kernel": 5}]'
        raise ArgumentError(sentence(WHERE, "conv", want, repr(layers)))
    front = tuple(layer if isinstance(layer, ConvConfig) else from_dict(ConvConfig, layer) for layer in layers)
    if task == "tag" and any(conv.stride > 1 for conv in front):
        got = max(conv.stride for conv in front)
        raise ArgumentError(sentence(WHERE, "stride of the front end", "1 for a label per step", got))
    return front
