"""`bigru doctor`: what is wrong with data before a model learns it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..data.doctor import HARMFUL, examine
from ..data.readers import read
from .show import note, table

__all__ = ["doctor"]


def doctor(data: Path, dev: Path | None, test: Path | None, **options: Any) -> int:
    """Print every finding on stderr and a summary as JSON on stdout; return 1 if a finding hurts a score."""
    parts = [read(path, **options) for path in (data, dev, test) if path is not None]
    findings, summary = examine(*parts)
    for finding in findings:
        note(str(finding))
    kinds = summary["findings"]
    if kinds:
        table([("finding", "times", "hurts"), *((k, n, "yes" if k in HARMFUL else "") for k, n in kinds.items())])
    else:
        note("No findings.")
    print(json.dumps(summary, ensure_ascii=False))
    return int(any(kind in HARMFUL for kind in kinds))
