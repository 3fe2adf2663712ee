"""Where the units of a text begin and end: words of spaced and of unspaced scripts, subwords."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from ..errors import ArgumentError, require, sentence
from .inputs import Input, sample, to_tokens

__all__ = [
    "SEGMENTERS",
    "infer_unit",
    "load_subwords",
    "segment",
    "split_words",
    "train_subwords",
    "unspaced",
    "without_dropout",
    "word_pattern",
]

SEGMENTERS = ("regex", "rjieba", "subword")

Offsets = list[tuple[int, int]]

# Han with extensions, kana, bopomofo, Thai, Lao, Myanmar, Khmer: written without spaces between words.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_LETTER = re.compile(r"[^\W\d_]")


@cache
def _unspaced_character() -> re.Pattern[str]:
    return re.compile(f"[{_UNSPACED}]")


@cache
def _word() -> re.Pattern[str]:
    # Compiled when first needed: character models start without it, 15 ms sooner.
    # Numbers keep inner points and commas, words inner apostrophes; an unspaced character stands alone.
    word = rf"[^\W{_UNSPACED}]+"
    return re.compile(rf"[{_UNSPACED}]|\d+(?:[.,]\d+)+(?!\w)|{word}(?:['’]{word})*|[^\w\s]")


def unspaced(texts: Iterable[str]) -> bool:
    """Tell whether most letters of `texts` belong to scripts written without spaces (Chinese, Thai, ...)."""
    share = letters = 0
    for text in texts:
        share += len(_unspaced_character().findall(text))
        letters += len(_LETTER.findall(text))
    return share * 2 > letters


def segment(texts: Sequence[str], segmenter: str, tokenizer: Any = None) -> list[Offsets]:
    """Return for each text the (start, end) character offsets of its units; white space belongs to none.

    Args:
        texts: the texts.
        segmenter: "regex" (words, numbers and single signs; each character of an unspaced script alone),
            "rjieba" (Chinese words) or "subword" (what `tokenizer` makes of it).
        tokenizer: a `tokenizers.Tokenizer`, for "subword".

    Raises:
        MissingExtraError: "rjieba" without the package.
    """
    if segmenter == "subword":
        with _tokenizing():
            encodings = tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [[(start, end) for start, end in encoding.offsets if start < end] for encoding in encodings]
    if segmenter == "rjieba":
        tokenize = _rjieba().tokenize
        return [[(start, end) for word, start, end in tokenize(t, hmm=True) if not word.isspace()] for t in texts]
    return [[match.span() for match in _word().finditer(text)] for text in texts]


def word_pattern() -> str:
    """Return the regular expression of the words that "regex" finds, for those who have Python and no bigru."""
    return _word().pattern


def split_words(text: str) -> list[str]:
    """Return the words that "regex" finds in a text, several times faster than by their offsets."""
    return _word().findall(text)


def _rjieba() -> Any:
    return require("rjieba", extra="text", purpose="cutting Chinese into words")


def _tokenizers() -> Any:
    return require("tokenizers", extra="text", purpose="cutting texts into subwords")


@contextmanager
def _tokenizing() -> Iterator[None]:
    """Turn what the library raises, its panics too, which are no Exceptions, into an ArgumentError."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        got = " ".join(str(error).split())[:200]
        raise ArgumentError(sentence("TextFeatures", "tokenizer", "a Hugging Face tokenizer JSON", got)) from error


def load_subwords(text: str) -> Any:
    """Return the `tokenizers.Tokenizer` of a tokenizer JSON; truncation, padding and dropout are switched off.

    Dropout (Provilkov et al. 2020) cuts a text otherwise each time. Tools that train with it write it into the file,
    but it is meant for training alone.

    Raises:
        ArgumentError: the text is not such a JSON.
        MissingExtraError: the package is missing.
    """
    library = _tokenizers()
    with _tokenizing():
        tokenizer = library.Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if getattr(tokenizer.model, "dropout", None) is not None:
        tokenizer.model.dropout = None
    return tokenizer


def without_dropout(text: str) -> str:
    """Return a tokenizer JSON as it is read here, for readers of a saved model's file; see `load_subwords`."""
    values = json.loads(text)
    model = values.get("model") if isinstance(values, dict) else None
    if not isinstance(model, dict) or model.get("dropout") is None:
        return text
    return json.dumps(values | {"model": model | {"dropout": None}}, ensure_ascii=False)


def train_subwords(texts: Sequence[str], size: int, min_count: int) -> str:
    """Learn byte-pair subwords within words (Sennrich et al. 2016) and return the tokenizer as JSON."""
    library = _tokenizers()
    tokenizer = library.Tokenizer(library.models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = library.pre_tokenizers.Whitespace()
    trainer = library.trainers.BpeTrainer(
        vocab_size=size, min_frequency=min_count, special_tokens=["[UNK]"], show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return str(tokenizer.to_str())


def infer_unit(inputs: Sequence[Input]) -> str:
    """Return the unit that suits the inputs: "char" for scripts without spaces and where all tokens are single
    characters, else "word" for texts and "token" for tokens.

    Raises:
        ArgumentError: an input is neither text nor tokens.
    """
    strings = [to_tokens(x, n) for n, x in enumerate(inputs)]
    if any(not isinstance(x, str) for x in inputs):
        return "char" if all(len(token) == 1 for x in strings for token in x) else "token"
    return "char" if unspaced(sample(inputs)) else "word"
