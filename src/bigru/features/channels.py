"""The channels of text features: which there are, what each sees of a unit, and their sizes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..config import ChannelConfig
from ..errors import ArgumentError, check_choice, nearest, sentence
from .columns import FEATURE_LOOKS, Column, column_of, context_columns, feature_channels, usual_size
from .hashing import END, START, combine, hash_strings
from .known import KnownStrings
from .lexicon import lexicon_channels, lexicon_looks, lexicon_size, usual_lexicon

__all__ = [
    "CHANNELS",
    "LOOKS",
    "NGRAMS",
    "SHAPES",
    "check_channels",
    "configure",
    "fold",
    "hashes",
    "is_hashed",
    "looks",
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

_OF_LEXICON = lexicon_channels()


def looks(name: str) -> tuple[int, ...]:
    """Return which neighbours a channel joins, 0 being the unit itself; () for one that sees a unit by itself."""
    return LOOKS.get(name) or context_columns(name) or lexicon_looks(name)


def is_hashed(name: str) -> bool:
    """Tell whether a channel has buckets; else it has one id for each unit, or value, that is known."""
    if name == "unit" or lexicon_size(name, 1) is not None:
        return False
    return column_of(name) is None or bool(context_columns(name))


def configure(
    channels: Sequence[str | ChannelConfig], vocabulary: int, columns: Sequence[Column] = (), kinds: int = 0
) -> tuple[ChannelConfig, ...]:
    """Return channels as configurations; those without buckets get one id per unit or value, and the unknown's.

    Args:
        channels: their names, or configurations.
        vocabulary: known units.
        columns: features of tokens.
        kinds: different sets of categories that words of the lexicon have; 0 without one.
    """
    result = []
    for channel in channels:
        if isinstance(channel, str):
            size, width = _usual(channel)
            channel = ChannelConfig(channel, max(size, 1), width)
        known = _known(channel.name, vocabulary, columns, kinds)
        result.append(channel if known is None else ChannelConfig(channel.name, known + 1, channel.dim))
    return tuple(result)


def _usual(name: str) -> tuple[int, int]:
    """Return the usual size and width of a channel."""
    if name in _OF_LEXICON:
        return usual_lexicon(name)
    if column_of(name) is None:
        check_choice(WHERE, "channels", name, [*CHANNELS, *_OF_LEXICON])
    return CHANNELS.get(name) or usual_size(name)


def _known(name: str, vocabulary: int, columns: Sequence[Column], kinds: int) -> int | None:
    """Return how many units or values a channel without buckets knows; None for one with buckets, or of no column."""
    if name in _OF_LEXICON:
        return lexicon_size(name, kinds)
    at = column_of(name)
    if is_hashed(name) or (at is not None and at >= len(columns)):
        return None
    return vocabulary if at is None else len(columns[at].values)


def check_channels(
    unit: str,
    channels: tuple[ChannelConfig, ...],
    vocabulary: int,
    columns: Sequence[Column] = (),
    kinds: int = 0,
) -> None:
    """Raise ArgumentError unless the channels are distinct, known for the unit, and of possible sizes."""
    if kinds and unit == "subword":
        remedy = "What a word is cut into depends on what stands around it."
        raise ArgumentError(sentence(WHERE, "unit", "char, word or token with a lexicon", unit, remedy))
    names = [channel.name for channel in channels]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(sentence(WHERE, "channels", "distinct and at least one", names))
    known = ["unit", *NGRAMS] if unit == "char" else list(CHANNELS)
    known += feature_channels(len(columns), list(FEATURE_LOOKS)) + (lexicon_channels() if kinds else [])
    for channel in channels:
        if channel.name in _OF_LEXICON and not kinds:
            raise ArgumentError(sentence(WHERE, "lexicon", f"there, for the channel {channel.name}", "none"))
        if channel.name not in known:
            want = f"one of {', '.join(known)} for the unit {unit}"
            raise ArgumentError(sentence(WHERE, "channels", want, channel.name, nearest(channel.name, known)))
        size = _known(channel.name, vocabulary, columns, kinds)
        if size is not None and channel.size != size + 1:
            want = f"{size + 1}, the {'vocabulary' if channel.name == 'unit' else 'known values'} and the unknown"
            raise ArgumentError(sentence(WHERE, f"size of {channel.name}", want, channel.size))
        if size is None and channel.size < 2:
            raise ArgumentError(sentence(WHERE, f"size of {channel.name}", "at least 2", channel.size))


def ngrams(
    name: str,
    codes: np.ndarray,
    lengths: np.ndarray,
    size: int,
    to: np.ndarray,
    column: int,
    known: KnownStrings | None = None,
) -> None:
    """Write the bucket of every unit's n-gram into a column; marks stand before the first and after the last unit.

    Args:
        name: of a channel that joins neighbours.
        codes: uint64 [N], one number per unit, the inputs one after the other.
        lengths: int64 [B], units per input.
        size: number of buckets, the never used bucket 0 included.
        to: int32 [N, C].
        column: within 0..C-1.
        known: what has a bucket, anything else being 0; None gives everything a bucket.
    """
    # Imported here so that a missing kernel library is reported by `bigru.ops`, which says what to do.
    from ..ops.library import native

    steps = looks(name)
    if 0 not in steps:
        codes, steps = _shift(codes, lengths, steps[0]), (0,)
    words = None if known is None else known.words
    native.ngrams(codes, lengths, steps[0], steps[-1], size, words, to, column)


def hashes(name: str, codes: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the hash of every unit's n-gram, uint64 [N], of which `ngrams` makes a bucket; arguments as there."""
    return combine(*(_shift(codes, lengths, step) for step in looks(name)))


def _shift(codes: np.ndarray, lengths: np.ndarray, step: int) -> np.ndarray:
    """Return for every unit its code (step 0), or that of one before it (-1, ...) or behind it (1, ...), or a mark."""
    if not step:
        return codes
    if abs(step) > 1:
        codes = _shift(codes, lengths, step + 1 if step < 0 else step - 1)
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
