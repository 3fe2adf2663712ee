"""Which encoding bytes that are no UTF-8 are in: the one in which they read like a language, if it is clearly one.

Every codec reads the sample; what it reads is scored by how probable its characters beyond ASCII are in each language
that is written in it (frequent Han characters, kana, hangul, letters), by what stands where no writer puts it (a
capital inside a word, a symbol between letters), and by frequent ASCII words in the same lines. The scores are
log-probabilities, so that a codec of two bytes a character and one of a single byte compare. Codecs that read the
same text are one candidate.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from ...errors import argument
from . import charset_tables as tables
from .charset_tables import LANGUAGES

__all__ = ["Guess", "explain", "recognise", "seven_bit", "without_mark"]

SAMPLE_BYTES = 4000
"""Bytes beyond ASCII that are looked at."""

HEAD_BYTES = 1 << 20
"""Bytes in which they are looked for."""

MARGIN = 5.0
"""Nats by which the best candidate must beat the next."""

DAMAGED, MISPLACED = -20.0, -5.0
"""Scores, in nats, of a character that no text holds, and of one in a place where no text holds it."""

MARKS = frozenset("’‘“”–—…«»€°£§©®·•")
FULL_WIDTH = frozenset("，。！？、；：“”（）《》「」『』…—　・〜～【】〈〉％－")
CLOSING = frozenset("”»—–…•·©®°")
JOINING = frozenset("’'·-‐‑‧•")

TWO_BYTES = {
    "gb18030": "Chinese",
    "big5": "Chinese, traditional",
    "cp950": "Chinese, traditional",
    "big5hkscs": "Chinese, traditional",
    "cp949": "Korean",
    "cp932": "Japanese",
    "euc_jp": "Japanese",
}
"""Codecs of two bytes a character, and the language that each is for."""

SUPERSETS = {"big5": ("cp950", "big5hkscs"), "iso8859-15": ("cp1252",)}
"""Codecs that hold further characters: tried where a file holds one that the sample did not."""

PLAUSIBLE = {"Chinese": -8.7, "Chinese, traditional": -8.7, "Korean": -8.2, "Japanese": -7.6}
"""Least mean score of a character beyond ASCII in text that is taken for these languages; others need -5."""

PRIORS = {"gb18030": 2.0, "cp1252": 2.0, "mac-cyrillic": -6.5}
PRIORS |= dict.fromkeys(("mac-roman", "cp850", "cp437", "cp852", "mac-latin2", "iso8859-5", "cp1258"), -3.0)
PRIORS |= dict.fromkeys(("iso8859-2", "iso8859-15", "iso8859-7", "iso8859-6"), -3.0)
"""Nats by which codecs are met more or less often than others."""

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@dataclass(frozen=True)
class Guess:
    """What the bytes may be in: `encoding` if one is clearly best, else None; `candidates` from the best on."""

    encoding: str | None
    candidates: tuple[str, ...] = ()


@dataclass
class _Candidate:
    encoding: str
    text: str
    score: float
    plausible: bool
    language: str = field(default="")


def explain(encoding: str) -> str:
    """Return an encoding that was recognised in words, for printing."""
    if encoding in UNICODE:
        return encoding
    return f"{encoding} (recognised by its frequent characters; {argument('reading.encoding')} overrules)"


def recognise(data: bytes) -> Guess:
    """Return the encoding that bytes which are no UTF-8 are in.

    Args:
        data: the bytes; lines with bytes beyond ASCII are looked at, up to `SAMPLE_BYTES` such bytes.
    """
    sample = _sample(data)
    words = _words(sample)
    best: dict[str, _Candidate] = {}
    for encoding in _codecs():
        found = _judge(sample, encoding, words)
        if found is not None and (found.text not in best or best[found.text].score < found.score):
            best[found.text] = found
    ranked = sorted(best.values(), key=lambda one: -one.score)
    close = [one for one in ranked if one.plausible and ranked[0].score - one.score < MARGIN]
    names = tuple(one.encoding for one in close[:3])
    return Guess(names[0] if len(close) == 1 and close[0] is ranked[0] else None, names)


def seven_bit(data: bytes) -> str | None:
    """Return "iso2022_jp" or "iso2022_kr" where ASCII bytes are in such an encoding, None for any other."""
    if b"\x1b$" not in data or not data.isascii():
        return None
    for encoding in ("iso2022_jp_2", "iso2022_jp_ext", "iso2022_kr"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not text.isascii():
            return encoding
    return None


def without_mark(data: bytes) -> str | None:
    """Return UTF-16 or UTF-32 with its byte order for text without a byte-order mark, None for anything else.

    Text in UTF-16 has its NUL bytes in every second place alone; no text holds NUL characters.
    """
    head = data[: HEAD_BYTES - HEAD_BYTES % 4]
    zeros = [head[n::4].count(0) for n in range(4)]
    quarter = len(head) / 4
    if len(data) % 4 == 0 and min(zeros[2], zeros[3]) > 0.9 * quarter:
        return _sound(head, "utf-32-le")
    if len(data) % 4 == 0 and min(zeros[0], zeros[1]) > 0.9 * quarter:
        return _sound(head, "utf-32-be")
    even, odd = zeros[0] + zeros[2], zeros[1] + zeros[3]
    if len(data) % 2 or not even + odd or min(even, odd) > 0.02 * max(even, odd):
        return None
    return _sound(head, "utf-16-le" if odd > even else "utf-16-be")


def _sound(head: bytes, encoding: str) -> str | None:
    """Return the encoding if the bytes are text in it: lines or spaces, and next to no controls or unassigned."""
    # A head that was cut may end in half a character.
    text = head.decode(encoding, "replace").rstrip("\ufffd")
    kinds = Counter(unicodedata.category(c) for c in text[:SAMPLE_BYTES] if c not in "\t\r\n")
    strange = sum(kinds[kind] for kind in ("Cc", "Cn", "Co", "Cs")) + text[:SAMPLE_BYTES].count("\ufffd")
    return encoding if strange == 0 and kinds.total() else None


def _sample(data: bytes) -> bytes:
    """Return the first lines that hold bytes beyond ASCII."""
    found: list[bytes] = []
    high = 0
    for line in re.split(rb"[\r\n]", data[:HEAD_BYTES]):
        count = len(line) - len(line.translate(None, bytes(range(0x80, 0x100))))
        if count:
            found.append(line)
            high += count
        if high >= SAMPLE_BYTES:
            break
    if not found:
        at = re.search(rb"[\x80-\xff]", data)
        return data[max(0, at.start() - 200) : at.start() + SAMPLE_BYTES] if at else b""
    # A single long line is cut, if it must be, where ASCII stands, which no character of two bytes spans.
    text = b"\n".join(found)
    cut = next((n for n in range(4 * SAMPLE_BYTES, min(len(text), 5 * SAMPLE_BYTES)) if text[n] < 0x40), len(text))
    return text[:cut]


def _words(data: bytes) -> Counter[str]:
    return Counter(one.decode() for one in re.findall(rb"(?<![\w\x80-\xff])[A-Za-z]+(?![\w\x80-\xff])", data.lower()))


@cache
def _codecs() -> tuple[str, ...]:
    return tuple(dict.fromkeys([*TWO_BYTES, *(name for one in LANGUAGES.values() for name in one.encodings)]))


def _judge(sample: bytes, encoding: str, words: Mapping[str, int]) -> _Candidate | None:
    """Score what a codec makes of the sample by the language that it fits best."""
    text = sample.decode(encoding, "replace")
    characters = Counter(c for c in text if c > "\x7f")
    if not characters:
        return None
    prior = PRIORS.get(encoding, 0.0)
    unclosed = max(0, text.count("‘") - text.count("’"))
    fixed = prior + MISPLACED * (_count_misplaced(text, encoding in TWO_BYTES) + unclosed)
    languages = [TWO_BYTES[encoding]] if encoding in TWO_BYTES else _languages(encoding)
    best, chosen, mean = -math.inf, "", 0.0
    for language in languages:
        score_of = _scores(language)
        own = sum(count * score_of(c) for c, count in characters.items())
        total = own + fixed + _bonus(language, words)
        if total > best:
            best, chosen, mean = total, language, (own + fixed - prior) / characters.total()
    return _Candidate(encoding, text, best, mean >= PLAUSIBLE.get(chosen, -5.0), chosen)


@cache
def _languages(encoding: str) -> tuple[str, ...]:
    return tuple(name for name, one in LANGUAGES.items() if encoding in one.encodings)


def _bonus(language: str, words: Mapping[str, int]) -> float:
    """Return one nat for each frequent word of the language, up to 12."""
    known = LANGUAGES[language].words.split() if language in LANGUAGES else ()
    return float(min(sum(words.get(word, 0) for word in known), 12))


def _count_misplaced(text: str, wide: bool) -> int:
    """Count the characters beyond ASCII that stand where none of their kind stands in a text."""
    count = 0
    for match in re.finditer("[^\x00-\x7f]", text):
        at = match.start()
        count += _is_misplaced(match[0], text[at - 1 : at] or " ", text[at + 1 : at + 2] or " ", wide)
    return count


def _is_misplaced(c: str, before: str, after: str, wide: bool) -> bool:
    if c.isalpha():
        latin = c < "\u0250" or "\u1e00" <= c < "\u1f00"
        if latin:
            among_others = before.isalpha() and after.isalpha() and before > "\x7f" and after > "\x7f"
            inverted = (c.isupper() and before.islower()) or (c.islower() and before.isupper() and after.isupper())
            return among_others or inverted
        foreign = [one.isascii() and one.isalpha() for one in (before, after)]
        inverted = c.isupper() and before.islower()
        return all(foreign) if wide else any(foreign) or inverted
    if unicodedata.category(c) in ("Mn", "Mc", "Lm"):
        return not before.isalpha() and not unicodedata.combining(before) and before > "\x7f"
    if wide or not after.isalpha():
        return False
    # Behind a space only what opens something stands right before a letter: a quote or currency, but no dash or bullet.
    return c not in JOINING if before.isalpha() else c in CLOSING and not before.isdigit()


Scores = Callable[[str], float]


@cache
def _scores(language: str) -> Scores:
    """Return what gives each character beyond ASCII its log-probability in a language."""
    if language == "Japanese":
        known = _shares((tables.FREQUENT_KANA[:24], 0.4), (tables.FREQUENT_KANA[24:], 0.2))
        known |= _shares((tables.FREQUENT_KANJI, 0.2))
        return _score_characters(known, {"HIRAGANA": -6.5, "KATAKANA": -6.5, "CJK": -10.5})
    if language == "Korean":
        known = _shares((tables.FREQUENT_HANGUL[:60], 0.5), (tables.FREQUENT_HANGUL[60:], 0.3))
        return _score_characters(known, {"HANGUL": -9.3, "CJK": -12.0})
    if language.startswith("Chinese"):
        first, second = tables.SIMPLIFIED, tables.TRADITIONAL
        if language != "Chinese":
            return _score_characters(_shares((second[:100], 0.36), (second[100:], 0.42)), {"CJK": -10.5})
        other = "".join(c for c in second if c not in first)
        known = _shares((other, 0.1), (first[:100], 0.36), (first[100:], 0.42))
        return _score_characters(known, {"CJK": -10.5})
    letters = LANGUAGES[language].letters
    total = sum(1 / rank for rank in range(1, len(letters) + 1))
    known = {c: math.log(1 / rank / total) for rank, c in enumerate(letters, 1)}
    known |= {c.upper(): score - 1.5 for c, score in known.items() if len(c.upper()) == 1 and c.upper() not in known}
    known = dict.fromkeys(MARKS, -6.0) | known
    return lambda c: known.get(c) or _stray(c)


def _shares(*groups: tuple[str, float]) -> dict[str, float]:
    """Return log-probabilities for groups of characters, each with its share of a text."""
    return {c: math.log(share / len(set(group))) for group, share in groups for c in group}


def _score_characters(known: dict[str, float], kinds: Mapping[str, float]) -> Scores:
    """Return the scores of a script of many characters: known ones, punctuation, then by the name of their kind."""
    memory = dict.fromkeys(FULL_WIDTH, -4.0) | known

    def score(c: str) -> float:
        if c not in memory:
            name = unicodedata.name(c, "")
            common = next((value for kind, value in kinds.items() if name.startswith(kind)), None)
            wide = -7.0 if name.startswith("FULLWIDTH") else -8.0 if name.startswith("HALFWIDTH") else None
            memory[c] = common or wide or min(_stray(c), -12.0)
        return memory[c]

    return score


def _stray(c: str) -> float:
    """Return the score of a character that a language does not use."""
    return DAMAGED if c == "\ufffd" or unicodedata.category(c) in ("Cc", "Cn", "Co") else -10.0
