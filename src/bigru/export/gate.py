"""The gate of an export: that of every model that is written, with the export as one engine more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..errors import VerificationError, sentence
from ..tasks import task_named
from ..verify import TOLERANCES, Engine, short

__all__ = ["LENGTHS", "TOLERANCE", "ParityError", "Run", "check", "export_engine"]

TOLERANCE = TOLERANCES["fp32"].difference
"""How far logits may lie apart, as a share of a sample's largest logit or of 1, whichever is more."""

LENGTHS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 31, 33, 63, 65, 500)
"""Of the samples that are made up."""

PADDING = 10**9
"""The id that stands past a length: none that a table has a row for."""

Run = Callable[[np.ndarray, np.ndarray], Mapping[str, np.ndarray]]
"""From inputs and lengths to outputs by name, `logits` among them."""


class ParityError(VerificationError):
    """What was to be exported does not answer as the runtime does; nothing is written."""


def check(bundle: Bundle, run: Run, kind: str) -> dict[str, Any]:
    """Verify a model and an export of it together, and refuse an export that answers otherwise.

    Args:
        bundle: the saved model, with the weights that the export has.
        run: the export.
        kind: what it is called.

    Returns:
        `sequences`, how many were compared; `largest_difference` between logits; `changed` decisions.

    Raises:
        VerificationError: the runtime itself does not pass the verification that a saved model has to.
        ParityError: logits lie farther apart than `TOLERANCE`, or a decision differs.
    """
    report = short(bundle, engines={kind: export_engine(bundle, run)}, lengths=LENGTHS)
    own = [row for row in report.rows if row.engine == kind]
    replace(report, rows=[row for row in report.rows if row.engine != kind]).require("export")
    apart, changed = max(row.figures.difference for row in own), sum(row.figures.changed for row in own)
    if not all(row.passed for row in own):
        got = f"logits {apart:.1e} apart and {changed} changed decisions"
        want = f"those of the runtime (logits within {TOLERANCE:g}) on {report.samples} sequences"
        remedy = "Nothing was written. Please report this, with the model's config.json."
        raise ParityError(sentence("export", f"answers of {kind}", want, got, remedy))
    return {"sequences": report.samples, "largest_difference": apart, "changed": changed}


def export_engine(bundle: Bundle, run: Run) -> Engine:
    """Return an export as an engine of a verification: its logits, and what it decides itself.

    Ids past a length become such as no table has; numbers there are not numbers where a verification says so.
    """
    task = task_named(bundle.task)

    def engine(inputs: np.ndarray, lengths: np.ndarray) -> Any:
        if bundle.model.channels:
            past = np.arange(inputs.shape[1]) >= lengths[:, None]
            inputs = np.where(past[:, :, None], PADDING, inputs)
        outputs = run(inputs, lengths)
        labels = task.exported(bundle.config, outputs)
        return outputs["logits"] if labels is None else (outputs["logits"], labels)

    return engine
