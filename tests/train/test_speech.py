"""Training on recordings: CTC's loss, masks, speeds, and a model that learns tones and melodies."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

import sounds
from bigru import BiGRUClassifier, BiGRUTranscriber
from bigru.config import AugmentConfig, ConvConfig, ModelConfig, TrainConfig
from bigru.errors import ArgumentError, DataError
from bigru.ops.ctc.reference import log_probability
from bigru.runtime.predictor import load
from bigru.tasks import transcribe
from bigru.train.data.loader import IGNORED, Batch, BatchLoader
from bigru.train.objective.losses import ctc_loss
from bigru.train.recipes import plan
from bigru.train.regularise.specaugment import BANDS, TIME, mask_batch
from bigru.train.regularise.speed import perturb_speed
from tolerances import FLOAT32

LABELS = tuple(sounds.PITCHES)
MELODIES = [list(labels) for labels in product(LABELS, repeat=3) if len(set(labels)) > 1]
SMALL = {"hidden": 24, "layers": 1, "mel_bins": 24, "learning_rate": 0.01, "batch_size": 8, "ema_decay": 0.9}


def batch(inputs: np.ndarray, lengths: list[int], targets: np.ndarray | None = None) -> Batch:
    rows = np.zeros(len(lengths), np.int64) if targets is None else targets
    return Batch(torch.from_numpy(inputs), torch.tensor(lengths), torch.from_numpy(rows))


def test_the_loss_is_the_mean_negative_log_likelihood_per_symbol() -> None:
    random = np.random.default_rng(0)
    logits = random.standard_normal((3, 7, 4)).astype(np.float32)
    targets = np.array([[1, 2, 3], [2, 2, IGNORED], [1, IGNORED, IGNORED]])
    lengths, steps = [13, 9, 2], [7, 5, 1]
    model = ModelConfig(outputs=4, input_size=2, conv=(ConvConfig(4, 3, 2),))
    found = ctc_loss(model.steps)(torch.from_numpy(logits), batch(logits, lengths, targets))
    rows = zip(logits, steps, ([1, 2, 3], [2, 2], [1]), strict=True)
    expected = -sum(log_probability(row[:end], symbols) for row, end, symbols in rows) / 6
    np.testing.assert_allclose(found.item(), expected, **FLOAT32)


def test_masks_hide_what_they_may_and_no_more() -> None:
    torch.manual_seed(0)
    given = batch(np.ones((64, 50, 20), np.float32), [50] * 64)
    hidden = mask_batch(given, 1, 0).inputs == 0
    assert 0 < hidden.any(2).sum(1).max() <= TIME * 50 + 1
    assert (hidden.all(2) == hidden.any(2)).all()
    hidden = mask_batch(given, 0, 1).inputs == 0
    assert 0 < hidden.any(1).sum(1).max() <= BANDS * 20 + 1
    assert (hidden.all(1) == hidden.any(1)).all()
    assert (given.inputs == 1).all()


def test_masks_are_drawn_for_each_sequence_and_each_step() -> None:
    given = batch(np.ones((8, 50, 20), np.float32), [50] * 8)
    first, second = mask_batch(given, 1, 1).inputs, mask_batch(given, 1, 1).inputs
    assert not torch.equal(first, second)
    assert len({row.numpy().tobytes() for row in first}) > 1


@pytest.mark.parametrize("lengths", [[1, 2, 7], [0, 0, 1]])
def test_masks_of_short_sequences(lengths: list[int]) -> None:
    mask_batch(batch(np.ones((3, 7, 4), np.float32), lengths), 3, 3)


def test_masks_are_refused_for_texts() -> None:
    with pytest.raises(ArgumentError, match="time_masks and freq_masks must be 0 for inputs that are no numbers"):
        BiGRUClassifierWithMasks().fit(["a b", "b c"] * 10, ["x", "y"] * 10)


class BiGRUClassifierWithMasks(BiGRUClassifier):
    """A classifier whose training hides parts of its inputs."""

    def get_params(self, deep: bool = True) -> dict[str, object]:
        return {**super().get_params(deep), "time_masks": 1}

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return BiGRUClassifier._get_param_names()


def test_each_epoch_draws_which_speed_an_example_has() -> None:
    features = [np.full((n + 1, 1), n, np.float32) for n in range(6)]
    variants = [[f + 100 * v for f in features] for v in (1, 2)]
    stream = BatchLoader(features, np.arange(6), 2, 30, 0, variants=variants)
    seen = {n: set() for n in range(6)}
    for one in stream:
        for row, length, target in zip(one.inputs, one.lengths, one.targets, strict=True):
            seen[int(target)].add(int(row[length - 1, 0]) // 100)
            assert int(row[0, 0]) % 100 == target
    assert all(kinds == {0, 1, 2} for kinds in seen.values())
    again = BatchLoader(features, np.arange(6), 2, 30, 0, variants=variants)
    again.start = 50
    assert torch.equal(next(iter(again)).inputs, list(stream)[50].inputs)


def test_speeds_are_other_features_and_a_full_transcript_is_not_played_faster() -> None:
    features = plan("classify", [(sounds.tone(p), 8000) for p in LABELS], LABELS, "audio").config.features
    config = transcribe.Config(("a", "b"), features, "token")
    inputs = [(sounds.tone("low", 0.2), 8000)] * 2
    frames = transcribe.featurise(config, inputs)
    targets = transcribe.targets(config, ["a b", " ".join(["a", "b"] * 10)])
    slower, faster = perturb_speed(config, inputs, TrainConfig(augment=AugmentConfig(speed=0.25)), (frames, targets))
    assert [len(f) for f in slower] == [27, 27]
    assert [len(f) for f in faster] == [16, 20]
    assert perturb_speed(config, inputs, TrainConfig(), (frames, targets)) == []


@pytest.mark.train
def test_tones_are_told_apart_from_files_and_pairs(tmp_path) -> None:
    labels = [label for label in LABELS for _ in range(12)]
    paths = [str(sounds.write(tmp_path / f"{n}.wav", sounds.tone(p, seed=n))) for n, p in enumerate(labels)]
    model = BiGRUClassifier(hidden=8, epochs=6, learning_rate=0.02, ema_decay=0.9).fit(paths, labels)
    fresh = [(sounds.tone(p, seed=99), 8000) for p in LABELS]
    assert model.predict(fresh).tolist() == list(LABELS)
    model.save(tmp_path / "model")
    answers = load(tmp_path / "model").predict(paths[:2])
    assert [answer["label"] for answer in answers] == ["low", "low"]
    assert load(tmp_path / "model").predict(sounds.tone("high"))["label"] == "high"


@pytest.mark.train
def test_melodies_are_written_down_with_times(tmp_path) -> None:
    inputs = [(sounds.melody(m, seed), 8000) for seed in range(3) for m in MELODIES]
    texts = [" ".join(m) for _ in range(3) for m in MELODIES]
    model = BiGRUTranscriber(**SMALL, epochs=12, speed=0.0, time_masks=0, freq_masks=0)
    model.fit(inputs, texts, inputs[::5], texts[::5])
    fresh = [(sounds.melody(m, 77), 8000) for m in MELODIES]
    assert model.score(fresh, [" ".join(m) for m in MELODIES]) > 0.9
    model.save(tmp_path / "model")
    answer = load(tmp_path / "model").predict(fresh[0])
    assert answer["text"] == model.predict(fresh[:1])[0]
    times = [time for symbol in answer["symbols"] for time in (symbol["start"], symbol["end"])]
    assert times == sorted(times)
    assert all(0 < symbol["confidence"] <= 1 for symbol in answer["symbols"])
    restored = BiGRUTranscriber.load(tmp_path / "model")
    assert restored.predict(fresh) == model.predict(fresh)


@pytest.mark.train
def test_a_language_model_is_learnt_and_saved(tmp_path) -> None:
    inputs, texts = [(sounds.melody(m), 8000) for m in MELODIES], [" ".join(m) for m in MELODIES]
    model = BiGRUTranscriber(**SMALL, epochs=1, language=True).fit(inputs, texts, inputs[:4], texts[:4])
    config = model.bundle_.config
    assert config.beam > 1
    model.save(tmp_path / "model")
    read = load(tmp_path / "model").bundle.config
    for name, array in config.language.arrays().items():
        np.testing.assert_array_equal(read.language.arrays()[name], array)
    assert replace(read, language=None) == replace(config, language=None)


def test_a_transcript_longer_than_its_recording_is_refused() -> None:
    inputs = [(sounds.tone("low"), 8000)] * 4
    message = r"y:2: transcript must be of at most 5 symbols, as 0\.20 s have 5 steps, got 6 symbols"
    with pytest.raises(DataError, match=message):
        BiGRUTranscriber(epochs=1, unit="token").fit(inputs, ["a b", "a b a b a b", "b", "a"])


def test_settings_of_other_inputs_are_refused() -> None:
    inputs = [(sounds.tone(p), 8000) for p in LABELS]
    for name, value in (("channels", ["unit"]), ("lowercase", True), ("language", True)):
        with pytest.raises(ArgumentError, match=f"train: {name} is not allowed for"):
            plan("classify", inputs, LABELS, "audio", options={name: value})
    with pytest.raises(ArgumentError, match="train: mel_bins is not allowed for texts"):
        plan("classify", ["a", "b"], ["x", "y"], "text", options={"mel_bins": 40})
    with pytest.raises(ArgumentError, match="train: task must be another for text inputs, got 'transcribe'"):
        plan("transcribe", ["a", "b"], ["x", "y"], "text")


def test_names_that_cannot_be_read_are_no_texts() -> None:
    message = (
        r"a\.m4a: audio must be WAV, FLAC, OGG or MP3, got 'a\.m4a'\. M4A cannot be read; convert to WAV or FLAC\."
    )
    with pytest.raises(DataError, match=message):
        BiGRUClassifier(epochs=1).fit(["a.m4a", "b.m4a"] * 4, ["x", "y"] * 4)
