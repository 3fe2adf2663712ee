from __future__ import annotations

import pytest

from bigru.train.optim.schedule import Cooling, cool, fraction_done, rate_factor


@pytest.mark.parametrize(
    ("arguments", "want"),
    [((0, 10), 0.0), ((5, 10), 0.5), ((10, 10), 1.0), ((11, 10), 1.0), ((5, 10, 99.0), 0.5), ((0, 0), 0.0)],
)
def test_without_a_budget_only_steps_count(arguments: tuple, want: float) -> None:
    assert fraction_done(*arguments) == want


@pytest.mark.parametrize(("elapsed", "want"), [(0.0, 0.2), (10.0, 0.2), (30.0, 0.5), (60.0, 1.0), (99.0, 1.0)])
def test_with_a_budget_the_larger_fraction_counts(elapsed: float, want: float) -> None:
    assert fraction_done(2, 10, elapsed, 60.0) == want


@pytest.mark.parametrize(("done", "want"), [(0.0, 0.0), (0.05, 0.5), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0)])
def test_the_rate_rises_and_falls_in_straight_lines(done: float, want: float) -> None:
    assert rate_factor(done, 0.1) == pytest.approx(want)


def test_without_warm_up_the_rate_starts_at_its_peak() -> None:
    assert rate_factor(0.0, 0.0) == 1.0


@pytest.mark.parametrize(("step", "want"), [(20, 0.2), (25, 0.6), (30, 1.0), (31, 1.0)])
def test_what_cools_down_ends_sooner(step: int, want: float) -> None:
    assert fraction_done(step, 100, cooling=Cooling(20, 0.2, 10)) == pytest.approx(want)


def test_what_cools_down_still_ends_with_its_time() -> None:
    assert fraction_done(25, 100, 54.0, 60.0, Cooling(20, 0.2, 10)) == 0.9


def test_cooling_takes_a_quarter_of_what_was_in_whole_epochs() -> None:
    assert cool(50, 1000, 10, 0.05) == Cooling(50, 0.05, 20)
    assert cool(80, 100, 10, 0.8) is None
