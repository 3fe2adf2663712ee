"""The commands on recordings: train, evaluate, predict, doctor and the demo's picture."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import sounds
from bigru.cli import run
from bigru.cli.demo import digits
from bigru.cli.demo.espeak import Espeak
from bigru.cli.plots.spectrogram import render_spectrogram, spectrogram_svg
from bigru.errors import ArgumentError

SMALL = [
    "--set",
    "hidden=12",
    "--set",
    "layers=1",
    "--set",
    "learning_rate=0.02",
    "--set",
    "mel_bins=24",
    "--set",
    "speed=0",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones in folders by label, melodies in a manifest, and a model of each."""
    place = tmp_path_factory.mktemp("speech")
    for label in sounds.PITCHES:
        for n in range(8):
            sounds.write(place / "tones" / label / f"{n}.wav", sounds.tone(label, seed=n))
    rows = []
    for n in range(24):
        labels = [list(sounds.PITCHES)[(n * k) % 3] for k in (1, 2, 4)]
        sounds.write(place / "melodies" / f"{n}.wav", sounds.melody(labels, n))
        rows.append({"audio": f"melodies/{n}.wav", "text": " ".join(labels)})
    (place / "m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    quiet = ["--quiet", "--epochs", "3", *SMALL]
    assert run(["train", str(place / "tones"), "--out", str(place / "classifier"), *quiet]) == 0
    assert run(["train", str(place / "m.jsonl"), "--out", str(place / "transcriber"), *quiet]) == 0
    return place


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.train
def test_predict_labels_of_files_and_folders(folder: Path, capsys) -> None:
    paths = [str(folder / "tones" / label / "0.wav") for label in sounds.PITCHES]
    assert run(["predict", str(folder / "classifier"), *paths]) == 0
    found = answers(capsys)
    assert [answer["audio"] for answer in found] == paths
    assert set(found[0]["scores"]) == set(sounds.PITCHES)
    assert run(["predict", str(folder / "classifier"), str(folder / "tones")]) == 0
    assert len(answers(capsys)) == 24


def test_predict_transcripts_of_a_manifest(folder: Path, capsys) -> None:
    assert run(["predict", str(folder / "transcriber"), str(folder / "m.jsonl")]) == 0
    found = answers(capsys)
    assert len(found) == 24
    assert set(found[0]) == {"audio", "text", "confidence", "symbols"}
    assert run(["predict", str(folder / "transcriber"), found[0]["audio"], "--plain"]) == 0
    assert capsys.readouterr().out.startswith(f"{found[0]['audio']}\t")


def test_evaluate_prints_error_rates(folder: Path, capsys) -> None:
    assert run(["evaluate", str(folder / "transcriber"), str(folder / "m.jsonl")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result["intervals"]) == {"wer", "cer", "exact"}
    assert run(["evaluate", str(folder / "classifier"), str(folder / "tones")]) == 0
    assert 0 <= json.loads(capsys.readouterr().out)["accuracy"] <= 1


def test_doctor_looks_at_recordings(folder: Path, capsys) -> None:
    sounds.write(folder / "odd" / "a" / "0.wav", np.zeros((800, 2)))
    sounds.write(folder / "odd" / "b" / "1.wav", sounds.tone("low"))
    assert run(["doctor", str(folder / "odd")]) == 1
    out = capsys.readouterr()
    assert json.loads(out.out)["findings"] == {"silent": 1, "stereo": 1, "rare class": 2}
    assert "odd:1: silent: " in out.err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("melodies/0.wav", "low"), ("none.wav", "low")], r"m\.jsonl:2: audio must be a file that exists"),
        (
            [("melodies/0.wav", "low high " * 40), ("melodies/1.wav", "low")],
            r"m\.jsonl:1: transcript must be of at most \d+ symbols, as 0\.\d\d s have \d+ steps, got 80 symbols",
        ),
    ],
)
def test_bad_rows_are_one_line(folder: Path, capsys, rows: list[tuple[str, str]], message: str) -> None:
    place = folder / "bad" / "m.jsonl"
    place.parent.mkdir(exist_ok=True)
    lines = [json.dumps({"audio": f"../{audio}", "text": text.strip()}) + "\n" for audio, text in rows]
    place.write_text("".join(lines))
    assert run(["train", str(place), "--out", str(folder / "bad" / "model"), "--quiet"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert re.search(message, err)


def test_an_unknown_symbol_in_dev_is_named(folder: Path, capsys) -> None:
    dev = folder / "dev.jsonl"
    dev.write_text(json.dumps({"audio": "melodies/0.wav", "text": "low hihg"}) + "\n")
    command = ["train", str(folder / "m.jsonl"), "--dev", str(dev), "--out", str(folder / "none"), "--quiet"]
    assert run(command) == 2
    want = "dev.jsonl:1: symbol 2 of the transcript must be one of high, low, middle, got 'hihg'. Did you mean 'high'?"
    assert want in capsys.readouterr().err


def test_a_single_bad_file_is_named(folder: Path, capsys) -> None:
    sounds.truncated(folder / "half.wav")
    assert run(["predict", str(folder / "classifier"), str(folder / "half.wav")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert re.search(r"half\.wav: audio must be whole, got '.*half\.wav', truncated: 1622 bytes are missing\.", err)


def test_the_picture_has_every_symbol_at_its_time() -> None:
    frames = np.random.default_rng(0).standard_normal((60, 24)).astype(np.float32)
    symbols = [
        {"symbol": "<a>", "start": 0.0, "end": 0.1, "confidence": 0.5},
        {"symbol": "b", "start": 0.3, "end": 0.4, "confidence": 1.0},
    ]
    picture = spectrogram_svg(frames, 0.6, symbols)
    assert picture.count("<line") == 2
    assert "&lt;a&gt;" in picture
    assert "0.30 s, 1.00" in picture
    lines = render_spectrogram(frames, 0.6, symbols)
    assert {len(line) for line in lines[:10]} == {60}
    assert lines[10].index("b") == 30
    assert lines[11].endswith("0.60 s")


@pytest.mark.train
def test_the_demo_speaks_learns_and_draws(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("espeakng_loader")
    monkeypatch.setattr(digits, "COUNTS", {"train": 24, "dev": 6, "test": 6})
    monkeypatch.setattr(digits, "OPTIONS", {"epochs": 1, "hidden": 8, "layers": 1, "speed": 0.0})
    assert run(["demo", "digits", "--out", str(tmp_path / "demo")]) == 0
    out = capsys.readouterr()
    facts = json.loads(out.out)
    assert set(facts) == {"model", "picture", "seconds", "training", "test", "baseline"}
    assert (tmp_path / "demo" / "recording.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "heard, and when:" in out.err
    assert run(["demo", "digits", "--out", str(tmp_path / "demo")]) == 2


def test_the_voices_are_there_and_none_is_on_two_sides() -> None:
    voices = [voice for part in digits.VOICES.values() for voice in part]
    assert len(set(voices)) == len(voices)
    speaker = Espeak()
    for accent in digits.ACCENTS:
        for voice in voices:
            samples = speaker.synthesise("one", f"{accent}+{voice}", 160, 50)
            assert 0.1 < len(samples) / speaker.rate < 2.0
    with pytest.raises(ArgumentError, match="espeak: voice must be one that espeak-ng has, got 'xx'"):
        speaker.synthesise("one", "xx", 160, 50)
