"""What a transcript is made of: characters, or tokens separated by spaces (pinyin syllables, words)."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["UNITS", "infer_transcript_unit", "spell", "symbols"]

UNITS = ("char", "token")
"""What stands for one sound or one group of them."""

RECURRING = 4
"""Tokens are units where each comes so often on average; rarer ones are spelt by their characters."""


def infer_transcript_unit(transcripts: Sequence[str]) -> str:
    """Infer the unit of transcripts: "token" where few tokens come again and again, else "char".

    Chinese without spaces is read by its characters, English of any vocabulary by its letters, pinyin, digits and
    commands by their tokens.
    """
    tokens = [token for text in transcripts for token in text.split()]
    spaced = len(tokens) > len(transcripts) or all(token.isascii() and len(token) > 1 for token in set(tokens))
    return "token" if tokens and spaced and len(tokens) >= RECURRING * len(set(tokens)) else "char"


def symbols(transcript: str, unit: str) -> list[str]:
    """Return the symbols of a transcript; a space between words is a character, too."""
    return transcript.split() if unit == "token" else list(" ".join(transcript.split()))


def spell(symbols: Sequence[str], unit: str) -> str:
    """Return the text that symbols spell."""
    return " ".join(symbols) if unit == "token" else " ".join("".join(symbols).split())
