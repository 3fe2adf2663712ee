"""Chunks with a look-ahead: the laws of the specification, and the places that an engine works with."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.layout import weight_shapes
from bigru.ops.gru.reference import forward
from bigru.ops.recurrent.chunk_reference import encode
from bigru.ops.recurrent.chunking import Chunking
from tolerances import FLOAT64

SIZES = [(1, 0), (1, 3), (2, 2), (5, 0), (7, 3), (63, 65)]
HIDDEN, INPUTS = 3, 2


def drawn(layers: int, walks: tuple[str, ...] = ("forward", "backward")) -> list[dict[str, tuple[np.ndarray, ...]]]:
    random = np.random.default_rng(0)
    widths = [INPUTS] + [HIDDEN * len(walks)] * (layers - 1)
    return [
        {walk: tuple(random.normal(size=shape) for shape in weight_shapes("gru", width, HIDDEN)) for walk in walks}
        for width in widths
    ]


def series(steps: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(steps, INPUTS))


def whole(x: np.ndarray, layers: list[dict[str, tuple[np.ndarray, ...]]]) -> np.ndarray:
    for walks in layers:
        x = np.concatenate([forward(x[None], w, reverse=walk == "backward")[0][0] for walk, w in walks.items()], axis=1)
    return x


@pytest.mark.slow
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 65])
@pytest.mark.parametrize("layers", [1, 3])
def test_a_look_ahead_as_long_as_the_sequence_is_the_whole_run(steps: int, layers: int) -> None:
    x, weights = series(steps), drawn(layers)
    for chunk in (1, 2, 7, 100):
        np.testing.assert_allclose(encode(x, weights, Chunking(chunk, max(steps, 1))), whole(x, weights), **FLOAT64)
    np.testing.assert_allclose(encode(x, weights, Chunking(max(steps, 1), 0)), whole(x, weights), **FLOAT64)


@pytest.mark.parametrize(("chunk", "lookahead"), SIZES)
def test_the_first_walk_forward_knows_of_no_chunks(chunk: int, lookahead: int) -> None:
    x, weights = series(65), drawn(1)
    halves = encode(x, weights, Chunking(chunk, lookahead))[:, :HIDDEN], whole(x, weights)[:, :HIDDEN]
    np.testing.assert_allclose(*halves, **FLOAT64)


@pytest.mark.parametrize(("chunk", "lookahead"), SIZES)
@pytest.mark.parametrize("layers", [1, 2])
def test_nothing_behind_the_look_ahead_matters_and_what_is_inside_does(chunk: int, lookahead: int, layers: int) -> None:
    x, weights = series(65), drawn(layers)
    window = Chunking(chunk, lookahead)
    before = encode(x, weights, window)
    for cut in (1, 2, 7, 63):
        changed = x.copy()
        changed[cut:] += 1.0
        same = np.isclose(encode(changed, weights, window), before, **FLOAT64).all(axis=1)
        final = max(0, (cut - lookahead) // chunk * chunk)
        assert same[:final].all()
        seen = ((cut - 1) // chunk + 1) * chunk + lookahead > cut
        assert same[cut - 1] != seen


def test_places_and_lengths_of_windows() -> None:
    window, lengths = Chunking(3, 2), np.array([7, 3, 4, 0])
    count = window.count(7)
    assert (count, window.delay, window.size) == (3, 4, 5)
    assert window.lengths(lengths, count).reshape(4, 3).tolist() == [[5, 4, 1], [3, 0, 0], [4, 1, 0], [0, 0, 0]]
    assert window.ahead(lengths, count).reshape(4, 3).tolist() == [[2, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]]
    assert window.places(count, 7).reshape(3, 2).tolist() == [[3, 4], [6, 6], [6, 6]]


def test_the_chunk_is_as_long_as_the_look_ahead_unless_given() -> None:
    assert [Chunking.of_lookahead(n).chunk for n in (0, 1, 20)] == [1, 1, 20]
    assert Chunking.of_lookahead(20, 5) == Chunking(5, 20)


@pytest.mark.parametrize(("chunk", "lookahead"), [(0, 1), (-1, 1), (1, -1), (1.5, 1), (True, 1), (1, "2")])
def test_sizes_that_are_none_are_refused(chunk: int, lookahead: int) -> None:
    with pytest.raises(ArgumentError, match="whole number"):
        Chunking(chunk, lookahead)
