"""The torch seam: every recurrent layer of `bigru.nn` runs through `forward` and nothing else.

Which engine runs is decided by cell, device and dtype, never by what happens to be installed:

| layer | engine |
|---|---|
| GRU, float32 weights on a CPU | `run_compiled` of `ops.gru.autograd`: the native kernel |
| GRU on the device "meta" | the same operator, which there gives shapes only |
| GRU of another dtype on a CPU, or with reset before the product on CUDA | `run_stepwise` |
| GRU with reset after the product on CUDA; every other cell | `run_fused`: torch's own operator, cuDNN on CUDA |

A GRU on a CPU is refused, not slowed down, where its tensors differ in dtype or device; under `torch.autocast` the
input and the state may, and take the weights' dtype.

`run_stepwise` walks packed steps (see `walk.Packing`) with the derivatives of docs/math/gru.md written out, both walks
in one loop. Shapes inside it, D walks of N packed steps: gates [D, N, 3H], first the input products, then r, z, n;
U the recurrent weights [D, 3H, H]; b_hh [D, 3H]; hs the states [D, B + N, H], the initial ones first, by rank; h the
states that each step starts from [D, N, H]; dy [D, N, H] and carry [D, B, H] gradients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import ArgumentError, check_lengths, sentence
from ..gru.autograd import refuse_graph, refuse_transform, run_compiled
from .walk import Packing

__all__ = ["forward", "run_fused", "run_stepwise"]

CHUNK = 1 << 15
"""Entries of one array that `_back_after` works on at a time, so that they stay in the cache."""


def forward(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: Any = None,
    *,
    cell: str = "gru",
    reset_after: bool = True,
    h0: Tensor | None = None,
    time_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Walk one recurrent layer over a padded batch, differentiably, on any device.

    Args:
        x: [B, T, I]; what lies past a length is never read and may be NaN.
        weights: for each walk ("forward", "backward") weight_ih [G*H, I], weight_hh [G*H, H] and,
            where the layer has biases, bias_ih [G*H], bias_hh [G*H].
        lengths: [B] int (tensor, array or list) within 0..T, None for T everywhere.
        cell: "gru", "rnn" (tanh) or "lstm".
        reset_after: equation (3) when true, (3') when false; only the GRU looks at it.
        h0: [D, B, H] the initial states, None for zeros; the LSTM's cell starts from zero.
        time_first: whether x and y are [T, B, ...]; y is contiguous either way.

    Returns:
        y [B, T, D*H], the walks side by side, zero past a length; h_n [D, B, H], the states where the walks end,
        which for an empty sequence are the initial ones.

    Raises:
        ArgumentError: `lengths` has a wrong shape or dtype or leaves 0..T, or the tensors of a GRU on a CPU differ
            in dtype or device.
    """
    if cell == "gru" and x.device.type in ("cpu", "meta"):
        x, h0 = _same_kind(x, h0, [w for arrays in weights.values() for w in arrays])
        if x.dtype == torch.float32 or x.is_meta:
            return run_compiled(x, weights, lengths, h0, reset_after=reset_after, time_first=time_first)
    if time_first:
        y, h_n = forward(x.transpose(0, 1), weights, lengths, cell=cell, reset_after=reset_after, h0=h0)
        return y.transpose(0, 1).contiguous(), h_n
    batch, time = x.shape[:2]
    given = lengths.cpu().numpy() if isinstance(lengths, Tensor) else lengths
    full = np.full(batch, time) if given is None else check_lengths(f"{cell}.forward", given, batch, time)
    if h0 is None:
        weight_hh = next(iter(weights.values()))[1]
        h0 = weight_hh.new_zeros(len(weights), batch, weight_hh.shape[1])
    if cell == "gru" and not (x.is_cuda and reset_after):
        return run_stepwise(x, weights, full, h0, reset_after=reset_after)
    return run_fused(x, weights, full, h0, cell=cell)


