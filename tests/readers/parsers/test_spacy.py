"""DocBin files: two that spaCy 3.8 wrote, and others made here."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgpack
import numpy as np
import pytest

from bigru.errors import DataError
from bigru.readers.annotation.spacy import _hash, parse

ENTITIES = base64.b64decode(
    "eJzrXF6WWlScmZ+32EDPcGliSUlR8WRHX79lJfnZqXnFRxkVHn6L+yhQ0TaNmQEC7DwP1fxsfWmtckI+8n3XlKeMaOK5umsy9/AKzmFiQAXJm25P1t23"
    "RhNdfOOeKdP6PytlwMxvhBq4hcPn+qva2bmMaOKLDq3xeXOzfj26OS7pW8QMSn+Yo4sL/nA79Nkqswxd/MHt688ZtJ7dRRffKSbV3fv2jzK6+DOrpxuF"
    "Xv99iC6+rLggMTm1+AgPIwgwMIDR8pzUvPSSjOIjHOxAJaxAvLy4pCgzL734DoPwgoUKC3UW6i1xzMtLXOzj77zYL7V8cYBr0LKQ/Nzi/LwlkflF2UsS"
    "gZJLkhNzUxdl5i3NySxLLV6cl1q+LC8/KT+lEhg7YJWVQJXLnuxY+2xaO1BtSfGkpsUF+cWn7T9AnAbUkX4a5k48UkvTchLTiyc1bspILI4vzcvOyy/P"
    "i4d46xBWwdVAOi8+vSi/tKB40hHGCUAEAGq8scQ="
)
LABELS = base64.b64decode(
    "eJzrWl6WWlScmZ+32EDPcGliSUlR8VxHZ08vbx9fP/+As4xHzjIePct4bFlJfnZqXvFRxgVM7+euvp3zjfP2gYOXcy46+zOQCRgJyIfp2LcEZMdIwmhy"
    "7SEEFh1a4/PmZv16GE0re66ZXZ1l+a11icHPHactL3muJtccQuG2rLggMTm1+AgLSOHynNS89JKM4iMczFCty4tLijLz0ounL1iot9gpMWWJe35+yuIk"
    "ICMtMyd3STqQtyQ5saR4UtPigvzi0/YfIKYuzktNPw2zAiIF44GlYOqWpuUkphdPatyUkVgcX5qXnZdfnhcPcdEhrIKrgXRefHpRfmlB8aQjjBOAaGVp"
    "cWpRfEpiSSJQoAGIAFP0h1M="
)

HASHES = {
    "": 0,
    "a": 11901859001352538922,
    "Anna": 10846488766732760801,
    "1234567": 11906548768923648808,
    "12345678": 9871996032675327904,
    "中文": 16284430293168110310,
    "a longer text than sixteen bytes": 16154150478504533974,
}


def packed(**changes: Any) -> bytes:
    """Return a DocBin of one document "Anna is", tagged PERSON, and one that nobody annotated."""
    words = [HASHES["Anna"], HASHES["a"], HASHES["a"]]
    message = {
        "attrs": [65, 77, 78],
        "tokens": np.array([[words[0], 3, 380], [words[1], 2, 0], [words[2], 0, 0]], "<u8").tobytes(),
        "spaces": np.array([True, False, False]).tobytes(),
        "lengths": np.array([2, 1], "<i4").tobytes(),
        "strings": ["", "Anna", "a", "PERSON"],
        "cats": [{}, {}],
        "span_groups": [b"\x91", b"\x90"],
    }
    return zlib.compress(msgpack.packb(message | changes))


def test_what_spacy_wrote() -> None:
    made = parse(ENTITIES, "f.spacy")
    assert made.records == [
        {"text": "Anna Tomson lives in New York.", "spans": [[0, 11, "PER"], [21, 29, "LOC"]]},
        {"text": "nobody  came, 中文", "spans": []},
    ]
    assert (made.lines, made.findings) == ([1, 2], [])
    assert parse(ENTITIES, "f", "classify").records == [
        {"text": "Anna Tomson lives in New York.", "label": "pos"},
        {"text": "nobody  came, 中文", "label": "pos"},
    ]
    assert parse(LABELS, "f").records == [{"text": "Good film.", "label": "pos"}, {"text": "Bad", "label": "neg"}]


def test_hashes_are_those_of_spacy() -> None:
    assert {text: _hash(text.encode()) for text in HASHES} == HASHES


def test_what_is_not_read_is_counted() -> None:
    made = parse(packed(), "f")
    assert made.records == [{"text": "Anna a", "spans": [[0, 4, "PERSON"]]}]
    assert [str(one) for one in made.findings] == [
        "f:1: not read: 1 documents have span groups, which are not read (lines 1)",
        "f:2: not annotated: 1 documents are not annotated and are left out (lines 2)",
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"junk", r"f: data must be a DocBin of spaCy, got damaged data \("),
        (zlib.compress(b"\xc1"), r"f: data must be a DocBin of spaCy, got damaged data \("),
        (zlib.compress(b"\x81\x80\xc0"), r"f: data must be a DocBin of spaCy, got damaged data \(unhashable"),
        (zlib.compress(msgpack.packb([1])), r"f: data must be a DocBin of spaCy, got other msgpack\."),
        (packed(attrs=[77]), r"f: data must be a DocBin of spaCy, got other msgpack\."),
        (packed(attrs=5), r"f: data must be a DocBin of spaCy, got other msgpack\."),
        (packed(tokens=b"\0"), r"f: data must be a DocBin of spaCy, got arrays of odd sizes\."),
        (packed(strings=[3]), r"f: data must be a DocBin of spaCy, got arrays of odd sizes\."),
        (packed(strings=5), r"f: data must be a DocBin of spaCy, got arrays of odd sizes\."),
        (
            packed(lengths=np.array([-1, 4], "<i4").tobytes()),
            r"f: data must be of 2 documents, 3 tokens, got 3 tokens, 3 spaces and 2 categories\.",
        ),
        (packed(cats=[]), r"f: data must be of 2 documents, 3 tokens, got 3 tokens, 3 spaces and 0 categories\."),
        (packed(cats=5), r"f: data must be a DocBin of spaCy, got arrays of odd sizes\."),
        (
            packed(strings=[""]),
            r"f:1: token must be one of the strings of the file, got the hash 108464887667327608",
        ),
    ],
)
def test_damaged_files_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(data, "f")


@pytest.mark.parametrize("one", [[], {}])
def test_a_file_of_empty_lists_alone_is_refused_before_it_fills_the_memory(one: Any) -> None:
    with pytest.raises(
        DataError, match=r"^f: data must be a DocBin of spaCy, got damaged data \(more lists than bytes"
    ):
        parse(packed(cats=[one] * 5000), "f")


def test_far_more_bytes_than_the_file_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIGRU_MAX_BYTES", "1000")
    assert parse(packed(), "f").records
    want = (
        r"^f: data must be at most 1,000 bytes unpacked, got more\. Divide the file, or allow more with BIGRU_MAX_BYTES"
    )
    with pytest.raises(DataError, match=want):
        parse(packed(strings=["a" * 2000]), "f")
