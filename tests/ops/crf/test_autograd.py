"""The torch loss against the NumPy specification, against pytorch-crf, and against autograd through plain log-sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchcrf import CRF

from bigru import scheme
from bigru.errors import ArgumentError
from bigru.ops.crf import reference, torch_ops
from bigru.ops.crf.autograd import negative_log_likelihood
from bigru.ops.crf.weights import CrfWeights, constrain
from tolerances import FLOAT32, FLOAT64, SHARES64

INF = float("inf")
Batch = tuple[Tensor, Tensor, Tensor, list[Tensor]]


def draw_batch(lengths: list[int], T: int, K: int, scale: float = 1.0, seed: int = 0) -> Batch:
    """Emissions with NaN past each length, tags with -100 there, lengths, and [transitions, start, end]; float64."""
    generator = torch.Generator().manual_seed(seed)
    count = torch.tensor(lengths, dtype=torch.int64)
    past = torch.arange(T) >= count[:, None]
    emissions = torch.randn(len(lengths), T, K, generator=generator, dtype=torch.float64) * scale
    tags = torch.randint(0, K, (len(lengths), T), generator=generator)
    weights = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((K, K), (K,), (K,))]
    return emissions.masked_fill(past[..., None], torch.nan), tags.masked_fill(past, -100), count, weights


def plain(emissions: Tensor, tags: Tensor, lengths: Tensor, transitions: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """The loss by its definition, one sequence after the other, left to autograd."""
    losses = []
    for scores, path, n in zip(emissions, tags, lengths.tolist(), strict=True):
        total = gold = scores[:0].sum()
        if n:
            alpha = start + scores[0]
            for t in range(1, n):
                alpha = torch.logsumexp(alpha[:, None] + transitions, 0) + scores[t]
            total = torch.logsumexp(alpha + end, 0)
            gold = start[path[0]] + scores[range(n), path[:n]].sum() + end[path[n - 1]]
            gold = gold + transitions[path[: n - 1], path[1:n]].sum()
        losses.append(total - gold)
    return torch.stack(losses) if losses else emissions.new_zeros(0)


def gradients(loss: Callable[..., Tensor], batch: Batch, scale: Tensor | None = None) -> list[Tensor]:
    """The loss and its gradients in emissions, transitions, start and end."""
    emissions, tags, lengths, weights = batch
    leaves = [leaf.clone().requires_grad_() for leaf in (emissions, *weights)]
    value = loss(leaves[0], tags, lengths, *leaves[1:])
    (value if scale is None else value * scale).sum().backward()
    grads = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]
    return [value.detach(), *grads]


def assert_same(got: list[Tensor], want: list[Tensor], tolerance: dict[str, float]) -> None:
    for one, other in zip(got, want, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, **tolerance)


def test_loss_and_gradients_by_hand() -> None:
    # One position, two tags: Z = e^(1+2) + e^(0+0), gold is tag 1.
    emissions = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)
    weights = [torch.zeros(2, 2).double(), torch.tensor([2.0, 0.0]).double(), torch.zeros(2).double()]
    got = gradients(negative_log_likelihood, (emissions, torch.tensor([[1]]), torch.tensor([1]), weights))
    p = np.exp(3) / (np.exp(3) + 1)
    np.testing.assert_allclose(got[0], [np.log(np.exp(3) + 1)], **FLOAT64)
    np.testing.assert_allclose(got[1], [[[p, -p]]], **FLOAT64)
    np.testing.assert_allclose(got[2], np.zeros((2, 2)), **FLOAT64)
    np.testing.assert_allclose(got[3], [p, -p], **FLOAT64)
    np.testing.assert_allclose(got[4], [p, -p], **FLOAT64)


@pytest.mark.parametrize(
    ("lengths", "T", "K"),
    [([1], 1, 1), ([1], 1, 7), ([2, 0, 1], 2, 2), ([7, 3, 7, 0], 7, 3), ([63, 1, 2, 62], 63, 5), ([0, 0], 3, 2)],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_to_the_definition(lengths: list[int], T: int, K: int, dtype: torch.dtype) -> None:
    emissions, tags, count, weights = draw_batch(lengths, T, K)
    narrow = (emissions.to(dtype), tags, count, [w.to(dtype) for w in weights])
    wide = (narrow[0].double(), tags, count, [w.double() for w in narrow[3]])
    scale = torch.linspace(0.5, 2, len(lengths), dtype=torch.float64)
    got = gradients(negative_log_likelihood, narrow, scale.to(dtype))
    want = gradients(plain, wide, scale)
    assert_same(got, [w.to(dtype) for w in want], FLOAT64 if dtype == torch.float64 else FLOAT32)
    assert not got[1][torch.arange(T) >= count[:, None]].any()


def test_equal_to_the_numpy_specification() -> None:
    emissions, tags, lengths, weights = draw_batch([13, 0, 1, 9], 13, 6, scale=3.0)
    numpy_weights = CrfWeights(*(w.numpy() for w in weights))
    got = gradients(negative_log_likelihood, (emissions, tags, lengths, weights))
    want = -reference.log_likelihood(emissions.numpy(), tags.numpy(), numpy_weights, lengths.numpy())
    np.testing.assert_allclose(got[0], want, **FLOAT64)
    excess = reference.marginals(emissions.numpy(), numpy_weights, lengths.numpy())
    for b, n in enumerate(lengths.tolist()):
        excess[b, range(n), tags[b, :n]] -= 1
    np.testing.assert_allclose(got[1], excess, **FLOAT64)


@pytest.mark.parametrize(("B", "T", "K"), [(1, 1, 2), (5, 17, 9), (3, 40, 33)])
def test_equal_to_pytorch_crf(B: int, T: int, K: int) -> None:
    torch.manual_seed(0)
    crf = CRF(K, batch_first=True).double()
    lengths = [T, *np.random.default_rng(0).integers(1, T + 1, B - 1).tolist()]
    emissions, tags, count, _ = draw_batch(lengths, T, K, scale=3.0)
    real = torch.arange(T) < count[:, None]
    weights = [crf.transitions.detach(), crf.start_transitions.detach(), crf.end_transitions.detach()]
    got = gradients(negative_log_likelihood, (emissions, tags, count, weights))
    clean = torch.where(real[..., None], emissions, 0).requires_grad_()
    loss = -crf(clean, torch.where(real, tags, 0), mask=real, reduction="none")
    loss.sum().backward()
    want = [clean.grad, crf.transitions.grad, crf.start_transitions.grad, crf.end_transitions.grad]
    moved = [torch.zeros(K, K).double() if grad is None else grad for grad in want]
    assert_same(got, [loss.detach(), *moved], FLOAT64)


def test_gradcheck() -> None:
    emissions, tags, lengths, weights = draw_batch([5, 0, 1, 3], 5, 3)
    inputs = [torch.where(emissions.isnan(), 0, emissions), *weights]
    leaves = [leaf.requires_grad_() for leaf in inputs]
    extra = torch.tensor([0.3, 1.0, 2.0, 0.7], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda e, *w: negative_log_likelihood(e, tags, lengths, *w, extra), leaves)


def test_gradients_of_gradients_are_refused_rather_than_lost() -> None:
    emissions, tags, lengths, weights = draw_batch([5, 3], 5, 3)
    leaf = emissions.requires_grad_()
    loss = negative_log_likelihood(leaf, tags, lengths, *weights).sum()
    with pytest.raises(ArgumentError, match="create_graph must be False in backward, got True"):
        torch.autograd.grad(loss, leaf, create_graph=True)


def test_a_sequence_has_the_same_loss_alone_and_in_any_batch() -> None:
    emissions, tags, lengths, weights = draw_batch([63, 7, 1, 0], 63, 9)
    together = gradients(negative_log_likelihood, (emissions, tags, lengths, weights))
    for b, n in enumerate(lengths.tolist()):
        alone = gradients(
            negative_log_likelihood, (emissions[b : b + 1, :n], tags[b : b + 1, :n], lengths[b : b + 1], weights)
        )
        np.testing.assert_allclose(together[0][b], alone[0][0], **FLOAT64)
        np.testing.assert_allclose(together[1][b, :n], alone[1][0], **FLOAT64)


@given(st.integers(0, 2**31), st.integers(1, 4), st.sampled_from([1.0, 100.0, 1e4]), st.sampled_from([1.0, 300.0, 1e4]))
@settings(max_examples=100)
def test_exact_for_extreme_scores_and_hard_constraints(seed: int, K: int, scale: float, stiffness: float) -> None:
    random = np.random.default_rng(seed)
    emissions, _, lengths, weights = draw_batch([9, 4, 1, 9], 9, K, scale, seed)
    weights = [w * stiffness for w in weights]
    forbidden = torch.from_numpy(random.random((K, K)) < 0.3).fill_diagonal_(False)
    weights[0] = weights[0].masked_fill(forbidden, -INF)
    tags = torch.full((4, 9), int(random.integers(K)))
    got = gradients(negative_log_likelihood, (emissions, tags, lengths, weights))
    want = gradients(plain, (emissions, tags, lengths, weights))
    size = max(scale, stiffness)
    np.testing.assert_allclose(got[0] / size, want[0] / size, **FLOAT64)
    shares = reference.marginals(emissions.numpy(), CrfWeights(*(w.numpy() for w in weights)), lengths)
    for b, n in enumerate(lengths.tolist()):
        shares[b, range(n), tags[b, :n]] -= 1
    np.testing.assert_allclose(got[1] / size, shares / size, **SHARES64)
    # log-sum-exp's own gradient is NaN where a whole column is -inf; where it is a number, it is ours.
    known = ~want[2].isnan()
    np.testing.assert_allclose(got[2][known] / size, want[2][known] / size, **SHARES64)
    assert not got[2][forbidden].any()
    assert all(part.isfinite().all() for part in got)


def test_the_tags_of_a_scheme_as_constraints() -> None:
    names = ["O", *(f"{prefix}-{label}" for label in "AB" for prefix in "BIES")]
    masks = scheme.transition_mask(names, "BIOES")
    emissions, _, lengths, weights = draw_batch([6, 4, 1], 6, len(names), scale=2.0)
    tags = torch.tensor([[1, 2, 3, 0, 4, 0], [0, 5, 7, 8, -1, -1], [4, -1, -1, -1, -1, -1]])
    hard = constrain(CrfWeights(*(w.numpy() for w in weights)), *masks)
    batch = (emissions, tags, lengths, [torch.from_numpy(w) for w in hard])
    got = gradients(negative_log_likelihood, batch)
    want = -reference.log_likelihood(emissions.numpy(), tags.numpy(), hard, lengths.numpy())
    np.testing.assert_allclose(got[0], want, **FLOAT64)
    assert not got[2][torch.from_numpy(~masks[0])].any()
    assert all(part.isfinite().all() for part in got)


def test_a_late_tag_revives_what_underflow_would_have_lost() -> None:
    weights = [torch.tensor([[0.0, -INF], [-INF, 0.0]]), torch.zeros(2), torch.tensor([-INF, 0.0])]
    emissions = torch.zeros(2, 50, 2)
    emissions[0, 0, 0] = 2000
    batch = (emissions, torch.ones(2, 50, dtype=torch.int64), torch.tensor([50, 50]), weights)
    got = gradients(negative_log_likelihood, batch)
    np.testing.assert_allclose(got[0], [0, 0], **FLOAT32)
    np.testing.assert_allclose(got[1], np.zeros((2, 50, 2)), **FLOAT32)


def test_both_ways_of_computing_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = draw_batch([21, 0, 1, 20], 21, 5, scale=4.0)
    rescaled = gradients(negative_log_likelihood, batch)
    monkeypatch.setattr(torch_ops, "_WEAK", INF)
    assert_same(gradients(negative_log_likelihood, batch), rescaled, FLOAT64)


def test_ordinary_scores_never_take_the_slow_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch_ops, "_in_log_space")
    gradients(negative_log_likelihood, draw_batch([63, 1, 0, 30], 63, 9, scale=30.0))
    names = ["O", "B-A", "I-A", "E-A", "S-A"]
    emissions, _, lengths, weights = draw_batch([63, 40], 63, 5, scale=10.0)
    hard = constrain(CrfWeights(*(w.numpy() for w in weights)), *scheme.transition_mask(names, "BIOES"))
    tags = torch.zeros(2, 63, dtype=torch.int64)
    assert gradients(negative_log_likelihood, (emissions, tags, lengths, [torch.from_numpy(w) for w in hard]))


def test_only_the_sequence_in_need_takes_the_slow_way() -> None:
    emissions, tags, lengths, weights = draw_batch([9, 9, 9], 9, 4)
    emissions[1] *= 5000
    got = gradients(negative_log_likelihood, (emissions, tags, lengths, weights), torch.tensor([1.0, 3.0, 0.5]))
    want = gradients(plain, (emissions, tags, lengths, weights), torch.tensor([1.0, 3.0, 0.5]))
    assert_same(got, want, {"rtol": 1e-10, "atol": 1e-9})


def test_nan_reaches_the_loss() -> None:
    emissions, tags, lengths, weights = draw_batch([3, 3], 3, 2)
    emissions[0, 1, 0] = torch.nan
    got = gradients(negative_log_likelihood, (emissions, tags, lengths, weights))
    assert got[0].isnan().tolist() == [True, False]
    assert got[1][1].isfinite().all()


def test_a_forbidden_gold_path_has_infinite_loss() -> None:
    emissions, _, lengths, weights = draw_batch([3, 3, 0], 3, 2)
    weights[0] = torch.tensor([[0.0, -INF], [0.0, 0.0]]).double()
    tags = torch.tensor([[0, 1, 1], [1, 1, 0], [0, 0, 0]])
    assert negative_log_likelihood(emissions, tags, lengths, *weights).isfinite().tolist() == [False, True, True]


def test_where_no_path_is_allowed_the_loss_is_infinite_and_the_gradient_finite() -> None:
    emissions, tags, lengths, weights = draw_batch([9, 1, 0], 9, 2)
    weights[1] = torch.full((2,), -INF).double()
    got = gradients(negative_log_likelihood, (emissions, tags, lengths, weights))
    assert got[0].tolist() == [INF, INF, 0]
    assert all(part.isfinite().all() for part in got[1:])
    assert not got[1][2].any()


def test_a_short_sequence_is_not_disturbed_by_what_could_not_go_on() -> None:
    emissions, _, lengths, weights = draw_batch([1, 9], 9, 2)
    weights[0] = torch.full((2, 2), -INF).double()
    tags = torch.zeros(2, 9, dtype=torch.int64)
    got = gradients(negative_log_likelihood, (emissions, tags, lengths, weights), torch.tensor([1.0, 0.0]))
    want = gradients(negative_log_likelihood, (emissions[:1, :1], tags[:1, :1], lengths[:1], weights))
    np.testing.assert_allclose(got[1][0, :1], want[1][0], **FLOAT64)
    assert got[1].isfinite().all()
    assert got[0].isfinite().tolist() == [True, False]


def test_a_hopeless_emission_of_a_tag_that_no_path_reaches() -> None:
    # Tag 1 can neither be entered nor left, and its emission is e^-10000 of the best.
    stay = torch.tensor([[0.0, -INF], [-INF, -INF]]).double()
    weights = [stay, torch.tensor([0.0, -INF]).double(), torch.tensor([0.0, -INF]).double()]
    emissions = torch.tensor([[[0.0, -1e4]] * 5]).double()
    got = gradients(
        negative_log_likelihood, (emissions, torch.zeros(1, 5, dtype=torch.int64), torch.tensor([5]), weights)
    )
    assert_same(got, [torch.zeros_like(part) for part in got], FLOAT64)


def test_without_gradients_the_loss_is_the_same() -> None:
    emissions, tags, lengths, weights = draw_batch([7, 2, 0], 7, 4, scale=1000.0)
    with_graph = gradients(negative_log_likelihood, (emissions, tags, lengths, weights))[0]
    np.testing.assert_allclose(negative_log_likelihood(emissions, tags, lengths, *weights), with_graph, **FLOAT64)


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 2)])
def test_an_empty_batch(shape: tuple[int, int, int]) -> None:
    B, T, K = shape
    batch = (
        torch.zeros(shape),
        torch.zeros(B, T, dtype=torch.int64),
        torch.zeros(B, dtype=torch.int64),
        draw_batch([], 1, K)[3],
    )
    got = gradients(negative_log_likelihood, batch)
    assert got[0].tolist() == [0.0] * B
    assert got[1].shape == shape


def test_half_precision_gives_a_float32_loss() -> None:
    emissions, tags, lengths, weights = draw_batch([5, 4], 5, 3)
    half = emissions.bfloat16()
    got = gradients(negative_log_likelihood, (half, tags, lengths, [w.float() for w in weights]))
    want = gradients(negative_log_likelihood, (half.double(), tags, lengths, [w.float().double() for w in weights]))
    assert [part.dtype for part in got] == [torch.float32, torch.bfloat16, *[torch.float32] * 3]
    np.testing.assert_allclose(got[0], want[0], **FLOAT32)
    np.testing.assert_allclose(got[2], want[2], **FLOAT32)
    with torch.autocast("cpu", torch.bfloat16):
        inside = negative_log_likelihood(half, tags, lengths, *(w.float() for w in weights))
    np.testing.assert_allclose(inside, want[0], **FLOAT32)


def test_weights_multiply_the_loss() -> None:
    emissions, tags, lengths, weights = draw_batch([3, 2, 0], 3, 3)
    extra = torch.tensor([2.0, 0.5, 9.0], dtype=torch.float64)
    plain_loss = negative_log_likelihood(emissions, tags, lengths, *weights)
    got = negative_log_likelihood(emissions, tags, lengths, *weights, weights=extra)
    np.testing.assert_allclose(got, plain_loss * extra, **FLOAT64)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_cuda() -> None:
    emissions, tags, lengths, weights = draw_batch([40, 3, 0, 17], 40, 9, scale=3.0)
    emissions[3] *= 3000
    there = (emissions.cuda(), tags.cuda(), lengths, [w.cuda() for w in weights])
    got = gradients(negative_log_likelihood, there)
    assert_same(
        [part.cpu() for part in got], gradients(negative_log_likelihood, (emissions, tags, lengths, weights)), FLOAT64
    )


WHERE = "crf.negative_log_likelihood"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"emissions": torch.zeros(2, 3)}, f"{WHERE}: emissions must be [B, T, K], got shape [2, 3]."),
        ({"tags": torch.zeros(2, 4)}, f"{WHERE}: tags must be [B=2, T=3], got shape [2, 4]."),
        ({"lengths": torch.tensor([3])}, f"{WHERE}: lengths must be [B=2], got shape [1]."),
        ({"lengths": torch.tensor([3, 4])}, f"{WHERE}: lengths must be within 0..T=3, got 4."),
        ({"lengths": torch.tensor([3, -1])}, f"{WHERE}: lengths must be within 0..T=3, got -1."),
        ({"transitions": torch.zeros(3, 3)}, f"{WHERE}: transitions must be [K=2, K=2], got shape [3, 3]."),
        ({"start": torch.zeros(3)}, f"{WHERE}: start must be [K=2], got shape [3]."),
        ({"end": torch.zeros(3)}, f"{WHERE}: end must be [K=2], got shape [3]."),
        ({"weights": torch.zeros(3)}, f"{WHERE}: weights must be [B=2], got shape [3]."),
        ({"tags": torch.full((2, 3), 2)}, f"{WHERE}: tags must be within 0..1, got 2."),
        ({"tags": torch.full((2, 3), -100)}, f"{WHERE}: tags must be within 0..1, got -100."),
    ],
)
def test_bad_input_is_named(change: dict[str, Tensor], text: str) -> None:
    names = ("emissions", "tags", "lengths", "transitions", "start", "end")
    good = (torch.zeros(2, 3, 2), torch.zeros(2, 3, dtype=torch.int64), torch.tensor([3, 2]), torch.zeros(2, 2))
    arguments = dict(zip(names, (*good, torch.zeros(2), torch.zeros(2)), strict=True)) | change
    with pytest.raises(ArgumentError) as caught:
        negative_log_likelihood(**arguments)
    assert str(caught.value) == text
