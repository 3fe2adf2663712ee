"""Pooling over steps that come one after the other: what it has of all steps so far, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...config import ModelConfig
from ...config.poolings import POOLING_RULES, attends

__all__ = ["RunningPool"]

TINY = float(np.finfo(np.float32).tiny)


class RunningPool:
    """The poolings of a model over a stream.

    Sums are kept in float64, so that they stay right after millions of steps; over a whole sequence they are float32.
    The maximum and the final states are the same bits in both.

    Args:
        model: its poolings and widths.
        attend: from states [1, N, C] to their logits of attention [1, N, 1].

    Attributes:
        count: steps so far.
    """

    def __init__(self, model: ModelConfig, attend: Callable[[np.ndarray], np.ndarray]) -> None:
        width = model.encoder.outputs
        self._rules = [POOLING_RULES[kind] for kind in model.pooling]
        self._attends, self._reads_inputs = attends(model.pooling), any(rule.inputs for rule in self._rules)
        self._attend, self.count = attend, 0
        self._largest, self._sum = np.full(width, -np.inf, np.float32), np.zeros(width)
        self._bag, self._largest_input = np.zeros(model.inputs), np.full(model.inputs, -np.inf, np.float32)
        self._peak, self._shares, self._attended = -np.inf, 0.0, np.zeros(width)

    def add(self, x: np.ndarray, states: np.ndarray) -> None:
        """Take further steps: what the encoder read [N, I] and what it returned [N, C]."""
        self.count += len(states)
        self._sum += states.sum(axis=0, dtype=np.float64)
        if self._reads_inputs:
            self._bag += x.sum(axis=0, dtype=np.float64)
            self._largest_input = np.maximum(self._largest_input, x.max(axis=0, initial=-np.inf))
        self._largest = np.maximum(self._largest, states.max(axis=0, initial=-np.inf))
        if self._attends and len(states):
            scores = self._attend(states[None])[0].astype(np.float64)
            peak = max(self._peak, float(scores.max()))
            shares, kept = np.exp(scores - peak), np.exp(self._peak - peak)
            self._shares = self._shares * kept + float(shares.sum())
            self._attended = self._attended * kept + (shares * states).sum(axis=0)
            self._peak = peak

    def value(self, last: np.ndarray) -> np.ndarray:
        """Return the pooled vector [1, P] of all steps so far; `last` [C] is where the walks stand, joined."""
        parts = [rule.evaluate(self._statistics(rule.inputs, last)) for rule in self._rules]
        pooled = np.concatenate(parts).astype(np.float32)[None]
        return pooled if self.count else np.zeros_like(pooled)

    def _statistics(self, inputs: bool, last: np.ndarray) -> dict[str, Callable[[], Any]]:
        """Return what poolings of the steps so far are made of, as `bigru.config.poolings.STATISTICS` says."""
        steps = max(self.count, 1)
        return {
            "last": lambda: last,
            "sum": lambda: self._bag if inputs else self._sum,
            "largest": lambda: self._largest_input if inputs else self._largest,
            "attended": lambda: self._attended / max(self._shares, TINY),
            "steps": lambda: steps,
            "root": lambda: np.sqrt(steps),
        }
