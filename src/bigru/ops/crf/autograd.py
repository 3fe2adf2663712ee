"""The torch seam of the CRF: its loss and the gradient, marginals less gold, as the operators `bigru::crf_loss`.

In float32 and half precision on a CPU the native kernel runs, elsewhere torch's operators (`torch_ops.py`).
Equations: `docs/math/crf.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import ArgumentError, sentence
from ..library import threads
from . import native, torch_ops

__all__ = ["negative_log_likelihood", "step_losses"]

WHERE = "crf.negative_log_likelihood"


def negative_log_likelihood(
    emissions: Tensor,
    tags: Tensor,
    lengths: Tensor,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """-log p(tags | emissions) of each sequence (2), with the gradient (9, 10) in emissions, transitions, start, end.

    Args:
        emissions: [B, T, K] float on any device; what lies past a length is never used and has gradient zero.
        tags: [B, T] int64 gold tags; anything past a length.
        lengths: [B] int64 within 0..T; a sequence of length 0 has loss 0.
        transitions: [K, K] float, from row to column; -inf forbids, and has gradient zero.
        start: [K] float, of beginning with a tag.
        end: [K] float, of ending with a tag.
        weights: [B] float or None: what each sequence's loss is multiplied by (19).

    Returns:
        [B] in the dtype of the emissions (float32 for half precision); +inf where the gold path is forbidden.

    Raises:
        ArgumentError: shapes do not fit, a length leaves 0..T, or a tag within a length leaves 0..K-1.
    """
    if weights is not None:
        _check_shape("weights", weights, f"[B={len(emissions)}]", (len(emissions),))
    loss = _losses(emissions, tags, lengths, transitions, start, end, per_step=False)
    return loss if weights is None else loss * weights


def step_losses(
    emissions: Tensor, tags: Tensor, lengths: Tensor, transitions: Tensor, start: Tensor, end: Tensor
) -> Tensor:
    """The same divided among the steps, so that each can be weighted by its tag (18): -log p(y_t | y_1 .. y_t-1, x).

    Weighted, the shares stay log-likelihoods, so a rare tag can count more without the frequent tags around it
    counting more too. Arguments, and what they raise, are those of `negative_log_likelihood`.

    Returns:
        [B, T], zero past each length; each row sums to the sequence's loss.
    """
    return _losses(emissions, tags, lengths, transitions, start, end, per_step=True)


def _losses(emissions: Tensor, tags: Tensor, lengths: Tensor, *weights: Tensor, per_step: bool) -> Tensor:
    if emissions.dim() != 3:
        raise ArgumentError(sentence(WHERE, "emissions", "[B, T, K]", f"shape {list(emissions.shape)}"))
    B, T, K = emissions.shape
    _check_shape("tags", tags, f"[B={B}, T={T}]", (B, T))
    _check_shape("lengths", lengths, f"[B={B}]", (B,))
    for name, score, want in zip(("transitions", "start", "end"), weights, ((K, K), (K,), (K,)), strict=True):
        _check_shape(name, score, "[" + ", ".join(f"K={k}" for k in want) + "]", want)
    if all(s.device.type == "cpu" and s.dtype.itemsize <= 4 for s in (emissions, *weights)):
        return _compiled(tags, lengths, per_step, emissions.float(), *(w.float() for w in weights))
    _check_ranges(tags, lengths, T, K)
    return (torch_ops.step_losses if per_step else torch_ops.losses)(emissions, tags, lengths, *weights)


def _check_shape(name: str, value: Tensor, want: str, shape: tuple[int, ...]) -> None:
    if value.shape != shape:
        raise ArgumentError(sentence(WHERE, name, want, f"shape {list(value.shape)}"))


def _check_ranges(tags: Tensor, lengths: Tensor, T: int, K: int) -> None:
    """Refuse lengths and tags that leave their ranges."""
    lengths = lengths.to(tags.device)
    _check_range("lengths", lengths, T, f"within 0..T={T}")
    real = torch.arange(T, device=tags.device) < lengths[:, None]
    _check_range("tags", torch.where(real, tags, 0), K - 1, f"within 0..{K - 1}")


def _check_range(name: str, values: Tensor, most: int, want: str) -> None:
    if values.numel() and ((values < 0) | (values > most)).any():
        bad = int(values.min() if values.min() < 0 else values.max())
        raise ArgumentError(sentence(WHERE, name, want, bad))


def _compiled(tags: Tensor, lengths: Tensor, per_step: bool, *scores: Tensor) -> Tensor:
    """The loss from the native kernel; scores float32: emissions, transitions, start, end."""
    keep = torch.is_grad_enabled() and any(s.requires_grad for s in scores)
    integers = (tags.to("cpu", torch.int64), lengths.to("cpu", torch.int64))
    loss: Tensor = torch.ops.bigru.crf_loss(scores[0], *integers, *scores[1:], per_step, keep)[0]
    return loss


def _threads() -> int:
    return min(torch.get_num_threads(), threads())


def _dense(tensor: Tensor) -> Any:
    """Return a tensor's memory as an array; copied only where it has gaps."""
    return tensor.detach().contiguous().numpy()


