"""`bigru evaluate`: what a saved model scores on labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..data.readers import read
from ..runtime.predictor import load
from .show import describe, scores

__all__ = ["evaluate"]


def evaluate(model: Path, data: Path, **options: Any) -> None:
    """Print one JSON object of scores on stdout and the same as tables on stderr."""
    predictor = load(model)
    config = predictor.bundle.config
    options["multi_label"] = getattr(config, "multi_label", False) or None
    options["scheme"] = options["scheme"] or getattr(config, "scheme", None)
    examples = read(data, task=predictor.task, **options)
    describe(examples)
    report = predictor.evaluate(examples)
    scores(report, str(data))
    print(json.dumps(report.to_json(), ensure_ascii=False))
