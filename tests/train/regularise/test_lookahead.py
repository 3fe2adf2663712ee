"""Training in chunks: which look-ahead a step has, what is learnt with it, and that it can be resumed."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.config import EncoderConfig, ModelConfig, TrainConfig, from_dict, to_dict
from bigru.errors import ArgumentError, TrainingError
from bigru.features.series import SeriesFeatures
from bigru.ops.recurrent.chunking import Chunking
from bigru.runtime.predictor import Predictor
from bigru.tasks import tag
from bigru.train.export import export
from bigru.train.loop.callback import TrainingCallback
from bigru.train.loop.fit import fit
from bigru.train.loop.job import TrainingJob
from bigru.train.regularise.lookahead import dev_chunking, sample_chunking


def same(one: dict[str, np.ndarray], two: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], two[name]) for name in one)


def test_each_step_draws_its_look_ahead_from_seed_and_step_alone() -> None:
    training = TrainConfig(lookahead=(0, 3), seed=1)
    windows = [sample_chunking(training, step) for step in range(200)]
    assert {window.lookahead for window in windows if window} == {0, 1, 2, 3}
    assert windows == [sample_chunking(training, step) for step in range(200)]
    assert windows != [sample_chunking(replace(training, seed=2), step) for step in range(200)]
    assert sample_chunking(TrainConfig(lookahead=(5, 5)), 0) == Chunking.of_lookahead(5)
    assert dev_chunking(TrainConfig(lookahead=(0, 20))) == Chunking.of_lookahead(10)
    assert sample_chunking(TrainConfig(), 0) is dev_chunking(TrainConfig()) is None


def test_the_setting_survives_json_and_refuses_nonsense() -> None:
    training = TrainConfig(lookahead=(0, 20))
    assert from_dict(TrainConfig, to_dict(training)) == training
    for bad in ([5, 2], [-1, 2]):
        with pytest.raises(ArgumentError, match="the least and the most steps"):
            from_dict(TrainConfig, {"lookahead": bad})
    for bad in ([1], [1, 2, 3], [1.0, 2], "1,2", 20):
        with pytest.raises(ArgumentError, match="lookahead must be of type"):
            from_dict(TrainConfig, {"lookahead": bad})


@pytest.mark.train
def test_a_stopped_training_in_chunks_goes_on_to_the_same_bits(
    labelled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"training": {"lookahead": (0, 4)}}
    whole = labelled.fit(**options)
    assert not same(whole.weights, labelled.fit().weights)
    with monkeypatch.context() as patch:
        settle = TrainingCallback.settle

        def settled(self: TrainingCallback) -> None:
            if self.state.step == 11:
                os.kill(os.getpid(), signal.SIGINT)
            settle(self)

        patch.setattr(TrainingCallback, "settle", settled)
        with pytest.raises(TrainingError, match="stopped at step 11"):
            labelled.fit(folder=tmp_path, **options)
    with pytest.raises(TrainingError, match="lookahead"):
        labelled.fit(folder=tmp_path, resume=True)
    assert same(labelled.fit(folder=tmp_path, resume=True, **options).weights, whole.weights)


@pytest.mark.train
def test_both_walks_and_all_poolings_train_in_chunks(labelled: Any, tagged: Any) -> None:
    assert labelled.fit(training={"lookahead": (1, 9), "epochs": 6}).best_score == 1.0
    assert tagged(True, "BIO").fit(training={"lookahead": (0, 2), "r_drop": 1.0}).best_score > 0.5


def test_a_look_ahead_is_refused_where_nothing_is_read_backward(labelled: Any) -> None:
    model = replace(labelled.model, encoder=EncoderConfig(hidden=8, direction="forward"))
    with pytest.raises(ArgumentError, match="no look-ahead"):
        replace(labelled, model=model).fit(training={"lookahead": (1, 9)})


@pytest.mark.train
def test_what_lies_within_the_look_ahead_is_learnt_and_what_lies_beyond_is_not() -> None:
    random = np.random.default_rng(0)
    inputs = [random.choice([-1.0, 1.0], (40, 1)) for _ in range(120)]
    tags = [["up" if v > 0 else "down" for v in np.append(x[2:, 0], [1, 1])] for x in inputs]
    config = tag.Config(("down", "up"), SeriesFeatures((0.0,), (1.0,)))
    data = tag.featurise(config, inputs), tag.targets(config, tags)
    model = ModelConfig(1, input_size=1, encoder=EncoderConfig(hidden=16, dropout=0.0, input_dropout=0.0))
    train, dev = ((data[0][part], data[1][part]) for part in (slice(100), slice(100, None)))
    training = TrainConfig(epochs=10, batch_size=10, learning_rate=0.02, lookahead=(0, 4))
    fitted = fit(TrainingJob(tag, config, model, train, dev, training, progress="silent"))
    predictor = Predictor(export(tag, config, model, fitted.weights, inputs[100:]))

    def score(lookahead: int) -> float:
        answers = predictor.predict_streamed(inputs[100:], lookahead, chunk=1)
        return float(
            np.mean([answer["tags"] == np.array(gold) for answer, gold in zip(answers, tags[100:], strict=True)])
        )

    assert score(2) > 0.95
    assert score(1) < 0.7
