from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from bigru.config import TrainConfig
from bigru.errors import ArgumentError
from bigru.train.data.loader import Batch
from bigru.train.regularise.rdrop import duplicate, symmetric_kl
from tolerances import FLOAT32

GENERATOR = torch.Generator().manual_seed(0)


def batch(targets: torch.Tensor, lengths: list[int]) -> Batch:
    return duplicate(Batch(torch.randn(len(lengths), 3, 2, generator=GENERATOR), torch.tensor(lengths), targets))


def divergence(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """Both Kullback-Leibler divergences of distributions over the last axis, their mean, summed over all else."""
    return 0.5 * (F.kl_div(p.log(), q, reduction="sum") + F.kl_div(q.log(), p, reduction="sum"))


def test_a_batch_stands_behind_itself() -> None:
    inputs = torch.randn(3, 2, 1, generator=GENERATOR)
    double = duplicate(Batch(inputs, torch.tensor([2, 0, 1]), torch.tensor([4, 5, 6])))
    assert double.lengths.tolist() == [2, 0, 1, 2, 0, 1]
    assert double.targets.tolist() == [4, 5, 6, 4, 5, 6]
    assert torch.equal(double.inputs[:3], double.inputs[3:])


def test_one_label_of_many_is_the_divergence_of_softmaxes() -> None:
    logits = torch.randn(4, 5, generator=GENERATOR)
    p, q = logits.softmax(1).chunk(2)
    got = symmetric_kl(logits, batch(torch.tensor([0, 1]), [3, 3]), per_step=False)
    torch.testing.assert_close(got, divergence(p, q) / 2, **FLOAT32)


def test_one_logit_is_the_divergence_of_two_classes() -> None:
    logits = torch.randn(4, 1, generator=GENERATOR)
    p, q = torch.cat([logits, torch.zeros(4, 1)], 1).softmax(1).chunk(2)
    got = symmetric_kl(logits, batch(torch.tensor([0, 1]), [3, 3]), per_step=False)
    torch.testing.assert_close(got, divergence(p, q) / 2, **FLOAT32)


def test_independent_labels_are_each_two_classes() -> None:
    logits = torch.randn(4, 3, generator=GENERATOR)
    p, q = torch.stack([logits, torch.zeros(4, 3)], 2).softmax(2).chunk(2)
    got = symmetric_kl(logits, batch(torch.zeros(2, 3), [3, 3]), per_step=False)
    torch.testing.assert_close(got, divergence(p, q) / 6, **FLOAT32)


def test_steps_count_by_the_step_or_by_the_sequence() -> None:
    lengths = [3, 1]
    logits = torch.randn(4, 3, 2, generator=GENERATOR)
    logits[1::2, 1:] = 0
    p, q = logits.softmax(2).chunk(2)
    steps = batch(torch.zeros(2, 3, dtype=torch.int64), lengths)
    torch.testing.assert_close(symmetric_kl(logits, steps, per_step=True), divergence(p, q) / 4, **FLOAT32)
    torch.testing.assert_close(symmetric_kl(logits, steps, per_step=False), divergence(p, q) / 2, **FLOAT32)


def test_without_dropout_passes_agree() -> None:
    logits = torch.randn(2, 3, generator=GENERATOR).repeat(2, 1)
    assert symmetric_kl(logits, batch(torch.tensor([0, 1]), [1, 1]), per_step=False) == 0


@pytest.mark.train
@pytest.mark.parametrize("crf", [True, False])
def test_tags_are_learnt_with_it(tagged: Any, crf: bool) -> None:
    plain, fitted = (tagged(crf).fit(training={"epochs": 12, "patience": 12, "r_drop": c}) for c in (0.0, 1.0))
    assert fitted.best_score > 0.9
    assert any(not np.array_equal(plain.weights[name], value) for name, value in fitted.weights.items())


@pytest.mark.train
def test_labels_are_learnt_with_it_and_twice_the_same(labelled: Any) -> None:
    one, two = (labelled.fit(training={"epochs": 20, "patience": 20, "r_drop": 1.0}) for _ in range(2))
    assert one.best_score >= 0.9
    assert all(np.array_equal(one.weights[name], value) for name, value in two.weights.items())


@pytest.mark.parametrize("value", [-1.0, float("inf"), float("nan")])
def test_a_weight_below_zero_or_without_end_is_refused(value: float) -> None:
    with pytest.raises(ArgumentError, match="TrainConfig: r_drop must be at least 0"):
        TrainConfig(r_drop=value)
