"""How times are written: one pattern a way, over shapes of cells, and formats of `strptime` as such patterns."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ...errors import ArgumentError, argument, sentence

__all__ = ["AFTERNOON", "MONTHS", "PATTERNS", "Pattern", "of_strptime"]

NAMES = (
    ("january", "jan", "januar", "jän", "jänner", "janvier", "janv", "enero", "ene", "gennaio"),
    ("february", "feb", "februar", "février", "févr", "fév", "febrero", "febbraio"),
    ("march", "mar", "märz", "mär", "mrz", "mars", "marzo"),
    ("april", "apr", "avril", "avr", "abril", "abr", "aprile"),
    ("may", "mai", "mayo", "maggio"),
    ("june", "jun", "juni", "juin", "junio", "giugno"),
    ("july", "jul", "juli", "juillet", "juil", "julio", "luglio"),
    ("august", "aug", "août", "agosto", "ago"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "dezember", "dez", "décembre", "déc", "diciembre", "dic", "dicembre"),
)
MONTHS = {name: number for number, names in enumerate(NAMES, 1) for name in names}
"""Months by their names and short names in English, German, French, Spanish and Italian, in lower case."""

AFTERNOON = frozenset(("pm", "下午", "晚上", "傍晚", "中午", "午後", "오후"))
"""What makes an hour one of the afternoon, in lower case and without points."""

NAME = "(?P<name>" + "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True)) + r")\.?"
Y4, Y2, M, D = r"(?P<y>\d{4})", r"(?P<y2>\d{2})", r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})"
Y = rf"(?:{Y4}|{Y2})"
DAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?,?\s+)?"
HALF = r"(?P<ap>[ap]\.?m\.?|上午|下午|早上|凌晨|晚上|傍晚|中午|午前|午後|오전|오후)"
SECOND = r"(?P<s>\d{2})(?:[.,](?P<f>\d{1,9})\d*)?"
HALF_BEHIND = HALF.replace("<ap>", "<ap2>")
CLOCK = rf"(?:{HALF}\s*)?(?P<h>\d{{1,2}})(?:[:.](?P<i>\d{{2}})(?:[:.]{SECOND})?)?(?:\s*{HALF_BEHIND})?"
SIGNED = r"(?:UTC|GMT)?(?P<sign>[+-])(?P<zh>\d{1,2})(?::?(?P<zm>\d{2}))?"
ZONE = rf"(?:\s*(?:(?P<utc>Z|UTC|GMT)|{SIGNED})(?:\s*\[[\w/+-]+\])?)?"
TIME = rf"(?:(?:\s*T\s*|,?\s+|:){CLOCK}{ZONE})?"
BARE_ZONE = r"(?:\s*(?P<utc>Z|UTC)|(?P<sign>[+-])(?P<zh>\d{2}):(?P<zm>\d{2}))?"
CHINESE = (
    rf"(?:\s*(?:{HALF}\s*)?(?P<h>\d{{1,2}})(?:\s*[时時点點시](?:\s*(?P<i>\d{{1,2}})\s*[分분]?(?:\s*(?P<s>\d{{1,2}})\s*[秒초]?)?)?"
    r"|:(?P<i2>\d{2})(?::(?P<s2>\d{2}))?))?"
)


class Pattern(NamedTuple):
    """A way to write times.

    Attributes:
        name: in words, for people.
        expression: over the shape of a cell. Groups: y, y2 (two digits), m, name (of a month), d, a and b (day and
            month, whichever comes first), q (quarter), w (week of ISO 8601), u (its day), j (day of the year), h, i, s,
            f (fraction of a second), ap, utc, sign, zh, zm. A group may end in 2 where it has a second place.
    """

    name: str
    expression: str

    @property
    def regex(self) -> re.Pattern[str]:
        """The expression, compiled when it is first asked for."""
        return _compile(self.expression)


def _pattern(name: str, date: str, time: str = TIME) -> Pattern:
    return Pattern(name, date + time)


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Compile a pattern in which a digit is one of ASCII: others have no value here."""
    return re.compile(pattern.replace(r"\d", "[0-9]"), re.IGNORECASE)


def _iso(date: str) -> list[Pattern]:
    return [_pattern("ISO 8601", date), _pattern("ISO 8601", date, BARE_ZONE)]


