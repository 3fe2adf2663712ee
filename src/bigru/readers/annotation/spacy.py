"""spaCy's binary training files (`.spacy`): a DocBin, read without spaCy.

The format is that of `spacy.tokens.DocBin` version 0.1 (spacy.io/api/docbin): zlib around msgpack, with one uint64
per token and attribute. Texts are 64-bit hashes (MurmurHash64A, seed 1) of the strings that the file lists.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...config.targets import target_of
from ...errors import DataError, require, sentence
from ..opening.packed import VARIABLE, most_bytes
from .convert import Converted
from .notes import Notes, Record, one_or_many

__all__ = ["parse"]

ORTH, ENT_IOB, ENT_TYPE = 65, 77, 78
"""Numbers of the attributes that are read."""

OUTSIDE, BEGINS, INSIDE = 2, 3, 1
"""Values of ENT_IOB; 0 stands for tokens that nobody annotated."""

PER_OBJECT = 8
"""Bytes unpacked that a list or dictionary takes at least, on average: a byte of a damaged file may claim one."""

SYMBOLS = {
    1: "IS_ALPHA IS_ASCII IS_DIGIT IS_LOWER IS_PUNCT IS_SPACE IS_TITLE IS_UPPER LIKE_URL LIKE_NUM LIKE_EMAIL IS_STOP",
    13: "IS_OOV_DEPRECATED IS_BRACKET IS_QUOTE IS_LEFT_PUNCT IS_RIGHT_PUNCT IS_CURRENCY",
    64: "ID ORTH LOWER NORM SHAPE PREFIX SUFFIX LENGTH CLUSTER LEMMA POS TAG DEP ENT_IOB ENT_TYPE HEAD SENT_START",
    81: "SPACY PROB LANG ADJ ADP ADV AUX CONJ CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X EOL SPACE",
    380: "PERSON NORP FACILITY ORG GPE LOC PRODUCT EVENT WORK_OF_ART LANGUAGE LAW DATE TIME PERCENT MONEY QUANTITY",
    396: "ORDINAL CARDINAL acomp advcl advmod agent amod appos attr aux auxpass cc ccomp complm conj cop csubj",
    413: "csubjpass dep det dobj expl hmod hyph infmod intj iobj mark meta neg nmod nn npadvmod nsubj nsubjpass num",
    432: "number oprd obj obl parataxis partmod pcomp pobj poss possessive preconj prep prt punct quantmod relcl",
    448: "rcmod root xcomp acl",
    452: "ENT_KB_ID MORPH ENT_ID IDX _",
}
"""Strings that are numbers instead of hashes (`spacy.symbols`), by the number of the first of each row."""

NO_GROUPS = (b"", b"\x90", b"\x80")
"""How no span groups are written."""

KEYS = ("attrs", "tokens", "spaces", "lengths", "strings", "cats")

MASK = (1 << 64) - 1


def parse(data: bytes, source: str, task: str | None = None) -> Converted:
    """Return the documents of a DocBin as plain records: texts with spans where entities are annotated, else labels.

    A record's line is the number of its document. Span groups are not read, which a finding counts; documents without
    annotation are left out.

    Args:
        data: the content of the file.
        source: the file as the user named it.
        task: "tag" or "classify" where documents have entities as well as categories; None reads the entities.

    Raises:
        DataError: the file is no DocBin, damaged, or unpacks to far more than its size.
        MissingExtraError: msgpack is not installed.
    """
    message = _unpack(data, source)
    attributes = message["attrs"]
    tokens, spaces, lengths = _arrays(message, source)
    symbols = {name: first + n for first, names in SYMBOLS.items() for n, name in enumerate(names.split())}
    words = {symbols.get(text) or _hash(text.encode("utf-8", "surrogatepass")): text for text in message["strings"]}
    notes, target = Notes(source), target_of(task)
    records: list[Record] = []
    lines: list[int] = []
    ends = np.cumsum(lengths)
    entities = ENT_IOB in attributes and ENT_TYPE in attributes and bool(tokens[:, attributes.index(ENT_IOB)].any())
    groups = message.get("span_groups", ())
    groups = groups if isinstance(groups, list) else ()
    for n, (start, end) in enumerate(zip(ends - lengths, ends, strict=True)):
        if n < len(groups) and groups[n] not in NO_GROUPS:
            notes.add("not read", "documents have span groups, which are not read", n + 1)
        cats = message["cats"][n]
        text, places = _text(tokens[start:end, attributes.index(ORTH)], spaces[start:end], words, f"{source}:{n + 1}")
        if entities and not (target.per_example and cats):
            kinds, types = (tokens[start:end, attributes.index(one)].tolist() for one in (ENT_IOB, ENT_TYPE))
            if not any(kinds) and end > start:
                notes.add("not annotated", "documents are not annotated and are left out", n + 1)
                continue
            records.append({"text": text, "spans": list(_spans(kinds, types, places, words))})
        elif cats:
            records.append({"text": text, "labels": [label for label, score in cats.items() if _is_given(score)]})
        else:
            notes.add("not annotated", "documents are not annotated and are left out", n + 1)
            continue
        lines.append(n + 1)
    return Converted(one_or_many(records), lines, {"layout": "spaCy"}, notes.findings())


def _unpack(data: bytes, source: str) -> dict[str, Any]:
    msgpack = require("msgpack", extra="annotations", purpose="reading .spacy files")
    unpacker = zlib.decompressobj()
    try:
        most = most_bytes(len(data))
        content = unpacker.decompress(data, most)
        if unpacker.unconsumed_tail or (not unpacker.eof and len(content) == most):
            remedy = f"Divide the file, or allow more with {VARIABLE}=BYTES in the environment."
            raise DataError(sentence(source, "data", f"at most {most:,} bytes unpacked", "more", remedy))
        count = _counter(len(content) // PER_OBJECT + 1000)
        options: dict[str, Any] = {"strict_map_key": False, "unicode_errors": "surrogatepass"}
        message = msgpack.unpackb(content, list_hook=count, object_hook=count, **options)
    except (zlib.error, msgpack.UnpackException, ValueError, TypeError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(sentence(source, "data", "a DocBin of spaCy", f"damaged data ({error})"[:120])) from error
    known = isinstance(message, dict) and all(key in message for key in KEYS)
    if not known or not isinstance(message["attrs"], list) or ORTH not in message["attrs"]:
        raise DataError(sentence(source, "data", "a DocBin of spaCy", "other msgpack"))
    return message


def _counter(most: int) -> Callable[[Any], Any]:
    """Return a function that gives back what it is given, so many times at most."""
    left = iter(range(most))

    def count(value: Any) -> Any:
        if next(left, None) is None:
            raise ValueError("more lists than bytes for them")
        return value

    return count


def _arrays(message: dict[str, Any], source: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tokens [N, attributes] uint64, spaces [N] bool and lengths [documents] int64, each fitting the others."""
    width, parts = len(message["attrs"]), [message[key] for key in ("tokens", "spaces", "lengths")]
    whole = all(isinstance(part, bytes) for part in parts) and len(parts[0]) % (8 * width) == 0 == len(parts[2]) % 4
    lists = all(isinstance(message[key], list) for key in ("strings", "cats"))
    if not whole or not lists or not all(isinstance(text, str) for text in message["strings"]):
        raise DataError(sentence(source, "data", "a DocBin of spaCy", "arrays of odd sizes"))
    tokens = np.frombuffer(parts[0], "<u8").reshape(-1, width)
    spaces, lengths = np.frombuffer(parts[1], bool), np.frombuffer(parts[2], "<i4").astype(np.int64)
    fits = len(spaces) == len(tokens) == lengths.sum() and bool((lengths >= 0).all())
    if not fits or len(message["cats"]) != len(lengths) or not all(isinstance(one, dict) for one in message["cats"]):
        got = f"{len(tokens)} tokens, {len(spaces)} spaces and {len(message['cats'])} categories"
        raise DataError(sentence(source, "data", f"of {len(lengths)} documents, {lengths.sum()} tokens", got))
    return tokens, spaces, lengths


