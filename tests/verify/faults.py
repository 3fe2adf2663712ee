"""Faults that people really make, put into the runtime of this process by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bigru.runtime.network import layers, sequence

__all__ = ["FAULTS", "plant"]

Patch = pytest.MonkeyPatch


def plant(patch: Patch, fault: Any) -> None:
    """Put `fault(run, walks)` in place of how the GRU's walks are run."""
    sound = layers._gru

    def faulty(encoder: Any, per_walk: Any, precision: str) -> Any:
        return fault(sound(encoder, per_walk, precision), list(per_walk))

    patch.setattr(layers, "_gru", faulty)


def padding_in_pooling(patch: Patch) -> None:
    def mean_of_all(self: Any, x: Any, states: np.ndarray, *_: Any) -> np.ndarray:
        return np.concatenate([states.mean(axis=1), states.max(axis=1, initial=-1)], axis=1)

    patch.setattr(sequence.Network, "_pool", mean_of_all)


def padding_walked_backward(patch: Patch) -> None:
    """Flip the padded batch, not each sequence by its length."""

    def fault(run: Any, walks: list[str]) -> Any:
        def flipped(x: np.ndarray, lengths: np.ndarray, *more: Any) -> Any:
            return run(np.nan_to_num(x), np.full_like(lengths, x.shape[1]), *more)

        return flipped if "backward" in walks else run

    plant(patch, fault)


def last_step_of_the_backward_walk(patch: Patch) -> None:
    """Take the backward walk's first state for its last."""

    def fault(run: Any, walks: list[str]) -> Any:
        def last(x: np.ndarray, lengths: np.ndarray, *more: Any) -> Any:
            y, h_n = run(x, lengths, *more)
            hidden, h_n = h_n.shape[2], h_n.copy()
            for b, length in enumerate(lengths):
                if length:
                    h_n[1, b] = y[b, length - 1, hidden:]
            return y, h_n

        return last if walks == ["forward", "backward"] else run

    plant(patch, fault)


def scale_of_a_table(patch: Patch) -> None:
    """Multiply the rows of a table in 8 bits with the scale of another column."""
    sound = sequence.Tables

    def rolled(tables: list[np.ndarray], scales: list[np.ndarray | None]) -> Any:
        return sound(tables, [None if scale is None else np.roll(scale, 1) for scale in scales])

    patch.setattr(sequence, "Tables", rolled)


def scale_of_products(patch: Patch) -> None:
    """Forget in products of 8 bits that a scale is that of 127, not of 64."""
    sound = layers._gru

    def faulty(encoder: Any, per_walk: Any, precision: str) -> Any:
        if precision == "int8":
            per_walk = {walk: [w * np.float32(127 / 64) for w in arrays] for walk, arrays in per_walk.items()}
        return sound(encoder, per_walk, precision)

    patch.setattr(layers, "_gru", faulty)


FAULTS: dict[str, tuple[str, Callable[[Patch], None]]] = {
    "padding in pooling": ("words", padding_in_pooling),
    "padding walked backward": ("entities", padding_walked_backward),
    "last step of the backward walk": ("text", last_step_of_the_backward_walk),
    "scale of a table": ("stored", scale_of_a_table),
    "scale of products": ("stored", scale_of_products),
}
"""By name the model of `conftest.BUNDLES` that shows it, and what plants it."""
