"""How a model is trained."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import ArgumentError, check_choice, sentence
from .augment import AugmentConfig
from .bounds import check_fraction, check_positive
from .precisions import TRAINED

__all__ = ["LOGGERS", "TrainConfig"]

LOGGERS = ("csv", "tensorboard")
"""What can log the figures of a training."""


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained. The defaults are meant to be left alone.

    Attributes:
        epochs: passes over the training data at most.
        batch_size: sequences per step.
        learning_rate: peak rate of AdamW, after the warm-up.
        weight_decay: decoupled weight decay.
        warmup_fraction: fraction of the steps over which the rate rises from 0.
        max_grad_norm: largest norm of the gradient.
        ema_decay: decay of the exponential moving average of the weights, 0 for none.
        label_smoothing: mass spread over the other labels, classification only.
        r_drop: what two passes of a batch that disagree cost (R-Drop, Liang et al. 2021, arXiv:2106.14448), 0 for a
            single pass.
        patience: epochs without a better dev score after which training ends: the rate then falls to 0 within a
            quarter of the epochs so far.
        class_weights: "none" or "balanced" (inverse frequency).
        precision: "fp32" or "bf16".
        init_from_cooccurrence: whether embeddings start from what stands near what in the training inputs, not from
            noise.
        separate_linear: whether the linear part of a model of texts is fitted by itself and joined to the trained
            network, not learnt beside it.
        singleton_dropout: share of the units seen once in training that are shown as unknown, of a tagger.
        augment: what is done to the inputs.
        lookahead: the least and the most steps of look-ahead, for models that answer before a sequence has
            ended: every step of training reads in chunks, with a look-ahead drawn between both. None reads whole
            sequences.
        ensemble: trainings with seeds of their own whose mean answers the saved model learns from, so that it stays as
            large and as fast as one; 1 trains that one alone.
        seed: seed of weights, shuffling and dropout.
        max_seconds: seconds after which training ends, or None.
    """

    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warmup_fraction: float = 0.1
    max_grad_norm: float = 1.0
    ema_decay: float = 0.99
    label_smoothing: float = 0.0
    r_drop: float = 0.0
    patience: int = 5
    class_weights: str = "none"
    precision: str = "fp32"
    init_from_cooccurrence: bool = False
    separate_linear: bool = False
    singleton_dropout: float = 0.0
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    lookahead: tuple[int, int] | None = None
    ensemble: int = 1
    seed: int = 0
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        where = "TrainConfig"
        check_choice(where, "class_weights", self.class_weights, ("none", "balanced"))
        check_choice(where, "precision", self.precision, TRAINED)
        for key in ("epochs", "batch_size", "learning_rate", "max_grad_norm", "patience", "ensemble"):
            check_positive(where, key, getattr(self, key))
        for key in ("warmup_fraction", "ema_decay", "label_smoothing", "singleton_dropout"):
            check_fraction(where, key, getattr(self, key))
        if not 0.0 <= self.r_drop < float("inf"):
            raise ArgumentError(sentence(where, "r_drop", "at least 0", self.r_drop))
        if self.max_seconds is not None:
            check_positive(where, "max_seconds", self.max_seconds)
        if self.lookahead is not None and not 0 <= self.lookahead[0] <= self.lookahead[1]:
            want = "the least and the most steps, as [0, 20]"
            raise ArgumentError(sentence(where, "lookahead", want, list(self.lookahead)))
