"""How fast a training was."""

from __future__ import annotations

from typing import Any

import pytest

from bigru.train.data.loader import Batch
from bigru.train.loop import callback
from bigru.train.loop.callback import TrainingCallback
from bigru.train.loop.trainer import Trainer


def test_the_rates_count_real_steps_and_no_evaluation(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now, train, settle = [0.0], Trainer.step, TrainingCallback.settle

    def step(self: Trainer, batch: Batch) -> None:
        train(self, batch)
        now[0] += 0.5

    def slow(self: TrainingCallback) -> None:
        settle(self)
        now[0] += 60.0

    monkeypatch.setattr(Trainer, "step", step)
    monkeypatch.setattr(TrainingCallback, "settle", slow)
    monkeypatch.setattr(callback.time, "perf_counter", lambda: now[0])
    fitted = labelled.fit()
    lengths = [len(features) for features in labelled.train[0]]
    assert fitted.steps == 24
    assert fitted.rates == pytest.approx((3 * len(lengths) / 12.0, 3 * sum(lengths) / 12.0))
