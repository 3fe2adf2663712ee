"""What the estimators share: from what scikit-learn hands over to a model, and from a model to its attributes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..bundle import Bundle
from ..errors import ArgumentError, sentence
from ..features.text import TextFeatures
from ..readers.examples import Examples
from ..runtime.predictor import Predictor
from ..tasks import tag, transcribe
from ..tasks.alignment import refuse_misplaced, tags_per_unit
from ..tasks.mismatch import legalise, unknown_classes
from ..train.arrays import inputs_of, labels_of, rows_of
from ..train.ensemble import fit_ensemble
from ..train.export import export
from ..train.recipes import Plan, plan
from ..train.speed import perturbed
from ..train.stream import Data

__all__ = ["answers", "model_of", "refuse_weights", "restore", "score", "seed_of", "tags_for", "train"]

FACES = {
    "classify": "BiGRUClassifier",
    "tag": "BiGRUTagger",
    "forecast": "BiGRUForecaster",
    "transcribe": "BiGRUTranscriber",
}
"""Who answers for the models of a task."""


def seed_of(random_state: Any) -> int:
    """Return the seed that scikit-learn's `random_state` stands for: an int itself, else one drawn from it."""
    return random_state if isinstance(random_state, int) else int(check_random_state(random_state).randint(2**31 - 1))


def train(estimator: Any, task: str, X: Any, y: Any, dev: tuple[Any, Any], groups: Any = None, **labelled: Any) -> None:
    """Train an estimator and give it what scikit-learn expects of a fitted one."""
    nested = task == "tag" or labelled.get("multi_label", False)
    inputs, given = pairs(X, y, nested, "y")
    together = _groups_of(groups, len(inputs), dev[0] is not None)
    kind = "audio" if task == "transcribe" else inputs_of(X)[1]
    classes = _classes([label for row in given for label in row] if nested else given)
    options = estimator.get_params(deep=False)
    verbose, seed = options.pop("verbose"), options.pop("random_state")
    options["seed"] = seed_of(seed)
    options.pop("scheme", None)
    names = _legal(named(given, nested), task, labelled.get("scheme"), "y")
    made = plan(task, inputs, names, kind, options=options, **labelled)
    learn, judge = _data(made, inputs, names), None
    variants = perturbed(made.config, inputs, made.training, learn)
    if dev[0] is not None:
        inputs, given = pairs(*dev, nested, "y_dev")
        judge = _judging(made, inputs, _legal(named(given, nested), task, labelled.get("scheme"), "y_dev"))
    progress = "auto" if verbose else "silent"
    how: dict[str, Any] = {"progress": progress, "variants": variants, "groups": together}
    fitted = fit_ensemble(made.task, made.config, made.model, learn, judge, made.training, **how)
    if {str(label) for label in classes} != set(made.config.labels):
        classes = np.array(sorted(made.config.labels))
    facts = {"score": fitted.score_name, "best_score": fitted.best_score, "best_epoch": fitted.best_epoch}
    several = {} if fitted.ensemble is None else {"ensemble": fitted.ensemble}
    metrics = {"training": {**facts, "steps": fitted.steps, **several}, "classes": classes.tolist()}
    estimator.bundle_ = export(made.task, made.config, made.model, fitted.weights, inputs, metrics=metrics)
    estimator.classes_, estimator.history_, estimator.best_score_ = classes, fitted.history, fitted.best_score


def _groups_of(groups: Any, count: int, judged: bool) -> list[str] | None:
    """Return what each input belongs to, None for nothing.

    Raises:
        ArgumentError: there are not as many as inputs, all are one, or nothing is held out.
    """
    if groups is None:
        return None
    found = [str(one) for one in labels_of(groups, "groups")]
    if judged:
        raise ArgumentError(sentence("fit", "groups", "left out with X_dev", "groups", "Nothing is held out then."))
    if len(found) != count:
        raise ArgumentError(sentence("fit", "groups", f"as long as X ({count})", len(found)))
    if len(set(found)) == 1:
        raise ArgumentError(sentence("fit", "groups", "several", f"{found[0]!r} alone"))
    return found


def pairs(X: Any, y: Any, nested: bool, name: str) -> tuple[list[Any], list[Any]]:
    """Return inputs and labels as lists of equal length."""
    inputs, given = inputs_of(X)[0], rows_of(y, name) if nested else labels_of(y, name)
    if len(inputs) != len(given):
        raise ArgumentError(sentence("fit", name, f"as long as X ({len(inputs)})", len(given)))
    return inputs, given


def _classes(labels: list[Any]) -> np.ndarray:
    """Return the distinct labels, sorted.

    Raises:
        ArgumentError: they are of several types, missing, or measurements.
    """
    _check_labels(labels)
    kinds = {type(label).__name__ for label in labels}
    if len(kinds) != 1 or not kinds <= {"str", "int", "bool", "float"}:
        want = "all strings, all whole numbers or all booleans"
        raise ArgumentError(sentence("fit", "labels", want, ", ".join(sorted(kinds)) or "none"))
    return np.unique(np.array(labels))


