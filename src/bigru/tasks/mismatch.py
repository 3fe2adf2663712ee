"""Labels that do not fit: tags that their scheme forbids, classes that train has not. Counted, or refused.

And examples that teach nothing, which are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from ..errors import DataError, nearest, sentence
from ..readers.examples import Examples
from ..readers.findings import Finding
from ..scheme import convert, legal, reads, spans, violations
from .labels import SHOWN

__all__ = ["check_same_task", "check_varied", "fit_labels", "legalise", "unknown_classes"]

LINES = 5
"""Lines that a finding lists before it says how many more there are."""


def check_same_task(where: str, name: str, given: str | None, model: str, source: str) -> None:
    """Raise DataError where another task is given than that of a model; None leaves it open.

    Args:
        where, name: what the error begins with.
        given: the task that is given.
        model: the task of the model.
        source: the model, as the user named it.
    """
    if given not in (None, model):
        raise DataError(sentence(where, name, f"{model}, the task of the model {source!r}", given))


def fit_labels(config: Any, part: Examples, *, strict: bool = False) -> Examples:
    """Return examples to score a model on, their tags legal in its scheme, with findings on what does not fit.

    Args:
        config: the model's task.
        part: the examples.
        strict: whether an illegal tag or an unknown class is an error.

    Raises:
        DataError: as `legalise` and `unknown_classes`.
    """
    scheme = getattr(config, "scheme", None)
    part = legalise(part, part.scheme or scheme, strict=strict)
    if scheme and part.scheme and part.scheme != scheme and part.targets is not None:
        part = replace(part, targets=[convert(tags, part.scheme, scheme) for tags in part.targets], scheme=scheme)
    found = unknown_classes(part, config.labels, scheme, strict=strict)
    return replace(part, findings=[*part.findings, *found]) if found else part


def legalise(part: Examples, scheme: str | None, *, strict: bool = False, learn: bool = False) -> Examples:
    """Return tagged examples with the legal tags of the spans that `conlleval` reads in theirs.

    What was illegal is counted in one more finding ("illegal tags"), with its first lines.

    Args:
        part: the examples; others than those with tags come back as they are.
        scheme: the scheme that the tags are read in; None leaves them as they are.
        strict: whether an illegal tag is an error.
        learn: whether a model learns these examples: a tag that the scheme cannot read is then an error, as it would
            become a class.

    Raises:
        DataError: the first illegal tag, with file and line.
    """
    if scheme is None or part.task != "tag" or part.targets is None:
        return part
    rows: list[list[str]] = []
    wrong: list[tuple[int, str]] = []
    for n, tags in enumerate(part.targets):
        complaints = violations(tags, scheme)
        for position, complaint in complaints:
            line = _line(part, n, position)
            if strict or (learn and not reads(tags[position], scheme)):
                where, name = f"{part.source}:{line}", f"tag {position + 1}"
                raise DataError(sentence(where, name, f"legal in {scheme}", complaint, "Correct the tags."))
            wrong.append((line, complaint))
        rows.append(legal(tags, scheme) if complaints else tags)
    if not wrong:
        return part
    what = "tag is" if len(wrong) == 1 else "tags are"
    message = f"{len(wrong)} {what} illegal in {scheme} and read as conlleval reads them"
    message += f" (lines {_listed([line for line, _ in wrong])}); the first: {wrong[0][1]}"
    finding = Finding(part.source, wrong[0][0], "illegal tags", message)
    return replace(part, targets=rows, findings=[*part.findings, finding])


def unknown_classes(
    part: Examples, labels: Sequence[str], scheme: str | None, *, strict: bool = False
) -> list[Finding]:
    """Return a finding on the classes of labelled examples that a model has not, if there are any: they count as wrong.

    Args:
        part: the examples.
        labels: the labels, or the tags, that the model has.
        scheme: how tags spell spans, None where they spell none.
        strict: whether such a class is an error.

    Raises:
        DataError: the first such class, with file and line; also where the model has none of all the classes and the
            labels spell no spans, since the file is then of another task.
    """
    if part.targets is None or not part.target.is_closed:
        return []
    known = set(labels) if scheme is None else {span.label for tag in labels for span in spans([tag], scheme)}
    counts: Counter[str] = Counter()
    lines: dict[str, int] = {}
    fitting = 0
    for n, target in enumerate(part.targets):
        for position, label in _classes(target, scheme):
            fitting += label in known
            if label not in known:
                counts[label] += 1
                lines.setdefault(label, _line(part, n, position))
    if not counts:
        return []
    first = min(lines, key=lambda label: lines[label])
    if strict or (scheme is None and not fitting):
        names = sorted(known)
        more = f" (and {len(names) - SHOWN} more)" if len(names) > SHOWN else ""
        want = "one of " + ", ".join(names[:SHOWN]) + more
        raise DataError(sentence(f"{part.source}:{lines[first]}", "label", want, repr(first), nearest(first, known)))
    named = ", ".join(f"{label!r} {count} times" for label, count in counts.most_common(LINES))
    more = f" and {len(counts) - LINES} more" if len(counts) > LINES else ""
    message = f"{named}{more}: not in the training data, so that they count as wrong"
    return [Finding(part.source, lines[first], "unknown class", message)]


def check_varied(train: Examples) -> None:
    """Refuse examples that teach nothing: of one class alone, or labels of inputs that are all the same.

    Raises:
        DataError: they are such.
    """
    rows = [[target] if isinstance(target, str) else target for target in train.targets or []]
    classes = set(chain.from_iterable(rows))
    if len(classes) == 1 and not train.multi_label:
        got = f"{classes.pop()!r} alone"
        raise DataError(sentence(train.source, "labels", "at least two", got, "One class teaches nothing."))
    if train.task == "classify" and len(train) > 1 and all(_same(one, train.inputs[0]) for one in train.inputs):
        got = f"the same in all {len(train):,} rows"
        remedy = "Nothing tells the labels apart."
        raise DataError(sentence(train.source, "inputs", "different", got, remedy))


def _same(one: Any, other: Any) -> bool:
    """Tell whether two inputs are equal; recordings are not looked into."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other, equal_nan=True)
    return isinstance(one, str | list) and bool(one == other)


def _classes(target: Any, scheme: str | None) -> list[tuple[int, str]]:
    """Return the classes of one example, each with the position it begins at."""
    if isinstance(target, str):
        return [(0, target)]
    if scheme is None:
        return list(enumerate(target))
    return [(span.start, span.label) for span in spans(target, scheme)]


def _line(part: Examples, n: int, position: int) -> int:
    return part.lines[n] if part.token_lines is None else int(part.token_lines[n][position])


def _listed(lines: Sequence[int]) -> str:
    distinct = list(dict.fromkeys(lines))
    more = f" and {len(distinct) - LINES} more" if len(distinct) > LINES else ""
    return ", ".join(map(str, distinct[:LINES])) + more