def _text(
    orths: np.ndarray, spaces: np.ndarray, words: dict[int, str], place: str
) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of a document, and where its tokens lie in it."""
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    for orth, space in zip(orths.tolist(), spaces.tolist(), strict=True):
        word = words.get(orth)
        if word is None:
            raise DataError(sentence(place, "token", "one of the strings of the file", f"the hash {orth}"))
        parts.append(word + " " * space)
        places.append((at, at + len(word)))
        at += len(word) + space
    return "".join(parts), places


def _spans(
    kinds: list[int], types: list[int], places: list[tuple[int, int]], words: dict[int, str]
) -> Iterator[list[Any]]:
    """Yield [start, end, label] of the entities."""
    begun: int | None = None
    for n, kind in enumerate([*kinds, OUTSIDE]):
        if begun is not None and kind != INSIDE:
            yield [places[begun][0], places[n - 1][1], words.get(types[begun], "")]
            begun = None
        if kind == BEGINS or (kind == INSIDE and begun is None):
            begun = n


def _is_given(score: Any) -> bool:
    return isinstance(score, (int, float)) and score >= 0.5


def _hash(data: bytes) -> int:
    """Return MurmurHash64A with seed 1 (Appleby, public domain); an empty string is 0."""
    if not data:
        return 0
    m, size = 0xC6A4A7935BD1E995, len(data)
    h = 1 ^ (size * m & MASK)
    for at in range(0, size - size % 8, 8):
        k = int.from_bytes(data[at : at + 8], "little") * m & MASK
        h = (h ^ ((k ^ k >> 47) * m & MASK)) * m & MASK
    if size % 8:
        h = (h ^ int.from_bytes(data[size - size % 8 :], "little")) * m & MASK
    h = (h ^ h >> 47) * m & MASK
    return h ^ h >> 47
