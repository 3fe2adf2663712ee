"""The three small configurations: channels and encoder (the model), and training.

Plain frozen dataclasses that round-trip through JSON; nothing here imports torch, so that a
saved model can be read where torch is not installed.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from .errors import ArgumentError, check_choice, nearest, sentence
from .layout import CELL_GATES, DIRECTIONS

__all__ = [
    "MERGES", "NORMALISATIONS", "POOLINGS", "ChannelConfig", "ConvConfig", "EncoderConfig", "ForecastModelConfig",
    "ModelConfig", "TrainConfig", "from_dict", "to_dict",
]  # fmt: skip

MERGES = ("concat", "sum", "mul", "average", "gated")
"""How the two directions of a layer are joined; `gated` learns a convex mix per unit."""

POOLINGS = ("last", "mean", "max", "attention", "bag")
"""How a sequence becomes one vector; `bag` is the mean of the inputs themselves."""

NORMALISATIONS = ("last", "revin", "none")
"""What is taken off a past window and given back to its forecast: its last value, or its mean and deviation."""

C = TypeVar("C")
N = TypeVar("N")


def _check_fraction(where: str, name: str, value: float) -> None:
    if not 0.0 <= value < 1.0:
        raise ArgumentError(sentence(where, name, "within 0 <= p < 1", value))


def _check_positive(where: str, name: str, value: float) -> None:
    if not value > 0:
        raise ArgumentError(sentence(where, name, "greater than 0", value))


@dataclass(frozen=True)
class ChannelConfig:
    """One integer channel of the input: ids in [0, size) are embedded into `dim` values."""

    name: str
    size: int
    dim: int

    def __post_init__(self) -> None:
        for key in ("size", "dim"):
            _check_positive("ChannelConfig", key, getattr(self, key))


@dataclass(frozen=True)
class ConvConfig:
    """One layer of the convolution front end: convolution over time, layer normalisation, ReLU.

    Attributes:
        filters: width of its output.
        kernel: steps that an output sees, `before` of them before the first of its stride. Zeros stand beyond both
            ends of a sequence.
        stride: input steps from one output to the next; a sequence of T steps leaves ceil(T / stride).
        layer_norm: whether each step is normalised before the ReLU.
    """

    filters: int
    kernel: int
    stride: int = 1
    layer_norm: bool = True

    def __post_init__(self) -> None:
        for key in ("filters", "kernel"):
            _check_positive("ConvConfig", key, getattr(self, key))
        if not 1 <= self.stride <= self.kernel:
            want = f"within 1..{self.kernel}, the kernel, so that no step goes unread"
            raise ArgumentError(sentence("ConvConfig", "stride", want, self.stride))

    @property
    def before(self) -> int:
        """Zeros before a sequence; with these no step at its end goes unread either."""
        return (self.kernel - self.stride) // 2

    def steps(self, lengths: N) -> N:
        """Return how many outputs inputs so long have: an int, or integers in an array or a tensor."""
        found: Any = lengths
        return cast(N, (found + (self.stride - 1)) // self.stride)


@dataclass(frozen=True)
class EncoderConfig:
    """The recurrent encoder: everything between the embedded input and the head.

    Attributes:
        cell: "gru", "rnn" (tanh) or "lstm".
        hidden: H of each direction.
        layers: stacked layers.
        direction: "both", "forward" or "backward".
        merge: how two directions are joined; see `MERGES`.
        reset_after: which GRU, equation (3) or (3'); the other cells ignore it.
        layer_norm: normalise each layer's output.
        dropout: of each layer's output and of what the head reads; one mask per sequence.
        input_dropout: of the encoder's input; one mask per sequence.
        embedding_dropout: share of the positions whose unit is hidden.
        ngram_dropout: share of the positions whose hashed channels are hidden, each channel by itself.
        recurrent_dropout: of weight_hh, one mask per batch (weight-drop).
    """

    cell: str = "gru"
    hidden: int = 128
    layers: int = 1
    direction: str = "both"
    merge: str = "concat"
    reset_after: bool = True
    layer_norm: bool = False
    dropout: float = 0.5
    input_dropout: float = 0.2
    embedding_dropout: float = 0.1
    ngram_dropout: float = 0.4
    recurrent_dropout: float = 0.0

    def __post_init__(self) -> None:
        where = "EncoderConfig"
        check_choice(where, "cell", self.cell, CELL_GATES)
        check_choice(where, "direction", self.direction, DIRECTIONS)
        check_choice(where, "merge", self.merge, MERGES)
        for key in ("hidden", "layers"):
            _check_positive(where, key, getattr(self, key))
        for key in ("dropout", "input_dropout", "embedding_dropout", "ngram_dropout", "recurrent_dropout"):
            _check_fraction(where, key, getattr(self, key))

    @property
    def outputs(self) -> int:
        """Width of a layer's output: 2H for two concatenated directions, else H."""
        joined = self.direction == "both" and self.merge == "concat"
        return self.hidden * (2 if joined else 1)


@dataclass(frozen=True)
class ModelConfig:
    """Shape of a model: what both the torch module and the NumPy runtime are built from.

    Attributes:
        channels: the integer channels of the input, or empty for numeric input.
        values: numbers per step of a numeric input (I), 0 for integer channels.
        encoder: the encoder.
        pooling: how steps become one vector; empty means one output per step.
        outputs: width K of the head.
        skip: whether the per-step head reads the embedded input beside the encoder's output.
        crf: whether a linear-chain CRF stands on the per-step outputs.
        wide: whether a linear model of the ids themselves is added to the logits ("Wide & Deep", Cheng et al. 2016,
            arXiv:1606.07792): what a bag of words knows, learnt beside the encoder.
        front: convolutions between the embedded or numeric input and the encoder ("CNN-BiGRU").
    """

    outputs: int
    channels: tuple[ChannelConfig, ...] = ()
    values: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    pooling: tuple[str, ...] = ()
    skip: bool = False
    crf: bool = False
    wide: bool = False
    front: tuple[ConvConfig, ...] = ()

    def __post_init__(self) -> None:
        where = "ModelConfig"
        _check_positive(where, "outputs", self.outputs)
        if bool(self.channels) == bool(self.values):
            raise ArgumentError(sentence(where, "input", "either channels or values", "both or neither"))
        for kind in self.pooling:
            check_choice(where, "pooling", kind, POOLINGS)
        if self.wide and not self.channels:
            raise ArgumentError(sentence(where, "wide", "false without channels", True))
        if self.crf and self.pooling:
            raise ArgumentError(sentence(where, "crf", "used without pooling", f"pooling {self.pooling}"))
        if self.skip and self.pooling:
            raise ArgumentError(sentence(where, "skip", "used without pooling", "both", "Add 'bag' to the pooling."))
        for name in ("crf", "wide"):
            if getattr(self, name) and not self.pooling and self.stride > 1:
                got = f"stride {self.stride} of the front end"
                raise ArgumentError(sentence(where, name, "false where steps are merged", got))

    @property
    def embedded(self) -> int:
        """Width of the input at each step, embedded if it is ids: what the front end reads if there is one."""
        return self.values or sum(channel.dim for channel in self.channels)

    @property
    def inputs(self) -> int:
        """Width I of what the encoder reads at each step."""
        return self.front[-1].filters if self.front else self.embedded

    @property
    def stride(self) -> int:
        """Input steps per step of the encoder."""
        return math.prod(conv.stride for conv in self.front)

    def steps(self, lengths: N) -> N:
        """Return how many steps the encoder sees of inputs so long: an int, or integers in an array or a tensor."""
        for conv in self.front:
            lengths = conv.steps(lengths)
        return lengths

    @property
    def per_step(self) -> bool:
        """Whether there is one output per step, not one per sequence."""
        return not self.pooling


@dataclass(frozen=True)
class ForecastModelConfig:
    """Shape of a forecaster: segments of the past in, segments of the future out (Lin et al. 2023, arXiv:2308.11200).

    Attributes:
        lookback: steps of the past that are read (L), a multiple of `segment`.
        horizon: steps of the future that are answered (H).
        segment: steps per segment (w).
        targets: series that are forecast (C).
        past: further columns, known in the past only.
        known: further columns, known in the future too.
        joint: whether the targets are read together; else each by itself, with the same weights.
        normalise: one of `NORMALISATIONS`.
        quantiles: what is answered for each step, in rising order with 0.5 among them; empty for one value.
        levels: shares of the conformal intervals, in rising order.
        encoder: the encoder of the past; its dropout acts on what the head reads.
    """

    lookback: int
    horizon: int
    segment: int
    targets: int
    past: int = 0
    known: int = 0
    joint: bool = False
    normalise: str = "last"
    quantiles: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    encoder: EncoderConfig = field(default_factory=EncoderConfig)

    def __post_init__(self) -> None:
        where = "ForecastModelConfig"
        for key in ("lookback", "horizon", "segment", "targets"):
            _check_positive(where, key, getattr(self, key))
        for key in ("past", "known"):
            if getattr(self, key) < 0:
                raise ArgumentError(sentence(where, key, "at least 0", getattr(self, key)))
        if self.lookback % self.segment:
            want = f"a multiple of the segment, {self.segment}"
            raise ArgumentError(sentence(where, "lookback", want, self.lookback))
        check_choice(where, "normalise", self.normalise, NORMALISATIONS)
        for key in ("quantiles", "levels"):
            shares = getattr(self, key)
            if not all(0.0 < share < 1.0 for share in shares) or list(shares) != sorted(set(shares)):
                raise ArgumentError(sentence(where, key, "rising and within 0 < p < 1", list(shares)))
        if self.quantiles and 0.5 not in self.quantiles:
            raise ArgumentError(sentence(where, "quantiles", "with 0.5 among them", list(self.quantiles)))
        if self.encoder.cell != "gru":
            raise ArgumentError(sentence(where, "cell", "gru", repr(self.encoder.cell)))

    @property
    def heads(self) -> int:
        """Values answered for a step of a target."""
        return len(self.quantiles) or 1

    @property
    def point(self) -> int:
        """Which of them is the forecast: the median."""
        return self.quantiles.index(0.5) if self.quantiles else 0

    @property
    def outputs(self) -> int:
        """Values answered in all."""
        return self.horizon * self.targets * self.heads

    @property
    def inputs(self) -> int:
        """Columns of the input (I): targets, past covariates, known covariates."""
        return self.targets + self.past + self.known

    @property
    def rows(self) -> int:
        """Rows of the input (T): the past and, where something of it is known, the future."""
        return self.lookback + (self.horizon if self.known else 0)

    @property
    def steps(self) -> int:
        """Segments of the past."""
        return self.lookback // self.segment

    @property
    def ahead(self) -> int:
        """Segments of the future; what the last has beyond the horizon is left out."""
        return -(-self.horizon // self.segment)

    @property
    def shared(self) -> bool:
        """Whether the decoder takes its step with the weights of the encoder: where that is one layer forward."""
        return self.encoder.layers == 1 and self.encoder.direction == "forward"

    @property
    def width(self) -> int:
        """Numbers of the targets in what is read of one segment."""
        return self.segment * (self.targets if self.joint else 1)

    @property
    def per_step(self) -> bool:
        """Whether there is one output per step, not one per sequence."""
        return False

    @property
    def crf(self) -> bool:
        """Whether a CRF stands on the outputs."""
        return False


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. The defaults are meant to be left alone.

    Attributes:
        epochs: passes over the training data at most.
        batch_size: sequences per step.
        learning_rate: peak rate of AdamW, after the warm-up.
        weight_decay: decoupled weight decay.
        warmup: fraction of the steps over which the rate rises from 0.
        clip: largest norm of the gradient.
        average: decay of the exponential moving average of the weights, 0 for none.
        label_smoothing: mass spread over the other labels, classification only.
        consistency: what two passes of a batch that disagree cost (R-Drop), 0 for a single pass.
        patience: epochs without a better dev score before training stops.
        class_weights: "none" or "balanced" (inverse frequency).
        precision: "32" or "bf16".
        pretrain: whether embeddings start from what stands near what in the training inputs, not from noise.
        jitter: deviation of the noise added to numeric inputs, whose own deviation is 1.
        scaling: deviation of the factor, about 1, that a whole numeric sequence is multiplied with, per dimension.
        time_warp: deviation of the logarithm of the speed at which a numeric sequence is walked through.
        crop: largest share of the steps of a numeric sequence that is cut off at its ends.
        time_masks: stretches of time that are hidden in each numeric input, drawn anew at each step (SpecAugment).
        band_masks: groups of neighbouring numbers of all its steps that are hidden likewise.
        speed: how much faster and slower recordings are played as well, as a share, 0 for not at all.
        lookahead: the least and the most steps of look-ahead, for models that shall answer before a sequence has
            ended: every step of training reads in chunks, with a look-ahead drawn between both. None reads whole
            sequences.
        seed: seed of weights, shuffling and dropout.
        time: seconds after which training ends, or None.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    clip: float = 1.0
    average: float = 0.99
    label_smoothing: float = 0.0
    consistency: float = 0.0
    patience: int = 5
    class_weights: str = "none"
    precision: str = "32"
    pretrain: bool = False
    jitter: float = 0.0
    scaling: float = 0.0
    time_warp: float = 0.0
    crop: float = 0.0
    time_masks: int = 0
    band_masks: int = 0
    speed: float = 0.0
    lookahead: tuple[int, int] | None = None
    seed: int = 0
    time: float | None = None

    def __post_init__(self) -> None:
        where = "TrainConfig"
        check_choice(where, "class_weights", self.class_weights, ("none", "balanced"))
        check_choice(where, "precision", self.precision, ("32", "bf16"))
        for key in ("epochs", "batch_size", "learning_rate", "clip", "patience"):
            _check_positive(where, key, getattr(self, key))
        for key in ("warmup", "average", "label_smoothing", "crop"):
            _check_fraction(where, key, getattr(self, key))
        for key in ("consistency", "jitter", "scaling", "time_warp"):
            if not 0.0 <= getattr(self, key) < float("inf"):
                raise ArgumentError(sentence(where, key, "at least 0", getattr(self, key)))
        for key in ("time_masks", "band_masks"):
            if getattr(self, key) < 0:
                raise ArgumentError(sentence(where, key, "at least 0", getattr(self, key)))
        if not 0.0 <= self.speed <= 0.5:
            raise ArgumentError(sentence(where, "speed", "within 0 <= s <= 0.5", self.speed))
        if self.time is not None:
            _check_positive(where, "time", self.time)
        if self.lookahead is not None and not 0 <= self.lookahead[0] <= self.lookahead[1]:
            want = "the least and the most steps, as [0, 20]"
            raise ArgumentError(sentence(where, "lookahead", want, list(self.lookahead)))


def to_dict(config: Any) -> dict[str, Any]:
    """Return a configuration as plain JSON values (tuples become lists)."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, dict):
            return {key: plain(entry) for key, entry in value.items()}
        return [plain(v) for v in value] if isinstance(value, (tuple, list)) else value

    return dict(plain(config))


def from_dict(cls: type[C], values: Any) -> C:
    """Build a configuration from JSON values, refusing unknown keys and wrong types.

    Raises:
        ArgumentError: `values` is no object, a key is unknown or missing, or a value has the wrong type.
    """
    where = cls.__name__
    if not isinstance(values, dict):
        raise ArgumentError(sentence(where, "configuration", "an object", type(values).__name__))
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in values:
        if key not in fields:
            raise ArgumentError(sentence(where, "key", "one of " + ", ".join(fields), repr(key), nearest(key, fields)))
    for key, entry in fields.items():
        required = entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
        if required and key not in values:
            raise ArgumentError(sentence(where, key, "given", "nothing"))
    return cls(**{key: _typed(where, key, str(fields[key].type), value) for key, value in values.items()})


def _typed(where: str, key: str, kind: str, value: Any) -> Any:
    """Convert one JSON value to the field's type; ints pass for floats, nothing else is bent."""
    if kind == "EncoderConfig":
        return from_dict(EncoderConfig, value)
    if kind.startswith("tuple[ChannelConfig") and isinstance(value, list):
        return tuple(from_dict(ChannelConfig, v) for v in value)
    if kind.startswith("tuple[ConvConfig") and isinstance(value, list):
        return tuple(from_dict(ConvConfig, v) for v in value)
    if kind.startswith("tuple[str") and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if kind.startswith("tuple[float") and isinstance(value, list):
        return tuple(_typed(where, key, "float", v) for v in value)
    if kind.startswith("tuple[int, int]") and isinstance(value, (list, tuple)) and [*map(type, value)] == [int, int]:
        return tuple(value)
    if value is None and kind.endswith("| None"):
        return None
    if kind.startswith("float") and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    plain: dict[str, type] = {"int": int, "str": str, "bool": bool}
    want = plain.get(kind)
    if want is not None and isinstance(value, want) and (want is bool or not isinstance(value, bool)):
        return value
    raise ArgumentError(sentence(where, key, f"of type {kind}", repr(value)))
