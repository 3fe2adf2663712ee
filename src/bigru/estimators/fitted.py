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
from ..config.targets import TARGETS
from ..errors import ArgumentError, refusal, sentence, spell_arguments
from ..features.arrays import check_labels, to_inputs, to_labels, to_rows
from ..readers.examples import Examples
from ..readers.findings import Finding
from ..runtime.predictor import Predictor
from ..tasks.mismatch import legalise, unknown_classes
from ..train.pipeline.labelled import Parts, train_examples
from ..train.pipeline.request import Request
from ..train.start.kinds import open_start

__all__ = [
    "fitted_bundle",
    "predict_answers",
    "refuse_weights",
    "resolve_seed",
    "restore",
    "score",
    "tags_for",
    "train",
]

FACES = {
    "classify": "BiGRUClassifier",
    "tag": "BiGRUTagger",
    "forecast": "BiGRUForecaster",
    "transcribe": "BiGRUTranscriber",
}
"""Who answers for the models of a task."""


def resolve_seed(random_state: Any) -> int:
    """Return the seed that scikit-learn's `random_state` stands for: an int itself, else one drawn from it."""
    return random_state if isinstance(random_state, int) else int(check_random_state(random_state).randint(2**31 - 1))


@spell_arguments("python")
def train(
    estimator: Any,
    task: str,
    X: Any,
    y: Any,
    dev: tuple[Any, Any],
    groups: Any = None,
    init: Any = None,
    **labelled: Any,
) -> None:
    """Train an estimator and give it what scikit-learn expects of a fitted one."""
    kinds, nested = TARGETS[task].kinds, TARGETS[task].per_step or labelled.get("multi_label", False)
    inputs, given = check_pairs(X, y, nested, "y")
    together = _check_groups(groups, len(inputs), dev[0] is not None)
    kind = to_inputs(X)[1] if len(kinds) > 1 else kinds[0]
    classes = _classes([label for row in given for label in row] if nested else given)
    settings = estimator.get_params(deep=False)
    progress = "auto" if settings.pop("verbose") else "silent"
    settings["seed"] = resolve_seed(settings.pop("random_state"))
    settings.pop("scheme", None)
    start = None if init is None else open_start(init)
    if start is not None:
        start.check_settings(settings)
    learn = _examples(inputs, label_names(given, nested), kind, "y", task=task, groups=together, **labelled)
    learn, judge = _legalise(learn, learn=True), None
    if dev[0] is not None:
        inputs, given = check_pairs(*dev, nested, "y_dev")
        judge = _legalise(
            _examples(inputs, label_names(given, nested), kind, "y_dev", task=task, **labelled), learn=False
        )
        known = () if start is None or start.teacher is None else start.teacher.config.labels
        _warn(unknown_classes(judge, [*_labels(learn.targets or []), *known], learn.scheme))
    # The estimators score themselves, and have no plain model beside them.
    request = Request(settings=settings, plain=False, score=False, progress=progress, start=start)
    trained = train_examples(Parts(learn, judge), request)
    classes = _all_classes(classes, trained.bundle, None if start is None else start.teacher)
    metrics = {**trained.metrics, "classes": classes.tolist()}
    estimator.bundle_ = replace(trained.bundle, metrics=metrics)
    estimator.classes_, estimator.history_ = classes, trained.history
    estimator.best_score_ = trained.metrics["training"]["best_score"]
    if start is not None:
        estimator.forgetting_ = trained.forgetting


def _all_classes(found: np.ndarray, made: Bundle, teacher: Bundle | None) -> np.ndarray:
    """Return the labels of a model as they were given, to it or to the one that it was started from; else strings."""
    noted = [] if teacher is None else teacher.metrics.get("classes")
    given = [*found.tolist(), *(noted if isinstance(noted, list) else [])]
    names = {str(label): label for label in given}
    if set(names) == set(made.config.labels) and len({type(label) for label in given}) == 1:
        return np.unique(np.array(list(names.values())))
    return np.array(sorted(made.config.labels))


def _examples(inputs: list[Any], labels: list[Any], kind: str, name: str, **more: Any) -> Examples:
    return Examples(inputs, labels, kind, list(range(1, len(inputs) + 1)), name, **more)


