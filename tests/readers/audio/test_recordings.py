"""What is read of an audio file, and what is said of an odd one: file, row and remedy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import sounds
from bigru.errors import DataError
from bigru.readers.audio.recordings import Recording, load
from bigru.readers.reader import read
from tolerances import SPECTRUM

RECORD, COPY = "Record it again or leave the row out\\.", "Copy the file again or leave the row out\\."


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a manifest of two good recordings and the one in question, whose row is the last."""
    monkeypatch.chdir(tmp_path)
    for name in ("low", "high"):
        sounds.write(Path(f"clips/{name}.wav"), sounds.tone(name))

    def write(name: str, **row: str) -> str:
        rows = [{"audio": "low.wav", "label": "low"}, {"audio": "high.wav", "label": "high"}]
        rows.append({"audio": name, "label": "low", **row})
        Path("clips/m.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return "clips/m.jsonl"

    return write


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_every_format_holds_the_tone(tmp_path: Path, suffix: str) -> None:
    path = sounds.write(tmp_path / f"a.{suffix}", sounds.tone("middle", 0.5, rate=16000), 16000)
    samples, rate = load(Recording(str(path), str(path)))
    spectrum = np.abs(np.fft.rfft(samples))
    assert rate == 16000
    assert samples.dtype == np.float32
    assert spectrum.argmax() * rate / len(samples) == pytest.approx(900, abs=4)


def test_channels_are_averaged_and_said(manifest) -> None:
    both = np.stack([sounds.tone("low"), sounds.tone("high")], axis=1)
    path = sounds.write(Path("clips/two.wav"), both)
    examples = read(manifest("two.wav"))
    assert [str(f) for f in examples.findings] == [
        "clips/m.jsonl:3: stereo: 'clips/two.wav' has 2 channels; their mean is read"
    ]
    np.testing.assert_allclose(load(Recording(str(path), ""))[0], both.mean(axis=1), **SPECTRUM)


def test_channels_that_cancel_are_said(manifest) -> None:
    x = sounds.tone("low")
    sounds.write(Path("clips/opposite.wav"), np.stack([x, -x], axis=1), subtype="FLOAT")
    sounds.write(Path("clips/nearly.wav"), np.stack([x, -0.9 * x], axis=1))
    said = [
        str(f) for name in ("opposite", "nearly") for f in read(manifest(f"{name}.wav")).findings if f.kind == "silent"
    ]
    assert said == [
        "clips/m.jsonl:3: silent: 'clips/opposite.wav' has channels of opposite phase: their mean is silence; "
        "record one channel, or turn the sign of the other",
        "clips/m.jsonl:3: silent: 'clips/nearly.wav' has channels of opposite phase: their mean is 26 dB "
        "quieter than they are; record one channel, or turn the sign of the other",
    ]


@pytest.mark.parametrize("channels", [2, 3, 63])
def test_independent_channels_and_one_silent_channel_do_not_cancel(manifest, channels: int) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((4000, channels))
    sounds.write(Path("clips/noise.wav"), noise)
    assert [f.kind for f in read(manifest("noise.wav")).findings] == ["stereo"]
    noise[:, 1:] = 0
    sounds.write(Path("clips/noise.wav"), noise)
    assert [f.kind for f in read(manifest("noise.wav")).findings] == ["stereo"]


def test_eight_bits_are_read_and_said(manifest) -> None:
    path = sounds.write(Path("clips/old.wav"), sounds.tone("low"), subtype="PCM_U8")
    finding = str(read(manifest("old.wav")).findings[0])
    assert finding.startswith("clips/m.jsonl:3: 8 bits: 'clips/old.wav' has 8 bits per sample")
    assert finding.endswith("record with 16 where you can")
    assert np.abs(load(Recording(str(path), ""))[0] - sounds.tone("low")).max() < 0.01


def test_silence_is_said(manifest) -> None:
    sounds.write(Path("clips/quiet.wav"), np.zeros(1600))
    finding = str(read(manifest("quiet.wav")).findings[0])
    assert finding == (
        "clips/m.jsonl:3: silent: 'clips/quiet.wav' holds 0.20 s of silence; record it again or leave the row out"
    )


def test_a_file_without_samples_is_refused(manifest) -> None:
    sounds.write(Path("clips/empty.wav"), np.zeros(0))
    message = (
        rf"clips/m\.jsonl:3: audio must be at least one sample long, got 'clips/empty\.wav' without any\. {RECORD}"
    )
    with pytest.raises(DataError, match=message):
        read(manifest("empty.wav"))


def test_a_truncated_wav_is_refused(manifest) -> None:
    sounds.truncated(Path("clips/half.wav"))
    message = (
        rf"clips/m\.jsonl:3: audio must be whole, got 'clips/half\.wav', truncated: 1622 bytes are missing\. {COPY}"
    )
    with pytest.raises(DataError, match=message):
        read(manifest("half.wav"))


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_other_truncated_files_are_refused(manifest, suffix: str) -> None:
    path = sounds.write(Path(f"clips/half.{suffix}"), sounds.tone("low", 3.0))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(DataError, match=rf"clips/m\.jsonl:3: audio must be .*, got 'clips/half\.{suffix}'"):
        read(manifest(f"half.{suffix}"))


def test_a_wav_of_unknown_length_is_read(manifest) -> None:
    sounds.streamed(Path("clips/pipe.wav"))
    assert read(manifest("pipe.wav")).inputs[2].seconds == pytest.approx(0.2)


def test_a_missing_file_is_refused(manifest) -> None:
    message = (
        r"clips/m\.jsonl:3: audio must be a file that exists, got 'clips/none\.wav'\. "
        r"Paths start from the folder of the file that names them, or from --audio-root\."
    )
    with pytest.raises(DataError, match=message):
        read(manifest("none.wav"))


def test_missing_files_are_counted(manifest) -> None:
    name = manifest("none.wav")
    with Path(name).open("a") as file:
        file.writelines(json.dumps({"audio": f"{n}.wav", "label": "low"}) + "\n" for n in range(7))
    message = (
        r"clips/m\.jsonl:3: audio must be a file that exists, got 'clips/none\.wav'\. "
        r"8 of 10 are absent \(lines 3, 4, 5, 6, 7 and more\)\. Paths start from the folder of the file that names "
        r"them, or from --audio-root\."
    )
    with pytest.raises(DataError, match=message):
        read(name)


def test_formats_that_cannot_be_read_are_named(manifest) -> None:
    message = (
        r"clips/m\.jsonl:3: audio must be WAV, FLAC, OGG or MP3, got 'clips/a\.m4a'\. M4A cannot be read "
        r"\(1 of 3 recordings\); convert to WAV or FLAC\."
    )
    with pytest.raises(DataError, match=message):
        read(manifest("a.m4a"))


def test_what_is_no_audio_is_refused(manifest) -> None:
    Path("clips/text.wav").write_text("this is no audio at all")
    message = (
        r"clips/m\.jsonl:3: audio must be WAV, FLAC, OGG or MP3 that can be decoded, got 'clips/text\.wav': "
        r"Format not recognised\."
    )
    with pytest.raises(DataError, match=message):
        read(manifest("text.wav"))


def test_values_that_are_no_numbers_are_refused(manifest) -> None:
    wrong = sounds.tone("low")
    wrong[7] = np.nan
    sounds.write(Path("clips/nan.wav"), wrong, subtype="FLOAT")
    message = (
        rf"clips/m\.jsonl:3: audio must be of finite samples, got 'clips/nan\.wav' with nan as sample 8\. {RECORD}"
    )
    with pytest.raises(DataError, match=message):
        read(manifest("nan.wav"))
