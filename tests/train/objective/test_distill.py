from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from bigru.errors import TrainingError
from bigru.ops.crf.autograd import negative_log_likelihood
from bigru.train.data.loader import IGNORED, Batch, BatchLoader
from bigru.train.objective.distill import SoftTargets, distillation_loss, soften
from bigru.train.objective.losses import Loss
from bigru.train.regularise.rdrop import duplicate
from tolerances import FLOAT32

GENERATOR = torch.Generator().manual_seed(0)


def hard(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """A loss unlike all others."""
    return logits.sum() + 7.0


def batch(targets: torch.Tensor, soft: torch.Tensor | None, lengths: list[int] | None = None) -> Batch:
    ends = torch.tensor(lengths or [1] * len(targets))
    return Batch(torch.zeros(len(targets), 1, 1), ends, targets, soft)


def shares(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=GENERATOR).softmax(-1)


def mixed(loss: torch.Tensor, logits: torch.Tensor, share: float) -> torch.Tensor:
    return (1 - share) * (logits.sum() + 7.0) + share * loss


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_one_label_of_many_learns_the_whole_distribution(share: float) -> None:
    logits, soft = torch.randn(4, 3, generator=GENERATOR), shares(4, 3)
    got = distillation_loss(hard, share, crf=False)(logits, batch(torch.tensor([0, 1, 2, 0]), soft))
    torch.testing.assert_close(got, mixed(F.cross_entropy(logits, soft), logits, share), **FLOAT32)


def test_one_logit_and_many_labels_learn_each_probability() -> None:
    for logits, soft, targets in (
        (torch.randn(4, 1, generator=GENERATOR), torch.rand(4, 1, generator=GENERATOR), torch.tensor([0, 1, 1, 0])),
        (torch.randn(2, 5, generator=GENERATOR), torch.rand(2, 5, generator=GENERATOR), torch.ones(2, 5)),
    ):
        got = distillation_loss(hard, 0.9, crf=False)(logits, batch(targets, soft))
        want = F.binary_cross_entropy_with_logits(logits, soft)
        torch.testing.assert_close(got, mixed(want, logits, 0.9), **FLOAT32)


@pytest.mark.parametrize("outputs", [1, 3])
def test_steps_past_a_length_count_nothing(outputs: int) -> None:
    logits = torch.randn(2, 3, outputs, generator=GENERATOR)
    soft = shares(2, 3, outputs) if outputs > 1 else torch.rand(2, 3, 1, generator=GENERATOR)
    targets = torch.tensor([[0, 0, 0], [0, IGNORED, IGNORED]])
    real = torch.tensor([[True, True, True], [True, False, False]])
    want = (
        F.binary_cross_entropy_with_logits(logits[real], soft[real])
        if outputs == 1
        else F.cross_entropy(logits[real], soft[real])
    )
    got = distillation_loss(hard, 1.0, crf=False)(logits, batch(targets, soft, [3, 1]))
    torch.testing.assert_close(got, want, **FLOAT32)


def test_a_temperature_softens_both_and_keeps_the_size_of_gradients() -> None:
    logits, soft = torch.randn(4, 3, generator=GENERATOR), shares(4, 3)
    targets = torch.tensor([0, 1, 2, 0])
    got = distillation_loss(hard, 0.4, crf=False, temperature=3.0)(logits, batch(targets, soft))
    torch.testing.assert_close(got, mixed(9.0 * F.cross_entropy(logits / 3.0, soft), logits, 0.4), **FLOAT32)


def test_softened_probabilities_are_those_of_logits_over_the_temperature() -> None:
    logits = torch.randn(5, 3, generator=GENERATOR)
    got = soften(logits.softmax(-1).numpy(), 2.5, independent=False)
    torch.testing.assert_close(torch.from_numpy(got), (logits / 2.5).softmax(-1), **FLOAT32)
    got = soften(logits.sigmoid().numpy(), 2.5, independent=True)
    torch.testing.assert_close(torch.from_numpy(got), (logits / 2.5).sigmoid(), **FLOAT32)
    assert np.isfinite(soften(np.array([[0.0, 1.0]], np.float32), 0.1, independent=False)).all()


def test_without_soft_targets_it_is_the_loss_itself() -> None:
    logits = torch.randn(2, 3, generator=GENERATOR)
    got = distillation_loss(hard, 0.9, crf=False)(logits, batch(torch.tensor([0, 1]), None))
    torch.testing.assert_close(got, hard(logits, batch(torch.tensor([0, 1]), None)))


def chain(transitions: torch.Tensor, start: torch.Tensor, end: torch.Tensor) -> Loss:
    def loss(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
        tags = batch.targets.clamp(min=0)
        return negative_log_likelihood(logits, tags, batch.lengths, transitions, start, end).mean()

    return loss


def test_emissions_of_a_crf_are_pulled_from_its_marginals_to_the_mixed_targets() -> None:
    K, share, lengths = 3, 0.7, [4, 2]
    transitions, start, end = (torch.randn(shape, generator=GENERATOR) for shape in ((K, K), (K,), (K,)))
    logits = torch.randn(2, 4, K, generator=GENERATOR, requires_grad=True)
    targets = torch.tensor([[0, 1, 2, 0], [2, 1, IGNORED, IGNORED]])
    soft = shares(2, 4, K)
    distillation_loss(chain(transitions, start, end), share, crf=True)(logits, batch(targets, soft, lengths)).backward()
    assert logits.grad is not None
    for row, length in enumerate(lengths):
        paths = list(itertools.product(range(K), repeat=length))
        scores = torch.stack(
            [
                start[path[0]]
                + end[path[-1]]
                + sum(logits.detach()[row, t, tag] for t, tag in enumerate(path))
                + sum((transitions[a, b] for a, b in itertools.pairwise(path)), torch.zeros(()))
                for path in paths
            ]
        )
        marginal = torch.zeros(length, K)
        for path, p in zip(paths, scores.softmax(0), strict=True):
            marginal[range(length), path] += p
        gold = F.one_hot(targets[row, :length], K)
        want = (marginal - (1 - share) * gold - share * soft[row, :length]) / 2
        torch.testing.assert_close(logits.grad[row, :length], want, **FLOAT32)
        assert (logits.grad[row, length:] == 0).all()


def test_soft_targets_stay_with_their_examples() -> None:
    features = [np.full((1 + n % 3, 1), n, np.float32) for n in range(7)]
    rows = np.stack([np.full(2, n, np.float32) for n in range(7)])
    for made in BatchLoader(features, np.arange(7), 3, 2, 0, soft=rows, variants=[features]):
        assert made.soft is not None
        assert made.soft[:, 0].tolist() == made.inputs[:, 0, 0].tolist() == made.targets.tolist()
        double = duplicate(made)
        assert double.soft is not None
        assert double.soft[:, 1].tolist() == double.targets.tolist()


def test_soft_targets_of_steps_stay_with_their_steps() -> None:
    features = [np.arange(1, length + 1, dtype=np.float32)[:, None] for length in (3, 1, 2)]
    tags = [x[:, 0].astype(np.int64) for x in features]
    for made in BatchLoader(features, tags, 2, 1, 0, soft=[np.repeat(x, 2, axis=1) for x in features]):
        assert made.soft is not None
        assert torch.equal(made.soft, made.inputs.expand(-1, -1, 2))


@pytest.mark.train
def test_a_training_learns_soft_targets_in_place_of_wrong_labels_and_holds_out_both(labelled: Any) -> None:
    features, targets = labelled.train
    wrong = replace(labelled, train=(features, 1 - targets), dev=None)
    soft = SoftTargets(targets[:, None].astype(np.float32), 1.0)
    fitted = wrong.fit(soft=soft, training={"epochs": 25, "patience": 25})
    # The held-out labels are wrong too, so that the worst score is the best, and the last epoch is far from it.
    assert fitted.history[-1]["dev_accuracy"] < 0.2
    assert len(fitted.held_out) == 6


def test_a_checkpoint_of_other_soft_targets_is_refused(labelled: Any, tmp_path: Any) -> None:
    rows = labelled.train[1][:, None].astype(np.float32)
    labelled.fit(soft=SoftTargets(rows, 0.5), folder=tmp_path)
    for other, changed in (
        (SoftTargets(1 - rows, 0.5), "soft targets"),
        (SoftTargets(rows, 0.9), "share of soft targets"),
    ):
        with pytest.raises(TrainingError, match=f"a change of {changed}"):
            labelled.fit(soft=other, folder=tmp_path, resume=True)
