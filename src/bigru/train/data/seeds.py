"""Randomness as a pure function of the seed and of where a training is, so that it can be re-entered anywhere."""

from __future__ import annotations

import numpy as np
import torch

__all__ = [
    "AUGMENT",
    "DROPOUT",
    "GROWN",
    "HOLD_OUT",
    "LOOKAHEAD",
    "MEMBER",
    "MIXED",
    "ORDER",
    "VARIANT",
    "WEIGHTS",
    "derive",
    "set_seed",
]

WEIGHTS, ORDER, DROPOUT, HOLD_OUT, AUGMENT, VARIANT, LOOKAHEAD, MEMBER, MIXED, GROWN = range(1, 11)
"""What a seed is for: first weights, the order of an epoch, the dropout of a step, the dev set held out, what is
done to the inputs of a step, which variant of an example an epoch shows, a step's look-ahead, the seed
of a training of several, what their answers are asked for beside the training examples, and the first weights of what
a model had not."""


def derive(seed: int, purpose: int, index: int = 0) -> int:
    """Return the 32-bit seed for the `index`-th use of a purpose; all of them are unrelated to each other."""
    return int(np.random.SeedSequence((seed % 2**64, purpose, index)).generate_state(1)[0])


def set_seed(seed: int, device: torch.device) -> None:
    """Seed the generator that `device` draws from, and the CPU's.

    `torch.manual_seed` formats a traceback at every call (0.1 ms); the generators take a microsecond.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