def _forward(
    emissions: Tensor, tags: Tensor, lengths: Tensor,
    transitions: Tensor, start: Tensor, end: Tensor, per_step: bool, keep: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The losses [B] or [B, T] and, if `keep` is set, what the gradient needs."""
    e, gold, ends, *scores = map(_dense, (emissions, tags, lengths, transitions, start, end))
    losses = emissions.new_empty(e.shape[: 1 + per_step])
    try:
        kept = native.forward(e, ends, tuple(scores), _threads(), gold, losses.numpy(), keep)
    except ValueError as error:
        _check_ranges(tags, lengths, *e.shape[1:])
        raise ArgumentError(str(error)) from None
    return losses, emissions.new_empty(0) if kept is None else torch.from_numpy(kept)


def _forward_shapes(emissions: Tensor, *others: Any) -> tuple[Tensor, Tensor]:
    B, T, K = emissions.shape
    losses = emissions.new_empty((B, T) if others[-2] else B)
    return losses, emissions.new_empty(3 * B * T * ((K + 15) // 16 * 16) + B if others[-1] else 0)


def _backward(
    d_losses: Tensor, emissions: Tensor, tags: Tensor, lengths: Tensor,
    transitions: Tensor, start: Tensor, end: Tensor, kept: Tensor, needs: Sequence[bool],
) -> tuple[Tensor, ...]:  # fmt: skip
    """The gradients of the four scores; an empty tensor for one that is not needed."""
    results = _backward_shapes(d_losses, emissions, tags, lengths, transitions, start, end, kept, needs)
    e, gold, ends, *scores = map(_dense, (emissions, tags, lengths, transitions, start, end))
    written = [r.numpy() if need else None for r, need in zip(results, needs, strict=True)]
    native.backward(e, ends, tuple(scores), _threads(), gold, kept.numpy(), _dense(d_losses), *written)
    return results


def _backward_shapes(d_losses: Tensor, *saved: Any) -> tuple[Tensor, ...]:
    emissions, _, _, *weights, _, needs = saved
    scores = zip((emissions, *weights), needs, strict=True)
    return tuple(d_losses.new_empty(score.shape if need else 0) for score, need in scores)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs[:-2], output[1])
    ctx.set_materialize_grads(False)  # else what is kept, many times the emissions, would get zeros for a gradient


def _gradient(ctx: Any, d_losses: Tensor | None, _: Tensor | None) -> tuple[Tensor | None, ...]:
    if d_losses is None:
        return (None,) * 8
    if torch.is_grad_enabled():  # A gradient that is differentiated again would silently count as a constant.
        raise ArgumentError(sentence(WHERE, "create_graph", "False in backward", True))
    needs = [ctx.needs_input_grad[i] for i in (0, 3, 4, 5)]
    results = torch.ops.bigru.crf_loss_backward(d_losses, *ctx.saved_tensors, needs)
    emissions, *weights = (r if need else None for r, need in zip(results, needs, strict=True))
    return emissions, None, None, *weights, None, None


_LIBRARY = torch.library.Library("bigru", "FRAGMENT")
_SCORES = "Tensor emissions, Tensor tags, Tensor lengths, Tensor transitions, Tensor start, Tensor end"
_LIBRARY.define(f"crf_loss({_SCORES}, bool per_step, bool keep) -> (Tensor, Tensor)")
_LIBRARY.define(
    f"crf_loss_backward(Tensor d_losses, {_SCORES}, Tensor kept, bool[4] needs) -> (Tensor, Tensor, Tensor, Tensor)"
)
_LIBRARY.impl("crf_loss", _forward, "CPU")
_LIBRARY.impl("crf_loss_backward", _backward, "CPU")
torch.library.register_fake("bigru::crf_loss", _forward_shapes, lib=_LIBRARY)
torch.library.register_fake("bigru::crf_loss_backward", _backward_shapes, lib=_LIBRARY)
torch.library.register_autograd("bigru::crf_loss", _gradient, setup_context=_keep, lib=_LIBRARY)
