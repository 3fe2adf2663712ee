"""The torch seam: every recurrent layer of `bigru.nn` runs through `forward` and nothing else.

Three engines give the same answers. `compiled` is the native kernel: the GRU in float32 on a CPU.
`stepwise` serves the GRU in other types, and reset before the product on CUDA: it walks packed steps
(see `walk.Packing`) with the derivatives of docs/math/gru.md written out, both walks in one loop.
`fused` hands each walk to torch's own operator: cuDNN on CUDA, and the other cells.

Shapes inside `stepwise`, D walks of N packed steps: gates [D, N, 3H], first the input products,
then r, z, n; U the recurrent weights [D, 3H, H]; b_hh [D, 3H]; hs the states [D, B + N, H], the
initial ones first, by rank; h the states that each step starts from [D, N, H]; dy [D, N, H] and
carry [D, B, H] gradients.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import ArgumentError, check_lengths, sentence
from . import native
from .walk import Packing

__all__ = ["Views", "compiled", "forward", "fused", "stepwise"]

Results = tuple[dict[str, Tensor], dict[str, Tensor]]

CHUNK = 1 << 15
"""Entries of one array that `_back_after` works on at a time, so that they stay in the cache."""


def forward(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: Any = None,
    *,
    cell: str = "gru",
    reset_after: bool = True,
    h0: Mapping[str, Tensor] | None = None,
) -> Results:
    """Walk one recurrent layer over a padded batch, differentiably, on any device.

    Args:
        x: [B, T, I]; what lies past a length is never read and may be NaN.
        weights: for each walk ("forward", "backward") weight_ih [G*H, I], weight_hh [G*H, H] and,
            where the layer has biases, bias_ih [G*H], bias_hh [G*H].
        lengths: [B] int (tensor, array or list) within 0..T, None for T everywhere.
        cell: "gru", "rnn" (tanh) or "lstm".
        reset_after: equation (3) when true, (3') when false; only the GRU looks at it.
        h0: [B, H] the initial state of every walk, None for zeros; the LSTM's cell starts from zero.

    Returns:
        For each walk y [B, T, H], zero past a length, and the state [B, H] where the walk ends,
        which for an empty sequence is the initial one.

    Raises:
        ArgumentError: `lengths` has a wrong shape or dtype or leaves 0..T.
    """
    batch, time = x.shape[:2]
    given = lengths.cpu().numpy() if isinstance(lengths, Tensor) else lengths
    full = np.full(batch, time) if given is None else check_lengths(f"{cell}.forward", given, batch, time)
    if cell == "gru" and _native_runs(x, weights, h0):
        return compiled(x, weights, full, h0, reset_after=reset_after)
    if h0 is None:
        weight_hh = next(iter(weights.values()))[1]
        h0 = {walk: weight_hh.new_zeros(batch, weight_hh.shape[1]) for walk in weights}
    if cell == "gru" and not (x.is_cuda and reset_after):
        return stepwise(x, weights, full, h0, reset_after=reset_after)
    return fused(x, weights, full, h0, cell=cell)


def _native_runs(x: Tensor, weights: Mapping[str, Sequence[Tensor]], h0: Mapping[str, Tensor] | None) -> bool:
    """Tell whether all arrays are float32 on a CPU."""
    arrays = [x, *(w for walk in weights.values() for w in walk), *(h0 or {}).values()]
    return all(a.dtype == torch.float32 and a.device.type == "cpu" for a in arrays)


def compiled(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: np.ndarray,
    h0: Mapping[str, Tensor] | None,
    *,
    reset_after: bool = True,
) -> Results:
    """Run the GRU in the native kernel, all walks at once; only once differentiable."""
    initial = None if h0 is None else torch.stack([h0[walk] for walk in weights])
    # Four weights per walk; without biases the last two are None.
    flat = [w for walk in weights.values() for w in [*walk, None, None][:4]]
    y, h_n = Native.apply((lengths, reset_after, [walk == "backward" for walk in weights]), x, initial, *flat)
    outputs = y.split(y.shape[2] // len(weights), dim=2)
    return Views(zip(weights, outputs, strict=True), beside=y), dict(zip(weights, h_n.unbind(), strict=True))


class Views(dict[str, Tensor]):
    """What each walk gives; `beside` is the same side by side, as it lies in memory, so that nobody copies it."""

    def __init__(self, views: Iterable[tuple[str, Tensor]], beside: Tensor) -> None:
        super().__init__(views)
        self.beside = beside


class Native(torch.autograd.Function):
    """x [B, T, I], h0 [D, B, H] and D times four weights to y [B, T, D*H] and h_n [D, B, H]."""

    @staticmethod
    def forward(
        ctx: Any, settings: tuple[np.ndarray, bool, list[bool]], x: Tensor, h0: Tensor | None, *weights: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        lengths, reset_after, reverse = settings
        options: dict[str, Any] = {"lengths": lengths, "reset_after": reset_after, "reverse": reverse}
        options["threads"] = _threads()
        arrays = [_dense(a) for a in (x, h0, *weights)]
        keep = any(ctx.needs_input_grad)
        y, h_n, ctx.gates = native.forward(arrays[0], _fours(arrays[2:]), h0=arrays[1], keep=keep, **options)
        results = torch.from_numpy(y), torch.from_numpy(h_n)
        ctx.options = options
        ctx.save_for_backward(x, h0, results[0], *weights)
        ctx.set_materialize_grads(False)
        return results

    @staticmethod
    def backward(ctx: Any, dy: Tensor | None, dh_n: Tensor | None) -> tuple[Any, ...]:
        _refuse_graph()
        x, h0, y, *weights = (_dense(a) for a in ctx.saved_tensors)
        needs = ctx.needs_input_grad
        dx, dh0, gradients = native.backward(
            x, _fours(weights), y, ctx.gates, _dense(dy), _dense(dh_n), h0=h0,
            needs=(needs[1], needs[2], any(needs[3:])), **ctx.options,
        )  # fmt: skip
        flat = [g for walk in gradients for g in walk] if gradients else [None] * len(weights)
        return None, *(None if a is None else torch.from_numpy(a) for a in (dx, dh0, *flat))


def _refuse_graph() -> None:
    """Refuse to give a gradient that shall be differentiated again: it would silently count as a constant."""
    if torch.is_grad_enabled():
        remedy = "Its gradient cannot be differentiated again; that of torch.nn.GRU can, on a CPU."
        raise ArgumentError(sentence("gru.backward", "create_graph", "False", True, remedy))


def _threads() -> int:
    return min(torch.get_num_threads(), native.threads())


def _dense(tensor: Tensor | None) -> Any:
    """Return a tensor's memory as an array; copied only where it has gaps."""
    return None if tensor is None else tensor.detach().contiguous().numpy()


def _fours(arrays: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [tuple(arrays[i : i + 4]) for i in range(0, len(arrays), 4)]


def fused(
    x: Tensor, weights: Mapping[str, Sequence[Tensor]], lengths: np.ndarray, h0: Mapping[str, Tensor], *, cell: str
) -> Results:
    """Run each walk through torch's operator, on dense input: a sequence is blind to what follows it.

    A walk backward runs forward over sequences whose real steps are mirrored, and its outputs are
    mirrored back. Not packed: on a CPU that is several times slower, and cuDNN's persistent kernels
    exclude it. The GRU resets after the product.
    """
    batch, time = x.shape[:2]
    if not batch * time:
        hidden = next(iter(h0.values())).shape[1]
        return {walk: x.new_zeros(batch, time, hidden) for walk in weights}, dict(h0)
    operator: Any = {"gru": torch.gru, "rnn": torch.rnn_tanh, "lstm": torch.lstm}[cell]
    steps = np.arange(time)
    real = steps < lengths[:, None]
    mirror = np.where(real, lengths[:, None] - 1 - steps, steps) + np.arange(batch)[:, None] * time
    index, mask, empty = (_tensor(a, x) for a in (mirror.ravel(), real[..., None], lengths[:, None] == 0))
    x = torch.where(mask, x, 0)
    y, h_n = {}, {}
    for walk, arrays in weights.items():
        order = index if walk == "backward" else None
        start = h0[walk].unsqueeze(0)
        state = (start, torch.zeros_like(start)) if cell == "lstm" else start
        out = operator(
            _reorder(x, order), state, list(arrays), len(arrays) == 4, 1, 0.0, torch.is_grad_enabled(), False, True
        )[0]
        last = _tensor(np.maximum(lengths - 1, 0) + np.arange(batch) * time, x)
        final = out.reshape(batch * time, -1).index_select(0, last)
        h_n[walk] = torch.where(empty, h0[walk], final)
        y[walk] = torch.where(mask, _reorder(out, order), 0)
    return y, h_n


def _tensor(array: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).to(like.device)


def _reorder(x: Tensor, order: Tensor | None) -> Tensor:
    """Return `x` [B, T, C] with its B * T entries in the given order."""
    return x if order is None else x.reshape(-1, x.shape[2]).index_select(0, order).view(x.shape)


def stepwise(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: np.ndarray,
    h0: Mapping[str, Tensor],
    *,
    reset_after: bool = True,
) -> Results:
    """Run the GRU, all walks at once, step by step over packed entries; only once differentiable."""
    batch, time, inputs = x.shape
    packing = Packing(lengths, time)
    order, *sources = (_tensor(a, x) for a in (packing.order, *map(packing.source, weights)))
    W, U, *biases = (torch.stack(group) for group in zip(*weights.values(), strict=True))
    b_ih, b_hh = biases or (W.new_zeros(W.shape[:2]),) * 2
    flat = x.reshape(batch * time, inputs).to(W.dtype)
    packed = torch.stack([flat.index_select(0, source) for source in sources])
    initial = torch.stack([h0[walk] for walk in weights]).to(W.dtype).index_select(1, order)
    states, finals = Steps.apply(reset_after, packing, packed, W, U, b_ih, b_hh, initial)
    finals = finals.index_select(1, torch.argsort(order))
    empty = states.new_zeros(batch * time, U.shape[2])
    y = [
        empty.index_copy(0, source, state).view(batch, time, U.shape[2])
        for source, state in zip(sources, states.unbind(), strict=True)
    ]
    return dict(zip(weights, y, strict=True)), dict(zip(weights, finals.unbind(), strict=True))


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
        _refuse_graph()
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
