"""The channels of text features: which there are, what each sees of a unit, and their sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..config import ChannelConfig
from ..errors import ArgumentError, check_choice, nearest, sentence
from .hashing import END, START, combine, hash_strings
from .known import Known

__all__ = [
    "CHANNELS",
    "LOOKS",
    "NGRAMS",
    "SHAPES",
    "check_channels",
    "configure",
    "fold",
    "hashes",
    "ngrams",
    "shape",
    "views",
]

WHERE = "TextFeatures"

CHANNELS = {
    "unit": (0, 64),
    "bigram": (65536, 64),
    "bigram_before": (65536, 64),
    "trigram": (65536, 64),
    "before": (16384, 32),
    "after": (16384, 32),
    "prefix3": (8192, 32),
    "suffix3": (8192, 32),
    "begin1": (1024, 16),
    "begin2": (4096, 16),
    "begin3": (8192, 16),
    "begin4": (16384, 16),
    "end1": (1024, 16),
    "end2": (4096, 16),
    "end3": (8192, 16),
    "end4": (16384, 16),
    "shape": (512, 16),
    "shape_before": (4096, 16),
    "shape_after": (4096, 16),
    "lower": (32768, 64),
}
"""Every channel with its usual size (buckets) and width; the size of "unit" follows the vocabulary."""

NGRAMS = {
    "bigram": (0, 1),
    "bigram_before": (-1, 0),
    "trigram": (-1, 0, 1),
    "before": (-1,),
    "after": (1,),
}
"""Which neighbours an n-gram joins: 0 is the unit itself, -1 the one before, 1 the one after, and so on."""

CASED = ("prefix3", "suffix3")
"""Channels of strings that see capitals where the vocabulary does."""

SHAPES = {"shape_before": (-1, 0), "shape_after": (0, 1)}
"""The same of the channels that join shapes."""

LOOKS = NGRAMS | SHAPES
"""The same of every channel that looks at neighbours."""


def configure(channels: Sequence[str | ChannelConfig], vocabulary: int) -> tuple[ChannelConfig, ...]:
    """Return channels as configurations; "unit" gets one id per unit of the vocabulary and the unknown's."""
    result = []
    for channel in channels:
        if isinstance(channel, str):
            check_choice(WHERE, "channels", channel, CHANNELS)
            channel = ChannelConfig(channel, max(CHANNELS[channel][0], 1), CHANNELS[channel][1])
        if channel.name == "unit":
            channel = ChannelConfig("unit", vocabulary + 1, channel.dim)
        result.append(channel)
    return tuple(result)


def check_channels(unit: str, channels: tuple[ChannelConfig, ...], vocabulary: int) -> None:
    """Raise ArgumentError unless the channels are distinct, known for the unit, and of possible sizes."""
    names = [channel.name for channel in channels]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(sentence(WHERE, "channels", "distinct and at least one", names))
    known = ["unit", *NGRAMS] if unit == "char" else list(CHANNELS)
    for channel in channels:
        if channel.name not in known:
            want = f"one of {', '.join(known)} for the unit {unit}"
            raise ArgumentError(sentence(WHERE, "channels", want, channel.name, nearest(channel.name, known)))
        if channel.name == "unit" and channel.size != vocabulary + 1:
            want = f"{vocabulary + 1}, the vocabulary and the unknown"
            raise ArgumentError(sentence(WHERE, "size of unit", want, channel.size))
        if channel.name != "unit" and channel.size < 2:
            raise ArgumentError(sentence(WHERE, f"size of {channel.name}", "at least 2", channel.size))


def ngrams(
    name: str,
    codes: np.ndarray,
    lengths: np.ndarray,
    size: int,
    to: np.ndarray,
    column: int,
    known: Known | None = None,
) -> None:
    """Write the bucket of every unit's n-gram into a column; marks stand before the first and after the last unit.

    Args:
        name: a key of `LOOKS`.
        codes: uint64 [N], one number per unit, the inputs one after the other.
        lengths: int64 [B], units per input.
        size: number of buckets, the never used bucket 0 included.
        to: int32 [N, C].
        column: within 0..C-1.
        known: what has a bucket, anything else being 0; None gives everything a bucket.
    """
    # Imported here so that whoever lacks the kernels hears of it from `bigru.ops`, which says what to do.
    from ..ops.library import native

    looks = LOOKS[name]
    if 0 not in looks:
        codes, looks = _moved(codes, lengths, looks[0]), (0,)
    words = None if known is None else known.words
    native.ngrams(codes, lengths, looks[0], looks[-1], size, words, to, column)


def hashes(name: str, codes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the hash of every unit's n-gram, uint64 [N], of which `ngrams` makes a bucket; arguments as there."""
    return combine(*(_moved(codes, lengths, step) for step in LOOKS[name]))


def _moved(codes: np.ndarray, lengths: np.ndarray, step: int) -> np.ndarray:
    """Return for every unit its code (step 0), or that of the unit before it (-1) or behind it (1), or a mark."""
    if not step:
        return codes
    moved, ends = np.empty_like(codes), np.cumsum(lengths)
    filled = lengths > 0
    if step < 0:
        moved[1:] = codes[:-1]
        moved[(ends - lengths)[filled]] = START
    else:
        moved[:-1] = codes[1:]
        moved[ends[filled] - 1] = END
    return moved


def views(names: Sequence[str], units: Sequence[str], shapes: Sequence[str], lowercase: bool) -> np.ndarray:
    """Return the hashes of what string channels ("prefix3", "shape", ...) see of each unit, uint64 [C, N].

    Args:
        names: of the C channels.
        units: the N units.
        shapes: their shapes, where one of the channels is "shape".
        lowercase: whether the channels of `CASED` see them in lower case, as the others do.
    """
    lower = [fold(unit, True) for unit in units]
    cased = lower if lowercase else units
    seen: list[str] = []
    for name in names:
        seen += shapes if name == "shape" else [_part(unit, name) for unit in (cased if name in CASED else lower)]
    return hash_strings(seen).reshape(len(names), len(units))


def _part(unit: str, name: str) -> str:
    """Return what a channel sees of a unit that is folded already."""
    if name.startswith(("prefix", "begin")):
        return unit[: int(name[-1])]
    return unit[-int(name[-1]) :] if name.startswith(("suffix", "end")) else unit


def shape(unit: str) -> str:
    """Return the pattern of a unit: X capital, x small, d digit, c other letter, signs themselves.

    Runs longer than two are cut to two.

    >>> [shape(unit) for unit in ("Xenon", "IBM", "1998", "McDonald's", "北京")]
    ['Xxx', 'XX', 'dd', "XxXxx'x", 'cc']
    """
    pattern = ""
    for c in unit:
        kind = "X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else "c" if c.isalpha() else c
        if not pattern.endswith(kind * 2):
            pattern += kind
    return pattern


def fold(text: str, lowercase: bool) -> str:
    """Return the text, in lower case if wanted, and always of the same length (only U+0130 would grow)."""
    return text.replace("\u0130", "i").lower() if lowercase else text
