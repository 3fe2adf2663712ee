"""The compiled GRU for NumPy arrays: a thin face on `native/include/bigru.h`, without copies.

Arrays are contiguous float32, lengths int64; what is only read may be a tensor of torch as well. With `time_first` x,
y, dy and dx are [T, B, ...] instead of [B, T, ...]. `weights` holds per walk (weight_ih [3H, I], weight_hh [3H, H],
bias_ih [3H] or None, bias_hh [3H] or None), `reverse` one flag per walk. `threads` is the most that a call uses, 0 for
`BIGRU_THREADS` or else all processors that the process may use; results are the same bits for any number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...errors import ArgumentError, BigruError, sentence

try:
    import bigru._native as _native
except ImportError as error:
    raise BigruError(
        f"bigru: the compiled kernels must be built for this Python, got none ({error}). "
        "Build them, with a C++17 compiler at hand: pip install --force-reinstall --no-deps ."
    ) from error

_wanted = os.environ.get("BIGRU_ISA") or "amx"
if _native.isa() is None and (_wanted, True) in _native.instruction_sets():
    raise BigruError(
        f"bigru: the tiles of {_wanted} must multiply as AMX defines it, got other sums. "
        "BIGRU_ISA=avx512_bf16 does without them; please report it."
    )
if _native.isa() is None:
    _here = ", ".join(name for name, runs in _native.instruction_sets() if runs)
    raise BigruError(
        f"bigru: BIGRU_ISA must be one of {_here} on this machine, got {os.environ['BIGRU_ISA']}. "
        "Without it the first of them is used."
    )
if _native.threads() == 0:
    raise BigruError(
        f"bigru: BIGRU_THREADS must be a positive number, got {os.environ['BIGRU_THREADS']}. "
        "Without it every processor that the process may use gets a thread."
    )

__all__ = [
    "Prepared", "Weights", "backward", "forward", "gate_floats", "instruction_sets", "isa", "product_rate", "threads",
    "use_instruction_set",
]  # fmt: skip

Weights = Sequence[Sequence[Any]]
"""Per walk the four weights; biases may be None."""

instruction_sets = _native.instruction_sets
product_rate = _native.product_rate
isa = _native.isa
threads = _native.threads


@contextmanager
def use_instruction_set(name: str) -> Iterator[None]:
    """Run the kernels that this thread calls on another instruction set of the machine: for tests and comparisons.

    Other threads are not touched: each that takes part must choose for itself. `Prepared` weights run on the set that
    packed them, whatever a thread has chosen; gates are laid out alike on all sets.

    Args:
        name: of `instruction_sets`. The set used before is used again at the end.

    Raises:
        ArgumentError: this build or this processor lacks it, or its tiles multiply wrongly.
    """
    before = _native.isa()
    if (name, True) not in instruction_sets():
        here = ", ".join(own for own, runs in instruction_sets() if runs)
        raise ArgumentError(sentence("bigru", "instruction set", f"one of {here} on this machine", name))
    try:
        _native.use_isa(name)
    except ValueError as error:
        raise ArgumentError(f"{error}.") from error
    try:
        yield
    finally:
        _native.use_isa(before)


def forward(
    x: np.ndarray,
    weights: Weights,
    *,
    lengths: np.ndarray | None = None,
    h0: np.ndarray | None = None,
    reset_after: bool = True,
    reverse: Sequence[bool] = (False, True),
    precision: str = "fp32",
    threads: int = 0,
    time_first: bool = False,
    keep: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Walk a layer over a padded batch.

    Args:
        x: [B, T, I]; what lies past a length is never read.
        weights: of D walks.
        lengths: [B] within 0..T, None for T everywhere.
        h0: [D, B, H], None for zeros.
        reset_after: equation (3) of docs/math/gru.md when true, (3') when false.
        reverse: per walk, whether it runs from the last real step to the first.
        precision: what the factors of the products are rounded to, "fp32" or "bf16"; all else is float32.
        threads: the most that are used.
        time_first: whether the steps of x and y come before the sequences.
        keep: whether to keep what `backward` needs.

    Returns:
        y [B, T, D*H], zero past a length; h_n [D, B, H]; with `keep` the gates, as many as for full lengths, else None.

    Raises:
        ValueError: a dtype, shape or length does not fit, said by name.
    """
    (*steps, inputs), D, H = x.shape, len(weights), weights[0][1].shape[1]
    T, B = steps if time_first else steps[::-1]
    y, h_n = np.empty((*steps, D * H), np.float32), np.empty((D, B, H), np.float32)
    gates = _native.gru_gates(B, T, inputs, H, D, None) if keep else None
    _native.gru_forward(weights, reverse, reset_after, precision, threads, time_first, x, lengths, h0, y, h_n, gates)
    return y, h_n, gates


