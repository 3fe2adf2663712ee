"""Plain English of today in code and pages: words that no engineer writes stay out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BANNED = (
    "albeit", "anew", "aught", "gone on with", "heeds?", "heeded", "hence", "henceforth", "herein", "hither", "kin",
    "lest", "naught", "parted", "reckons?", "reckoned", "shall", "thence", "therein", "thereof", "thrice", "told",
    "unto", "upon", "whence", "whilst", "whoever", "whosoever", "withal",
)  # fmt: skip
"""Regular expressions of whole words. What to write instead: respects, again, must or will, anyone, separated, so,
computes, three times, said or recognised, on, while."""

PAGES = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "docs/**/*.md")
CODE = ("src/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", "examples/**/*.py", "models/**/*.py")
WORD = re.compile(rf"\b({'|'.join(f'(?i:{word[0]}){word[1:]}' for word in BANNED)})\b")


def files(*patterns: str) -> list[Path]:
    """Return the files of the repository that match, without data, translations and this file."""
    found = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(path for path in found if path != Path(__file__) and "hostile" not in path.parts)


def offenders(patterns: tuple[str, ...]) -> list[str]:
    """Return each line that holds a banned word, by place; what is quoted as data is marked `# prose: data`."""
    found = []
    for path in files(*patterns):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if (word := WORD.search(line)) and not line.endswith("# prose: data"):
                found.append(f"{path.relative_to(ROOT)}:{number}: {word[0]}")
    return found


@pytest.mark.parametrize("patterns", [PAGES, CODE], ids=["pages", "code"])
def test_no_word_of_long_ago(patterns: tuple[str, ...]) -> None:
    assert len(files(*patterns)) > 30
    assert offenders(patterns) == []


@pytest.mark.parametrize("line", ["It heeds lengths.", "Drawn anew at each step", "parted by tabs", "Whoever asks"])
def test_such_a_word_is_seen(line: str) -> None:
    assert WORD.search(line)


@pytest.mark.parametrize("line", ["shallow copies", "the kind of a file", "a departed client", "coupon"])
def test_a_word_that_holds_one_is_not(line: str) -> None:
    assert not WORD.search(line)
