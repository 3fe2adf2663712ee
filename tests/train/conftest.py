"""Two small problems that a BiGRU learns in seconds: a label per series, and a tag per step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from bigru.config import EncoderConfig, ModelConfig, TrainConfig
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.tasks import classify, tag
from bigru.train.data.loader import Data
from bigru.train.loop.fit import Fitted, fit
from bigru.train.loop.job import TrainingJob

ENCODER = EncoderConfig(hidden=8, dropout=0.1)
TRAINING = TrainConfig(epochs=3, batch_size=8, learning_rate=0.02, ema_decay=0.9)


@dataclass(frozen=True)
class Problem:
    """What a job is made of."""

    task: ModuleType
    config: Any
    model: ModelConfig
    train: Data
    dev: Data | None
    training: TrainConfig = TRAINING

    def job(self, **options: Any) -> TrainingJob:
        """Return a silent job; `training` changes fields of the TrainConfig, all else goes to the job."""
        training = replace(self.training, **options.pop("training", {}))
        arguments = (self.task, self.config, self.model, self.train, self.dev, training)
        return TrainingJob(*arguments, **{"progress": "silent", **options})

    def fit(self, **options: Any) -> Fitted:
        """Train such a job."""
        return fit(self.job(**options))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread, so that results do not depend on the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def labelled() -> Problem:
    """Whether the first value of a series is above its last: only both directions together see it early."""
    random = np.random.default_rng(0)
    inputs = [random.standard_normal((length, 2)) for length in random.integers(1, 9, 80)]
    config = classify.Config(("fall", "rise"), SeriesFeatures.fit(inputs))
    labels = ["rise" if x[0, 0] > x[0, 1] else "fall" for x in inputs]
    features, targets = classify.featurise(config, inputs), classify.targets(config, labels)
    model = ModelConfig(outputs=1, input_size=2, encoder=ENCODER, pooling=("last", "max"))
    return Problem(classify, config, model, (features[:60], targets[:60]), (features[60:], targets[60:]))


@pytest.fixture(scope="session")
def texts() -> Problem:
    """Whether a text ends in x, with embedded units and bigrams."""
    random = np.random.default_rng(2)
    inputs = ["".join(random.choice(list("abcd"), n)) + end for n in random.integers(0, 9, 40) for end in "xy"]
    config = classify.Config(("x", "y"), TextFeatures.fit(inputs, unit="char"))
    features, targets = classify.featurise(config, inputs), classify.targets(config, [text[-1] for text in inputs])
    model = ModelConfig(outputs=1, channels=config.features.channels, encoder=ENCODER, pooling=("max",))
    return Problem(classify, config, model, (features[:60], targets[:60]), (features[60:], targets[60:]))


@pytest.fixture(scope="session")
def tagged() -> Callable[..., Problem]:
    """Spans of one kind: B where the value turns positive, I while it stays so, O elsewhere."""

    def make(crf: bool = True, scheme: str | None = "BIO") -> Problem:
        random = np.random.default_rng(1)
        inputs = [random.choice([-1.0, 1.0], (length, 1)) for length in random.integers(0, 9, 80)]
        tags = [
            ["O" if v <= 0 else "I-UP" if t and x[t - 1, 0] > 0 else "B-UP" for t, v in enumerate(x[:, 0])]
            for x in inputs
        ]
        labels = ("O", "B-UP", "I-UP")
        config = tag.Config(labels, SeriesFeatures.fit(inputs), scheme=scheme, crf=crf)
        features, targets = tag.featurise(config, inputs), tag.targets(config, tags)
        model = ModelConfig(outputs=3, input_size=1, encoder=ENCODER, crf=crf)
        return Problem(tag, config, model, (features[:60], targets[:60]), (features[60:], targets[60:]))

    return make