def backward(
    x: np.ndarray,
    weights: Weights,
    y: np.ndarray,
    gates: np.ndarray,
    dy: np.ndarray | None,
    dh_n: np.ndarray | None,
    *,
    lengths: np.ndarray | None = None,
    h0: np.ndarray | None = None,
    reset_after: bool = True,
    reverse: Sequence[bool] = (False, True),
    precision: str = "fp32",
    threads: int = 0,
    time_first: bool = False,
    needs: Sequence[bool] = (True, True, True),
) -> tuple[np.ndarray | None, np.ndarray | None, list[tuple[np.ndarray | None, ...]] | None]:
    """Return the gradients of x, h0 and the weights.

    Args:
        x, weights, lengths, h0, reset_after, reverse, precision, time_first: those of `forward`, which gave `y` and
            `gates`.
        dy: [B, T, D*H], read within the lengths only; None for zeros.
        dh_n: [D, B, H]; None for zeros.
        threads: the most that are used.
        needs: whether dx, dh0 and the gradients of the weights are wanted; None is returned for others.

    Raises:
        ValueError: a dtype or shape does not fit, said by name.
    """
    B, D, H = x.shape[1 if time_first else 0], len(weights), weights[0][1].shape[1]
    dx = np.empty(x.shape, np.float32) if needs[0] else None
    dh0 = np.empty((D, B, H), np.float32) if needs[1] else None
    new = [[None if w is None else np.empty(w.shape, np.float32) for w in walk] for walk in weights] if needs[2] else []
    gradients = [tuple(walk) for walk in new] or None
    options = (reverse, reset_after, precision, threads, time_first)
    _native.gru_backward(weights, *options, x, lengths, h0, y, gates, dy, dh_n, dx, dh0, gradients)
    return dx, dh0, gradients


def gate_floats(hidden: int) -> int:
    """Return how many floats of gates are kept for one step of one row and one walk, on every instruction set."""
    return _native.gru_gates(1, 1, 1, hidden, 1, None).size


class Prepared:
    """Weights packed once, for inference: whole batches, or a stream step by step.

    Args:
        weights, reset_after, reverse: as for `forward`.
        precision: "fp32", "bf16" or "int8". With int8 each row of a weight has a scale, and so has each row of
            inputs and of states at each step; an input that is not finite makes its whole row NaN.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        reset_after: bool = True,
        reverse: Sequence[bool] = (False, True),
        precision: str = "fp32",
    ) -> None:
        self._packed = _native.Prepared(weights, reverse, reset_after, precision)
        self._walks, self._hidden = len(weights), weights[0][1].shape[1]

    def forward(
        self, x: np.ndarray, *, lengths: np.ndarray | None = None, h0: np.ndarray | None = None, threads: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return y [B, T, D*H] and h_n [D, B, H]; arguments as for the function `forward`."""
        y = np.empty((*x.shape[:2], self._walks * self._hidden), np.float32)
        h_n = np.empty((self._walks, x.shape[0], self._hidden), np.float32)
        self._packed.infer(x, lengths, h0, y, h_n, threads)
        return y, h_n

    def step(self, x: np.ndarray, h: np.ndarray) -> None:
        """Take one step of a stream of one walk: x [B, I]; h [B, H] is read and replaced."""
        self._packed.step(x, h)
