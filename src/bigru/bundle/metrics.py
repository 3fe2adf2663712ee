"""metrics.json: which of its values are read again, and what they must be."""

from __future__ import annotations

import math
from typing import Any

from ..errors import BundleError, sentence

__all__ = ["check_metrics"]


def check_metrics(where: str, metrics: Any) -> dict[str, Any]:
    """Return the metrics of a model: an object, whose entries with a `signature` are scores that a card shows.

    Of those (`bigru.metrics.Report.to_json`) every score that is signed is a number, and what `intervals` says of
    one is a low and a high number. All other entries are facts that nobody reads but people.

    Raises:
        BundleError: they are anything else.
    """
    if not isinstance(metrics, dict):
        raise BundleError(sentence(where, "document", "an object", type(metrics).__name__))
    for data, report in metrics.items():
        if isinstance(report, dict) and "signature" in report:
            _check_report(where, data, report)
    return metrics


def _check_report(where: str, data: str, report: dict[str, Any]) -> None:
    signatures, intervals = report["signature"], report.get("intervals", {})
    for name, value in (("signature", signatures), ("intervals", intervals)):
        if not isinstance(value, dict):
            raise BundleError(sentence(where, f"{name} of {data[:40]!r}", "an object", type(value).__name__))
    for name, signature in signatures.items():
        about = f"of {name[:40]!r} of {data[:40]!r}"
        if not isinstance(signature, str):
            raise BundleError(sentence(where, f"signature {about}", "a text", type(signature).__name__))
        if not _number(report.get(name)):
            raise BundleError(sentence(where, f"value {about}", "a number", repr(report.get(name))[:80]))
        ends = intervals.get(name, [0, 0])
        if not (isinstance(ends, list) and len(ends) == 2 and all(map(_number, ends))):
            raise BundleError(sentence(where, f"interval {about}", "two numbers", repr(ends)[:80]))


def _number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
