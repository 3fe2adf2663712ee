"""The settings of a training by name: their types for editors, and what is checked of them before data are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from importlib.util import find_spec
from typing import Any, TypedDict

from ...config import LOGGERS, AugmentConfig, ChannelConfig, EncoderConfig, TrainConfig, from_dict
from ...errors import ArgumentError, MissingExtraError, check_choice, nearest, sentence

__all__ = ["KINDS", "Settings", "check_settings", "to_settings"]


class Settings(TypedDict, total=False):
    """Settings of a model and of its training; one that is left out, or None, follows the recipe.

    `docs/guide/training.md` explains those of labelled data, `docs/guide/forecast.md` those of a forecast.
    """

    # What is read of texts, series and recordings.
    unit: str | None
    channels: Sequence[str | ChannelConfig] | None
    lowercase: bool | None
    min_count: int | None
    max_size: int | None
    replace: Mapping[str, str] | None
    segmenter: str | None
    features: Sequence[str] | None
    lexicon: Any
    per_series: bool | None
    sample_rate: int | None
    mel_bins: int | None
    frame_shift: float | None
    normalise: str | None
    # The model.
    cell: str | None
    hidden: int | None
    layers: int | None
    direction: str | None
    merge: str | None
    reset_after: bool | None
    layer_norm: bool | None
    pooling: Sequence[str] | None
    skip: bool | None
    crf: bool | None
    wide_linear: bool | None
    conv: Sequence[Any] | None
    beam: int | None
    language: bool | None
    dropout: float | None
    input_dropout: float | None
    embedding_dropout: float | None
    ngram_dropout: float | None
    recurrent_dropout: float | None
    # The training.
    epochs: int | None
    batch_size: int | None
    learning_rate: float | None
    weight_decay: float | None
    warmup_fraction: float | None
    max_grad_norm: float | None
    ema_decay: float | None
    label_smoothing: float | None
    r_drop: float | None
    patience: int | None
    class_weights: str | None
    precision: str | None
    init_from_cooccurrence: bool | None
    separate_linear: bool | None
    singleton_dropout: float | None
    lookahead: Sequence[int] | None
    ensemble: int | None
    seed: int | None
    max_seconds: float | None
    jitter: float | None
    scaling: float | None
    time_warp: float | None
    crop: float | None
    time_masks: int | None
    freq_masks: int | None
    speed: float | None
    stretch: float | None
    vtlp: float | None
    tilt: float | None
    snr: float | None
    soft_weight: float | None
    temperature: float | None
    vectors: Any
    init: Any
    keep: Any
    forget: float | None
    rehearsal: float | None
    loggers: Sequence[str] | None
    # Forecasts.
    horizon: int | None
    targets: Sequence[str] | None
    past: Sequence[str] | None
    known: Sequence[str] | None
    calendar: Sequence[str] | None
    lookback: int | None
    segment: int | None
    joint: bool | None
    quantiles: Sequence[float] | None
    levels: Sequence[float] | None
    loss: str | None
    season: int | None
    windows: int | None
    split: Sequence[float] | None
    guard: bool | None


KINDS: dict[str, type] = {
    "unit": str,
    "channels": list,
    "pooling": list,
    "lowercase": bool,
    "min_count": int,
    "max_size": int,
    "replace": dict,
    "segmenter": str,
    "features": list,
    "per_series": bool,
    "beam": int,
    "language": bool,
    "sample_rate": int,
    "mel_bins": int,
    "normalise": str,
    "skip": bool,
    "wide_linear": bool,
    "crf": bool,
    "loggers": list,
    "horizon": int,
    "targets": list,
    "past": list,
    "known": list,
    "calendar": list,
    "joint": bool,
    "lookback": int,
    "segment": int,
    "season": int,
    "windows": int,
    "guard": bool,
    "loss": str,
    "quantiles": tuple,
    "levels": tuple,
    "split": tuple,
}
"""The types of the settings that no configuration class checks by itself; list stands for a list of names, tuple for a
list of numbers."""


RENAMED = {
    "average": "ema_decay",
    "band_masks": "freq_masks",
    "band_warp": "vtlp",
    "clip": "max_grad_norm",
    "consistency": "r_drop",
    "front": "conv",
    "linear": "separate_linear",
    "pretrain": "init_from_cooccurrence",
    "time": "max_seconds",
    "unknown": "singleton_dropout",
    "warmup": "warmup_fraction",
    "wide": "wide_linear",
}
"""Settings of earlier versions, and what they are called today."""


def check_settings(known: Sequence[str], values: Mapping[str, Any]) -> None:
    """Refuse settings that do not exist, and those whose values have the wrong type.

    Raises:
        ArgumentError: a name is unknown (the nearest is named), or a value has the wrong type or lies outside of its
            bounds.
    """
    for name in values:
        if name not in known:
            want = "one of " + ", ".join(sorted(known))
            remedy = f"It is called {RENAMED[name]!r}." if RENAMED.get(name) in known else nearest(name, known)
            raise ArgumentError(sentence("train", "setting", want, repr(name), remedy))
    for name, value in values.items():
        kind = KINDS.get(name)
        if kind is not None and value is not None:
            _check_kind(name, value, kind)
    for configuration in (EncoderConfig, TrainConfig, AugmentConfig):
        own = {field.name for field in fields(configuration)}
        from_dict(configuration, {name: value for name, value in values.items() if name in own and value is not None})
    _check_loggers(values.get("loggers") or ())


def _check_loggers(names: Sequence[str]) -> None:
    for name in names:
        check_choice("train", "loggers", name, LOGGERS)
    if "tensorboard" in names and find_spec("tensorboard") is None:
        raise MissingExtraError("tensorboard", "logs", "logging for TensorBoard")


def _check_kind(name: str, value: Any, kind: type) -> None:
    if kind is tuple:
        if not isinstance(value, list | tuple) or not all(type(one) in (int, float) for one in value):
            raise ArgumentError(sentence("train", name, "a list of numbers", repr(value)))
    elif kind is list:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str | ChannelConfig) for one in value):
            raise ArgumentError(sentence("train", name, "a list of names", repr(value)))
    elif not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        raise ArgumentError(sentence("train", name, f"of type {kind.__name__}", repr(value)))


def to_settings(known: Sequence[str], *configurations: Any) -> dict[str, Any]:
    """Return the values that settings have in configurations, by name; the first that has such a field counts."""
    found = {}
    for name in known:
        holder = next((one for one in configurations if hasattr(one, name)), None)
        if holder is not None:
            found[name] = getattr(holder, name)
    return found
