"""BiGRUs with the face of scikit-learn: clone, pipelines, cross-validation and grid search work as usual."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from . import bundle as saved
from .bundle import Bundle
from .bundle.configuration import TASKS
from .data.batching import batches, pad
from .errors import ArgumentError, sentence
from .ops.crf.native import marginals
from .ops.crf.weights import CrfWeights, constrain
from .runtime.network import Network
from .runtime.predictor import Predictor
from .scheme import detect
from .tasks import tag
from .tasks.probabilities import binary, softmax
from .train.arrays import are_many, inputs_of, is_block, labels_of, rows_of
from .train.export import export
from .train.fit import fit
from .train.recipes import Plan, plan
from .train.stream import Data

__all__ = ["BiGRUClassifier", "BiGRUTagger"]


class BiGRUClassifier(ClassifierMixin, BaseEstimator):
    """Gives texts, lists of tokens or numeric series one label, or any number of labels.

    None stands for the default of the kind of input (`bigru.train.recipes.DEFAULTS`).

    Args:
        hidden: units per direction.
        layers: stacked layers.
        cell: "gru", "rnn" or "lstm".
        direction: "both", "forward" or "backward".
        merge: how two directions are joined: "concat", "sum", "mul", "average" or "gated".
        unit: what a text is read in: "char", "word", "token" or "subword"; None looks at the texts.
        channels: what is known of a unit, as ("unit", "bigram"); see `bigru.data.text`.
        pooling: how steps become one vector, as ("max", "attention"); see `bigru.config.POOLINGS`.
        dropout: share of what the head reads that is left out in training.
        epochs: passes over the data at most.
        batch_size: sequences per step.
        learning_rate: peak rate of AdamW.
        average: decay of the average of the weights, 0 for none.
        class_weights: "none" or "balanced".
        label_smoothing: mass spread over the other labels.
        patience: epochs without a better dev score before training stops.
        time: seconds after which training ends.
        precision: "32" or "bf16".
        random_state: seed of weights, order, dropout and the held-out tenth.
        verbose: 0 for silence, 1 for progress on stderr.

    Attributes:
        classes_: the labels as they were given, sorted.
        history_: per epoch its figures.
        best_score_: the dev score of the weights kept.
        bundle_: the model as it is saved.
    """

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
        pooling: Sequence[str] | None = None,
        dropout: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        average: float | None = None,
        class_weights: str | None = None,
        label_smoothing: float | None = None,
        patience: int | None = None,
        time: float | None = None,
        precision: str | None = None,
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
        self.pooling = pooling
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.average = average
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing
        self.patience = patience
        self.time = time
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, X_dev: Any = None, y_dev: Any = None) -> BiGRUClassifier:
        """Train.

        Args:
            X: N texts, lists of tokens or series: a list, an array [N, T, I] (or [N, T]), a column of a frame.
            y: N labels of any plain type, or N lists of labels.
            X_dev, y_dev: examples that choose the best epoch; without them a tenth of X is held out.

        Raises:
            ArgumentError: X and y are not of the kinds above, or a parameter does not fit.
            DataError: too little to learn from, or a dev label that X has not.
        """
        _train(self, "classify", X, y, (X_dev, y_dev), multi_label=are_many(y))
        return self

    def predict(self, X: Any) -> Any:
        """Return the label of each input, an array [N]; or a list of lists of labels."""
        answers, given = _answers(self, X)
        if self.bundle_.config.multi_label:
            return [[given[label] for label in answer["labels"]] for answer in answers]
        return np.array([given[answer["label"]] for answer in answers], self.classes_.dtype)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each label, [N, K], columns in the order of `classes_`."""
        predictor = Predictor(_model(self))
        names = [str(label) for label in self.classes_]
        rows = [answer["scores"] for answer in predictor.predict_iter(inputs_of(X)[0])]
        return np.array([[scores[name] for name in names] for scores in rows]).reshape(-1, len(names))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, weighted if weights [N] are given; for many labels micro F1 (weights are refused)."""
        if not _model(self).config.multi_label:
            return float(super().score(X, y, sample_weight))
        if sample_weight is not None:
            raise ArgumentError(sentence("score", "sample_weight", "None for many labels", "weights"))
        return _score(self, X, y, "micro_f1")

    def save(self, path: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read."""
        saved.save(_model(self), path, force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BiGRUClassifier:
        """Read a saved model, ready to predict. (Its parameters are the defaults: they are not part of a model.)"""
        return _restore(cls(), saved.load(path))

    def __sklearn_tags__(self) -> Any:
        return _tags(super().__sklearn_tags__(), two_d=True)


class BiGRUTagger(BaseEstimator):
    """Gives every token of a text, character, or step of a series its label.

    Parameters are those of `BiGRUClassifier` without `pooling`, and:

    Args:
        crf: whether labels are decided jointly; None means where they spell spans.
        scheme: how labels spell spans: "BIO", "IOB1", "BIOES", "BMES", None, or "auto", which looks at them.

    Attributes:
        classes_, history_, best_score_, bundle_: see `BiGRUClassifier`.
    """

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
        crf: bool | None = None,
        scheme: str | None = "auto",
        dropout: float | None = None,
        epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        average: float | None = None,
        class_weights: str | None = None,
        label_smoothing: float | None = None,
        patience: int | None = None,
        time: float | None = None,
        precision: str | None = None,
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
        self.crf = crf
        self.scheme = scheme
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.average = average
        self.class_weights = class_weights
        self.label_smoothing = label_smoothing
        self.patience = patience
        self.time = time
        self.precision = precision
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, X_dev: Any = None, y_dev: Any = None) -> BiGRUTagger:
        """Train.

        Args:
            X: N lists of tokens, texts (a label per character or unit) or series; see `BiGRUClassifier.fit`.
            y: N lists with one label per step, or an array [N, T].
            X_dev, y_dev: examples that choose the best epoch; without them a tenth of X is held out.

        Raises:
            ArgumentError: X and y are not of the kinds above, or a parameter does not fit.
            DataError: too little to learn from, labels that are not one per step, or a dev label that X has not.
        """
        scheme = self.scheme
        if scheme == "auto":
            scheme = detect([list(map(str, row)) for row in rows_of(y)])
        _train(self, "tag", X, y, (X_dev, y_dev), scheme=scheme)
        return self

    def predict(self, X: Any) -> Any:
        """Return the label of every step: an array [N, T] for an array [N, T, I], else a list of lists."""
        answers, given = _answers(self, X)
        rows = [[given[label] for label in answer["tags"]] for answer in answers]
        return np.array(rows, self.classes_.dtype) if is_block(X) else rows

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each label at each step, exact marginals with a CRF.

        Returns:
            [N, T, K] for an array [N, T, I], else a list of arrays [T, K]; columns in the order of `classes_`.
        """
        order = [_model(self).config.labels.index(str(label)) for label in self.classes_]
        rows = [shares[:, order] for shares in _step_shares(self.bundle_, inputs_of(X)[0])]
        return np.stack(rows) if is_block(X) else rows

    def score(self, X: Any, y: Any) -> float:
        """Return span F1 where the labels spell spans, else the share of steps whose label is right."""
        return _score(self, X, y, "accuracy" if _model(self).config.scheme is None else "span_f1")

    def save(self, path: str | os.PathLike[str], force: bool = False) -> None:
        """Write the model to a folder that `bigru.load` and the command line read."""
        saved.save(_model(self), path, force)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> BiGRUTagger:
        """Read a saved model, ready to predict. (Its parameters are the defaults: they are not part of a model.)"""
        return _restore(cls(), saved.load(path))

    def __sklearn_tags__(self) -> Any:
        return _tags(super().__sklearn_tags__(), two_d=False)


def _train(estimator: Any, task: str, X: Any, y: Any, dev: tuple[Any, Any], **labelled: Any) -> None:
    """Train an estimator and give it what scikit-learn expects of a fitted one."""
    nested = task == "tag" or labelled["multi_label"]
    inputs, given = _pairs(X, y, nested, "y")
    kind = inputs_of(X)[1]
    classes = _classes([label for row in given for label in row] if nested else given)
    options = estimator.get_params(deep=False)
    verbose, seed = options.pop("verbose"), options.pop("random_state")
    options["seed"] = seed if isinstance(seed, int) else int(check_random_state(seed).randint(2**31 - 1))
    options.pop("scheme", None)
    made = plan(task, inputs, _named(given, nested), kind, options=options, **labelled)
    learn, judge = _data(made, inputs, _named(given, nested)), None
    if dev[0] is not None:
        inputs, given = _pairs(*dev, nested, "y_dev")
        judge = _data(made, inputs, _named(given, nested))
    progress = "auto" if verbose else "silent"
    fitted = fit(made.task, made.config, made.model, learn, judge, made.training, progress=progress)
    if {str(label) for label in classes} != set(made.config.labels):
        classes = np.array(sorted(made.config.labels))
    facts = {"score": fitted.score_name, "best_score": fitted.best_score, "best_epoch": fitted.best_epoch}
    metrics = {"training": {**facts, "steps": fitted.steps}, "classes": classes.tolist()}
    estimator.bundle_ = export(made.task, made.config, made.model, fitted.weights, inputs, metrics=metrics)
    estimator.classes_, estimator.history_, estimator.best_score_ = classes, fitted.history, fitted.best_score


def _pairs(X: Any, y: Any, nested: bool, name: str) -> tuple[list[Any], list[Any]]:
    """Return inputs and labels as lists of equal length."""
    inputs, given = inputs_of(X)[0], rows_of(y, name) if nested else labels_of(y, name)
    if len(inputs) != len(given):
        raise ArgumentError(sentence("fit", name, f"as long as X ({len(inputs)})", len(given)))
    return inputs, given


def _classes(labels: list[Any]) -> np.ndarray:
    """Return the distinct labels, sorted."""
    kinds = {type(label).__name__ for label in labels}
    if len(kinds) != 1 or not kinds <= {"str", "int", "bool", "float"}:
        want = "all strings, all whole numbers or all booleans"
        raise ArgumentError(sentence("fit", "labels", want, ", ".join(sorted(kinds)) or "none"))
    return np.unique(np.array(labels))


def _named(given: list[Any], nested: bool) -> list[Any]:
    """Return labels as the strings that a saved model has."""
    return [list(map(str, row)) for row in given] if nested else list(map(str, given))


def _data(made: Plan, inputs: list[Any], labels: list[Any]) -> Data:
    return made.task.featurise(made.config, inputs), made.task.targets(made.config, labels)


def _model(estimator: Any) -> Any:
    """Return the Bundle of a fitted estimator."""
    check_is_fitted(estimator, "bundle_")
    return estimator.bundle_


def _answers(estimator: Any, X: Any) -> tuple[Iterator[dict[str, Any]], dict[str, Any]]:
    """Return the answer to each input, and the labels as they were given by their names."""
    predictor, classes = Predictor(_model(estimator)), estimator.classes_.tolist()
    return predictor.predict_iter(inputs_of(X)[0]), dict(zip(map(str, classes), classes, strict=True))


def _score(estimator: Any, X: Any, y: Any, name: str) -> float:
    """Return one score of the evaluation that a saved model gets."""
    inputs, given = _pairs(X, y, True, "y")
    made = _model(estimator)
    answers = list(Predictor(made).predict_iter(inputs))
    return float(TASKS[made.task].score(made.config, _named(given, True), answers)[name])


def _step_shares(made: Bundle, inputs: list[Any]) -> list[np.ndarray]:
    """Return the probability of each label at each step, [T, K] per input, as `tag.decode` has them."""
    network, config = Network(made.model, made.weights), cast("tag.Config", made.config)
    features = TASKS[made.task].featurise(config, inputs)
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


def _restore(estimator: Any, made: Bundle) -> Any:
    """Give an estimator a saved model; labels are what they were if an estimator saved it, else strings."""
    task = "classify" if isinstance(estimator, BiGRUClassifier) else "tag"
    if made.task != task:
        other = "BiGRUTagger" if task == "classify" else "BiGRUClassifier"
        raise ArgumentError(sentence("load", "model", f"one for {task}", f"one for {made.task}", f"Use {other}.load."))
    noted = made.metrics.get("classes")
    labels = noted if isinstance(noted, list) and len({type(label) for label in noted}) == 1 else []
    same = set(map(str, labels)) == set(made.config.labels)
    estimator.bundle_, estimator.classes_ = made, np.array(labels if same else sorted(made.config.labels))
    estimator.best_score_, estimator.history_ = None, []
    return estimator


def _tags(tags: Any, two_d: bool) -> Any:
    """Tell scikit-learn what an input may be; an array [N, T] holds series, and T is not fixed by training."""
    tags.input_tags.two_d_array, tags.input_tags.three_d_array, tags.input_tags.string = two_d, True, True
    tags.no_validation = True
    return tags