def _same_kind(x: Tensor, h0: Tensor | None, weights: Sequence[Tensor]) -> tuple[Tensor, Tensor | None]:
    """Return x and h0 in the weights' dtype, which under autocast they may lack; refuse tensors that differ.

    Raises:
        ArgumentError: a tensor has another dtype, or lies on another device than x.
    """
    dtype, device = weights[0].dtype, x.device.type
    if torch.is_autocast_enabled("cpu"):
        x, h0 = x.to(dtype), None if h0 is None else h0.to(dtype)
    for name, tensors in (("weights", weights), ("x", (x,)), ("h0", () if h0 is None else (h0,))):
        for tensor in tensors:
            if tensor.dtype != dtype or tensor.device.type != device:
                got = f"{tensor.dtype} on {tensor.device}"
                remedy = "Convert the module or its input: another dtype would leave the compiled kernel."
                raise ArgumentError(sentence("gru.forward", name, f"{dtype} on {device}, all alike", got, remedy))
    return x, h0


def run_fused(
    x: Tensor, weights: Mapping[str, Sequence[Tensor]], lengths: np.ndarray, h0: Tensor, *, cell: str
) -> tuple[Tensor, Tensor]:
    """Run each walk through torch's operator, on dense input: a sequence is blind to what follows it.

    A walk backward runs forward over sequences whose real steps are mirrored, and its outputs are
    mirrored back. Not packed: on a CPU that is several times slower, and cuDNN's persistent kernels
    exclude it. The GRU resets after the product.
    """
    batch, time = x.shape[:2]
    if not batch * time:
        return x.new_zeros(batch, time, len(weights) * h0.shape[2]), h0
    operator: Any = {"gru": torch.gru, "rnn": torch.rnn_tanh, "lstm": torch.lstm}[cell]
    steps = np.arange(time)
    real = steps < lengths[:, None]
    mirror = np.where(real, lengths[:, None] - 1 - steps, steps) + np.arange(batch)[:, None] * time
    index, mask, empty = (_tensor(a, x) for a in (mirror.ravel(), real[..., None], lengths[:, None] == 0))
    x = torch.where(mask, x, 0)
    y, h_n = [], []
    for (walk, arrays), start in zip(weights.items(), h0, strict=True):
        order = index if walk == "backward" else None
        first = start.unsqueeze(0)
        state = (first, torch.zeros_like(first)) if cell == "lstm" else first
        out = operator(
            _reorder(x, order), state, list(arrays), len(arrays) == 4, 1, 0.0, torch.is_grad_enabled(), False, True
        )[0]
        last = _tensor(np.maximum(lengths - 1, 0) + np.arange(batch) * time, x)
        final = out.reshape(batch * time, -1).index_select(0, last)
        h_n.append(torch.where(empty, start, final))
        y.append(torch.where(mask, _reorder(out, order), 0))
    return torch.cat(y, dim=2), torch.stack(h_n)