def _check_labels(labels: list[Any]) -> None:
    """Refuse what scikit-learn calls no classes: missing values and continuous numbers."""
    for n, label in enumerate(labels, 1):
        if label is None or type(label).__name__ in ("NAType", "NaTType") or label != label:
            remedy = "Leave such examples out."
            raise ArgumentError(sentence("fit", f"label {n}", "a class", f"a missing value ({label})", remedy))
        if isinstance(label, float) and not label.is_integer():
            got, remedy = f"{label!r}: the labels are continuous", "Classes have names or whole numbers."
            raise ArgumentError(sentence("fit", f"label {n}", "a class", got, remedy))


def refuse_weights(given: dict[str, Any]) -> None:
    """Refuse arguments of `fit` that other estimators of scikit-learn have.

    Raises:
        ArgumentError: weights of examples, which no loss here takes.
        TypeError: another argument.
    """
    for name in given:
        if name != "sample_weight":
            raise TypeError(f"fit() got an unexpected keyword argument {name!r}")
        if given[name] is not None:
            remedy = 'Repeat examples that count more; class_weights="balanced" makes rare classes count more.'
            raise ArgumentError(sentence("fit", name, "left out", "weights", remedy))


def named(given: list[Any], nested: bool) -> list[Any]:
    """Return labels as the strings that a saved model has."""
    return [list(map(str, row)) for row in given] if nested else list(map(str, given))


def _legal(rows: list[Any], task: str, scheme: str | None, name: str) -> list[Any]:
    """Return tags as `conlleval` reads them, with a warning of what is illegal in them."""
    given = Examples([], rows, "tokens", list(range(1, len(rows) + 1)), name, scheme=scheme, task=task)
    legal = legalise(given, scheme, learn=name == "y")
    _warn(legal)
    return legal.targets or []


def _judging(made: Plan, inputs: list[Any], labels: list[Any]) -> Data:
    """Return dev data, with a warning of the labels that the model has not: they count as wrong."""
    if isinstance(made.config, transcribe.Config):
        return _data(made, inputs, labels)
    lines = list(range(1, len(labels) + 1))
    given = Examples([], labels, "tokens", lines, "y_dev", task="tag" if made.task is tag else "classify")
    scheme = getattr(made.config, "scheme", None)
    _warn(replace(given, findings=unknown_classes(given, made.config.labels, scheme)))
    return _data(made, inputs, labels, unknown=True)


def _warn(given: Examples) -> None:
    for finding in given.findings:
        warnings.warn(str(finding), UserWarning, stacklevel=4)


def _data(made: Plan, inputs: list[Any], labels: list[Any], **unknown: bool) -> Data:
    if made.task is tag and isinstance(made.config.features, TextFeatures):
        labels, misplaced = tags_per_unit(made.config.features, inputs, labels, made.config.scheme)
        if not unknown:
            refuse_misplaced("y", range(1, len(inputs) + 1), inputs, misplaced)
    features, targets = made.task.featurise(made.config, inputs), made.task.targets(made.config, labels, **unknown)
    if isinstance(made.config, transcribe.Config):
        transcribe.check_room(made.config, features, targets)
    return features, targets


def model_of(estimator: Any) -> Any:
    """Return the Bundle of a fitted estimator."""
    check_is_fitted(estimator, "bundle_")
    return estimator.bundle_


def answers(estimator: Any, X: Any) -> tuple[Iterator[dict[str, Any]], dict[str, Any]]:
    """Return the answer to each input, and the labels as they were given by their names."""
    predictor, classes = Predictor(model_of(estimator)), estimator.classes_.tolist()
    return predictor.predict_iter(inputs_of(X)[0]), dict(zip(map(str, classes), classes, strict=True))


def score(estimator: Any, X: Any, y: Any, name: str) -> float:
    """Return one score of the evaluation that a saved model gets."""
    inputs, given = pairs(X, y, True, "y")
    lines = list(range(1, len(inputs) + 1))
    examples = Examples(inputs, named(given, True), inputs_of(X)[1], lines, "y", task=estimator.TASK)
    return float(Predictor(model_of(estimator)).evaluate(examples)[name])


def restore(estimator: Any, made: Bundle) -> Any:
    """Give an estimator a saved model; labels are what they were if an estimator saved it, else strings."""
    task = estimator.TASK
    if made.task != task:
        remedy = f"Use {FACES[made.task]}.load."
        raise ArgumentError(sentence("load", "model", f"one for {task}", f"one for {made.task}", remedy))
    if task == "forecast":
        estimator.bundle_, estimator.best_score_, estimator.history_ = made, None, []
        return estimator
    noted = made.metrics.get("classes")
    labels = noted if isinstance(noted, list) and len({type(label) for label in noted}) == 1 else []
    same = set(map(str, labels)) == set(made.config.labels)
    estimator.bundle_, estimator.classes_ = made, np.array(labels if same else sorted(made.config.labels))
    estimator.best_score_, estimator.history_ = None, []
    return estimator


def tags_for(tags: Any, two_d: bool) -> Any:
    """Tell scikit-learn what an input may be; an array [N, T] holds series, and T is not fixed by training."""
    tags.input_tags.two_d_array, tags.input_tags.three_d_array, tags.input_tags.string = two_d, True, True
    tags.no_validation = True
    return tags
