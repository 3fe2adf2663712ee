"""`bigru evaluate`: what a saved model scores on labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..data.readers import read
from ..runtime.predictor import load
from .show import notes_on, table

__all__ = ["evaluate"]


def evaluate(model: Path, data: Path, **options: Any) -> None:
    """Print one JSON object of scores on stdout and the same as a table on stderr."""
    predictor = load(model)
    examples = read(data, task=predictor.task, **options)
    notes_on(examples.source, examples.inferred, examples.findings, len(examples))
    report = predictor.evaluate(examples)
    table(report.table())
    print(json.dumps(report.to_json(), ensure_ascii=False))
