"""A classifier with the face of scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from .. import bundle as saved
from ..errors import ArgumentError, sentence
from ..features.arrays import is_multilabel, to_inputs
from ..runtime.predictor import Predictor
from .fitted import fitted_bundle, predict_answers, refuse_weights, restore, score, tags_for, train

__all__ = ["BiGRUClassifier"]


class BiGRUClassifier(ClassifierMixin, BaseEstimator):
    """Gives texts, lists of tokens, numeric series or recordings one label, or any number of labels.

    None stands for the default of the kind of input (`bigru.train.defaults.DEFAULTS`).

    Args:
        hidden: units per direction.
        layers: stacked layers.
        cell: "gru", "rnn" or "lstm".
        direction: "both", "forward" or "backward".
        merge: how two directions are joined, one of `bigru.config.MERGES`.
        unit: what a text is read in: "char", "word", "token" or "subword"; None looks at the texts.
        channels: what is known of a unit, as ("unit", "bigram"); see `bigru.features.text`.
        lexicon: words whose places in a text are known as well: a file with a word a line, or a word, TAB and a
            category; "jieba"; several of these; or a mapping from words to categories.
        pooling: how steps become one vector, as ("max", "attention"); see `bigru.config.POOLINGS`.
        dropout: share of what the head reads that is left out in training.
        epochs: passes over the data at most.
        batch_size: sequences per step.
        learning_rate: peak rate of AdamW.
        ema_decay: decay of the average of the weights, 0 for none.
        class_weights: "none" or "balanced".
        label_smoothing: mass spread over the other labels.
        patience: epochs without a better dev score before the rate falls to 0 and training ends.
        max_seconds: seconds after which training ends.
        precision: "fp32" or "bf16".
        lookahead: least and most steps of look-ahead to train with, for models that will be streamed.
        ensemble: trainings whose mean answers the model learns from; None for one.
        random_state: seed of weights, order, dropout and the held-out tenth.
        verbose: 0 for silence, 1 for progress on stderr.

    Attributes:
        classes_: the labels as they were given, sorted.
        history_: per epoch its figures.
        best_score_: the dev score of the weights kept.
        bundle_: the model as it is saved.
    """

    TASK = "classify"

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
        pooling: Sequence[str] | None = None,
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
        self.pooling = pooling
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
    ) -> BiGRUClassifier:
        """Train.

        Args:
            X: N texts, lists of tokens, series or recordings (paths of audio files, or pairs of samples [N] and their
                rate): a list, an array [N, T, I] (or [N, T]), a column of a frame. Time comes before channels; aeon
                and sktime have [N, channels, T] (`X.swapaxes(1, 2)`). Integers are measurements, not numbers of words.
            y: N labels of any plain type, or N lists of labels.
            X_dev, y_dev: examples that choose the best epoch; without them a tenth of X is held out.
            groups: N values that say what inputs belong to (speakers, documents): all of one are held out or none.
            init: a model to start from, for these labels and others: the folder of a saved one, the name of a shipped
                one, or a fitted estimator; `forgetting_` then says what became of its labels.

        Raises:
            ArgumentError: X and y are not of the kinds above, a label is missing or continuous, a parameter does not
                fit, or examples have weights.
            DataError: too little to learn from, or a dev label that X has not.
        """
        refuse_weights(unsupported)
        train(self, "classify", X, y, (X_dev, y_dev), groups, init, multi_label=is_multilabel(y))
        return self

    def predict(self, X: Any) -> Any:
        """Return the label of each input, an array [N]; or a list of lists of labels."""
        rows, given = predict_answers(self, X)
        if self.bundle_.config.multi_label:
            return [[given[label] for label in answer["labels"]] for answer in rows]
        return np.array([given[answer["label"]] for answer in rows], self.classes_.dtype)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each label, [N, K], columns in the order of `classes_`."""
        predictor = Predictor(fitted_bundle(self))
        names = [str(label) for label in self.classes_]
        rows = [answer["scores"] for answer in predictor.predict_iter(to_inputs(X)[0])]
        return np.array([[scores[name] for name in names] for scores in rows]).reshape(-1, len(names))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each label, [N, K], columns in the order of `classes_`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, weighted if weights [N] are given; for many labels micro F1 (weights are refused)."""
        if not fitted_bundle(self).config.multi_label:
            return float(super().score(X, y, sample_weight))
        if sample_weight is not None:
            raise ArgumentError(sentence("score", "sample_weight", "None for many labels", "weights"))
        return score(self, X, y, "micro_f1")

    def save(self, path: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read."""
        saved.save(fitted_bundle(self), path, force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BiGRUClassifier:
        """Read a saved model, ready to predict. (Its parameters are the defaults: they are not part of a model.)"""
        return restore(cls(), saved.load(path))

    def __sklearn_tags__(self) -> Any:
        return tags_for(super().__sklearn_tags__(), two_d=True)