PATTERNS = [
    *_iso(rf"{Y4}(?P<sep>[-/]){M}(?P=sep){D}"),
    *_iso(rf"{Y4}\.{M}\.{D}\.?"),
    _pattern("ISO 8601", rf"{Y4}[-/]{M}", ""),
    _pattern("year, month and day without separators", r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", BARE_ZONE),
    _pattern(
        "year to minute or second without separators",
        rf"(?P<y>\d{{4}})(?P<m>\d{{2}})(?P<d>\d{{2}})(?:T|\s|_)?(?P<h>\d{{2}})(?P<i>\d{{2}})(?:{SECOND})?",
        ZONE,
    ),
    _pattern(
        "year to minute or second without separators", r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})\s+" + CLOCK + ZONE, ""
    ),
    _pattern("day, month and year", r"(?P<a>\d{1,2})(?P<sep>[-/.])\s?(?P<b>\d{1,2})(?P=sep)\s?(?P<y>\d{4})\.?"),
    _pattern("day, month and short year", r"(?P<a>\d{1,2})(?P<sep>[-/.])(?P<b>\d{1,2})(?P=sep)(?P<y2>\d{2})"),
    _pattern("day, name of the month and year", rf"{DAY}{D}\.?[-/ ]?\s*{NAME}[-/, .]?\s*{Y}"),
    _pattern("name of the month, day and year", rf"{DAY}{NAME}[-/ ]?\s*{D}(?:st|nd|rd|th)?(?:,\s*|\s+|-|/){Y4}"),
    _pattern(
        "name of the month, day, time and year",
        rf"{DAY}{NAME}\s+{D}\s+(?P<h>\d{{1,2}}):(?P<i>\d{{2}}):(?P<s>\d{{2}})(?:\s+(?P<utc>UTC|GMT))?\s+{Y4}",
        "",
    ),
    _pattern("year, name of the month and day", rf"{Y4}[-/ ]\s*{NAME}[-/ ]\s*{D}"),
    _pattern("name of the month and year", rf"{NAME}[-/, .']*\s*{Y4}", ""),
    _pattern("name of the month and year", rf"{Y4}[-/ ]?\s*{NAME}", ""),
    _pattern("name of the month and short year", rf"{NAME}(?:[-/ ]|\s?'){Y2}", ""),
    _pattern("name of the month and short year", rf"{Y2}[-/ ]{NAME}", ""),
    _pattern("quarters", rf"{Y4}\s*[-/ ]?\s*Q(?P<q>\d)", ""),
    _pattern("quarters", rf"Q(?P<q>\d)\s*[-/ ,']?\s*{Y4}", ""),
    _pattern("quarters", rf"(?P<q>\d)Q\s?{Y4}", ""),
    _pattern("quarters", rf"{Y4}\s*[年년]\s*第?\s*(?P<q>\d)\s*(?:季度|季|四半期|분기)", ""),
    _pattern("weeks of ISO 8601", rf"{Y4}-?W(?P<w>\d{{1,2}})(?:-?(?P<u>\d))?", ""),
    _pattern("年月日", rf"{Y4}\s*[年년](?:\s*{M}\s*[月월](?:\s*{D}\s*[日号號일])?)?", CHINESE),
]
"""Every way to write a time that needs no format; a date comes before a time of day."""

CODES = {
    "Y": r"(?P<y>\d{4})",
    "y": r"(?P<y2>\d{1,2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "e": r"(?P<d>\d{1,2})",
    "j": r"(?P<j>\d{1,3})",
    "H": r"(?P<h>\d{1,2})",
    "I": r"(?P<h>\d{1,2})",
    "M": r"(?P<i>\d{1,2})",
    "S": r"(?P<s>\d{1,2})",
    "f": r"(?P<f>\d{1,9})",
    "p": HALF,
    "b": NAME,
    "B": NAME,
    "a": r"[^\W0-9_]+\.?",
    "A": r"[^\W0-9_]+",
    "z": rf"(?:(?P<utc>Z|UTC|GMT)|{SIGNED})",
    "Z": r"(?P<utc>Z|UTC|GMT)",
    "G": r"(?P<y>\d{4})",
    "V": r"(?P<w>\d{1,2})",
    "u": r"(?P<u>\d)",
    "%": "%",
}
WHOLE = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}


def of_strptime(format: str) -> Pattern:
    """Return a format of `strptime` as a pattern; %y is a year of one or two digits, from 1969 on.

    Raises:
        ArgumentError: the format has no year, a code that is not known, or one of them twice.
    """
    for code, long in WHOLE.items():
        format = format.replace(f"%{code}", long)
    name = argument("reading.time_format")
    parts, codes = [], []
    for code, literal in re.findall(r"%(.?)|([^%]+)", format):
        if literal:
            parts.append(r"\s+".join(map(re.escape, re.split(r"\s+", literal))))
            continue
        if code not in CODES:
            want = "made of " + " ".join(f"%{known}" for known in CODES)
            raise ArgumentError(sentence("reading", name, want, repr(format)[:80]))
        parts.append(CODES[code])
        codes.append(code)
    if not {"Y", "y", "G"} & set(codes):
        raise ArgumentError(sentence("reading", name, "one with a year (%Y or %y)", repr(format)[:80]))
    pattern = Pattern(format, "".join(parts))
    try:
        _compile(pattern.expression)
    except re.error:
        raise ArgumentError(sentence("reading", name, "one of each code", repr(format)[:80])) from None
    return pattern
