"""Error rates of transcripts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.metrics import transcription_report
from bigru.metrics.transcription import edits


@pytest.mark.parametrize(
    ("gold", "heard", "wrong"),
    [("a b c", "a b c", 0), ("a b c", "a x c", 1), ("a b c", "a c", 1), ("a", "a b c", 2), ("a b", "", 2)],
)
def test_edits_by_hand(gold: str, heard: str, wrong: int) -> None:
    np.testing.assert_array_equal(edits([gold], [heard], characters=False), [[wrong, len(gold.split())]])


def test_rates_are_of_all_units_together() -> None:
    report = transcription_report(["one two three", "four"], ["one two three", "five"], "token")
    assert report["wer"] == 0.25
    assert report["exact"] == 0.5
    assert report.scores[0].name == "wer"
    assert report.scores[0].signature.startswith("wer|unit:token|n:2|bootstrap:1000|seed:0|v:")


def test_characters_without_spaces_have_no_word_error_rate() -> None:
    report = transcription_report(["你好吗"], ["你好"], "char")
    assert [score.name for score in report.scores] == ["cer", "exact"]
    assert report["cer"] == pytest.approx(1 / 3)


def test_letters_have_both() -> None:
    report = transcription_report(["ab cd"], ["ab ce"], "char")
    assert (report["cer"], report["wer"], report.scores[0].name) == (0.2, 0.5, "cer")


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ArgumentError, match="gold must be at least one example"):
        transcription_report([], [], "char")
    with pytest.raises(ArgumentError, match="gold 2 must be not empty, got ' '"):
        transcription_report(["a", " "], ["a", "b"], "char")
