"""Error rates of transcripts, counted by `jiwer`: edits that turn what was heard into what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, require, sentence
from .inputs import check_pairs
from .intervals import Said, bootstrap_scores, kinds
from .score import Report

__all__ = ["edits", "symbol_accuracy", "transcription_report"]


def edits(gold: Sequence[str], predicted: Sequence[str], characters: bool) -> np.ndarray:
    """Return insertions, deletions and substitutions, and the units of the true transcript, int64 [N, 2].

    Args:
        gold: the true transcripts, none of them empty.
        predicted: what was heard.
        characters: whether characters are compared, spaces among them, else what spaces part.

    Raises:
        MissingExtraError: jiwer is not installed.
    """
    jiwer = require("jiwer", extra="audio", purpose="error rates of transcripts")
    process: Any = jiwer.process_characters if characters else jiwer.process_words
    result = process(list(gold), list(predicted))
    rows = []
    for chunks, reference in zip(result.alignments, result.references, strict=True):
        wrong = [chunk for chunk in chunks if chunk.type != "equal"]
        sizes = [max(c.ref_end_idx - c.ref_start_idx, c.hyp_end_idx - c.hyp_start_idx) for c in wrong]
        rows.append((sum(sizes), len(reference)))
    return np.array(rows, np.int64).reshape(-1, 2)


def symbol_accuracy(gold: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]]) -> float:
    """Return 1 less the edits per symbol of transcripts; below 0 where there are more edits than symbols.

    Args:
        gold: N rows of numbers of symbols, none of them empty.
        predicted: N rows.
    """
    said, heard = ([" ".join(map(str, row)) for row in rows] for rows in (gold, predicted))
    wrong, symbols = edits(said, heard, characters=False).sum(axis=0)
    return 1.0 - float(wrong / symbols)


def transcription_report(gold: Sequence[str], predicted: Sequence[str], unit: str, seed: int = 0) -> Report:
    """Compare transcripts.

    Scores: `wer`, edits per token; `cer`, edits per character; `exact`, the share of transcripts without an edit. The
    rate of the unit comes first; `wer` is left out where spaces separate nothing.

    Args:
        gold: the true transcripts, none of them empty.
        predicted: what was heard.
        unit: "char" or "token".
        seed: of the intervals.

    Raises:
        ArgumentError: nothing to compare, not one prediction per transcript, or an empty transcript.
    """
    check_pairs("transcription_report", gold, predicted)
    for n, text in enumerate(gold, 1):
        if not text.strip():
            raise ArgumentError(sentence("transcription_report", f"gold {n}", "not empty", repr(text)))
    spaced = any(" " in text.strip() for text in gold) or unit == "token"
    rates = {"cer": True} | ({"wer": False} if spaced else {})
    if unit == "token":
        rates = dict(reversed(rates.items()))
    columns = [edits(gold, predicted, characters) for characters in rates.values()]
    exact = np.array([[a.split() == b.split(), 1] for a, b in zip(gold, predicted, strict=True)], np.int64)
    fields: dict[str, Said] = {name: {"unit": "character" if name == "cer" else "token"} for name in rates}
    fields["exact"] = {}
    for said in fields.values():
        said["n"] = len(gold)
    rows, examples = kinds(np.concatenate([*columns, exact], axis=1))

    def score(sums: np.ndarray) -> np.ndarray:
        return np.asarray(sums[:, 0::2] / np.maximum(sums[:, 1::2], 1))

    return Report(bootstrap_scores(rows, examples, score, fields, seed))
