"""How far a training is, and the learning rate that goes with it: pure functions of steps, seconds and cooling."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Cooling", "cool", "fraction_done", "rate_factor"]

COOLED = 0.25
"""A training that cools down takes this share of the epochs that it has behind it."""


class Cooling(NamedTuple):
    """The end of a training that came to nothing new: from here the rate falls to 0 faster than planned.

    Attributes:
        start: the step at which it began.
        done: how far the training was then.
        steps: how many steps it takes.
    """

    start: int
    done: float
    steps: int


def fraction_done(
    step: float, steps: int, elapsed: float = 0.0, budget: float | None = None, cooling: Cooling | None = None
) -> float:
    """Return how far a training is, within 0..1: the larger of its step and its time fraction.

    Args:
        step: steps taken so far; half a step is its middle.
        steps: steps planned.
        elapsed: seconds spent so far; counts only where there is a budget.
        budget: seconds allowed, or None.
        cooling: since when, and how fast, it cools down; None while it goes on as planned.
    """
    done = step / max(steps, 1)
    if budget is not None:
        done = max(done, elapsed / budget)
    if cooling is not None:
        cooled = cooling.done + (1.0 - cooling.done) * (step - cooling.start) / cooling.steps
        done = max(done, cooled)
    return min(done, 1.0)


def cool(step: int, steps: int, per_epoch: int, done: float) -> Cooling | None:
    """Return how a training cools down from `step` on, in whole epochs; None where what is planned ends sooner.

    A rate that is still high hides what was learnt: its noise leaves with the rate. So a dev score that no longer
    rises is no reason to stop, but one to let the rate fall.
    """
    length = per_epoch * math.ceil(COOLED * step / per_epoch)
    return Cooling(step, done, length) if step + length < steps else None


def rate_factor(done: float, warmup: float) -> float:
    """Return the share of the peak learning rate at the fraction `done`: up in a line, down in a line.

    The rate rises from 0 over the first `warmup` of the training and falls to 0 at its end, so that
    the last steps only settle (Goyal et al. 2017, arXiv:1706.02677, for the warm-up).
    """
    if done < warmup:
        return done / warmup
    return (1.0 - done) / (1.0 - warmup)
