"""The plain recurrent network and the LSTM in NumPy: fast inference, all walks of a layer in one loop over the steps.

One product covers the inputs of every real step; rows are ranked by length, so that finished rows
leave the loop (see `walk.Packing`). A sigmoid costs the loop one tanh and two cheap passes:
sigmoid(v) = (1 + tanh(v / 2)) / 2, the inner half of which is folded into the weights beforehand.
Equations are numbered as in the cells' `reference.py`. The GRU has a compiled kernel instead, `ops.gru.native`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ...errors import check_array, check_choice, check_lengths
from ...layout import CELL_GATES, weight_names, weight_shapes
from .walk import Packing

__all__ = ["Layer", "State"]

State = np.ndarray | tuple[np.ndarray, np.ndarray]
"""[B, H], or (h, c) of that shape for the LSTM."""

SIGMOIDS = {"rnn": (), "lstm": ("i", "f", "o")}


class Layer:
    """One recurrent layer made ready to run: the weights of its walks, stacked and scaled."""

    def __init__(self, weights: Mapping[str, Sequence[np.ndarray]], *, cell: str) -> None:
        """Take the weights of every walk.

        Args:
            weights: for each walk ("forward", "backward") the arrays weight_ih [G*H, I],
                weight_hh [G*H, H], bias_ih [G*H] and bias_hh [G*H], gates as in `CELL_GATES`.
            cell: "rnn" (tanh) or "lstm".

        Raises:
            ArgumentError: `cell` or a walk is unknown, or a weight has the wrong shape.
        """
        check_choice("Layer", "cell", cell, SIGMOIDS)
        for walk, arrays in weights.items():
            check_choice("Layer", "walk", walk, ("forward", "backward"))
            shapes = weight_shapes(cell, arrays[0].shape[-1], arrays[1].shape[-1])
            for name, array, shape in zip(weight_names(0, walk), arrays, shapes, strict=True):
                check_array("Layer", name, array, shape)
        self.walks = tuple(weights)
        self.cell = cell
        weight_ih, weight_hh, bias_ih, bias_hh = (
            np.stack([_by_gate(w, cell) for w in group], axis=1) for group in zip(*weights.values(), strict=True)
        )
        self.hidden = weight_hh.shape[2]
        self.W = np.ascontiguousarray(weight_ih.swapaxes(2, 3))
        self.U = np.ascontiguousarray(weight_hh.swapaxes(2, 3))
        self.b = (bias_ih + bias_hh)[:, :, None]

    def run(
        self, x: np.ndarray, lengths: np.ndarray | None = None, h0: Mapping[str, State] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, State]]:
        """Walk the layer over a padded batch.

        Args:
            x: [B, T, I] in the dtype of the weights; what lies past a length is never read.
            lengths: [B] int within 0..T, None for T everywhere.
            h0: the initial state of every walk, None for zeros.

        Returns:
            For each walk y [B, T, H], zero past a length, and its final state [B, H].

        Raises:
            ArgumentError: a dtype or shape does not fit, or a length lies outside 0..T.
        """
        where = f"{self.cell}.forward"
        x = check_array(where, "x", x, ("B", "T", self.W.shape[2]))
        batch, time, inputs = x.shape
        full = np.full(batch, time) if lengths is None else check_lengths(where, lengths, batch, time)
        packing = Packing(full, time)
        sources = [packing.source(walk) for walk in self.walks]
        flat = x.reshape(batch * time, inputs)
        gates = np.matmul(np.stack([flat[source] for source in sources]), self.W)
        gates += self.b
        states = self._initial(where, packing, gates.dtype, h0)
        STEPS[self.cell](self, packing, gates, *states)
        return self._unpack(packing, sources, states)

    def _initial(
        self, where: str, packing: Packing, dtype: np.dtype, h0: Mapping[str, State] | None
    ) -> list[np.ndarray]:
        """Return an array [D, B + N, H] per kind of state (h; c too for the LSTM), initial states in place."""
        batch, starts = packing.batch, h0 or {}
        shape = (len(self.walks), batch + packing.total, self.hidden)
        states = [np.empty(shape, dtype) for _ in range(2 if self.cell == "lstm" else 1)]
        for index, state in enumerate(states):
            state[:, :batch] = 0
            for d, walk in enumerate(self.walks if starts else ()):
                given = starts[walk][index] if self.cell == "lstm" else starts[walk]
                state[d, :batch] = check_array(where, "h0", given, (batch, self.hidden))[packing.order]
        return states

    def _unpack(
        self, packing: Packing, sources: list[np.ndarray], states: list[np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, State]]:
        batch, time = packing.batch, packing.time
        y, h_n = {}, {}
        for d, (walk, source) in enumerate(zip(self.walks, sources, strict=True)):
            flat = np.zeros((batch * time, self.hidden), states[0].dtype)
            flat[source] = states[0][d, batch:]
            y[walk] = flat.reshape(batch, time, self.hidden)
            finals = [np.empty((batch, self.hidden), state.dtype) for state in states]
            for final, state in zip(finals, states, strict=True):
                final[packing.order] = state[d, packing.last]
            h_n[walk] = (finals[0], finals[1]) if self.cell == "lstm" else finals[0]
        return y, h_n


def _by_gate(weight: np.ndarray, cell: str) -> np.ndarray:
    """Return `weight` [G*H, ...] as [G, H, ...], the sigmoids' gates halved."""
    halves = [0.5 if gate in SIGMOIDS[cell] else 1.0 for gate in CELL_GATES[cell]]
    split = weight.reshape(len(halves), -1, *weight.shape[1:])
    return split * np.array(halves, weight.dtype).reshape(-1, *[1] * weight.ndim)


def _rnn(layer: Layer, packing: Packing, gates: np.ndarray, hs: np.ndarray) -> None:
    batch = packing.batch
    for before, start, end in packing.spans():
        after = np.matmul(hs[:, before : before + end - start], layer.U[0], out=hs[:, start:end])
        after += gates[0, :, start - batch : end - batch]
        np.tanh(after, out=after)  # (R1)


def _lstm(layer: Layer, packing: Packing, gates: np.ndarray, hs: np.ndarray, cs: np.ndarray) -> None:
    batch, half = packing.batch, np.array(0.5, gates.dtype)
    for before, start, end, a in _with_scratch(packing, gates):
        rows = end - start
        np.matmul(hs[:, before : before + rows], layer.U, out=a)
        a += gates[:, :, start - batch : end - batch]
        np.tanh(a, out=a)
        for sigmoids in (a[:2], a[3]):
            sigmoids *= half
            sigmoids += half
        i, f, g, o = a  # (L1)
        c = np.multiply(f, cs[:, before : before + rows], out=cs[:, start:end])
        i *= g
        c += i  # (L2)
        after = np.tanh(c, out=hs[:, start:end])
        after *= o  # (L3)


def _with_scratch(packing: Packing, gates: np.ndarray) -> Iterator[tuple[int, int, int, np.ndarray]]:
    """Yield (before, start, end) of every step and a contiguous [G, D, R, H] to work in for its R rows.

    NumPy runs at full width only over contiguous memory: this is why the shape is gate-major.
    """
    G, D, _, H = gates.shape
    memory = np.empty(G * D * packing.batch * H, gates.dtype)
    scratch = memory.reshape(G, D, packing.batch, H)
    for before, start, end in packing.spans():
        rows = end - start
        if rows != scratch.shape[2]:
            scratch = memory[: G * D * rows * H].reshape(G, D, rows, H)
        yield before, start, end, scratch


STEPS: dict[str, Callable[..., None]] = {"rnn": _rnn, "lstm": _lstm}
