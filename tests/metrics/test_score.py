"""What a report says as JSON and as a table."""

from __future__ import annotations

import json

import pytest

from bigru import __version__
from bigru.metrics.score import Bin, ClassScore, Report, Score, signature

REPORT = Report(
    (Score("accuracy", 0.75, 0.5, 1.0, "accuracy|n:4"), Score("ece", 0.1, signature="ece|n:4")),
    (ClassScore("a", 1.0, 0.5, 2 / 3, 2, 1),),
    ("a", "b"),
    ((1, 1), (0, 2)),
    (Bin(0.0, 1.0, 4, 0.7, 0.75),),
)


def test_json() -> None:
    assert json.loads(json.dumps(REPORT.to_json())) == {
        "accuracy": 0.75,
        "ece": 0.1,
        "intervals": {"accuracy": [0.5, 1.0]},
        "signature": {"accuracy": "accuracy|n:4", "ece": "ece|n:4"},
        "classes": [{"label": "a", "precision": 1.0, "recall": 0.5, "f1": 2 / 3, "gold": 2, "predicted": 1}],
        "confusion": {"labels": ["a", "b"], "matrix": [[1, 1], [0, 2]]},
        "reliability": [{"low": 0.0, "high": 1.0, "examples": 4, "confidence": 0.7, "accuracy": 0.75}],
    }


def test_a_report_is_read_back_from_json() -> None:
    assert Report.from_json(json.loads(json.dumps(REPORT.to_json()))) == REPORT
    bare = Report((Score("f1", 1.0),))
    assert Report.from_json(bare.to_json()) == bare


def test_json_without_extras() -> None:
    assert Report((Score("f1", 1.0),)).to_json() == {"f1": 1.0, "intervals": {}, "signature": {"f1": ""}, "classes": []}


def test_tables() -> None:
    assert REPORT.table() == [
        ("score", "value", "95 % interval"),
        ("accuracy", "0.7500", "0.5000 to 1.0000"),
        ("ece", "0.1000", ""),
    ]
    assert REPORT.class_table() == [
        ("label", "precision", "recall", "f1", "gold", "predicted"),
        ("a", "1.0000", "0.5000", "0.6667", "2", "1"),
    ]


def test_scores_by_name() -> None:
    assert REPORT["ece"] == 0.1
    with pytest.raises(KeyError, match="f1"):
        REPORT["f1"]


def test_signature() -> None:
    assert signature("span_f1", scheme="BIO", n=7) == f"span_f1|scheme:BIO|n:7|v:{__version__}"
    assert signature("accuracy") == f"accuracy|v:{__version__}"
