"""The native GRU as operators of torch, for float32 on a CPU.

There are three, so that `torch.compile` and `torch.export` see through them: `bigru::gru` gives y and h_n; where a
gradient is wanted, its autograd kernel calls `bigru::gru_training`, which also returns the gates, and
`bigru::gru_backward`. They are registered with the dispatcher itself: the wrappers of `torch.library.custom_op` take
longer than a short batch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad

from ...errors import ArgumentError, check_choice, check_lengths, sentence
from . import native

__all__ = ["PRECISIONS", "compiled", "precision", "refuse_graph"]

PRECISIONS = ("fp32", "bf16")
"""What the operators' argument `precision` may be; outputs are float32 in any."""

READABLE = hasattr(Tensor, "__dlpack_c_exchange_api__")
"""Whether the kernel's binding can read a tensor itself (torch 2.10 and later), which takes a tenth of the time."""

WHERE = "gru.forward"


def compiled(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: Any,
    h0: Tensor | None,
    *,
    reset_after: bool = True,
) -> tuple[Tensor, Tensor]:
    """Run the GRU in the native kernel, all walks at once; only once differentiable."""
    if isinstance(lengths, Tensor):
        lengths = lengths.cpu()
    elif lengths is not None:
        lengths = torch.from_numpy(check_lengths(WHERE, lengths, *x.shape[:2]))
    flat = [w for arrays in weights.values() for w in arrays]
    reverse = [walk == "backward" for walk in weights]
    y, h_n = torch.ops.bigru.gru.default(x, lengths, h0, flat, reset_after, reverse, precision())
    return y, h_n


def precision() -> str:
    """Return what the operators shall compute in: what `torch.autocast` asks for if they have it, else float32."""
    if not torch.is_autocast_enabled("cpu"):
        return "fp32"
    wanted = {torch.bfloat16: "bf16"}.get(torch.get_autocast_dtype("cpu"))
    return wanted if wanted in PRECISIONS else "fp32"


LIBRARY = torch.library.Library("bigru", "FRAGMENT")
LAYER = "Tensor x, Tensor? lengths, Tensor? h0, Tensor[] weights, bool reset_after, bool[] reverse, str precision"
LIBRARY.define(f"gru({LAYER}) -> (Tensor y, Tensor h_n)")
LIBRARY.define(f"gru_training({LAYER}) -> (Tensor y, Tensor h_n, Tensor gates)")
LIBRARY.define(
    f"gru_backward(Tensor? dy, Tensor? dh_n, Tensor y, Tensor gates, bool[] needs, {LAYER})"
    " -> (Tensor dx, Tensor dh0, Tensor[] dweights)"
)
INFERENCE, TRAINING, BACKWARD = (
    getattr(torch.ops.bigru, name).default for name in ("gru", "gru_training", "gru_backward")
)
"""Shapes as in `native`, weights in one list, two or four per walk. `needs` says whether dx, dh0 and dweights are
wanted; what is not comes back empty. The gates are as many as full lengths would need: a number that depends on the
shapes alone."""


def _options(
    x: Tensor, lengths: Tensor | None, h0: Tensor | None, reset_after: bool, reverse: Sequence[bool], precision: str
) -> dict[str, Any]:
    """Return what the kernel's two passes are told of a layer, besides its input and weights."""
    _check_precision(precision)
    options: dict[str, Any] = {"lengths": _int64(x, lengths), "h0": _dense(h0), "threads": _threads()}
    return options | {"reset_after": reset_after, "reverse": reverse, "precision": precision}


def _forward(
    keep: bool,
    x: Tensor,
    lengths: Tensor | None,
    h0: Tensor | None,
    weights: Sequence[Tensor],
    reset_after: bool,
    reverse: Sequence[bool],
    precision: str,
) -> tuple[Tensor, ...]:
    options = _options(x, lengths, h0, reset_after, reverse, precision)
    try:
        results = native.forward(_dense(x), _walks(weights, reverse), keep=keep, **options)
    except ValueError as error:
        _refuse(x, lengths, error)
    return tuple(torch.from_numpy(a) for a in results if a is not None)


def _backward(
    dy: Tensor | None, dh_n: Tensor | None, y: Tensor, gates: Tensor, needs: Sequence[bool], x: Tensor,
    lengths: Tensor | None, h0: Tensor | None, weights: Sequence[Tensor], *layer: Any,
) -> tuple[Tensor, Tensor, list[Tensor]]:  # fmt: skip
    arrays = [_dense(a) for a in (y, gates, dy, dh_n)]
    options = _options(x, lengths, h0, *layer)
    dx, dh0, gradients = native.backward(_dense(x), _walks(weights, layer[1]), *arrays, needs=needs, **options)
    dweights = [torch.from_numpy(g) for walk in gradients or () for g in walk if g is not None]
    return _tensor(dx), _tensor(dh0), dweights


def _tensor(array: np.ndarray | None) -> Tensor:
    """Return an array's memory as a tensor, an empty one for None: an operator returns tensors only."""
    return torch.empty(0) if array is None else torch.from_numpy(array)


def _fake_forward(
    keep: bool,
    x: Tensor,
    lengths: Tensor | None,
    h0: Tensor | None,
    weights: Sequence[Tensor],
    reset_after: bool,
    reverse: Sequence[bool],
    precision: str,
) -> tuple[Tensor, ...]:
    _check_precision(precision)
    (batch, time, _), hidden, walks = x.shape, weights[1].shape[1], len(reverse)
    results = x.new_empty(batch, time, walks * hidden), x.new_empty(walks, batch, hidden)
    return (*results, x.new_empty(walks * batch * time * _gates(int(hidden)))) if keep else results


