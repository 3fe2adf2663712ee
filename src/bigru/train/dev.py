"""The dev score: how good a model is on examples that it does not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..config import ModelConfig
from ..features.batching import batches
from ..metrics.transcription import edits
from ..ops.crf.native import viterbi
from ..ops.ctc.native import greedy
from ..ops.recurrent.windows import Window
from ..scheme import spans
from ..tasks import transcribe
from .losses import Loss
from .stream import Batch, Collator, Targets

__all__ = ["Dev"]

UNKNOWN_SPAN = "\0"
"""Label of the spans of classes that the model has not; they can only be missed."""

FEW = 100
"""Decisions (sequences, or steps of tags) below which a score is off by ten points by chance."""

SIZE = 128
"""Sequences per batch of an evaluation."""


class Dev:
    """Scores a model on a dev set, with the decisions and the scores of `task.decode` and `task.score`.

    The scores with intervals and tables take seconds, and confidences are not needed here; so tags are
    only decoded, and only the one figure is counted that chooses the best epoch: accuracy for one label,
    micro F1 for many labels, span F1 for tags with a scheme, else the accuracy of tags; for transcripts 1 less the
    edits per symbol of greedy decoding.

    Attributes:
        name: what the score is called.
        few: whether it rests on so few decisions that its rise and fall are chance.
    """

    def __init__(
        self,
        task: ModuleType,
        config: Any,
        model: ModelConfig,
        data: tuple[Sequence[np.ndarray], Targets],
        loss: Loss,
        window: Window | None = None,
    ) -> None:
        self.task, self.config, self.loss, self.window = task, config, loss, window
        self.features, self.targets = data
        self.crf, self.per_step = model.crf, not model.pooling
        self.plan, self._collate = batches(self.features, SIZE), Collator(self.features, self.targets)
        self.few = (sum(map(len, self.features)) if self.per_step else len(self.features)) < FEW
        self.steps, self.transcribes = model.steps, isinstance(config, transcribe.Config)
        self.spans = self.per_step and not self.transcribes and config.scheme is not None
        many = not self.per_step and config.multi_label
        name = "span_f1" if self.spans else "micro_f1" if many else "accuracy"
        self.name = "symbol_accuracy" if self.transcribes else name
        # A CRF has no likelihood for a sequence with a tag that it does not have.
        unsure = [self.crf and bool((self.targets[n] < 0).any()) for n in range(len(self.features))]
        self._sure = ~np.array(unsure, bool)
        self._gold = self._found([self.targets[n] for n in range(len(self.features))]) if self.spans else set()

    @torch.no_grad()
    def score(self, model: nn.Module) -> tuple[float, float]:
        """Return the score, a fraction, and the mean loss of `model` as it stands."""
        training = model.training
        model.eval()
        device = next(model.parameters()).device
        loss, rows = 0.0, [np.zeros(0)] * len(self.features)
        for indices in self.plan:
            batch = self._collate(indices).to(device)
            logits = model(batch.inputs, batch.lengths, self.window).float()
            loss += self._loss_of(logits, batch, self._sure[indices])
            decided = self._decide(model, logits, batch.lengths) if self.per_step else logits.cpu().numpy()
            for index, row in zip(indices, decided, strict=True):
                rows[index] = row
        model.train(training)
        value = self._of_steps(rows) if self.per_step else self._of_sequences(np.stack(rows))
        return value, loss / max(int(self._sure.sum()), 1)

    def _loss_of(self, logits: Tensor, batch: Batch, sure: np.ndarray) -> float:
        """Return the sum of the losses of a batch over the sequences that have one."""
        if not sure.any():
            return 0.0
        if not sure.all():
            kept = torch.from_numpy(sure).to(logits.device)
            logits, batch = logits[kept], batch.each(lambda part: part[kept])
        return float(self.loss(logits, batch)) * int(sure.sum())

    def _decide(self, model: nn.Module, logits: Tensor, lengths: Tensor) -> list[np.ndarray]:
        """Return the tags of each sequence of a batch, as `tag.decode` decides them."""
        scores, ends = logits.cpu().numpy(), self.steps(lengths).cpu().numpy()
        if self.transcribes:
            return [found.symbols for found in greedy(scores, ends)]
        if self.crf:
            own = {name: array.cpu().numpy() for name, array in model.state_dict().items() if name.startswith("crf.")}
            paths = viterbi(scores, self.task.crf_of(self.config, own), ends)[0]
        else:
            paths = (scores[..., 0] > 0).astype(np.int64) if scores.shape[2] == 1 else scores.argmax(axis=2)
        return [path[:end] for path, end in zip(paths, ends, strict=True)]

    def _of_steps(self, paths: list[np.ndarray]) -> float:
        if self.transcribes:
            said, heard = ([" ".join(map(str, row)) for row in rows] for rows in (self.targets, paths))
            wrong, symbols = edits(said, heard, characters=False).sum(axis=0)
            return 1.0 - float(wrong / symbols)
        if self.spans:
            found = self._found(paths)
            return _f1(len(found & self._gold), len(found), len(self._gold))
        right = sum(int((path == gold).sum()) for path, gold in zip(paths, self.targets, strict=True))
        return right / max(sum(map(len, paths)), 1)

    def _found(self, paths: Sequence[np.ndarray]) -> set[tuple[int, str, int, int]]:
        """Return all spans of all sequences, each with the number of its sequence."""
        wanted = self.config.entity_labels
        labels = [*self.config.labels, ("M-" if self.config.scheme == "BMES" else "I-") + UNKNOWN_SPAN]
        return {
            (n, *span)
            for n, path in enumerate(paths)
            for span in spans([labels[max(i, -1)] for i in path], self.config.scheme)
            if wanted is None or span.label in wanted
        }

    def _of_sequences(self, logits: np.ndarray) -> float:
        answers = self.task.decode(self.config, logits)
        labels = self.config.labels
        if self.config.multi_label:
            gold = np.asarray(self.targets) > 0
            given = np.array([[label in answer["labels"] for label in labels] for answer in answers])
            return _f1(int((gold & given).sum()), int(given.sum()), int(gold.sum()))
        pairs = zip(answers, self.targets, strict=True)
        right = [target >= 0 and answer["label"] == labels[target] for answer, target in pairs]
        return sum(right) / len(right)


def _f1(right: int, given: int, gold: int) -> float:
    """F1 from counts; 0 where there is nothing at all."""
    return 2 * right / max(given + gold, 1)
