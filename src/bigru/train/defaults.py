"""The defaults of each task and kind of input.

Why they are as they are stands in `docs/design/0005-recipes.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..config import AugmentConfig, ChannelConfig, ConvConfig, EncoderConfig, TrainConfig

__all__ = ["DEFAULTS", "LONG", "Recipe"]


LONG = 200
"""Steps from which on a series is read at a quarter of its rate: that many samples of a sensor say less than their
shape, and a GRU forgets over hundreds of steps."""


@dataclass(frozen=True)
class Recipe:
    """The defaults of one task and kind of input.

    Attributes:
        lowercase: whether case is folded; few labels do not suffice to learn a word twice.
        channels: the channels of a text by its unit; the number of buckets follows the data, and is at most the given
            one but for what joins units (`recipes.buckets`).
        features: what is read of a feature of tokens, as channels by the ends of their names
            (`features.columns.FEATURE_LOOKS`).
        lexicon: what is read of the words of a lexicon, as channels (`features.lexicon`).
        pooling: how steps become one vector; empty for tags.
        skip: whether the head sees a step's input too.
        wide: whether a linear model of the ids is added.
        front: convolutions before the encoder.
        long_front: those before it where half of the inputs have at least `LONG` steps; None for the same.
        encoder: the encoder.
        training: the training.
        least_steps, most_epochs: where data are few, more epochs than those of `training` make up for it: until there
            are so many steps, or epochs.
    """

    lowercase: bool = False
    channels: Mapping[str, tuple[str | ChannelConfig, ...]] = field(default_factory=dict)
    features: tuple[str, ...] = ("", "_before", "_after", "_bigram_before", "_bigram", "_trigram")
    lexicon: tuple[str, ...] = ("lexicon", "lexicon_begin", "lexicon_end", "lexicon_single")
    pooling: tuple[str, ...] = ()
    skip: bool = False
    wide_linear: bool = False
    conv: tuple[ConvConfig, ...] = ()
    long_conv: tuple[ConvConfig, ...] | None = None
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    training: TrainConfig = field(default_factory=TrainConfig)
    least_steps: int = 600
    most_epochs: int = 60


TEXT = ("unit", ChannelConfig("bigram", 1, 32))
WORDS = (*TEXT, ChannelConfig("begin4", 16384, 16))
"""What is read of words for a label; the first four letters stand for what a stemmer would leave."""

CHARACTERS = (
    "unit",
    ChannelConfig("bigram_before", 1, 32),
    ChannelConfig("bigram", 1, 32),
    ChannelConfig("before", 32768, 4),
    ChannelConfig("after", 32768, 4),
)
TOKENS = (
    "unit",
    ChannelConfig("lower", 32768, 32),
    ChannelConfig("begin1", 32768, 4),
    ChannelConfig("begin2", 32768, 16),
    ChannelConfig("begin3", 32768, 16),
    ChannelConfig("end1", 32768, 8),
    ChannelConfig("end2", 32768, 16),
    ChannelConfig("end3", 32768, 24),
    ChannelConfig("end4", 32768, 8),
    ChannelConfig("shape", 512, 16),
    ChannelConfig("before", 32768, 4),
    ChannelConfig("after", 32768, 4),
    ChannelConfig("shape_before", 32768, 4),
    ChannelConfig("shape_after", 32768, 4),
)
"""What the network reads of words, and its linear part, for which the neighbours are meant: the encoder knows them."""
MATCHES = (
    "lexicon",
    "lexicon_begin",
    "lexicon_begin_next",
    "lexicon_middle",
    "lexicon_end",
    "lexicon_end_next",
    "lexicon_single",
    "lexicon_before",
    "lexicon_after",
)
"""What is read of a lexicon for tags; the neighbours are meant for the linear part."""
SERIES = EncoderConfig(hidden=64, dropout=0.1, input_dropout=0.0, embedding_dropout=0.0, ngram_dropout=0.0)

DEFAULTS: dict[tuple[str, str], Recipe] = {
    ("classify", "text"): Recipe(
        lowercase=True,
        channels={"char": TEXT, "word": WORDS, "token": WORDS, "subword": WORDS},
        pooling=("max", "mean", "sqrt_n"),
        wide_linear=True,
        least_steps=300,
        encoder=EncoderConfig(hidden=64, embedding_dropout=0.2, ngram_dropout=0.5),
        training=TrainConfig(
            epochs=8,
            label_smoothing=0.05,
            r_drop=1.0,
            ema_decay=0.998,
            init_from_cooccurrence=True,
            separate_linear=True,
            singleton_dropout=0.5,
        ),
    ),
    ("tag", "text"): Recipe(
        channels={"char": CHARACTERS, "word": TOKENS, "token": TOKENS, "subword": TOKENS},
        lexicon=MATCHES,
        skip=True,
        wide_linear=True,
        encoder=EncoderConfig(hidden=128, input_dropout=0.3, embedding_dropout=0.1, ngram_dropout=0.2),
        training=TrainConfig(
            epochs=12, ema_decay=0.998, init_from_cooccurrence=True, separate_linear=True, singleton_dropout=0.5
        ),
        most_epochs=150,
    ),
    ("classify", "series"): Recipe(
        pooling=("last", "max", "mean"),
        conv=(ConvConfig(64, 5),),
        long_conv=(ConvConfig(64, 9, 2), ConvConfig(64, 5, 2)),
        encoder=replace(SERIES, hidden=128, dropout=0.2),
        training=TrainConfig(
            epochs=30,
            patience=30,
            label_smoothing=0.1,
            augment=AugmentConfig(jitter=0.1, scaling=0.1, time_warp=0.2, crop=0.2),
        ),
        least_steps=2000,
        most_epochs=120,
    ),
    ("classify", "audio"): Recipe(
        pooling=("max", "mean"),
        conv=(ConvConfig(64, 5, 2), ConvConfig(96, 5, 2)),
        encoder=replace(SERIES, hidden=96, dropout=0.3),
        training=TrainConfig(
            epochs=20,
            ema_decay=0.995,
            label_smoothing=0.1,
            r_drop=1.0,
            patience=20,
            augment=AugmentConfig(vtlp=0.2, tilt=3.0, snr=13.0),
        ),
    ),
    ("transcribe", "audio"): Recipe(
        conv=(ConvConfig(64, 5, 2), ConvConfig(96, 5, 2)),
        encoder=replace(SERIES, hidden=128, layers=2, dropout=0.3),
        training=TrainConfig(
            epochs=30, ema_decay=0.995, patience=10, augment=AugmentConfig(time_masks=2, freq_masks=2, speed=0.1)
        ),
    ),
    ("tag", "series"): Recipe(
        encoder=SERIES,
        training=TrainConfig(epochs=30, learning_rate=5e-3),
    ),
}
"""The recipe of each task and kind of input; lists of tokens are texts."""
