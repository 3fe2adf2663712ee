"""A machine too small for a training, said in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ...errors import TrainingError, argument, sentence

__all__ = ["enough_memory"]

WORDS = ("allocate memory", "not enough memory", "out of memory", "Storage size calculation overflowed")
"""What torch's errors of memory say on a CPU, where they have no class of their own."""


@contextmanager
def enough_memory() -> Iterator[None]:
    """Turn errors of memory into one sentence.

    Raises:
        TrainingError: the memory did not suffice.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not _is_of_memory(error):
            raise
        hidden, batch = argument("settings.hidden", 64), argument("settings.batch_size", 8)
        remedy = f"Take smaller layers ({hidden}), smaller batches ({batch}), or a larger machine."
        got = "a model or a batch that is larger"
        raise TrainingError(sentence("train", "memory", "enough for the training", got, remedy)) from error


def _is_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in WORDS)
