"""Letters, gate order and weight names: the one place that says how arrays are laid out.

Letters, in code and documents alike: `B` batch, `T` time, `I` input, `H` hidden, `L` layers,
`D` directions, `V` vocabulary, `K` tags or classes.

Gates are stacked along the first axis of every weight, in the order of `GATES`; parameters
bear the names and shapes of `torch.nn.GRU`, so that a state_dict moves both ways unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = [
    "CELL_GATES",
    "DIRECTIONS",
    "GATES",
    "SUFFIX",
    "layer_shapes",
    "reorder_gates",
    "weight_names",
    "weight_shapes",
]

GATES = ("r", "z", "n")
"""Reset, update, candidate: torch's and cuDNN's order, ours everywhere."""

CELL_GATES = {"rnn": ("h",), "gru": GATES, "lstm": ("i", "f", "g", "o")}
"""Gates of each cell in the order they are stacked (the LSTM's as in torch)."""

DIRECTIONS = {"forward": ("forward",), "backward": ("backward",), "both": ("forward", "backward")}
"""Which walks an encoder's direction takes, in the order their outputs are joined."""

SUFFIX = {"forward": "", "backward": "_reverse"}
"""What a walk adds to the name of its weights."""


def weight_names(layer: int, walk: str, bias: bool = True) -> tuple[str, ...]:
    """Return the names of one layer's weights for one walk ("forward" or "backward"), as in torch."""
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if bias else ("weight_ih", "weight_hh")
    return tuple(f"{kind}_l{layer}{SUFFIX[walk]}" for kind in kinds)


def weight_shapes(cell: str, inputs: int, hidden: int) -> tuple[tuple[int, ...], ...]:
    """Return the shapes that go with `weight_names`: [G*H, I], [G*H, H], [G*H], [G*H]."""
    rows = len(CELL_GATES[cell]) * hidden
    return (rows, inputs), (rows, hidden), (rows,), (rows,)


def layer_shapes(
    cell: str, inputs: int, hidden: int, walks: Sequence[str], merge: str = "concat", bias: bool = True, layer: int = 0
) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every weight of a recurrent layer, in torch's order.

    They are those of each walk; a gated merge of two walks adds weight_merge_l{layer} [H, 2H] and
    bias_merge_l{layer} [H].

    >>> layer_shapes("rnn", 2, 3, ("forward",), bias=False)
    {'weight_ih_l0': (3, 2), 'weight_hh_l0': (3, 3)}
    """
    found: dict[str, tuple[int, ...]] = {}
    for walk in walks:
        names = weight_names(layer, walk, bias)
        found |= dict(zip(names, weight_shapes(cell, inputs, hidden)[: len(names)], strict=True))
    if merge == "gated" and len(walks) == 2:
        found |= {f"weight_merge_l{layer}": (hidden, 2 * hidden), f"bias_merge_l{layer}": (hidden,)}
    return found


def reorder_gates(weight: np.ndarray, source: Sequence[str], target: Sequence[str]) -> np.ndarray:
    """Restack the gate blocks of `weight` [G*H, ...] from the order `source` to the order `target`.

    >>> reorder_gates(np.arange(3.0), ("z", "r", "n"), GATES).tolist()
    [1.0, 0.0, 2.0]
    """
    blocks = dict(zip(source, np.split(weight, len(source), axis=0), strict=True))
    return np.concatenate([blocks[gate] for gate in target], axis=0)
