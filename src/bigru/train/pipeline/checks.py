"""What is refused of examples before a model is planned. Nothing here takes long to import."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import DataError, argument, sentence
from ...readers.examples import Examples
from ...readers.findings import Finding
from ...readers.numbers import columns
from ...tasks.mismatch import check_varied, legalise
from .request import Request, Say
from .soft import check_soft_settings

__all__ = ["check_examples", "say_findings"]


def check_examples(train: Examples, request: Request) -> Examples:
    """Return training examples with legal tags, and say what was not legal.

    Raises:
        DataError: they teach nothing, a column of them is empty, or groups hold nothing together.
    """
    check_soft_settings(request.settings, train)
    legal = legalise(train, train.scheme, strict=request.reading.strict, learn=True)
    say_findings(legal.findings[len(train.findings) :], request.say)
    if request.start is None:
        check_varied(legal)
    _check_columns(legal)
    _check_groups(legal)
    return legal


def _check_groups(train: Examples) -> None:
    """Refuse groups that hold nothing together, or everything."""
    if train.groups is None:
        return
    name, count = next(iter(train.columns("group")), argument("reading.group")), len(set(train.groups))
    remedy = f"Leave {argument('reading.group')} out."
    if count == 1:
        got = f"{train.groups[0]!r} in every row"
        raise DataError(sentence(train.source, f"column {name!r}", "of several groups", got, remedy))
    if count == len(train):
        got = f"{count:,} different values in {count:,} rows"
        raise DataError(sentence(train.source, f"column {name!r}", "of groups of rows", got, remedy))


def _check_columns(train: Examples) -> None:
    """Refuse series with a column of which not one number is there."""
    for finding in columns(train):
        if finding.kind == "empty column":
            got, remedy = "not one", "Leave such a column out."
            raise DataError(sentence(train.source, finding.message.split(" has ")[0], "of numbers", got, remedy))


def say_findings(findings: Sequence[Finding], say: Say) -> None:
    """Say each finding in a line of its own."""
    for finding in findings:
        say(f"  {finding}")
