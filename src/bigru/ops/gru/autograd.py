"""The native GRU as operators of torch, for float32 on a CPU.

There are three, so that `torch.compile` and `torch.export` see through them: `bigru::gru` gives y and h_n; where a
gradient is wanted, its autograd kernel calls `bigru::gru_training`, which also returns the gates, and
`bigru::gru_backward`. They are registered with the dispatcher itself: the wrappers of `torch.library.custom_op` take
longer than a short batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.utils.flop_counter import register_flop_formula

from ...config.precisions import TRAINED
from ...errors import ArgumentError, check_choice, check_lengths, sentence
from .. import library
from . import native

__all__ = ["batch_and_time", "precision", "refuse_graph", "refuse_transform", "run_compiled"]

READABLE = hasattr(Tensor, "__dlpack_c_exchange_api__")
"""Whether the kernel's binding can read a tensor itself (torch 2.10 and later), which takes a tenth of the time."""

WHERE = "gru.forward"


def run_compiled(
    x: Tensor,
    weights: Mapping[str, Sequence[Tensor]],
    lengths: Any,
    h0: Tensor | None,
    *,
    reset_after: bool = True,
    time_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run the GRU in the native kernel, all walks at once; only once differentiable.

    Arguments and results are those of `ops.recurrent.autograd.forward`.
    """
    if isinstance(lengths, Tensor):
        lengths = lengths if x.is_meta else lengths.cpu()
    elif lengths is not None:
        lengths = torch.from_numpy(check_lengths(WHERE, lengths, *batch_and_time(x, time_first)))
    flat = [w for arrays in weights.values() for w in arrays]
    reverse = [int(walk == "backward") for walk in weights]
    y, h_n = torch.ops.bigru.gru.default(x, lengths, h0, flat, reset_after, reverse, precision(), time_first)
    return y, h_n


def batch_and_time(x: Tensor, time_first: bool) -> tuple[int, int]:
    """Return B and T of x [B, T, ...], or with `time_first` [T, B, ...]."""
    return _sizes(x.shape, time_first)


def _sizes(shape: Sequence[int], time_first: bool = False) -> tuple[int, int]:
    return (shape[1], shape[0]) if time_first else (shape[0], shape[1])


def precision() -> str:
    """Return what the operators compute in: what `torch.autocast` asks for if they have it, else float32."""
    if not torch.is_autocast_enabled("cpu"):
        return "fp32"
    wanted = {torch.bfloat16: "bf16"}.get(torch.get_autocast_dtype("cpu"))
    return wanted if wanted in TRAINED else "fp32"


LIBRARY = torch.library.Library("bigru", "FRAGMENT")
LAYER = (
    "Tensor x, Tensor? lengths, Tensor? h0, Tensor[] weights, bool reset_after, int[] reverse, str precision, "
    "bool time_first=False"
)
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
shapes alone. `reverse` holds 0 or 1 for each walk: torch.jit.trace records no lists of bool."""


def _options(
    x: Tensor,
    lengths: Tensor | None,
    h0: Tensor | None,
    reset_after: bool,
    reverse: Sequence[int],
    precision: str,
    time_first: bool = False,
) -> dict[str, Any]:
    """Return what the kernel's two passes are given of a layer, besides its input and weights."""
    _check_precision(precision)
    counts = _int64(lengths, batch_and_time(x, time_first))
    options: dict[str, Any] = {"lengths": counts, "h0": _dense(h0), "time_first": time_first}
    return options | {"reset_after": reset_after, "reverse": [*map(bool, reverse)], "precision": precision}


def _forward(
    keep: bool,
    x: Tensor,
    lengths: Tensor | None,
    h0: Tensor | None,
    weights: Sequence[Tensor],
    *layer: Any,
) -> tuple[Tensor, ...]:
    options = _options(x, lengths, h0, *layer)
    try:
        arguments = (_dense(x), _walks(weights, options["reverse"]))
        y, h_n, saved = native.forward(*arguments, keep=keep, threads=_threads(), **options)
    except ValueError as error:
        _refuse(lengths, batch_and_time(x, options["time_first"]), error)
    return tuple(map(torch.from_numpy, (y, h_n) if saved is None else (y, h_n, saved.gates)))


def _backward(
    dy: Tensor | None, dh_n: Tensor | None, y: Tensor, gates: Tensor, needs: Sequence[bool], x: Tensor,
    lengths: Tensor | None, h0: Tensor | None, weights: Sequence[Tensor], *layer: Any,
) -> tuple[Tensor, Tensor, list[Tensor]]:  # fmt: skip
    arrays = (_dense(x), _walks(weights, layer[1]), _dense(y), _dense(gates))
    saved = native.Saved(*arrays, **_options(x, lengths, h0, *layer))
    dx, dh0, gradients = native.backward(_dense(dy), _dense(dh_n), saved, threads=_threads(), needs=needs)
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
    reverse: Sequence[int],
    precision: str,
    time_first: bool = False,
) -> tuple[Tensor, ...]:
    _check_precision(precision)
    batch, time = batch_and_time(x, time_first)
    hidden, walks = weights[1].shape[1], len(reverse)
    results = x.new_empty(*x.shape[:2], walks * hidden), x.new_empty(walks, batch, hidden)
    return (*results, x.new_empty(walks * batch * time * _gates(int(hidden)))) if keep else results


