"""The shape of a forecaster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import ArgumentError, check_choice, sentence
from .bounds import check_positive
from .model import ChannelConfig, EncoderConfig, N

__all__ = ["LINEAR", "NORMALISATIONS", "ForecastModelConfig"]

NORMALISATIONS = ("last", "revin", "none")
"""What is taken off a past window and given back to its forecast: its last value, or its mean and deviation."""

LINEAR = ("none", "shared", "own", "all")
"""What the linear map beside the network reads: nothing; the past of a target, with one map for all or one for each; or
all that the network reads, with one map for each target."""


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
        linear: one of `LINEAR`: the linear map of which a share is added to the network's forecast.
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
    linear: str = "none"

    def __post_init__(self) -> None:
        where = "ForecastModelConfig"
        for key in ("lookback", "horizon", "segment", "targets"):
            check_positive(where, key, getattr(self, key))
        for key in ("past", "known"):
            if getattr(self, key) < 0:
                raise ArgumentError(sentence(where, key, "at least 0", getattr(self, key)))
        if self.lookback % self.segment:
            want = f"a multiple of the segment, {self.segment}"
            raise ArgumentError(sentence(where, "lookback", want, self.lookback))
        check_choice(where, "normalise", self.normalise, NORMALISATIONS)
        check_choice(where, "linear", self.linear, LINEAR)
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
    def segments(self) -> int:
        """Segments of the past."""
        return self.lookback // self.segment

    def steps(self, lengths: N) -> N:
        """Return lengths as they are: no steps of a window are merged."""
        return lengths

    def of_horizon(self, values: Any) -> Any:
        """Return the head's output of every segment of the future as [B, horizon, C, heads], C the targets.

        Args:
            values: [B, ahead, segment * C * heads] of targets that are read together, else
                [B * C, ahead, segment * heads], in an array of NumPy or torch; leading axes may be merged.
        """
        steps = self.ahead * self.segment
        if self.joint:
            found = values.reshape(-1, steps, self.targets, self.heads)
        else:
            found = values.reshape(-1, self.targets, steps, self.heads).swapaxes(1, 2)
        return found[:, : self.horizon]

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
    def mapped(self) -> tuple[int, int]:
        """Shape of the linear map: rows, one per step of the future (of each target, if each has its own), and columns,
        the numbers read; both 0 without one."""
        if self.linear == "none":
            return 0, 0
        rows = self.horizon * (1 if self.linear == "shared" else self.targets)
        return rows, self.lookback * self.inputs + self.horizon * self.known if self.linear == "all" else self.lookback

    @property
    def head(self) -> str:
        """What there is one output of: a "window"."""
        return "window"

    @property
    def per_step(self) -> bool:
        """Whether there is one output per step, not one per sequence."""
        return False

    @property
    def channels(self) -> tuple[ChannelConfig, ...]:
        """The integer channels of the input: none."""
        return ()

    @property
    def stride(self) -> int:
        """Input steps per step of the encoder that a front end merges: there is none."""
        return 1

    @property
    def crf(self) -> bool:
        """Whether a CRF stands on the outputs."""
        return False

    @property
    def wide_linear(self) -> bool:
        """Whether a linear model of ids is added to the logits."""
        return False
