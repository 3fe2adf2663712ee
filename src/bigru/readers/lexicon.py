"""Lexicons: files of words, each with a category, and the dictionary of jieba by its name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, DataError, MissingExtraError, nearest, sentence
from .opening.packed import open_unpacked, read_lines

__all__ = ["MOST_WORDS", "NAMED", "Entries", "check_entry", "name_sources", "read_lexicon", "read_lexicons"]

Entries = list[tuple[str, str]]
"""Words with a category each; a word with two categories comes twice."""

MOST_WORDS = 2_000_000
"""Words of a lexicon at most: about a gigabyte of memory while they are read."""

NAMED = ("jieba",)
"""Lexicons that have a name, each from the Python package of that name."""

LICENCES = {
    "jieba": "the dictionary of [jieba](https://github.com/fxsjy/jieba), words and parts of speech; MIT licence, "
    "copyright (c) 2013 Sun Junyi"
}
"""What the model card says of lexicons that have a name."""

COUNTED = re.compile(r"(\S+) ([0-9]+) (\S+)")
"""A line of jieba's dictionary: word, frequency and part of speech."""

SPACED = re.compile(r"[^\x00-\x7f\s]+ +[A-Za-z_-]+")
"""A word of a script without spaces and a category, with spaces where a TAB should be."""

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""What no word and no category holds: saved lexicons have a word a line."""


def read_lexicons(given: Any) -> Entries:
    """Return the entries of a lexicon as it is given to a training.

    Args:
        given: a path or a name of `NAMED`, several of them, or a mapping from words to their category.

    Raises:
        ArgumentError: it is none of these.
        DataError: as `read_lexicon`.
        MissingExtraError: the package of a named lexicon is not installed.
    """
    if isinstance(given, Mapping):
        entries = [
            (check_entry("lexicon", word, "word"), check_entry("lexicon", category, "category"))
            for word, category in given.items()
        ]
    else:
        sources = [given] if isinstance(given, str | os.PathLike) else given
        if not isinstance(sources, Sequence) or not all(isinstance(one, str | os.PathLike) for one in sources):
            want = "a file, several files, or a mapping from words to categories"
            raise ArgumentError(sentence("train", "lexicon", want, repr(given)[:80]))
        entries = [entry for source in sources for entry in read_lexicon(source)]
    entries = list(dict.fromkeys(entries))
    if not entries:
        raise ArgumentError(sentence("train", "lexicon", "of one word at least", "none"))
    if len(entries) > MOST_WORDS:
        raise ArgumentError(sentence("train", "lexicon", f"of at most {MOST_WORDS:,} words", f"{len(entries):,}"))
    return entries


def read_lexicon(source: str | os.PathLike[str]) -> Entries:
    """Return the entries of a file, or of a lexicon by its name.

    A file is UTF-8, gzipped or not, with a word a line: of words alone, whose category is then the name of the file, or
    with TAB and a category behind every word.

    Raises:
        DataError: the file cannot be read or has no word, or a line is not what it must be; the text names the line.
        MissingExtraError: the package of a named lexicon is not installed.
    """
    if str(source) in NAMED:
        return _of_jieba()
    path = Path(source)
    entries: Entries = []
    categories: bool | None = None
    try:
        for place, line in _lines(path):
            if categories is None:
                _refuse_counted(path, line)
                categories = "\t" in line
            entries.append(_entry(place, line, _stem(path), categories))
    except OSError as error:
        remedy = f"These have a name: {', '.join(NAMED)}. {nearest(str(source), NAMED)}".strip()
        raise DataError(sentence(str(source), "lexicon", "a readable file", error.strerror or error, remedy)) from None
    if not entries:
        raise DataError(sentence(str(source), "lexicon", "of one word at least", "an empty file"))
    if not categories:
        _refuse_spaced(path, [word for word, _ in entries])
    return entries


def check_entry(place: str, text: Any, what: str) -> str:
    """Return a word or category, which has at least one character that is no space, and none that ends a line.

    Raises:
        DataError: it is none.
    """
    if not isinstance(text, str):
        raise DataError(sentence(place, what, "a text", type(text).__name__))
    if not text or text.isspace():
        got = "an empty one" if not text else f"{text!r}, of spaces alone"
        raise DataError(sentence(place, what, "at least one character", got))
    if CONTROL.search(text) or any(unicodedata.category(c) == "Cs" for c in text):
        raise DataError(sentence(place, what, "without control characters", repr(text)[:80]))
    if text[0].isspace() or text[-1].isspace():
        raise DataError(sentence(place, what, "without spaces around it", repr(text)[:80]))
    return text


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each line."""
    source = str(path)
    with open_unpacked(path) as (file, _):
        for number, line in enumerate(read_lines(file, source), 1):
            place = f"{source}:{number}"
            if number > MOST_WORDS:
                remedy = "Take the words that matter."
                raise DataError(sentence(source, "lexicon", f"of at most {MOST_WORDS:,} words", "more lines", remedy))
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                remedy = f"If it is GB18030: iconv -f GB18030 -t UTF-8 {path.name}"
                got = f"byte {error.start} that is none"
                raise DataError(sentence(place, "lexicon", "UTF-8 text", got, remedy)) from None
            yield place, text.removesuffix("\n").removesuffix("\r")