def _labels(targets: list[Any]) -> list[str]:
    """Return the distinct labels of targets."""
    return sorted({label for target in targets for label in ([target] if isinstance(target, str) else target)})


def _check_groups(groups: Any, count: int, judged: bool) -> list[str] | None:
    """Return what each input belongs to, None for nothing.

    Raises:
        ArgumentError: there are not as many as inputs, all are one, or nothing is held out.
    """
    if groups is None:
        return None
    found = [str(one) for one in to_labels(groups, "groups")]
    if judged:
        raise ArgumentError(refusal("fit", "groups", "with X_dev", "groups", "Nothing is held out then."))
    if len(found) != count:
        raise ArgumentError(sentence("fit", "groups", f"as long as X ({count})", len(found)))
    if len(set(found)) == 1:
        raise ArgumentError(sentence("fit", "groups", "several", f"{found[0]!r} alone"))
    return found


def check_pairs(X: Any, y: Any, nested: bool, name: str) -> tuple[list[Any], list[Any]]:
    """Return inputs and labels as lists of equal length."""
    inputs, given = to_inputs(X)[0], to_rows(y, name) if nested else to_labels(y, name)
    if len(inputs) != len(given):
        raise ArgumentError(sentence("fit", name, f"as long as X ({len(inputs)})", len(given)))
    return inputs, given


def _classes(labels: list[Any]) -> np.ndarray:
    """Return the distinct labels, sorted.

    Raises:
        ArgumentError: they are of several types, missing, or measurements.
    """
    check_labels(labels, "fit")
    kinds = {type(label).__name__ for label in labels}
    if len(kinds) != 1 or not kinds <= {"str", "int", "bool", "float"}:
        want = "all strings, all whole numbers or all booleans"
        raise ArgumentError(sentence("fit", "labels", want, ", ".join(sorted(kinds)) or "none"))
    return np.unique(np.array(labels))


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
            raise ArgumentError(refusal("fit", name, "for any model", "weights", remedy))


def label_names(given: list[Any], nested: bool) -> list[Any]:
    """Return labels as the strings that a saved model has."""
    return [list(map(str, row)) for row in given] if nested else list(map(str, given))


def _legalise(given: Examples, learn: bool) -> Examples:
    """Return tags as `conlleval` reads them, with a warning of what is illegal in them."""
    legal = legalise(given, given.scheme, learn=learn)
    _warn(legal.findings)
    return replace(legal, findings=[])


def _warn(findings: list[Finding]) -> None:
    for finding in findings:
        warnings.warn(str(finding), UserWarning, stacklevel=4)


def fitted_bundle(estimator: Any) -> Any:
    """Return the Bundle of a fitted estimator."""
    check_is_fitted(estimator, "bundle_")
    return estimator.bundle_


def predict_answers(estimator: Any, X: Any) -> tuple[Iterator[dict[str, Any]], dict[str, Any]]:
    """Return the answer to each input, and the labels as they were given by their names."""
    predictor, classes = Predictor(fitted_bundle(estimator)), estimator.classes_.tolist()
    return predictor.predict_iter(to_inputs(X)[0]), dict(zip(map(str, classes), classes, strict=True))


def score(estimator: Any, X: Any, y: Any, name: str) -> float:
    """Return one score of the evaluation that a saved model gets."""
    inputs, given = check_pairs(X, y, True, "y")
    lines = list(range(1, len(inputs) + 1))
    examples = Examples(inputs, label_names(given, True), to_inputs(X)[1], lines, "y", task=estimator.TASK)
    return float(Predictor(fitted_bundle(estimator)).evaluate(examples)[name])


def restore(estimator: Any, made: Bundle) -> Any:
    """Give an estimator a saved model; labels are what they were if an estimator saved it, else strings."""
    task = estimator.TASK
    if made.task != task:
        remedy = f"Use {FACES[made.task]}.load."
        raise ArgumentError(sentence("load", "model", f"one for {task}", f"one for {made.task}", remedy))
    if TARGETS[task].is_future:
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
