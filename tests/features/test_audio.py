"""Log-mel frames: their number, their scaling, and what is taken for a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sounds
from bigru.errors import ArgumentError
from bigru.features.audio import AudioFeatures, is_recording
from bigru.features.resample import resample
from bigru.readers.audio.recordings import Recording
from tolerances import FLOAT32, SPECTRUM

PLAIN = AudioFeatures(sample_rate=8000, mel_bins=24)


def test_a_tone_is_loudest_in_its_band() -> None:
    bands = [PLAIN.features(sounds.tone(p)).mean(0).argmax() for p in sounds.PITCHES]
    assert bands == sorted(bands)
    assert len(set(bands)) == 3


@pytest.mark.parametrize("count", [0, 1, 2, 7, 63, 65, 80, 1600])
def test_a_frame_for_every_shift_that_is_half_over(count: int) -> None:
    frames = PLAIN.features(np.random.default_rng(0).standard_normal(count).astype(np.float32))
    assert frames.shape == ((count + 40) // 80, 24)
    assert frames.dtype == np.float32
    assert np.isfinite(frames).all()


def test_silence_has_finite_frames() -> None:
    np.testing.assert_array_equal(PLAIN.features(np.zeros(800, np.float32)), np.zeros((10, 24)))


@pytest.mark.parametrize("normalise", ["level", "tilt", "bands"])
def test_loudness_is_taken_away(normalise: str) -> None:
    x, features = sounds.tone("middle"), AudioFeatures(8000, 24, normalise=normalise)
    loud, soft = features.features(x), features.features(0.1 * x)
    if normalise != "tilt":
        taken = loud.mean(axis=0) if normalise == "bands" else np.log(np.exp(loud).mean())
        np.testing.assert_allclose(taken, 0, **SPECTRUM)
    assert np.abs(loud - soft).max() < 2e-3


def test_silence_around_the_speech_hardly_changes_its_level() -> None:
    x = sounds.tone("middle", 0.4)
    around = np.pad(x, 800)
    frames, padded = PLAIN.features(x), PLAIN.features(around)[10:-10]
    # The same energy in half as many frames again.
    assert np.abs(padded[3:-3] - frames[3:-3] - np.log(1.5)).max() < 0.05


@pytest.mark.parametrize("bins", [4, 7, 24])
def test_a_microphone_that_tilts_the_bands_is_taken_away(bins: int) -> None:
    features = AudioFeatures(8000, bins, normalise="tilt")
    given = np.random.default_rng(0).standard_normal((9, bins)).astype(np.float32)
    slope, bow, wave = (np.cos(np.pi * k * (np.arange(bins) + 0.5) / bins) for k in (1, 2, 3))
    plain = features._normalised(given.copy())
    np.testing.assert_allclose(plain.mean(axis=0) @ np.stack([slope, bow], 1), 0, **SPECTRUM)
    tilted = features._normalised((given + 3 * slope - 2 * bow).astype(np.float32))
    changed = tilted - plain
    # What is left of it is loudness: the level is the whole recording's, taken before.
    np.testing.assert_allclose(changed, np.broadcast_to(changed[0, 0], changed.shape), **SPECTRUM)
    waved = features._normalised((given + wave).astype(np.float32)) - plain
    np.testing.assert_allclose(
        waved - waved.mean(axis=1, keepdims=True), np.broadcast_to(wave, given.shape), **SPECTRUM
    )


def test_one_frame_and_none_have_a_tilt_too() -> None:
    features = AudioFeatures(8000, 24, normalise="tilt")
    assert features.features(np.zeros(0, np.float32)).shape == (0, 24)
    assert np.isfinite(features.features(np.ones(60, np.float32))).all()


def test_without_normalisation_loudness_stays() -> None:
    x, features = sounds.tone("middle"), AudioFeatures(8000, 24, normalise="none")
    apart = features.features(x) - features.features(0.1 * x)
    assert np.abs(apart - np.log(100)).max() < 2e-3


@pytest.mark.parametrize("normalise", ["level", "tilt", "bands", "none"])
def test_training_frames_have_mean_zero_and_deviation_one(normalise: str) -> None:
    inputs = [(sounds.tone(p, seed=n), 8000) for n, p in enumerate(sounds.PITCHES)]
    features = AudioFeatures.fit(inputs, mel_bins=24, normalise=normalise)
    frames = np.concatenate(features.features_many(inputs))
    np.testing.assert_allclose(frames.mean(axis=0), 0, **SPECTRUM)
    np.testing.assert_allclose(frames.std(axis=0), 1, **SPECTRUM)


def test_files_integers_and_pairs_are_the_same_recording(tmp_path: Path) -> None:
    x = (sounds.tone("low") * 32768).round()
    path = sounds.write(tmp_path / "a.wav", x.astype(np.int16))
    given = [str(path), path, Recording(str(path), ""), x.astype(np.int16), (x / 32768).astype(np.float32)]
    frames = [PLAIN.features(one) for one in [*given, (x.astype(np.int16), 8000)]]
    for other in frames[1:]:
        np.testing.assert_allclose(other, frames[0], **FLOAT32)


def test_another_rate_is_resampled() -> None:
    features = AudioFeatures(8000, 24)
    high = features.features((sounds.tone("middle", rate=16000), 16000))
    assert high.mean(axis=0).argmax() == features.features(sounds.tone("middle")).mean(axis=0).argmax()


def test_the_rate_is_that_of_most_recordings_but_16_khz_at_most() -> None:
    inputs = [(sounds.tone("low", rate=rate), rate) for rate in (8000, 8000, 44100)]
    assert AudioFeatures.fit(inputs).sample_rate == 8000
    assert AudioFeatures.fit(inputs[2:]).sample_rate == 16000


def test_speed_changes_length_and_pitch() -> None:
    features = AudioFeatures(8000, 40)
    x = sounds.tone("middle", 0.5)
    slow, plain, fast = (features.features(x, speed=speed) for speed in (0.8, 1.0, 1.25))
    assert [len(frames) for frames in (slow, plain, fast)] == [63, 50, 40]
    bands = [frames.mean(axis=0).argmax() for frames in (slow, plain, fast)]
    assert bands[0] < bands[1] < bands[2]


def test_json_there_and_back() -> None:
    features = AudioFeatures.fit([(sounds.tone("low"), 8000)], mel_bins=24)
    assert AudioFeatures.from_json(features.to_json()) == features


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mean": []}, "mean must be one number per band, got none"),
        ({"std": [0.0] * 24}, "std must be greater than 0, one for each mean"),
        ({"sample_rate": 8000.5}, "sample_rate must be what a saved model holds, got 8000.5"),
        ({"sample_rate": 10**9}, "sample_rate must be within 1000..192000"),
        ({"mel_bins": 10**9}, "mel_bins must be within 4..256"),
        ({"normalise": "no"}, "normalise must be one of level, tilt, bands, none, got 'no'"),
        ({"more": 1}, "configuration must be an object with sample_rate"),
    ],
)
def test_a_broken_configuration_is_refused(changes: dict[str, object], message: str) -> None:
    good = AudioFeatures.fit([(sounds.tone("low"), 8000)], mel_bins=24).to_json()
    with pytest.raises(ArgumentError, match=message):
        AudioFeatures.from_json(good | changes)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 3)), r"x must be a path, samples \[N\], or a pair \(samples \[N\], rate\), got shape \[2, 3\]"),
        (7, "x must be a path"),
        ((np.zeros(3, np.uint8), 8000), r"x must be samples \[N\], floats or signed integers"),
        ((np.zeros(3), 10), "x rate must be within 1000..192000, got 10"),
        (np.array([np.nan]), "x must be finite, got nan"),
        (np.array([1e300]), "x must be finite, got inf"),
        (
            np.array([0.5, -12_000.0]),
            r"x must be within -16..16, where 1 is full scale, got 12000\. Divide the samples",
        ),
        ((np.zeros(3), "8000"), "x rate must be within 1000..192000, got 8000"),
    ],
)
def test_what_is_no_recording_is_refused(x: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        PLAIN.features(x)


@pytest.mark.parametrize(("rate", "bins", "most"), [(1000, 40, 25), (8000, 128, 95), (16000, 256, 126)])
def test_more_bands_than_the_rate_has_room_for_are_refused(rate: int, bins: int, most: int) -> None:
    message = rf"AudioFeatures: mel_bins must be at most {most} at {rate} hertz, got {bins}\. Lower mel_bins or raise"
    with pytest.raises(ArgumentError, match=message):
        AudioFeatures(rate, bins).features(np.zeros(800, np.float32))
    assert AudioFeatures(rate, most).features(np.zeros(rate, np.float32)).shape == (100, most)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 191_969])
@pytest.mark.parametrize("speed", [1.0, 0.9])
def test_a_file_that_is_read_in_blocks_has_the_frames_of_its_samples(tmp_path: Path, rate: int, speed: float) -> None:
    x = (sounds.tone("low", 3.0, rate=rate) * 32768).astype(np.int16)
    path, features = (
        sounds.write(tmp_path / "a.wav", x, rate),
        AudioFeatures(8000, 24, mean=(8.0,) * 24, std=(3.0,) * 24),
    )
    whole = resample((x / np.float32(32768)).astype(np.float32), rate, 8000)
    whole = whole if speed == 1.0 else resample(whole, 90, 100)
    np.testing.assert_array_equal(features.features(path, speed=speed), features.features(whole))


def test_the_rate_of_files_is_read_from_their_headers(tmp_path: Path) -> None:
    paths = [sounds.write(tmp_path / f"{rate}.wav", sounds.tone("low", rate=rate), rate) for rate in (8000, 22050)]
    assert AudioFeatures.fit([paths[0], paths[0], paths[1]], mel_bins=24).sample_rate == 8000


def test_one_recording_and_many() -> None:
    x = sounds.tone("low")
    assert [is_recording(one) for one in ("a.wav", Path("a"), x, (x, 8000), Recording("a", "a"))] == [True] * 5
    assert [is_recording(many) for many in (["a.wav"], [x], [(x, 8000)], x[None])] == [False] * 4


@pytest.mark.parametrize("count", [0, 1, 2, 7, 63, 65, 200, 5000])
@pytest.mark.parametrize("rate", [8000, 16000, 11025])
def test_pieces_are_the_whole_to_the_bit(count: int, rate: int) -> None:
    random = np.random.default_rng(count)
    x = (0.1 * random.standard_normal(count)).astype(np.float32)
    features = AudioFeatures(8000, 24, normalise="none", mean=(8.0,) * 24, std=(3.0,) * 24)
    pieces = features.pieces()
    parts = [pieces.push((part, rate)) for part in np.split(x, np.sort(random.integers(0, count + 1, 9)))]
    found = np.concatenate([*parts, pieces.finish()])
    np.testing.assert_array_equal(found, features.features((x, rate)))


def test_a_frame_is_certain_when_its_last_sample_is_read() -> None:
    pieces, answer = AudioFeatures(8000, 24, normalise="none").pieces(), 0
    for n in range(1, 4001):
        answer += len(pieces.push(np.ones(1, np.float32)))
        assert answer == max((n - 60) // 80, 0)


def test_a_chunk_that_is_refused_changes_nothing() -> None:
    features, x = AudioFeatures(8000, 24, normalise="none"), sounds.tone("low")
    pieces = features.pieces()
    parts = [pieces.push(x[:300])]
    for chunk, message in (
        ("a.wav", r"chunk must be samples \[N\], or a pair \(samples \[N\], rate\), got str"),
        (np.array([np.nan]), "chunk must be finite"),
        ((x, 16000), r"rate of a chunk must be that of the first \(8000\), got 16000"),
    ):
        with pytest.raises(ArgumentError, match=message):
            pieces.push(chunk)
    parts += [pieces.push(x[300:]), pieces.finish()]
    np.testing.assert_array_equal(np.concatenate(parts), features.features(x))


@pytest.mark.parametrize("normalise", ["level", "tilt", "bands"])
def test_what_takes_the_whole_recording_is_not_streamed(normalise: str) -> None:
    with pytest.raises(ArgumentError, match=r"normalise must be none, to be streamed, got .*Train with"):
        AudioFeatures(8000, 24, normalise=normalise).pieces()
