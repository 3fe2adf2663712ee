"""The shape of a model: channels, convolutions, encoder, head."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from ..errors import ArgumentError, check_choice, refusal, sentence
from ..layout import CELL_GATES, DIRECTIONS
from .bounds import check_fraction, check_positive
from .merges import MERGE_RULES, MERGES
from .poolings import POOLINGS

__all__ = ["EPSILON", "ChannelConfig", "ConvConfig", "EncoderConfig", "ModelConfig"]

EPSILON = 1e-5
"""Added to a variance before values are divided by its root: by layer normalisation, as in torch, and where a
forecaster frees windows of their level."""

N = TypeVar("N")


@dataclass(frozen=True)
class ChannelConfig:
    """One integer channel of the input: ids in [0, size) are embedded into `dim` values."""

    name: str
    size: int
    dim: int

    def __post_init__(self) -> None:
        for key in ("size", "dim"):
            check_positive("ChannelConfig", key, getattr(self, key))


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
            check_positive("ConvConfig", key, getattr(self, key))
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
            check_positive(where, key, getattr(self, key))
        for key in ("dropout", "input_dropout", "embedding_dropout", "ngram_dropout", "recurrent_dropout"):
            check_fraction(where, key, getattr(self, key))

    @property
    def outputs(self) -> int:
        """Width of a layer's output: H, or for two directions what their merge makes of it."""
        return self.hidden * (MERGE_RULES[self.merge].columns if self.direction == "both" else 1)


@dataclass(frozen=True)
class ModelConfig:
    """Shape of a model: what both the torch module and the NumPy runtime are built from.

    Attributes:
        channels: the integer channels of the input, or empty for numeric input.
        input_size: numbers per step of a numeric input (I), 0 for integer channels.
        encoder: the encoder.
        pooling: how steps become one vector; empty means one output per step.
        outputs: width K of the head.
        skip: whether the per-step head reads the embedded input beside the encoder's output.
        crf: whether a linear-chain CRF stands on the per-step outputs.
        wide_linear: whether a linear model of the ids themselves is added to the logits ("Wide & Deep", Cheng et al.
            2016, arXiv:1606.07792): what a bag of words knows, learnt beside the encoder.
        conv: convolutions between the embedded or numeric input and the encoder ("CNN-BiGRU").
    """

    outputs: int
    channels: tuple[ChannelConfig, ...] = ()
    input_size: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    pooling: tuple[str, ...] = ()
    skip: bool = False
    crf: bool = False
    wide_linear: bool = False
    conv: tuple[ConvConfig, ...] = ()

    def __post_init__(self) -> None:
        where = "ModelConfig"
        check_positive(where, "outputs", self.outputs)
        if bool(self.channels) == bool(self.input_size):
            raise ArgumentError(sentence(where, "input", "either channels or input_size", "both or neither"))
        for kind in self.pooling:
            check_choice(where, "pooling", kind, POOLINGS)
        if self.wide_linear and not self.channels:
            raise ArgumentError(refusal(where, "wide_linear", "without channels", True))
        if self.crf and self.pooling:
            raise ArgumentError(refusal(where, "crf", "with pooling", f"pooling {self.pooling}"))
        if self.skip and self.pooling:
            raise ArgumentError(refusal(where, "skip", "with pooling", "both", "Add 'sqrt_n' to the pooling."))
        for name in ("crf", "wide_linear"):
            if getattr(self, name) and not self.pooling and self.stride > 1:
                got = f"stride {self.stride} of the front end"
                raise ArgumentError(refusal(where, name, "where steps are merged", got))

    @property
    def embedded(self) -> int:
        """Width of the input at each step, embedded if it is ids: what the front end reads if there is one."""
        return self.input_size or sum(channel.dim for channel in self.channels)

    @property
    def inputs(self) -> int:
        """Width I of what the encoder reads at each step."""
        return self.conv[-1].filters if self.conv else self.embedded

    @property
    def stride(self) -> int:
        """Input steps per step of the encoder."""
        return math.prod([conv.stride for conv in self.conv])

    def steps(self, lengths: N) -> N:
        """Return how many steps the encoder sees of inputs so long: an int, or integers in an array or a tensor."""
        for conv in self.conv:
            lengths = conv.steps(lengths)
        return lengths

    @property
    def head(self) -> str:
        """What there is one output of: a "sequence" or a "step"."""
        return "sequence" if self.pooling else "step"

    @property
    def per_step(self) -> bool:
        """Whether there is one output per step, not one per sequence."""
        return self.head == "step"
