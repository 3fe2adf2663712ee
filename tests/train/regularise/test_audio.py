"""Augmentation of recordings: it does to frames what the sounds themselves would, and keeps room for transcripts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import sounds
from bigru.config import AugmentConfig, TrainConfig
from bigru.errors import ArgumentError
from bigru.features.audio import AudioFeatures
from bigru.features.series import SeriesFeatures
from bigru.tasks import classify, transcribe
from bigru.train.data.loader import IGNORED, Batch
from bigru.train.regularise.audio import AudioAugmentation
from bigru.train.regularise.series import augmentation
from tolerances import FLOAT32_STEP, SPECTRUM

FEATURES = AudioFeatures(8000, 24, normalise="none", mean=(9.0,) * 24, std=(4.0,) * 24)
LENGTHS = [0, 1, 2, 7, 63]
CONFIG = classify.Config(("a", "b"), FEATURES)
SPOKEN = transcribe.Config(("a", "b"), FEATURES, stride=4)
NOTHING: dict[str, Any] = {"stretch": 0.0, "vtlp": 0.0, "tilt": 0.0, "snr": None}


def made(config: Any = CONFIG, **asked: float) -> AudioAugmentation:
    return AudioAugmentation(config, **{**NOTHING, **asked})


def batch(x: np.ndarray | None = None, targets: Any = None) -> Batch:
    if x is None:
        x = np.random.default_rng(0).standard_normal((len(LENGTHS), 63, 24)).astype(np.float32)
        x[np.arange(63) >= np.array(LENGTHS)[:, None]] = 0
        return Batch(torch.from_numpy(x), torch.tensor(LENGTHS), torch.zeros(len(LENGTHS), dtype=torch.int64))
    return Batch(torch.from_numpy(x[None]), torch.tensor([len(x)]), torch.zeros(1, dtype=torch.int64))


ASKED = [{"stretch": 0.3}, {"vtlp": 0.2}, {"tilt": 3.0}, {"snr": 10.0}]


@pytest.mark.parametrize("asked", [*ASKED, {key: value for one in ASKED for key, value in one.items()}])
def test_the_seed_decides_and_the_batch_is_left_as_it_was(asked: dict[str, float]) -> None:
    given, augment = batch(), made(**asked)
    one, same, other = augment(given, 1), augment(given, 1), augment(given, 2)
    assert all(map(torch.equal, one[:3], same[:3]))
    assert one.inputs.shape != other.inputs.shape or not torch.equal(one.inputs, other.inputs)
    assert torch.equal(given.inputs, batch().inputs)
    assert one.inputs.dtype == torch.float32
    past = torch.arange(one.inputs.shape[1]) >= one.lengths[:, None]
    assert (one.inputs[past] == 0).all()
    assert torch.isfinite(one.inputs).all()


def test_nothing_asked_for_changes_nothing() -> None:
    np.testing.assert_allclose(made()(batch(), 0).inputs, batch().inputs, **FLOAT32_STEP)
    assert augmentation(TrainConfig(), CONFIG) is None


def test_what_lies_in_the_padding_is_never_read() -> None:
    dirty = batch()
    past = torch.arange(63) >= dirty.lengths[:, None]
    dirty.inputs[past] = torch.nan
    augment = made(stretch=0.3, vtlp=0.2, tilt=3.0, snr=10.0)
    assert torch.equal(augment(dirty, 0).inputs, augment(batch(), 0).inputs)


def test_a_warp_moves_a_tone_to_another_band() -> None:
    x = FEATURES.features(sounds.tone("middle"))
    moved = np.array([int(made(vtlp=0.3)(batch(x), n).inputs[0].mean(0).argmax()) for n in range(40)])
    bands = {
        p: int(FEATURES.features(sounds.tone("middle", rate=round(8000 * p))).mean(0).argmax()) for p in (0.8, 1.25)
    }
    assert moved.min() <= min(bands.values()) < int(x.mean(0).argmax()) < max(bands.values()) <= moved.max()


def test_a_tilt_is_the_same_in_every_frame() -> None:
    change = (made(tilt=3.0)(batch(), 0).inputs - batch().inputs)[-1].numpy() * 4.0
    np.testing.assert_allclose(change, np.broadcast_to(change[:1], change.shape), **SPECTRUM)
    assert 0.3 < change[0].std() < 3.0
    assert np.abs(np.diff(change[0])).max() < change[0].std()


@pytest.mark.parametrize("snr", [0.0, 30.0])
def test_noise_fills_up_what_is_quiet_and_leaves_what_is_loud(snr: float) -> None:
    frames = np.full((63, 24), -2.0, np.float32)
    frames[:, 5] = 2.0
    for seed in range(9):
        after = made(snr=snr)(batch(frames), seed).inputs[0].numpy()
        loudness = 9 + 4 * 2 - np.log(24)
        floor = 4 * after[:, 6:].mean() + 9
        assert loudness - (snr + 35) / 4.34 - 1.5 < max(floor, 1.2) < loudness - snr / 4.34 + 1.5
        assert abs(after[:, 5].mean() - 2.0) < (0.6 if snr == 0 else 0.1)


def test_stretching_walks_from_the_first_frame_to_the_last() -> None:
    ramp = np.repeat(np.arange(63, dtype=np.float32)[:, None], 24, 1)
    lengths = set()
    for seed in range(20):
        after = made(stretch=0.3)(batch(ramp), seed)
        rows = after.inputs[0, : after.lengths[0], 0].numpy()
        assert np.abs(rows - np.linspace(0, 62, len(rows))).max() < 1e-3
        lengths.add(len(rows))
    assert 63 / 1.3 - 1 <= min(lengths) < 60 < 66 < max(lengths) <= 63 * 1.3 + 1


def test_a_transcript_keeps_its_steps() -> None:
    targets = np.full((3, 9), IGNORED)
    targets[0, :8], targets[1, :4], targets[2, :2] = [1, 1, 2, 2, 1, 1, 2, 2], [1, 2, 1, 2], [1, 1]
    lengths = np.array([50, 16, 12])
    x = np.random.default_rng(0).standard_normal((3, 50, 24)).astype(np.float32)
    for seed in range(30):
        given = Batch(torch.from_numpy(x), torch.from_numpy(lengths), torch.from_numpy(targets))
        after = made(SPOKEN, stretch=0.5)(given, seed)
        for length, row, frames in zip(after.lengths.tolist(), targets, after.inputs.numpy(), strict=True):
            assert transcribe.has_room(SPOKEN, frames[:length], row[row != IGNORED])
    assert torch.equal(after.targets, given.targets)


@pytest.mark.parametrize("name", ["stretch", "vtlp", "tilt", "snr"])
def test_inputs_that_are_no_recordings_are_refused(name: str) -> None:
    config = classify.Config(("a", "b"), SeriesFeatures((0.0,), (1.0,)))
    with pytest.raises(ArgumentError, match=rf"^train: {name} must be 0 for inputs that are no recordings, got 0\.5"):
        augmentation(TrainConfig(augment=AugmentConfig(**{name: 0.5})), config)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"stretch": 0.6}, "stretch must be within 0 <= s <= 0.5, got 0.6"),
        ({"vtlp": -0.1}, "vtlp must be at least 0"),
        ({"tilt": float("nan")}, "tilt must be at least 0"),
        ({"snr": 200.0}, r"snr must be within -100\.\.100 dB, got 200"),
    ],
)
def test_amounts_that_cannot_be_are_refused(asked: dict[str, float], message: str) -> None:
    with pytest.raises(ArgumentError, match=f"^AugmentConfig: {message}"):
        AugmentConfig(**asked)