def _entry(place: str, line: str, own: str, categories: bool) -> tuple[str, str]:
    """Return word and category of a line.

    Args:
        place: of the line.
        line: its text.
        own: the category of words without one.
        categories: whether the first line has one: then all must.
    """
    word, tab, category = line.partition("\t")
    if not line:
        raise DataError(sentence(place, "line", "a word", "an empty line"))
    if categories != bool(tab):
        want = "a word, TAB and a category" if categories else "a word alone"
        remedy = "" if categories and " " not in line else "Separate word and category by a TAB." * categories
        raise DataError(sentence(place, "line", f"{want}, as line 1 is", repr(line)[:80], remedy))
    if "\t" in category:
        raise DataError(sentence(place, "line", "a word, TAB and a category", f"{1 + line.count(chr(9))} columns"))
    check_entry(place, word, "word")
    return word, check_entry(place, category, "category") if tab else own


def _refuse_counted(path: Path, line: str) -> None:
    """Refuse the form of jieba's dictionaries, whose lines would else be words with a number in them."""
    if COUNTED.fullmatch(line):
        remedy = "Leave the number out, and put a TAB before the category; jieba's own dictionary is --lexicon jieba."
        raise DataError(sentence(f"{path}:1", "line", "a word, or a word, TAB and a category", repr(line), remedy))


def _refuse_spaced(path: Path, words: Sequence[str]) -> None:
    """Refuse words that all end in a space and a word of letters, behind characters that are written without spaces."""
    if all(SPACED.fullmatch(word) for word in words):
        remedy = "Separate word and category by a TAB."
        raise DataError(sentence(f"{path}:1", "line", "a word, or a word, TAB and a category", repr(words[0]), remedy))


def _stem(path: Path) -> str:
    """Return the name of a file without its endings, as the category of its words."""
    return check_entry(str(path), path.name.removesuffix(".gz").partition(".")[0] or path.name, "name of the file")


def _of_jieba() -> Entries:
    """Return the words of jieba's dictionary with their parts of speech; the package is found and not imported."""
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise MissingExtraError("jieba", "lexicon", "the lexicon 'jieba'")
    path = Path(spec.origin).with_name("dict.txt")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(sentence(str(path), "lexicon", "a readable file", error.strerror or error)) from None
    found = [COUNTED.fullmatch(line) for line in lines]
    if not lines or None in found:
        remedy = "Install it again with: pip install --force-reinstall jieba==0.42.1."
        raise DataError(sentence(str(path), "line", "a word, its frequency and part of speech", "another", remedy))
    return [(line[1], line[3]) for line in found if line is not None]


def name_sources(given: Any) -> list[str]:
    """Return a line for each source of a lexicon, with the licence of one that has a name; for the model card."""
    if isinstance(given, Mapping):
        return []
    sources = [given] if isinstance(given, str | os.PathLike) else given
    return [LICENCES.get(str(one), f"{Path(one).name}; its licence is its owner's matter") for one in sources]
