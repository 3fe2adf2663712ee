"""Texts to model input: every unit (character, word, token, subword) becomes one id per channel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from dataclasses import replace as changed
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from ..config import ChannelConfig
from ..errors import ArgumentError, check_choice, sentence
from ..ops.lexicon.trie import trie_of
from ..readers.opening.encoding import SURROGATE
from ..readers.token_features import words_of
from .channels import SHAPES, check_channels, configure, fold, hashes, is_hashed, looks, ngrams, shape, views
from .columns import Column, column_of, least_count, read, value_ids
from .hashing import buckets, hash_strings, unit_codes
from .incremental import TextPieces
from .inputs import Input, replacements, sample, to_characters, to_tokens, whole_text
from .known import KnownStrings
from .lexicon import Lexicon, Lookup, kinds_of, lexicon_looks
from .saved import from_values, to_values
from .segment import infer_unit, load_subwords, segment, split_words, train_subwords, unspaced
from .words import FlatWords, Made, Words

__all__ = ["UNITS", "Input", "TextFeatures"]

WHERE = "TextFeatures"

UNITS = {"char": (None,), "word": ("regex", "rjieba"), "token": ("regex", "rjieba"), "subword": ("subword",)}
"""What a unit can be, and what may cut a text into such units."""


@dataclass(frozen=True)
class TextFeatures:
    """How texts become ids; learnt by `fit`, saved as JSON, the same in training and in serving.

    Attributes:
        unit: "char", "word", "token" (inputs are lists of tokens) or "subword".
        vocabulary: the known units; unit number n has id n + 1, and id 0 is an unknown unit.
        channels: the channels of the output in order; see `bigru.features.channels`. Hashed channels use the buckets
            1 .. size-1 (`bigru.features.hashing`); 0 is left to padding.
        lowercase: fold units to lower case (the channel "shape" still sees the original).
        replace: characters replaced by others before anything else, one for one, so that offsets hold.
        segmenter: what cuts a text into units: None (characters), "regex", "rjieba" or "subword".
        tokenizer: the JSON of a Hugging Face tokenizer, for "subword".
        columns: the features that stand behind the words of tokens (`bigru.readers.token_features`), none for bare
            tokens; their channels are `feature1`, `feature1_before`, ... (`bigru.features.columns`).
        known: of hashed channels by name what training has seen; anything else has id 0. A channel without an entry
            gives everything a bucket, as models saved before did.
        lexicon: words whose places in an input are channels (`bigru.features.lexicon`), None without one.
    """

    unit: str
    vocabulary: tuple[str, ...]
    channels: tuple[ChannelConfig, ...]
    lowercase: bool = False
    replace: dict[str, str] = field(default_factory=dict)
    segmenter: str | None = None
    tokenizer: str | None = None
    known: dict[str, KnownStrings] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    lexicon: Lexicon | None = None

    def __post_init__(self) -> None:
        check_choice(WHERE, "unit", self.unit, UNITS)
        if self.segmenter not in UNITS[self.unit]:
            want = " or ".join(map(str, UNITS[self.unit]))
            raise ArgumentError(sentence(WHERE, "segmenter", f"{want} for the unit {self.unit}", self.segmenter))
        if (self.unit == "subword") != (self.tokenizer is not None):
            got = "none" if self.tokenizer is None else f"one for the unit {self.unit}"
            raise ArgumentError(sentence(WHERE, "tokenizer", "given for subwords, and only for them", got))
        replacements(self.replace)
        if len(set(self.vocabulary)) < len(self.vocabulary):
            twice = Counter(self.vocabulary).most_common(1)[0][0]
            raise ArgumentError(sentence(WHERE, "vocabulary", "distinct units", f"{twice!r} twice"))
        if self.unit == "char" and any(len(unit) != 1 for unit in self.vocabulary):
            long = next(unit for unit in self.vocabulary if len(unit) != 1)
            raise ArgumentError(sentence(WHERE, "vocabulary", "single characters", repr(long)))
        if self.columns and self.unit != "token":
            raise ArgumentError(sentence(WHERE, "unit", "token, to which features belong", self.unit))
        check_channels(self.unit, self.channels, len(self.vocabulary), self.columns, kinds_of(self.lexicon))
        hashed = [channel.name for channel in self.channels if is_hashed(channel.name)]
        for name in self.known:
            check_choice(WHERE, "known", name, hashed)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the tables that are made when they are needed: a pickled estimator would be megabytes larger."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    @classmethod
    def fit(
        cls,
        inputs: Sequence[Input],
        *,
        unit: str | None = None,
        channels: Sequence[str | ChannelConfig] = ("unit", "bigram"),
        min_count: int | None = None,
        max_size: int | None = None,
        lowercase: bool = False,
        replace: Mapping[str, str] | None = None,
        segmenter: str | None = None,
        tokenizer: str | None = None,
        features: Sequence[str] = (),
        lexicon: Lexicon | None = None,
    ) -> TextFeatures:
        """Learn the vocabulary from training inputs.

        Args:
            inputs: texts, or lists of tokens.
            unit: None chooses "char" for scripts without spaces and for tokens that are all single
                characters, else "word" for texts and "token" for tokens.
            channels: names of `bigru.features.channels.CHANNELS` (usual sizes), or ChannelConfigs with sizes and
                widths of one's own (the size of "unit" is set here).
            min_count: how often a unit must occur to enter the vocabulary; None means 2, or 1 where
                there are fewer than 10,000 units to learn from. Rarer units train the id of the unknown.
            max_size: the most units kept, most frequent first, ties by code point; for "subword" without
                a tokenizer also the size of the tokenizer to learn (8,000 unless given).
            lowercase, replace, tokenizer: see the attributes.
            segmenter: None chooses "rjieba" for scripts without spaces, else "regex".
            features: names of the features that stand behind the word in every token.
            lexicon: see the attributes; of its words that are read as the same units one is kept.

        Raises:
            ArgumentError: an argument is not what it must be.
            MissingExtraError: rjieba or tokenizers is needed and missing.
        """
        if unit is None:
            unit = "token" if features else infer_unit(inputs)
        words, values = read(features, inputs) if features else (inputs, [])
        check_choice(WHERE, "unit", unit, UNITS)
        replace = dict(replace or {})
        if unit == "subword":
            segmenter = "subword"
            if tokenizer is None:
                table = replacements(replace)
                texts = [fold(whole_text(x, n).translate(table), lowercase) for n, x in enumerate(inputs)]
                tokenizer = train_subwords(texts, max_size or 8000, min_count or 2)
        elif unit != "char" and segmenter is None:
            segmenter = "rjieba" if unspaced(sample(words)) else "regex"
        empty = cls(unit, (), configure(("unit",), 0), lowercase, replace, segmenter, tokenizer)
        vocabulary = empty._vocabulary(words, min_count, max_size)
        least = min_count or least_count(sum(map(len, words)) if features else 0)
        columns = tuple(Column.learn(name, row, least) for name, row in zip(features, values, strict=True))
        lexicon = lexicon and lexicon.merge(empty._units_of)
        sized = configure(channels, len(vocabulary), columns, kinds_of(lexicon))
        made = cls(unit, vocabulary, sized, lowercase, replace, segmenter, tokenizer, {}, columns, lexicon)
        return changed(made, known=made._seen(inputs))

    def extended(
        self, inputs: Sequence[Input], *, min_count: int | None = None, max_size: int | None = None
    ) -> TextFeatures:
        """Return these features with what further inputs bring: units, values of columns, known n-grams.

        Every unit and value keeps its id, and every n-gram its bucket; new ones stand behind them.

        Args:
            inputs: texts, or lists of tokens, as the features read them.
            min_count: how often a new unit must occur in them; as of `fit`.
            max_size: the most units, those that are known included; None for any number.
        """
        names = [column.name for column in self.columns]
        words, values = read(names, inputs) if names else (inputs, [])
        room = None if max_size is None else max(max_size - len(self.vocabulary), 0)
        found = self._vocabulary(words, min_count, None)
        vocabulary = (*self.vocabulary, *[unit for unit in found if unit not in self._ids][:room])
        least = min_count or least_count(sum(map(len, words)) if names else 0)
        columns = tuple(column.extended(row, least) for column, row in zip(self.columns, values, strict=True))
        sized = configure(self.channels, len(vocabulary), columns, kinds_of(self.lexicon))
        made = changed(self, vocabulary=vocabulary, channels=sized, columns=columns, known={})
        hashes = made._hashes(inputs, list(self.known))
        return changed(made, known={name: known.extended(hashes[name]) for name, known in self.known.items()})

    def features(self, text: Input) -> np.ndarray:
        """Return the ids of one input, int32 [T, C]: one row per unit, one column per channel."""
        return self.features_many([text])[0]

    def features_many(self, inputs: Sequence[Input]) -> list[np.ndarray]:
        """Return the ids of many inputs, each int32 [T, C]; much faster than one by one.

        Raises:
            ArgumentError: an input is neither text nor tokens, or tokens do not fit the unit.
        """
        rows, lengths = self.rows(inputs)
        ends = np.cumsum(lengths).tolist()
        return [rows[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=False)]

    def rows(self, inputs: Sequence[Input]) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids of many inputs end to end, int32 [N, C], and their lengths, int64 [B]; the same errors."""
        flat = self._flat(inputs)
        rows = np.empty((len(flat.codes), len(self.channels)), np.int32)
        if flat.made is not None:
            flat.made.ids.take(flat.inverse, axis=0, out=rows)
        for column, channel in enumerate(self.channels):
            place, at = column_of(channel.name), flat.lexicon.get(channel.name)
            if at is not None:
                rows[:, column] = at
            elif looks(channel.name):
                codes, known = self._codes(channel.name, flat), self.known.get(channel.name)
                ngrams(channel.name, codes, flat.lengths, channel.size, rows, column, known)
            elif place is not None and flat.values is not None:
                rows[:, column] = flat.values[place]
            elif flat.made is None:
                rows[:, column] = self._characters[flat.inverse]
        return rows, flat.lengths

    def _codes(self, name: str, flat: FlatWords) -> np.ndarray:
        """Return what a channel that looks at neighbours joins: of each unit its code, or its shape's or value's."""
        place = column_of(name)
        if lexicon_looks(name):
            return flat.lexicon["lexicon"].astype(np.uint64)
        if place is not None and flat.values is not None:
            return flat.values[place].astype(np.uint64)
        return flat.codes if flat.made is None or name not in SHAPES else flat.made.shapes[flat.inverse]

    def _seen(self, inputs: Sequence[Input]) -> dict[str, KnownStrings]:
        """Return of every hashed channel what the inputs show of it."""
        hashed = [channel.name for channel in self.channels if is_hashed(channel.name)]
        return {name: KnownStrings.of(own) for name, own in self._hashes(inputs, hashed).items()}

    def _hashes(self, inputs: Sequence[Input], names: Sequence[str]) -> dict[str, np.ndarray]:
        """Return of hashed channels by name the hash of what each sees of every unit of all inputs, uint64 [N]."""
        if not names:
            return {}
        flat = self._flat(inputs)
        strings = self._strings_of([name for name in names if not looks(name)], flat.distinct)
        return {
            name: hashes(name, self._codes(name, flat), flat.lengths) if looks(name) else strings[name][flat.inverse]
            for name in names
        }

    def _strings_of(self, names: Sequence[str], units: Sequence[str]) -> dict[str, np.ndarray]:
        """Return for channels of strings the hash of what each sees of every unit, uint64 [N]."""
        shapes = [shape(unit) for unit in units] if "shape" in names else []
        return dict(zip(names, views(names, units, shapes, self.lowercase), strict=True)) if names else {}

    def _make(self, units: Sequence[str]) -> Made:
        """Return what units of several characters are."""
        folded = [fold(unit, self.lowercase) for unit in units]
        names = {channel.name for channel in self.channels if is_hashed(channel.name)}
        shaped = {"shape"} if not SHAPES.keys().isdisjoint(names) else set()
        found = self._strings_of(sorted({name for name in names if not looks(name)} | shaped), units)
        ids = np.zeros((len(units), len(self.channels)), np.int32)
        for column, channel in enumerate(self.channels):
            if channel.name == "unit":
                ids[:, column] = [self._ids.get(unit, 0) for unit in folded]
            elif channel.name in found:
                known = self.known.get(channel.name)
                own = buckets(found[channel.name], channel.size)
                ids[:, column] = own if known is None else np.where(known.has(found[channel.name]), own, np.int32(0))
        codes = hash_strings(folded)
        return Made(codes, found.get("shape", codes), ids)

    def units(self, text: Input) -> list[tuple[int, int]]:
        """Return where each unit lies: character offsets in a text, positions in a list of tokens; end exclusive."""
        if self.unit == "char" or not isinstance(text, str):
            return [(i, i + 1) for i in range(len(text))]
        return segment([self._normal(text)], str(self.segmenter), self._subwords)[0]

    def pieces(self) -> TextPieces:
        """Return what makes ids of a text that comes chunk by chunk.

        Raises:
            ArgumentError: the units are words or subwords.
        """
        steps = [step for channel in self.channels for step in looks(channel.name)]
        reach = 1 if self.lookup is None else self.lookup.longest
        return TextPieces(self, reach - 1 - min(steps, default=0), max(steps, default=0))

    def _found(self, codes: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        return {} if self.lookup is None else self.lookup.at(codes, lengths)

    def _codes_of(self, units: Sequence[str]) -> np.ndarray:
        """Return the codes of units, uint64 [T], as `_flat` has them."""
        return unit_codes([self._normal(unit) for unit in units], self.unit)

    def _units_of(self, words: Sequence[str]) -> Sequence[Sequence[str]]:
        """Return the units of each word of a lexicon as an input of it alone has them; tokens lie between spaces."""
        if self.unit == "char":
            return [self._normal(word) for word in words]
        strings = self._strings([word.split() for word in words] if self.unit == "token" else words)
        return [[fold(unit, self.lowercase) for unit in row] for row in strings]

    def words(self, x: Input) -> Input:
        """Return an input as it is shown: tokens without their features."""
        return words_of(x) if self.columns and not isinstance(x, str) else x

    def to_json(self) -> dict[str, Any]:
        """Return everything but the vocabulary as plain JSON values; the lexicon as the bytes of a file of its own."""
        return to_values(self)

    @classmethod
    def from_json(cls, values: Any, vocabulary: Any) -> TextFeatures:
        """Build from what `to_json` returned and the list of the vocabulary.

        Raises:
            ArgumentError: a key is missing or unknown, or a value has the wrong type.
        """
        return cls(**from_values(values, vocabulary))

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {unit: n for n, unit in enumerate(self.vocabulary, 1)}

    @cached_property
    def lookup(self) -> Lookup | None:
        """What finds words of the lexicon in units, None without one."""
        if self.lexicon is None:
            return None
        units = self._units_of(self.lexicon.words)
        lengths = np.array([*map(len, units)])
        codes = unit_codes(list(chain.from_iterable(units)), self.unit)
        return Lookup(trie_of(codes, lengths, self.lexicon.values), int(lengths.max()), self._codes_of)

    @cached_property
    def _words(self) -> Words:
        return Words(self._make, len(self.channels))

    @cached_property
    def _characters(self) -> np.ndarray:
        """Id by code point; untouched pages of the table cost no memory."""
        table = np.zeros(0x110000, np.int32)
        table[[ord(unit) for unit in self.vocabulary]] = np.arange(1, len(self.vocabulary) + 1)
        return table

    @cached_property
    def _subwords(self) -> Any:
        return None if self.tokenizer is None else load_subwords(self.tokenizer)

    @cached_property
    def _replacements(self) -> dict[int, int]:
        return replacements(self.replace)

    def _plain(self, text: str) -> str:
        return text.translate(self._replacements) if self.replace else text

    def _normal(self, text: str) -> str:
        return fold(self._plain(text), self.lowercase)

    def _vocabulary(self, inputs: Sequence[Input], min_count: int | None, max_size: int | None) -> tuple[str, ...]:
        if self.unit == "char":
            codes, counts = np.unique(self._joined(inputs)[0], return_counts=True)
            counter = Counter(dict(zip(map(chr, codes.tolist()), counts.tolist(), strict=True)))
        else:
            counter = Counter()
            for unit, count in Counter(chain.from_iterable(self._strings(inputs))).items():
                counter[fold(unit, self.lowercase)] += count
        least = min_count or least_count(counter.total())
        kept = [u for u, n in counter.items() if n >= least and not SURROGATE.search(u)]
        return tuple(sorted(kept, key=lambda u: (-counter[u], u))[:max_size])

    def _joined(self, inputs: Sequence[Input]) -> tuple[np.ndarray, np.ndarray]:
        """Return the code points of all inputs in one row, uint32 [N], and the lengths [B]."""
        texts = [x if isinstance(x, str) else to_characters(x, n) for n, x in enumerate(inputs)]
        if self.replace:
            texts = [self._plain(text) for text in texts]
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        # Case is folded once for all; what parts them keeps the end of one from changing how the next is folded.
        separated = self.lowercase and len(texts) > 1
        joined = fold(("\n" if separated else "").join(texts), self.lowercase)
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4")
        return np.delete(points, np.cumsum(lengths[:-1] + 1) - 1) if separated else points, lengths

    def _strings(self, inputs: Sequence[Input]) -> list[Sequence[str]]:
        """Return the units of each input as strings, characters replaced but the case kept."""
        whole = self.unit == "subword"
        texts = {n: whole_text(x, n) for n, x in enumerate(inputs) if whole or isinstance(x, str)}
        plain = [self._plain(text) for text in texts.values()]
        if self.segmenter == "regex" or not plain:
            cut = [split_words(text) for text in plain]
        else:
            offsets = segment([fold(t, self.lowercase) for t in plain], str(self.segmenter), self._subwords)
            cut = [[text[a:b] for a, b in found] for text, found in zip(plain, offsets, strict=True)]
        words = dict(zip(texts, cut, strict=True))
        tokens = {n: [self._plain(t) for t in to_tokens(x, n)] for n, x in enumerate(inputs) if n not in texts}
        return [words[n] if n in words else tokens[n] for n in range(len(inputs))]

    def _flat(self, inputs: Sequence[Input]) -> FlatWords:
        if self.unit == "char":
            points, lengths = self._joined(inputs)
            codes = points.astype(np.uint64)
            return FlatWords(codes, lengths, points, lexicon=self._found(codes, lengths))
        values = None
        if self.columns:
            inputs, cells = read([column.name for column in self.columns], inputs)
            values = value_ids(self.columns, cells)
        strings = self._strings(inputs)
        lengths = np.fromiter(map(len, strings), np.int64, len(strings))
        distinct = list(dict.fromkeys(chain.from_iterable(strings)))
        index = {unit: n for n, unit in enumerate(distinct)}
        inverse = np.fromiter(map(index.__getitem__, chain.from_iterable(strings)), np.int64, int(lengths.sum()))
        made = self._words.of(distinct)
        codes = made.codes[inverse]
        return FlatWords(codes, lengths, inverse, distinct, made, values, self._found(codes, lengths))
