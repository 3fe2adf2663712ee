"""How fast a training was."""

from __future__ import annotations

from typing import Any

import pytest

from bigru.train import watch
from bigru.train.module import Training
from bigru.train.watch import Watch


def test_the_rates_count_real_steps_and_no_evaluation(labelled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now, train, settle = [0.0], Training.training_step, Watch.settle

    def step(self: Training, dataloader_iter: Any) -> None:
        train(self, dataloader_iter)
        now[0] += 0.5

    def slow(self: Watch) -> None:
        settle(self)
        now[0] += 60.0

    monkeypatch.setattr(Training, "training_step", step)
    monkeypatch.setattr(Watch, "settle", slow)
    monkeypatch.setattr(watch.time, "perf_counter", lambda: now[0])
    fitted = labelled.fit()
    lengths = [len(features) for features in labelled.train[0]]
    assert fitted.steps == 24
    assert fitted.rates == pytest.approx((3 * len(lengths) / 12.0, 3 * sum(lengths) / 12.0))
