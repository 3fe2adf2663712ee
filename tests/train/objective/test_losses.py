from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from bigru.config import ModelConfig, TrainConfig
from bigru.errors import ArgumentError
from bigru.train.data.loader import IGNORED, Batch
from bigru.train.objective.losses import choose_loss, class_weights
from tolerances import FLOAT32

GENERATOR = torch.Generator().manual_seed(0)
SCORES = torch.randn(4, 3, generator=GENERATOR)
LABELS = np.array([0, 2, 2, 1])


class Chain(torch.nn.Module):
    """A model whose CRF alone matters."""

    def __init__(self, K: int) -> None:
        super().__init__()
        self.crf = torch.nn.Module()
        for name, shape in (("transitions", (K, K)), ("start", (K,)), ("end", (K,))):
            self.crf.register_parameter(name, torch.nn.Parameter(torch.randn(shape, generator=GENERATOR)))


def batch(targets: np.ndarray | torch.Tensor, lengths: list[int] | None = None) -> Batch:
    targets = torch.as_tensor(targets)
    ends = torch.tensor(lengths if lengths is not None else [1] * len(targets))
    return Batch(torch.zeros(len(targets), 1, 1), ends, targets)


def loss(
    logits: torch.Tensor, targets: object, made: Batch, crf: bool = False, masks: object = None, **training: object
):
    config = ModelConfig(outputs=logits.shape[-1], input_size=1, crf=crf, pooling=() if logits.ndim == 3 else ("max",))
    model = Chain(logits.shape[-1])
    return choose_loss(model, config, targets, TrainConfig(**training), masks)(logits, made), model


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_one_label_of_many_is_cross_entropy(smoothing: float, weights: str) -> None:
    counts = None if weights == "none" else torch.tensor([4 / 3, 4 / 3, 4 / 6])
    want = F.cross_entropy(SCORES, torch.from_numpy(LABELS), counts, label_smoothing=smoothing)
    got, _ = loss(SCORES, LABELS, batch(LABELS), label_smoothing=smoothing, class_weights=weights)
    torch.testing.assert_close(got, want, **FLOAT32)


def test_one_logit_equals_two() -> None:
    labels = np.array([0, 1, 1, 1])
    one = SCORES[:, :1]
    two = torch.cat([torch.zeros(4, 1), one], dim=1)
    for training in ({}, {"class_weights": "balanced"}, {"label_smoothing": 0.2}):
        got, _ = loss(one, labels, batch(labels), **training)
        want, _ = loss(two, labels, batch(labels), **training)
        torch.testing.assert_close(got, want, **FLOAT32)


def test_many_labels_are_binary_cross_entropies() -> None:
    gold = np.array([[1, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]], np.float32)
    each = F.binary_cross_entropy_with_logits(SCORES, torch.from_numpy(gold), reduction="none")
    got, _ = loss(SCORES, gold, batch(gold))
    torch.testing.assert_close(got, each.mean(), **FLOAT32)
    positive = torch.tensor([3.0, 1.0, 1 / 3])
    got, _ = loss(SCORES, gold, batch(gold), class_weights="balanced")
    torch.testing.assert_close(got, (each * (1 + torch.from_numpy(gold) * (positive - 1))).mean(), **FLOAT32)


@pytest.mark.parametrize("outputs", [1, 3])
def test_padding_counts_for_nothing(outputs: int) -> None:
    logits = torch.randn(2, 3, outputs, generator=GENERATOR)
    logits[1, 1:] = torch.nan
    tags = [np.array([0, 1, 1]), np.array([1])]
    padded = torch.tensor([[0, 1, 1], [1, IGNORED, IGNORED]])
    got, _ = loss(logits, tags, batch(padded, [3, 1]))
    flat = torch.cat([logits[0], logits[1, :1]])
    two = torch.cat([torch.zeros(4, 1), flat], dim=1) if outputs == 1 else flat
    torch.testing.assert_close(got, F.cross_entropy(two, torch.tensor([0, 1, 1, 1])), **FLOAT32)


@pytest.mark.parametrize("crf", [False, True])
@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_a_batch_of_empty_sequences_has_loss_zero(crf: bool, weights: str) -> None:
    empty = torch.zeros(2, 0, dtype=torch.int64)
    got, _ = loss(torch.zeros(2, 0, 3), [LABELS], batch(empty, [0, 0]), crf=crf, class_weights=weights)
    assert got.item() == 0.0


def test_a_crf_is_the_mean_negative_log_likelihood_of_its_sequences() -> None:
    logits = torch.randn(1, 3, 2, generator=GENERATOR)
    tags = torch.tensor([[0, 1, 1]])
    got, model = loss(logits, [tags[0].numpy()], batch(tags, [3]), crf=True)

    def score(path: tuple[int, ...]) -> torch.Tensor:
        chain = model.crf.start[path[0]] + model.crf.end[path[-1]] + sum(logits[0, t, k] for t, k in enumerate(path))
        return chain + sum(model.crf.transitions[i, j] for i, j in itertools.pairwise(path))

    partition = torch.stack([score(path) for path in itertools.product((0, 1), repeat=3)]).logsumexp(0)
    torch.testing.assert_close(got, partition - score((0, 1, 1)), **FLOAT32)


def test_a_crf_with_equal_weights_is_a_crf_without() -> None:
    logits = torch.randn(2, 4, 2, generator=GENERATOR)
    tags = torch.tensor([[0, 1, 1, 0], [0, 1, IGNORED, IGNORED]])
    even = [np.array([0, 1])]
    torch.manual_seed(0)
    plain, model = loss(logits, even, batch(tags, [4, 2]), crf=True)
    config = ModelConfig(outputs=2, input_size=1, crf=True)
    weighted = choose_loss(model, config, even, TrainConfig(class_weights="balanced"))(logits, batch(tags, [4, 2]))
    torch.testing.assert_close(weighted, plain, **FLOAT32)


def test_class_weights_move_a_crf_towards_the_rare_tag() -> None:
    tags = [np.array([0] * 9 + [1])]
    logits = torch.zeros(1, 10, 2, requires_grad=True)
    made = batch(torch.from_numpy(tags[0])[None], [10])
    gradients = {}
    for weights in ("none", "balanced"):
        got, _ = loss(logits, tags, made, crf=True, class_weights=weights)
        gradients[weights] = torch.autograd.grad(got, logits)[0][0, 9, 1].item()
    assert gradients["balanced"] < 3 * gradients["none"] < 0


def test_forbidden_paths_take_no_part_in_a_crf() -> None:
    logits = torch.randn(1, 2, 2, generator=GENERATOR)
    tags = torch.tensor([[0, 1]])
    only = (np.array([[False, True], [False, False]]), np.array([True, True]), np.array([True, True]))
    for weights in ("none", "balanced"):
        got, _ = loss(logits, [tags[0].numpy()], batch(tags, [2]), crf=True, masks=only, class_weights=weights)
        assert got.item() == pytest.approx(0.0, abs=1e-3)


def test_balanced_weights_give_every_class_the_same_sum() -> None:
    weights = class_weights(np.array([0] * 6 + [2] * 2), 4, "balanced")
    assert weights is not None
    assert weights.tolist() == pytest.approx([8 / 12, 1, 2, 1])
    assert class_weights(LABELS, 3, "none") is None


def test_label_smoothing_with_a_crf_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"train: label_smoothing must be 0 with a CRF, got 0\.1"):
        loss(torch.zeros(1, 1, 2), [LABELS], batch(torch.zeros(1, 1)), crf=True, label_smoothing=0.1)
