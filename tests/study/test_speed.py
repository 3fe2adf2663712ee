"""Sizes, operations and turns; engines that are timed give the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from bigru.study import engines, speed
from bigru.study.speed import Size, Timing, operations, take_turns


def test_operations_are_those_of_both_directions_step_by_step() -> None:
    size = Size(B=2, T=3, I=5, H=7)
    products = sum(2 * 3 * 7 * (5 + 7) for _ in ("forward", "reverse") for _ in range(2) for _ in range(3))
    assert operations(size) == products
    assert operations(size, training=True) == 3 * products
    assert operations(size, steps=4) == products * 4 / 6


def test_a_timing_is_median_and_quartiles() -> None:
    assert Timing.summarise([5.0, 1.0, 4.0, 2.0, 3.0]) == Timing(median=3.0, low=2.0, high=4.0, rounds=5)
    assert Timing(0.00123456, 0.001, 0.002, 5).in_unit(1e3).to_json() == {
        "median": 1.235, "low": 1.0, "high": 2.0, "rounds": 5,
    }  # fmt: skip


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def turn(name: str) -> float:
        order.append(name)
        return float(len(order))

    taken = take_turns({"a": lambda: turn("a"), "b": lambda: turn("b")}, budget=60.0, least=3, most=3)
    assert order == ["a", "b"] * 3
    assert taken["a"] == Timing(3.0, 2.0, 4.0, 3)
    assert taken["b"] == Timing(4.0, 3.0, 5.0, 3)


def test_a_clock_counts_calls_and_returns_seconds_per_call(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(speed.time, "perf_counter", lambda: now)

    def run() -> None:
        nonlocal now
        now += 0.003

    clock = speed.Stopwatch(run, block=0.01)
    assert clock.calls == 4
    assert clock.turn() == pytest.approx(0.003)


@pytest.mark.parametrize("ragged", [False, True])
def test_engines_agree(ragged: bool) -> None:
    given = engines.layer(Size(5, 9, 3, 7), ragged=ragged)
    assert given.steps == (45 if given.lengths is None else given.lengths.sum())
    forward = engines.bigru_forward(given, 1).answers()
    engines.check_equal("torch", engines.torch_forward(given, 1).answers(), forward)
    training = engines.bigru_training(given, 1).answers()
    assert set(training) == {
        "y",
        "dx",
        *(f"d{w}_{b}_{d}" for w in ("weight", "bias") for b in ("ih", "hh") for d in ("forward", "reverse")),
    }
    for package in ("torch", "bigru"):
        engines.check_equal(package, engines.torch_training(given, 1, package).answers(), training)


def test_engines_that_disagree_are_not_timed() -> None:
    one = {"y": np.ones(3, np.float32)}
    with pytest.raises(RuntimeError, match=r"torch: y differs by 0.1 from bigru's, more than 0.0001"):
        engines.check_equal("torch", {"y": one["y"] + np.float32(0.1)}, one)
    with pytest.raises(RuntimeError, match="torch: y differs by nan"):
        engines.check_equal("torch", {"y": one["y"] * np.float32(np.nan)}, one)
