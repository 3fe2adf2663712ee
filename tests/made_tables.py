"""Tables as text, made column by column: what stands in a cell follows from the number of its row."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

__all__ = ["WORDS", "at", "chinese", "key", "number", "pick", "prose", "table", "wave"]

TEXT = "the film was a great and slow story with very good actors but I did not like its end at all really"
WORDS = TEXT.split()
CHINESE = "这个手机的电池很好不错我在店里买了一次服务态度非常差房间干净早餐一般是有点贵但是质量可以"


def prose(n: int, least: int = 6, most: int = 18) -> str:
    """Return an English sentence."""
    source = random.Random(n)
    return " ".join(source.choice(WORDS) for _ in range(source.randint(least, most))).capitalize() + "."


def chinese(n: int) -> str:
    """Return a Chinese sentence."""
    source = random.Random(n)
    return "".join(source.choice(CHINESE) for _ in range(source.randint(8, 25)))


def wave(n: int, step: float = 0.0) -> str:
    """Return a number of a noisy wave."""
    return f"{math.sin(n / 3 + step) * 4 + random.Random(n).gauss(0, 0.2):.4f}"


def pick(values: str) -> Callable[[int], str]:
    """Return what picks one of some words by row."""
    several = values.split()
    return lambda n: random.Random(n * 7 + 1).choice(several)


def table(header: str | None, *columns: Callable[[int], object], rows: int = 60, separator: str = ",") -> str:
    """Return a table: a column per function of the number of the row."""

    def cell(value: object) -> str:
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if separator in text or '"' in text else text

    lines = [separator.join(cell(make(n)) for make in columns) for n in range(rows)]
    return "\n".join([header] * (header is not None) + lines) + "\n"


def number(n: int) -> int:
    """Return the number itself."""
    return n


def at(n: int) -> str:
    """Return a date."""
    return f"2016-{1 + n // 28 % 12:02}-{1 + n % 28:02}"


def key(n: int) -> str:
    """Return a key of digits and letters."""
    return f"{random.Random(n).getrandbits(64):016x}"