def _tensor(array: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(like.device)


def _reorder(x: Tensor, order: Tensor | None) -> Tensor:
    """Return `x` [B, T, C] with its B * T entries in the given order."""
    return x if order is None else x.reshape(-1, x.shape[2]).index_select(0, order).view(x.shape)


def run_stepwise(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: np.ndarray,
    h0: Tensor,
    *,
    reset_after: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run the GRU, all walks at once, step by step over packed entries; only once differentiable."""
    refuse_transform()
    batch, time, inputs = x.shape
    packing = Packing(lengths, time)
    order, *sources = (_tensor(a, x) for a in (packing.order, *map(packing.source, weights)))
    W, U, *biases = (torch.stack(group) for group in zip(*weights.values(), strict=True))
    b_ih, b_hh = biases or (W.new_zeros(W.shape[:2]),) * 2
    flat = x.reshape(batch * time, inputs).to(W.dtype)
    packed = torch.stack([flat.index_select(0, source) for source in sources])
    initial = h0.to(W.dtype).index_select(1, order)
    states, finals = Steps.apply(reset_after, packing, packed, W, U, b_ih, b_hh, initial)
    finals = finals.index_select(1, torch.argsort(order))
    empty = states.new_zeros(batch * time, U.shape[2])
    y = [
        empty.index_copy(0, source, state).view(batch, time, U.shape[2])
        for source, state in zip(sources, states.unbind(), strict=True)
    ]
    return torch.cat(y, dim=2), finals


class Steps(torch.autograd.Function):
    """Packed inputs [D, N, I] to packed states [D, N, H] and final ones [D, B, H], with its backward pass."""

    @staticmethod
    def forward(
        ctx: Any, reset_after: bool, packing: Packing, packed: Tensor,
        W: Tensor, U: Tensor, b_ih: Tensor, b_hh: Tensor, initial: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        with torch.autocast(packed.device.type, enabled=False):
            gates = torch.baddbmm(b_ih.unsqueeze(1), packed, W.transpose(1, 2))
            hs = torch.cat([initial, initial.new_empty(len(W), packing.total, U.shape[2])], dim=1)
            kept = (_after if reset_after else _before)(gates, U, b_hh, hs, packing)
        ctx.reset_after, ctx.packing = reset_after, packing
        ctx.save_for_backward(packed, W, U, hs, *kept)
        return hs[:, packing.batch :], hs.index_select(1, _tensor(packing.last, hs))

    @staticmethod
    def backward(ctx: Any, dy: Tensor, dfinals: Tensor) -> tuple[Any, ...]:
        refuse_graph()
        refuse_transform(dy, dfinals)
        packed, W, U, hs, *kept = ctx.saved_tensors
        packing = ctx.packing
        h = hs[:, : packing.total] if packing.dense else hs.index_select(1, _tensor(packing.previous, hs))
        # The loops add to both in place; autograd may have handed them to someone else as well.
        dy, carry = dy.clone(memory_format=torch.contiguous_format), dfinals.clone()
        with torch.autocast(packed.device.type, enabled=False):
            d_in, dU, db_hh = (_back_after if ctx.reset_after else _back_before)(dy, carry, h, kept, U, packing)
            dpacked = torch.bmm(d_in, W) if ctx.needs_input_grad[2] else None  # (11)
            dW = torch.bmm(d_in.transpose(1, 2), packed)  # (12)
        return None, None, dpacked, dW, dU, d_in.sum(1), db_hh, carry


def _after(gates: Tensor, U: Tensor, b_hh: Tensor, hs: Tensor, packing: Packing) -> list[Tensor]:
    """Reset after the product: keep r, z, n and q = U_n h + c_n."""
    B, H, U_t = packing.batch, hs.shape[2], U.transpose(1, 2)
    c = b_hh.unsqueeze(1)
    q = torch.empty_like(gates[..., :H])
    for before, start, end in packing.spans():
        span, h = slice(start - B, end - B), hs[:, before : before + end - start]
        a, u = gates[:, span], torch.baddbmm(c, h, U_t)
        r, z, n = a.split(H, 2)
        a[..., : 2 * H].add_(u[..., : 2 * H]).sigmoid_()  # (1), (2)
        n.addcmul_(r, q[:, span].copy_(u[..., 2 * H :])).tanh_()  # (3)
        torch.lerp(n, h, z, out=hs[:, start:end])  # (4)
    return [gates, q]


def _back_after(
    dy: Tensor, carry: Tensor, h: Tensor, kept: Sequence[Tensor], U: Tensor, packing: Packing
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of the input products, of U and of b_hh; leave that of h0 in `carry`."""
    (gates, q), H = kept, U.shape[2]
    d_in, d_rec = torch.empty_like(gates), torch.empty_like(gates)
    for low, high, spans in _chunks(packing, H * len(U)):
        chunk = slice(low, high)
        r, z, n = gates[:, chunk].split(H, 2)
        d_r, d_z, d_q = d_rec[:, chunk].split(H, 2)
        da_n = d_in[:, chunk, 2 * H :]
        # What multiplies dh in (6) to (9), for many steps at once; the loop then multiplies in place.
        torch.mul(1 - z, 1 - n.square(), out=da_n)
        torch.mul(da_n, r, out=d_q)
        torch.mul(d_q, q[:, chunk], out=d_r).mul_(1 - r)
        torch.mul(h[:, chunk] - n, z, out=d_z).mul_(1 - z)
        for start, end in spans:
            alive, d = carry[:, : end - start], d_rec[:, start:end]
            dh = dy[:, start:end].add_(alive)  # (5)
            d.unflatten(2, (3, H)).mul_(dh.unsqueeze(2))  # (6), (8), (9)
            torch.mul(dh, gates[:, start:end, H : 2 * H], out=alive).baddbmm_(d, U)  # (10)
        da_n *= dy[:, chunk]  # (7)
        d_in[:, chunk, : 2 * H] = d_rec[:, chunk, : 2 * H]
    return d_in, torch.bmm(d_rec.transpose(1, 2), h), d_rec.sum(1)


def _chunks(packing: Packing, width: int) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Yield (low, high, steps) from the last step to the first, `steps` as (start, end) in packed entries."""
    steps: list[tuple[int, int]] = []
    for _, start, end in reversed(packing.spans()):
        steps.append((start - packing.batch, end - packing.batch))
        low, high = steps[-1][0], steps[0][1]
        if low == 0 or (high - low) * width >= CHUNK:
            yield low, high, steps
            steps = []


def _before(gates: Tensor, U: Tensor, b_hh: Tensor, hs: Tensor, packing: Packing) -> list[Tensor]:
    """Reset before the product: keep r, z, n."""
    B, H = packing.batch, hs.shape[2]
    U_rz, U_n = U[:, : 2 * H].transpose(1, 2), U[:, 2 * H :].transpose(1, 2)
    gates += b_hh.unsqueeze(1)
    for before, start, end in packing.spans():
        a, h = gates[:, start - B : end - B], hs[:, before : before + end - start]
        r, z, n = a.split(H, 2)
        a[..., : 2 * H].baddbmm_(h, U_rz).sigmoid_()  # (1), (2)
        n.baddbmm_(r * h, U_n).tanh_()  # (3')
        torch.lerp(n, h, z, out=hs[:, start:end])  # (4)
    return [gates]


def _back_before(
    dy: Tensor, carry: Tensor, h: Tensor, kept: Sequence[Tensor], U: Tensor, packing: Packing
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of the input products, of U and of b_hh; leave that of h0 in `carry`."""
    (gates,), B, H = kept, packing.batch, U.shape[2]
    U_rz, U_n = U[:, : 2 * H], U[:, 2 * H :]
    r, z, n = gates.split(H, 2)
    # What multiplies dh in (6) and (7) and dp in (9'), for all steps at once.
    d_in = torch.cat([h * r * (1 - r), (h - n) * z * (1 - z), (1 - z) * (1 - n.square())], dim=2)
    for _, start, end in reversed(packing.spans()):
        span, alive = slice(start - B, end - B), carry[:, : end - start]
        dh, d = dy[:, span].add_(alive), d_in[:, span]  # (5)
        d[..., H:].unflatten(2, (2, H)).mul_(dh.unsqueeze(2))  # (6), (7)
        dp = torch.bmm(d[..., 2 * H :], U_n)  # (8')
        d[..., :H] *= dp  # (9')
        torch.mul(dh, z[:, span], out=alive)
        alive.addcmul_(dp, r[:, span]).baddbmm_(d[..., : 2 * H], U_rz)  # (10')
    dU_rz = torch.bmm(d_in[..., : 2 * H].transpose(1, 2), h)
    dU_n = torch.bmm(d_in[..., 2 * H :].transpose(1, 2), r * h)
    return d_in, torch.cat([dU_rz, dU_n], dim=1), d_in.sum(1)