def _fake_backward(
    dy: Tensor | None, dh_n: Tensor | None, y: Tensor, gates: Tensor, needs: Sequence[bool], x: Tensor,
    lengths: Tensor | None, h0: Tensor | None, weights: Sequence[Tensor], *layer: Any,
) -> tuple[Tensor, Tensor, list[Tensor]]:  # fmt: skip
    walks, hidden, batch = len(layer[1]), weights[1].shape[1], _sizes(x.shape, *layer[3:])[0]
    return (
        x.new_empty(x.shape if needs[0] else 0),
        x.new_empty((walks, batch, hidden) if needs[1] else 0),
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
    refuse_transform()  # forward mode would lose the tangent without a word
    if torch.is_grad_enabled() and torch._C._any_requires_grad(x, h0, weights):
        return Native.apply(layer, x, lengths, h0, *weights)
    with torch._C._AutoDispatchBelowAutograd():
        return INFERENCE(x, lengths, h0, weights, *layer)


class Native(torch.autograd.Function):
    """The gradient of `bigru::gru`, which takes the outputs as they were computed.

    Callers may change y in place, as they may torch's (`y += x`, `relu_`). autograd refuses that of a tensor saved for
    backward, so y is saved under another version counter and `version` shows its own: where that has moved on, y is
    computed once more. A caller who changes nothing pays nothing.
    """

    @staticmethod
    def forward(
        ctx: Any, layer: tuple[Any, ...], x: Tensor, lengths: Tensor | None, h0: Tensor | None, *weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        with torch._C._AutoDispatchBelowAutograd():
            y, h_n, gates = TRAINING(x, lengths, h0, weights, *layer)
        ctx.layer = layer
        ctx.version = _version_tensor(y)
        ctx.first = ctx.version._version
        ctx.save_for_backward(x, lengths, h0, y.data if type(y) is Tensor else None, gates, *weights)
        ctx.set_materialize_grads(False)
        return y, h_n

    @staticmethod
    def backward(ctx: Any, dy: Tensor | None, dh_n: Tensor | None) -> tuple[Any, ...]:
        refuse_graph()
        x, lengths, h0, y, gates, *weights = ctx.saved_tensors
        if ctx.version._version != ctx.first:
            y, _ = INFERENCE(x, lengths, h0, weights, *ctx.layer)
        elif y is None:
            y = ctx.version
        _, need_x, _, need_h0, *need_weights = ctx.needs_input_grad
        needs = [need_x, need_h0, any(need_weights)]
        dx, dh0, dweights = BACKWARD(dy, dh_n, y, gates, needs, x, lengths, h0, weights, *ctx.layer)
        gradients = dweights if needs[2] else [None] * len(weights)
        return None, dx if need_x else None, None, dh0 if need_h0 else None, *gradients


def _version_tensor(y: Tensor) -> Tensor:
    """Return a tensor whose version moves with y's and that keeps no memory: y itself would be kept for good."""
    if type(y) is not Tensor:  # torch traces; there is no memory, and the graph decides what is saved
        return y.detach()
    counter: Any = torch.Tensor._make_subclass(
        Tensor, y
    )  # as torch.nn.Parameter does: unlike detach() it lets go of the memory
    return counter.set_()


def refuse_transform(*tensors: Tensor) -> None:
    """Refuse torch.func, torch.vmap and forward mode, which a plain `torch.autograd.Function` cannot serve.

    The tensors are those that jacobian(vectorize=True) may have put many of into one.
    """
    active = torch._C._are_functorch_transforms_active() or forward_ad._current_level >= 0
    if active or any(torch._C._functorch.is_legacy_batchedtensor(t) for t in tensors):
        _refuse_batched()


def _refuse_batched(*_: Any) -> NoReturn:
    remedy = (
        "Call it outside of torch.func, torch.vmap and forward mode; it takes a whole batch, x [B, T, I]. "
        "For these, load the state_dict into torch.nn.GRU."
    )
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
        for batched in ("FuncTorchBatched", "Batched"):  # the second is that of jacobian(vectorize=True)
            LIBRARY.impl(name, _refuse_batched, batched)
        torch.library.register_fake(f"bigru::{name}", fake, lib=LIBRARY)
    LIBRARY.impl("gru", _differentiable, "Autograd")


_register()


def _forward_flops(
    x: Sequence[int], lengths: Any, h0: Any, weights: Sequence[Sequence[int]], *_: Any, **__: Any
) -> int:
    """Count multiplications and additions of the products with weight_ih and weight_hh, padding included."""
    return 2 * x[0] * x[1] * sum(math.prod(shape) for shape in weights if len(shape) == 2)


def _backward_flops(
    dy: Any, dh_n: Any, y: Any, gates: Any, needs: Sequence[bool], x: Sequence[int],
    lengths: Any, h0: Any, weights: Sequence[Sequence[int]], *layer: Any, **_: Any,
) -> int:  # fmt: skip
    walks, (batch, time) = len(layer[1]), _sizes(x, *layer[3:])
    inputs, states = (walks * math.prod(shape) for shape in weights[:2])
    before = time if needs[1] else max(time - 1, 0)  # the first step's states have no gradient unless h0 has
    both = needs[2] * time * (inputs + states)
    return 2 * batch * (before * states + needs[0] * time * inputs + both)


register_flop_formula([torch.ops.bigru.gru, torch.ops.bigru.gru_training])(_forward_flops)
register_flop_formula(torch.ops.bigru.gru_backward)(_backward_flops)


def _check_precision(precision: str) -> None:
    if precision not in TRAINED:
        check_choice(WHERE, "precision", precision, TRAINED)


def _refuse(lengths: Tensor | None, sizes: tuple[int, int], error: ValueError) -> NoReturn:
    """Raise what the kernel refused; where the lengths do not fit B and T, with the text of `check_lengths`."""
    if lengths is not None:
        check_lengths(WHERE, lengths.numpy(), *sizes)
    raise ArgumentError(str(error)) from None


def refuse_graph() -> None:
    """Refuse to give a gradient that is to be differentiated again: it would silently count as a constant."""
    if torch.is_grad_enabled():
        remedy = "Its gradient cannot be differentiated again; that of torch.nn.GRU can, on a CPU: load the state_dict."
        raise ArgumentError(sentence("gru.backward", "create_graph", "False", True, remedy))


def _threads() -> int:
    return min(torch.get_num_threads(), library.threads())


def _dense(tensor: Tensor | None) -> Any:
    """Return a tensor as the kernel reads it, without a copy unless it has gaps; an older torch takes NumPy's way."""
    if tensor is None:
        return None
    return tensor.contiguous() if READABLE else tensor.detach().contiguous().numpy()


def _int64(lengths: Tensor | None, sizes: tuple[int, int]) -> Any:
    if lengths is None or lengths.dtype == torch.int64:
        return _dense(lengths)
    return check_lengths(WHERE, lengths.numpy(), *sizes)


def _walks(weights: Sequence[Tensor], reverse: Sequence[int]) -> list[tuple[Any, ...]]:
    """Return per walk its four arrays, the biases None where there are none."""
    arrays, per = [_dense(w) for w in weights], len(weights) // len(reverse)
    missing = (None,) * (4 - per)
    return [(*arrays[i : i + per], *missing) for i in range(0, len(arrays), per)]
