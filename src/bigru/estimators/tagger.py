"""A tagger with the face of scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator

from .. import bundle as saved
from ..bundle import Bundle
from ..config import ModelConfig
from ..features.arrays import is_block, to_inputs, to_rows
from ..features.batching import batches, pad
from ..ops.crf.native import marginals
from ..ops.crf.weights import CrfWeights, constrain
from ..runtime.network.sequence import Network
from ..scheme import detect
from ..tasks import tag, task_named
from ..tasks.probabilities import binary, softmax
from .fitted import fitted_bundle, predict_answers, refuse_weights, restore, score, tags_for, train

__all__ = ["BiGRUTagger"]


class BiGRUTagger(BaseEstimator):
    """Gives every token of a text, character, or step of a series its label.

    Parameters are those of `BiGRUClassifier` without `pooling`, and:

    Args:
        crf: whether labels are decided jointly; None means where they spell spans.
        features: names of what stands behind the word in every token of X, as ["POS"] for tokens as `dogs￨NNS`: the
            character U+FFE8 lies between them.
        scheme: how labels spell spans: "BIO", "IOB1", "BIOES", "BMES", None, or "auto", which looks at them.

    Attributes:
        classes_, history_, best_score_, bundle_: see `BiGRUClassifier`.
    """

    TASK = "tag"

    def __init__(
        self,
        *,
        hidden: int | None = None,
        layers: int | None = None,
        cell: str | None = None,
        direction: str | None = None,
        merge: str | None = None,
        unit: str | None = None,
        channels: Sequence[str] | None = None,
        lexicon: Any = None,
        features: Sequence[str] | None = None,
        crf: bool | None = None,
        scheme: str | None = "auto",
        dropout: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        ema_decay: float | None = None,
        class_weights: str | None = None,
        label_smoothing: float | None = None,
        patience: int | None = None,
        max_seconds: float | None = None,
        precision: str | None = None,
        lookahead: tuple[int, int] | None = None,
        ensemble: int | None = None,
        random_state: Any = 0,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.layers = layers
        self.cell = cell
        self.direction = direction
        self.merge = merge
        self.unit = unit
        self.channels = channels
        self.lexicon = lexicon
        self.features = features
        self.crf = crf
        self.scheme = scheme
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.ema_decay = ema_decay
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing
        self.patience = patience
        self.max_seconds = max_seconds
        self.precision = precision
        self.lookahead = lookahead
        self.ensemble = ensemble
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any,
        X_dev: Any = None,
        y_dev: Any = None,
        groups: Any = None,
        init: Any = None,
        **unsupported: Any,
    ) -> BiGRUTagger:
        """Train.

        Args:
            X: N lists of tokens, texts (a label per character or unit) or series; see `BiGRUClassifier.fit`.
            y: N lists with one label per step, or an array [N, T].
            X_dev, y_dev: examples that choose the best epoch; without them a tenth of X is held out.
            groups: N values that say what inputs belong to (speakers, documents): all of one are held out or none.
            init: a model to start from, for these labels and others: the folder of a saved one, the name of a shipped
                one, or a fitted estimator; `forgetting_` then says what became of its labels.

        Raises:
            ArgumentError: X and y are not of the kinds above, or a parameter does not fit.
            DataError: too little to learn from, labels that are not one per step, or a dev label that X has not.
        """
        refuse_weights(unsupported)
        scheme = self.scheme
        if scheme == "auto":
            scheme = detect([list(map(str, row)) for row in to_rows(y)])
        train(self, "tag", X, y, (X_dev, y_dev), groups, init, scheme=scheme)
        return self

    def predict(self, X: Any) -> Any:
        """Return the label of every step: an array [N, T] for an array [N, T, I], else a list of lists."""
        found, given = predict_answers(self, X)
        rows = [[given[label] for label in answer["tags"]] for answer in found]
        return np.array(rows, self.classes_.dtype) if is_block(X) else rows

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each label at each step, exact marginals with a CRF.

        Returns:
            [N, T, K] for an array [N, T, I], else a list of arrays [T, K]; columns in the order of `classes_`.
        """
        order = [fitted_bundle(self).config.labels.index(str(label)) for label in self.classes_]
        rows = [shares[:, order] for shares in _step_shares(self.bundle_, to_inputs(X)[0])]
        return np.stack(rows) if is_block(X) else rows

    def score(self, X: Any, y: Any) -> float:
        """Return span F1 where the labels spell spans, else the share of steps whose label is right."""
        return score(self, X, y, "accuracy" if fitted_bundle(self).config.scheme is None else "span_f1")

    def save(self, path: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read."""
        saved.save(fitted_bundle(self), path, force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BiGRUTagger:
        """Read a saved model, ready to predict. (Its parameters are the defaults: they are not part of a model.)"""
        return restore(cls(), saved.load(path))

    def __sklearn_tags__(self) -> Any:
        return tags_for(super().__sklearn_tags__(), two_d=False)


def _step_shares(made: Bundle, inputs: list[Any]) -> list[np.ndarray]:
    """Return the probability of each label at each step, [T, K] per input, as `bigru.tasks.tag.decide` has them."""
    network, config = Network(cast("ModelConfig", made.model), made.weights), cast("tag.Config", made.config)
    features = task_named(made.task).featurise(config, inputs)
    rows = [np.zeros((0, len(config.labels)))] * len(inputs)
    for indices in batches(features, 64):
        padded, lengths = pad([features[i] for i in indices])
        logits = network(padded, lengths)
        if made.model.crf:
            crf = CrfWeights(*(made.weights[f"crf.{name}"] for name in CrfWeights._fields))
            masks = config.constraints
            shares = marginals(logits, crf if masks is None else constrain(crf, *masks), lengths)
        else:
            shares = binary(logits) if config.outputs == 1 else softmax(logits)
        for index, row, end in zip(indices, shares, lengths, strict=True):
            rows[index] = row[:end]
    return rows
