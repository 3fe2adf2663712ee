"""How far a training is, and the learning rate that goes with it: both pure functions."""

from __future__ import annotations

__all__ = ["fraction_done", "rate_factor"]


def fraction_done(step: int, steps: int, elapsed: float = 0.0, budget: float | None = None) -> float:
    """Return how far a training is, within 0..1: the larger of its step and its time fraction.

    Args:
        step: steps taken so far.
        steps: steps planned.
        elapsed: seconds spent so far; counts only where there is a budget.
        budget: seconds allowed, or None.
    """
    done = step / max(steps, 1)
    if budget is not None:
        done = max(done, elapsed / budget)
    return min(done, 1.0)


def rate_factor(done: float, warmup: float) -> float:
    """Return the share of the peak learning rate at the fraction `done`: up in a line, down in a line.

    The rate rises from 0 over the first `warmup` of the training and falls to 0 at its end, so that
    the last steps only settle (Goyal et al. 2017, arXiv:1706.02677, for the warm-up).
    """
    if done < warmup:
        return done / warmup
    return (1.0 - done) / (1.0 - warmup)
