"""transcribe: transcripts to numbers, logits to texts with times."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError, DataError
from bigru.features.audio import AudioFeatures
from bigru.ops.ctc.language import SymbolModel
from bigru.tasks import transcribe
from decided import answers
from tolerances import FLOAT32

FEATURES = AudioFeatures(8000, 4, mean=(0.0,) * 4, std=(1.0,) * 4)
HAN = transcribe.Config(("你", "好", "吗"), FEATURES, stride=2)
PINYIN = transcribe.Config(("hao3", "ni3"), FEATURES, "token")


def spoken(*steps: int, outputs: int = 4) -> np.ndarray:
    """Return logits that say one symbol per step."""
    return (8.0 * np.eye(outputs)[list(steps)]).astype(np.float32)


def test_a_logit_more_than_symbols() -> None:
    assert (HAN.outputs, PINYIN.outputs) == (4, 3)
    assert (HAN.seconds, PINYIN.seconds) == (0.02, 0.01)


def test_targets_count_from_one() -> None:
    assert [row.tolist() for row in transcribe.targets(HAN, ["你好", "吗"])] == [[1, 2], [3]]
    assert transcribe.targets(PINYIN, ["ni3  hao3"])[0].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("config", "text", "message"),
    [
        (HAN, "你们", r"m\.csv:7: symbol 2 of the transcript must be one of 你, 好, 吗, got '们'"),
        (PINYIN, "ni3 hao", r"m\.csv:7: symbol 2 .* got 'hao'\. Did you mean 'hao3'\?"),
        (HAN, " ", r"m\.csv:7: transcript must be not empty, got ' '\. Leave the row out\."),
    ],
)
def test_unknown_symbols_are_named(config: transcribe.Config, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        transcribe.targets(config, [text], source="m.csv", lines=[7])


def test_a_transcript_longer_than_its_recording_is_refused() -> None:
    frames, target = [np.zeros((5, 4), np.float32)], transcribe.targets(HAN, ["你好好"])
    message = (
        r"m\.csv:7: transcript must be of at most 3 symbols, as 0\.05 s have 3 steps, got 3 symbols, which need 4 "
        r"steps\. Correct the transcript or the recording, or leave the row out\."
    )
    with pytest.raises(DataError, match=message):
        transcribe.check_pairs(HAN, frames, target, source="m.csv", lines=[7])
    transcribe.check_pairs(HAN, [np.zeros((7, 4), np.float32)], target)
    transcribe.check_pairs(HAN, frames, transcribe.targets(HAN, ["你好吗"]))


@pytest.mark.parametrize("width", [1, 8])
def test_decode_gives_text_times_and_confidence(width: int) -> None:
    config = transcribe.Config(HAN.labels, FEATURES, stride=2, beam=width)
    rows = [spoken(0, 1, 1, 0, 2), spoken(0, 0), spoken(3)]
    first, second, third = answers(transcribe, config, rows)
    p = np.exp(8) / (np.exp(8) + 3)
    assert [answer["text"] for answer in (first, second, third)] == ["你好", "", "吗"]
    assert [(s["symbol"], s["start"], s["end"]) for s in first["symbols"]] == [("你", 0.02, 0.06), ("好", 0.08, 0.1)]
    np.testing.assert_allclose([s["confidence"] for s in first["symbols"]], [p, p], **FLOAT32)
    assert second["symbols"] == []
    np.testing.assert_allclose(third["confidence"], p, **FLOAT32)


def test_tokens_are_parted_by_spaces() -> None:
    assert answers(transcribe, PINYIN, [spoken(2, 1, outputs=3)])[0]["text"] == "ni3 hao3"


def test_a_language_model_decides_where_the_sound_does_not() -> None:
    language = SymbolModel.fit(transcribe.targets(HAN, ["你好"] * 20), HAN.outputs, 3)
    config = transcribe.Config(HAN.labels, FEATURES, beam=8, language=language, weight=1.0)
    unsure = spoken(1, 0, 2)
    unsure[2, 3] = unsure[2, 2] + 0.1
    plain = transcribe.Config(HAN.labels, FEATURES, beam=8)
    assert answers(transcribe, plain, [unsure])[0]["text"] == "你吗"
    assert answers(transcribe, config, [unsure])[0]["text"] == "你好"


def test_score_counts_edits() -> None:
    report = transcribe.score(PINYIN, ["ni3 hao3", "hao3"], [{"text": "ni3"}, {"text": "hao3"}])
    assert report["wer"] == pytest.approx(1 / 3)
    assert report["cer"] == pytest.approx(5 / 12)
    assert report["exact"] == 0.5
    assert [score.name for score in transcribe.score(HAN, ["你好"], [{"text": "你好"}]).scores] == ["cer", "exact"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": ()}, r"labels must be distinct symbols, one at least"),
        ({"labels": ("a", "a")}, r"labels must be distinct symbols"),
        ({"labels": ("ab",)}, "labels must be one char each, got 'ab'"),
        ({"labels": ("a b",), "unit": "token"}, "labels must be one token each, got 'a b'"),
        ({"labels": ("a",), "unit": "word"}, "unit must be one of char, token, got 'word'"),
        ({"labels": ("a",), "stride": 0}, r"stride must be within 1\.\.1024, got 0"),
        ({"labels": ("a",), "beam": 10**9}, r"beam must be within 1\.\.1024"),
        ({"labels": ("a",), "weight": -1.0}, r"weight must be within 0\.\.100"),
        (
            {"labels": ("a",), "language": SymbolModel.fit([[1]], 2)},
            "language must be a model of 2 symbols with a beam, got beam 1",
        ),
    ],
)
def test_a_broken_configuration_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        transcribe.Config(features=FEATURES, **settings)
