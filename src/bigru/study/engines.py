"""One bidirectional layer on bigru's engines and on torch's, ready to be timed and compared."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..ops.gru import native
from .speed import Size

__all__ = [
    "Case",
    "NotOfferedError",
    "TimedLayer",
    "bigru_forward",
    "bigru_training",
    "check_equal",
    "layer",
    "torch_forward",
    "torch_training",
]

Arrays = dict[str, np.ndarray]


class NotOfferedError(Exception):
    """This engine does not offer that; the text says what is missing."""


class Case(NamedTuple):
    """Something to time: `run` does it, `answers` does it once and returns what came out, by name.

    A run that does it several times, as a loop over batches, says how often in `times`.
    """

    run: Callable[[], object]
    answers: Callable[[], Arrays]
    times: int = 1


class TimedLayer(NamedTuple):
    """Weights and one batch of a bidirectional layer.

    Attributes:
        x: [B, T, I] float32, standard normal.
        weights: per direction weight_ih [3H, I], weight_hh [3H, H], bias_ih [3H], bias_hh [3H], uniform as torch's.
        dy: [B, T, 2H] the gradient that arrives, zero past each length.
        lengths: [B] int64, uniform in 1..T, or None.
    """

    x: np.ndarray
    weights: list[tuple[np.ndarray, ...]]
    dy: np.ndarray
    lengths: np.ndarray | None

    @property
    def steps(self) -> int:
        """How many steps are real."""
        return int(self.x.shape[0] * self.x.shape[1] if self.lengths is None else self.lengths.sum())


def layer(size: Size, *, ragged: bool = False, seed: int = 0) -> TimedLayer:
    """Draw a layer and a batch; the same seed gives the same numbers in every process."""
    random = np.random.default_rng(seed)
    shapes = ((3 * size.H, size.I), (3 * size.H, size.H), (3 * size.H,), (3 * size.H,))
    bound = size.H**-0.5
    weights = [tuple(random.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes) for _ in range(2)]
    x = random.standard_normal((size.B, size.T, size.I)).astype(np.float32)
    dy = random.standard_normal((size.B, size.T, 2 * size.H)).astype(np.float32)
    lengths = random.integers(1, size.T + 1, size.B) if ragged else None
    if lengths is not None:
        dy[np.arange(size.T) >= lengths[:, None]] = 0
    return TimedLayer(x, weights, dy, lengths)


def check_equal(name: str, got: Arrays, wanted: Arrays, tolerance: float = 1e-4) -> None:
    """Raise RuntimeError unless every array of `wanted` is in `got` and equal, relative to its largest entry or 1."""
    for key, want in wanted.items():
        worst = float(np.abs(got[key] - want).max())
        allowed = tolerance * max(1.0, float(np.abs(want).max()))
        if not worst <= allowed:
            raise RuntimeError(f"{name}: {key} differs by {worst:.3g} from bigru's, more than {allowed:.3g}")


def bigru_forward(given: TimedLayer, threads: int, precision: str = "fp32") -> Case:
    """Inference as the runtime does it, with weights packed once; `precision` is fp32, bf16 or int8."""
    options: dict[str, Any] = {} if precision == "fp32" else {"precision": precision}
    if options and "precision" not in inspect.signature(native.Prepared).parameters:
        raise NotOfferedError(f"native.Prepared has no {precision}")
    prepared = native.Prepared(given.weights, **options)

    def run() -> tuple[np.ndarray, np.ndarray]:
        return prepared.forward(given.x, lengths=given.lengths, threads=threads)

    return Case(run, lambda: {"y": run()[0]})


def bigru_training(given: TimedLayer, threads: int) -> Case:
    """Forward and backward without torch: the gradients of x and of all weights."""

    def run() -> Arrays:
        y, _, saved = native.forward(given.x, given.weights, keep=True, lengths=given.lengths, threads=threads)
        assert saved is not None
        dx, _, gradients = native.backward(given.dy, None, saved, threads=threads, needs=(True, False, True))
        assert dx is not None
        assert gradients is not None
        return {"y": y, "dx": dx, **_named([g for walk in gradients for g in walk])}

    return Case(run, run)


def torch_forward(given: TimedLayer, threads: int) -> Case:
    """Inference by torch.nn.GRU; packed and padded again where there are lengths."""
    import torch

    module = _torch_module(given, threads, "torch")
    x = torch.from_numpy(given.x)

    def run() -> Any:
        with torch.inference_mode():
            return _torch_walk(module, x, given.lengths)

    return Case(run, lambda: {"y": run().numpy()})


def torch_training(given: TimedLayer, threads: int, package: str = "torch", *, autocast: bool = False) -> Case:
    """Forward and backward by torch.nn.GRU or, its drop-in, bigru.nn.GRU: the gradients of x and of all weights.

    Args:
        given: the layer.
        threads: of torch, in this process from now on.
        package: "torch" or "bigru".
        autocast: whether the forward pass runs under torch.autocast in bfloat16.
    """
    import torch

    if autocast and "precision" not in inspect.signature(native.forward).parameters:
        raise NotOfferedError("native.forward has no bf16")
    module = _torch_module(given, threads, package)
    x, dy = torch.from_numpy(given.x).requires_grad_(), torch.from_numpy(given.dy)
    leaves = [x, *module.parameters()]

    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            y = _torch_walk(module, x, given.lengths)
        y.backward(dy.to(y.dtype))
        return y

    def answers() -> Arrays:
        y = run().detach().float().numpy()
        dx, *gradients = (leaf.grad.numpy() for leaf in leaves if leaf.grad is not None)
        return {"y": y, "dx": dx, **_named(gradients)}

    return Case(run, answers)


def _torch_module(given: TimedLayer, threads: int, package: str) -> Any:
    import torch

    from .. import nn

    torch.set_num_threads(threads)
    H, inputs = given.weights[0][1].shape[1], given.x.shape[2]
    module = {"torch": torch.nn.GRU, "bigru": nn.GRU}[package](inputs, H, batch_first=True, bidirectional=True)
    with torch.no_grad():
        values = (weight for walk in given.weights for weight in walk)
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))
    return module


def _torch_walk(module: Any, x: Any, lengths: np.ndarray | None) -> Any:
    """Return y [B, T, 2H]; torch's module takes lengths by packing, ours as they are."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    if lengths is None:
        return module(x)[0]
    if not isinstance(module, torch.nn.GRU):
        return module(x, lengths=lengths)[0]
    packed = pack_padded_sequence(x, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(module(packed)[0], batch_first=True, total_length=x.shape[1])[0]


def _named(gradients: list[np.ndarray | None]) -> Arrays:
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ends = [f"{name}_{direction}" for direction in ("forward", "reverse") for name in names]
    return {f"d{end}": gradient for end, gradient in zip(ends, gradients, strict=True) if gradient is not None}
