"""Where the time of training steps goes, part by part: time always stands on exactly one account.

Functions are wrapped, and the backward pass is divided by hooks on what the parts gave forward: once the gradient
of a part's output is known, the time is that part's until the gradient of the next output is. A step costs some
twenty looks at the clock more than without, about 10 microseconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from torch import Tensor

from bigru.nn.embedding import ChannelEmbedding
from bigru.nn.encoder import Encoder
from bigru.nn.model import SequenceModel
from bigru.ops.recurrent import autograd
from bigru.train.data.loader import BatchLoader
from bigru.train.loop import trainer
from bigru.train.loop.trainer import Trainer
from bigru.train.optim.ema import ExponentialMovingAverage
from bigru.train.optim.flat_parameters import FlatParameters
from bigru.train.optim.row_adamw import RowAdamW

__all__ = ["PARTS", "Ledger", "watched"]

PARTS = (
    "gru forward",
    "gru backward",
    "embedding forward",
    "embedding backward",
    "encoder's rest forward",
    "encoder's rest backward",
    "head forward",
    "head backward",
    "loss forward",
    "loss backward",
    "clipping",
    "optimiser",
    "average",
    "batches",
    "loop",
    "other",
)
"""The accounts. `encoder's rest` is merging, normalising and dropout between layers; `head` is pooling, the linear
layers, masks, and dropout before and behind the encoder; `loop` is what happens between steps: figures, checkpoints,
display; `other` is what is left of a step.
"""


class Ledger:
    """Books of a training; `steps` holds per step the seconds by `clock` on each account."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.clock = clock
        self.steps: list[dict[str, float]] = []
        self._open = dict.fromkeys(PARTS, 0.0)
        self._part, self._since = "loop", self.clock()

    def switch(self, part: str) -> str:
        """Book the time until now, let what follows stand on `part`, and return the part before."""
        now = self.clock()
        self._open[self._part] += now - self._since
        before, self._part, self._since = self._part, part, now
        return before

    def close_step(self) -> None:
        """End a step; the first one closed is what came before the training."""
        self.switch(self._part)
        self.steps.append(self._open)
        self._open = dict.fromkeys(PARTS, 0.0)

    def wrap(self, part: str, function: Callable[..., Any], backward: str = "", before: str = "") -> Callable[..., Any]:
        """Return `function` with its time on `part`.

        Args:
            part: the account.
            function: what is timed.
            backward: the account of the gradient of its results, if there is one.
            before: the account of the gradient of its first argument, where no other part owns that.
        """

        def timed(*arguments: Any, **named: Any) -> Any:
            if before:
                self._turn(arguments[0], before)
            held = self.switch(part)
            try:
                result = function(*arguments, **named)
            finally:
                self.switch(held)
            for tensor in _tensors(result) if backward else ():
                self._turn(tensor, backward)
            return result

        return timed

    def each(self, iterate: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
        """Return `iterate` with the time of every item on "batches"."""

        def timed(owner: Any) -> Iterator[Any]:
            items = iterate(owner)
            take = self.wrap("batches", lambda: next(items, None))
            while (item := take()) is not None:
                yield item

        return timed

    def _turn(self, tensor: Tensor, part: str) -> None:
        """Switch to `part` once the gradient of `tensor` is known, unless it is an inner part's already."""
        if not tensor.requires_grad or tensor._backward_hooks:
            return

        def turn(gradient: Tensor) -> None:
            self.switch(part)

        tensor.register_hook(turn)


def _tensors(result: Any) -> Iterator[Tensor]:
    """Give the tensors in a result, however it is nested."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, dict | tuple):
        for part in result.values() if isinstance(result, dict) else result:
            yield from _tensors(part)


@contextmanager
def watched(ledger: Ledger) -> Iterator[None]:
    """Keep the books of every training within."""
    start, step = Trainer.__init__, ledger.wrap("other", Trainer.step)

    def begun(self: Trainer, model: Any, loss: Any, *rest: Any) -> None:
        start(self, model, ledger.wrap("loss forward", loss, "loss backward"), *rest)

    def closed(*arguments: Any) -> Any:
        ledger.close_step()
        return step(*arguments)

    two_ways = {
        "embedding": (ChannelEmbedding, "forward"),
        "encoder's rest": (Encoder, "forward"),
        "head": (SequenceModel, "forward"),
        "gru": (autograd, "forward"),
        "loss": (trainer, "disagreement"),
    }
    one_way = {
        "loss backward": (Tensor, "backward"),
        "clipping": (FlatParameters, "clip"),
        "optimiser": (RowAdamW, "step"),
        "average": (ExponentialMovingAverage, "update"),
    }
    with ExitStack() as stack:

        def put(owner: Any, name: str, value: Any) -> None:
            stack.enter_context(patch.object(owner, name, value))

        for part, (owner, name) in two_ways.items():
            # Dropout of the encoder's input is applied by the model, whose account is the head's.
            rest = "head backward" if part == "gru" else ""
            put(owner, name, ledger.wrap(f"{part} forward", getattr(owner, name), f"{part} backward", rest))
        for part, (owner, name) in one_way.items():
            put(owner, name, ledger.wrap(part, getattr(owner, name)))
        put(BatchLoader, "__iter__", ledger.each(BatchLoader.__iter__))
        put(Trainer, "__init__", begun)
        put(Trainer, "step", closed)
        yield