def _fake_backward(
    dy: Tensor | None, dh_n: Tensor | None, y: Tensor, gates: Tensor, needs: Sequence[bool], x: Tensor,
    lengths: Tensor | None, h0: Tensor | None, weights: Sequence[Tensor], *layer: Any,
) -> tuple[Tensor, Tensor, list[Tensor]]:  # fmt: skip
    walks, hidden = len(layer[1]), weights[1].shape[1]
    return (
        x.new_empty(x.shape if needs[0] else 0),
        x.new_empty((walks, x.shape[0], hidden) if needs[1] else 0),
        [w.new_empty(w.shape) for w in weights] if needs[2] else [],
    )


@cache
def _gates(hidden: int) -> int:
    """Return how many floats are kept for one step of one row."""
    return native.gate_floats(hidden)


def _differentiable(
    x: Tensor, lengths: Tensor | None, h0: Tensor | None, weights: Sequence[Tensor], *layer: Any
) -> Any:
    """Run `bigru::gru`, keeping what its gradient takes only where one is wanted."""
    if torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        _refuse_transform()  # forward mode would lose the tangent without a word
    if torch.is_grad_enabled() and torch._C._any_requires_grad(x, h0, weights):
        return Native.apply(layer, x, lengths, h0, *weights)
    with torch._C._AutoDispatchBelowAutograd():
        return INFERENCE(x, lengths, h0, weights, *layer)


class Native(torch.autograd.Function):
    """The gradient of `bigru::gru`."""

    @staticmethod
    def forward(
        ctx: Any, layer: tuple[Any, ...], x: Tensor, lengths: Tensor | None, h0: Tensor | None, *weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        with torch._C._AutoDispatchBelowAutograd():
            y, h_n, gates = TRAINING(x, lengths, h0, weights, *layer)
        ctx.layer = layer
        ctx.save_for_backward(x, lengths, h0, y, gates, *weights)
        ctx.set_materialize_grads(False)
        return y, h_n

    @staticmethod
    def backward(ctx: Any, dy: Tensor | None, dh_n: Tensor | None) -> tuple[Any, ...]:
        refuse_graph()
        x, lengths, h0, y, gates, *weights = ctx.saved_tensors
        _, need_x, _, need_h0, *need_weights = ctx.needs_input_grad
        needs = [need_x, need_h0, any(need_weights)]
        dx, dh0, dweights = BACKWARD(dy, dh_n, y, gates, needs, x, lengths, h0, weights, *ctx.layer)
        gradients = dweights if needs[2] else [None] * len(weights)
        return None, dx if need_x else None, None, dh0 if need_h0 else None, *gradients


def _refuse_transform(*_: Any) -> NoReturn:
    remedy = "Call it outside of torch.func, torch.vmap and forward mode; it takes a whole batch, x [B, T, I]."
    raise ArgumentError(sentence(WHERE, "x", "a plain tensor", "one that is being transformed", remedy))


def _register() -> None:
    """Hand the operators to torch's dispatcher."""
    kernels: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
        "gru": (partial(_forward, False), partial(_fake_forward, False)),
        "gru_training": (partial(_forward, True), partial(_fake_forward, True)),
        "gru_backward": (_backward, _fake_backward),
    }
    for name, (kernel, fake) in kernels.items():
        LIBRARY.impl(name, kernel, "CPU")
        LIBRARY.impl(name, _refuse_transform, "FuncTorchBatched")
        torch.library.register_fake(f"bigru::{name}", fake, lib=LIBRARY)
    LIBRARY.impl("gru", _differentiable, "Autograd")


_register()


def _check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        check_choice(WHERE, "precision", precision, PRECISIONS)


def _refuse(x: Tensor, lengths: Tensor | None, error: ValueError) -> NoReturn:
    """Raise what the kernel refused, in the words of the house where the lengths are at fault."""
    if lengths is not None:
        check_lengths(WHERE, lengths.numpy(), *x.shape[:2])
    raise ArgumentError(str(error)) from None


def refuse_graph() -> None:
    """Refuse to give a gradient that shall be differentiated again: it would silently count as a constant."""
    if torch.is_grad_enabled():
        remedy = "Its gradient cannot be differentiated again; that of torch.nn.GRU can, on a CPU."
        raise ArgumentError(sentence("gru.backward", "create_graph", "False", True, remedy))


def _threads() -> int:
    return min(torch.get_num_threads(), native.threads())


def _dense(tensor: Tensor | None) -> Any:
    """Return a tensor as the kernel reads it, without a copy unless it has gaps; an older torch takes NumPy's way."""
    if tensor is None:
        return None
    return tensor.contiguous() if READABLE else tensor.detach().contiguous().numpy()


def _int64(x: Tensor, lengths: Tensor | None) -> Any:
    if lengths is None or lengths.dtype == torch.int64:
        return _dense(lengths)
    return check_lengths(WHERE, lengths.numpy(), *x.shape[:2])


def _walks(weights: Sequence[Tensor], reverse: Sequence[bool]) -> list[tuple[Any, ...]]:
    """Return per walk its four arrays, the biases None where there are none."""
    arrays, per = [_dense(w) for w in weights], len(weights) // len(reverse)
    missing = (None,) * (4 - per)
    return [(*arrays[i : i + per], *missing) for i in range(0, len(arrays), per)]
