"""Augmentation: what it draws follows from the seed, and it never makes up what is not there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import AugmentConfig, EncoderConfig, ModelConfig, TrainConfig
from bigru.errors import ArgumentError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.tasks import classify, tag
from bigru.train.data.loader import IGNORED, Batch, BatchLoader
from bigru.train.loop.fit import fit
from bigru.train.loop.job import TrainingJob
from bigru.train.regularise.series import Augmentation, augmentation
from tolerances import SPECTRUM

TWO = SeriesFeatures((0.0, 0.0), (1.0, 1.0))
GAPPY = SeriesFeatures((0.0, 0.0), (1.0, 1.0), (1,))
LENGTHS = [0, 1, 2, 7, 63]


def ramp(width: int = 2, lengths: list[int] = LENGTHS) -> Batch:
    """Return sequences whose value is their step, so that it tells where a step came from."""
    steps = np.broadcast_to(np.arange(max(lengths), dtype=np.float32)[:, None], (max(lengths), width))
    past = np.arange(max(lengths)) >= np.array(lengths)[:, None]
    x = np.where(past[:, :, None], np.float32(0), steps[None])
    return Batch(torch.from_numpy(x), torch.tensor(lengths), torch.zeros(len(lengths), dtype=torch.int64))


def made(features: SeriesFeatures = TWO, **asked: float) -> Augmentation:
    return Augmentation(features, **{"jitter": 0.0, "scaling": 0.0, "time_warp": 0.0, "crop": 0.0, **asked})


def test_nothing_asked_for_is_nothing_done() -> None:
    config = classify.Config(("a", "b"), TWO)
    assert augmentation(TrainConfig(), config) is None
    after = made()(ramp(), 3)
    assert torch.equal(after.inputs, ramp().inputs)


@pytest.mark.parametrize("name", ["jitter", "scaling", "time_warp", "crop"])
def test_texts_are_refused(name: str) -> None:
    config = classify.Config(("a", "b"), TextFeatures.fit(["ab"], unit="char"))
    with pytest.raises(ArgumentError, match=rf"^train: {name} must be 0 for inputs that are no numeric sequences, got"):
        augmentation(TrainConfig(augment=AugmentConfig(**{name: 0.1})), config)


@pytest.mark.parametrize("name", ["jitter", "scaling", "time_warp"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_amounts_that_cannot_be_are_refused(name: str, value: float) -> None:
    with pytest.raises(ArgumentError, match=rf"^AugmentConfig: {name} must be at least 0, got"):
        AugmentConfig(**{name: value})


@pytest.mark.parametrize("asked", [{"jitter": 0.1}, {"scaling": 0.1}, {"time_warp": 0.3}, {"crop": 0.5}])
def test_the_seed_decides_and_the_batch_is_left_as_it_was(asked: dict[str, float]) -> None:
    batch, augment = ramp(), made(**asked)
    one, same, other = augment(batch, 1), augment(batch, 1), augment(batch, 2)
    assert torch.equal(one.inputs, same.inputs)
    assert one.inputs.shape != other.inputs.shape or not torch.equal(one.inputs, other.inputs)
    assert torch.equal(batch.inputs, ramp().inputs)
    assert one.inputs.dtype == torch.float32
    assert one.lengths.dtype == torch.int64


def test_cropping_leaves_a_stretch_and_at_least_one_step() -> None:
    seen = set()
    for seed in range(50):
        after = made(crop=0.5)(ramp(), seed)
        for x, length, before in zip(after.inputs, after.lengths.tolist(), LENGTHS, strict=True):
            assert min(before, 1) <= length <= before
            assert length * 2 >= before - 1
            steps = x[:length, 0]
            assert torch.equal(steps, steps[:1] + torch.arange(length))
            assert not x[length:].any()
            assert length == 0 or steps[-1] <= before - 1
        seen.add((int(after.lengths[-1]), float(after.inputs[-1, 0, 0])))
    assert len(seen) > 20


def test_warped_time_keeps_both_ends_and_never_turns_back() -> None:
    moved = 0.0
    for seed in range(20):
        after = made(time_warp=0.3)(ramp(), seed)
        assert after.lengths.tolist() == LENGTHS
        for x, length in zip(after.inputs, LENGTHS, strict=True):
            steps = x[:length, 0].numpy()
            assert (np.diff(steps) > 0).all()
            if length > 1:
                np.testing.assert_allclose(steps[[0, -1]], [0, length - 1], **SPECTRUM)
        moved = max(moved, float((after.inputs[-1, :, 0] - torch.arange(63.0)).abs().max()))
    assert moved > 2


def test_scaling_and_jitter_have_the_deviation_asked_for() -> None:
    ones = Batch(torch.ones(2000, 4, 2), torch.full((2000,), 4), torch.zeros(2000, dtype=torch.int64))
    scaled = made(scaling=0.2)(ones, 0).inputs
    assert torch.equal(scaled, scaled[:, :1].expand_as(scaled))
    assert 0.18 < float(scaled.std()) < 0.22
    assert 0.18 < float(made(jitter=0.2)(ones, 0).inputs.std()) < 0.22


def test_what_is_missing_stays_missing_and_nothing_is_interpolated_to_it() -> None:
    x = torch.ones(1, 40, 3)
    x[0, ::2, 1:] = 0
    batch = Batch(x, torch.tensor([40]), torch.tensor([0]))
    for seed in range(20):
        after = made(GAPPY, jitter=0.1, scaling=0.1, time_warp=0.3, crop=0.3)(batch, seed)
        masks = after.inputs[0, : int(after.lengths[0]), 2]
        assert set(masks.tolist()) <= {0.0, 1.0}
        assert not after.inputs[0, : len(masks), 1][masks == 0].any()
        assert (after.inputs[0, : len(masks), 1][masks == 1] > 0.3).all()


def test_labels_of_steps_go_with_their_steps() -> None:
    batch = ramp()
    targets = torch.where(batch.inputs[:, :, 0].bool(), batch.inputs[:, :, 0], 0).long()
    past = torch.arange(63) >= batch.lengths[:, None]
    targets[past] = IGNORED
    for seed in range(20):
        after = made(time_warp=0.3, crop=0.4)(Batch(batch.inputs, batch.lengths, targets), seed)
        for x, y, length in zip(after.inputs, after.targets, after.lengths.tolist(), strict=True):
            assert (y[length:] == IGNORED).all()
            assert ((x[:length, 0] - y[:length]).abs() <= 0.5).all()


def test_many_labels_are_no_labels_of_steps() -> None:
    targets = torch.ones(5, 63)
    after = made(time_warp=0.3)(Batch(*ramp()[:2], targets), 0)
    assert torch.equal(after.targets, targets)


def test_a_stream_entered_later_augments_alike() -> None:
    features = [np.random.default_rng(n).normal(size=(5 + n, 2)).astype(np.float32) for n in range(7)]
    arguments: Any = (features, np.arange(7), 2, 3, 5, made(jitter=0.1, time_warp=0.2, crop=0.3))
    whole = list(BatchLoader(*arguments))
    later = BatchLoader(*arguments)
    later.start = 6
    for one, same in zip(whole[6:], later, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one[:3], same[:3], strict=True))
    first = [b.inputs for b in whole if b.inputs.shape[0] == 2]
    assert len({tuple(x.flatten().tolist()) for x in first}) == len(first)


@pytest.mark.parametrize("task", [classify, tag])
def test_a_training_with_all_of_it_and_missing_values_runs(task: Any) -> None:
    random = np.random.default_rng(0)
    inputs = [random.normal(size=(int(t), 2)) for t in random.integers(1, 9, 24)]
    inputs[3][0, 1] = np.nan
    features = SeriesFeatures.fit(inputs)
    if task is classify:
        config: Any = classify.Config(("a", "b"), features)
        gold: Any = ["ab"[n % 2] for n in range(24)]
    else:
        config = tag.Config(("a", "b", "c"), features, None, crf=False)
        gold = [["abc"[int(v > 0) + int(v > 1)] for v in x[:, 0]] for x in inputs]
    pooling = ("attention",) if task is classify else ()
    model = ModelConfig(config.outputs, input_size=3, encoder=EncoderConfig(hidden=3), pooling=pooling)
    data = task.featurise(config, inputs), task.targets(config, gold)
    training = TrainConfig(
        epochs=2, batch_size=4, augment=AugmentConfig(jitter=0.1, scaling=0.1, time_warp=0.2, crop=0.2)
    )
    one, same = (fit(TrainingJob(task, config, model, data, data, training, progress="silent")) for _ in range(2))
    for name, weight in one.weights.items():
        np.testing.assert_array_equal(weight, same.weights[name])
