"""`bigru doctor`: what is wrong with data before a model learns it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ...doctor import HARMFUL, examine
from ...errors import ArgumentError, refusal
from ...readers.layouts.verdict import is_timed
from ...readers.reader import build_examples, load, read
from ...readers.reading import Reading
from ...readers.roles import columns_by_role
from ...readers.summary import describe
from ...readers.table import Table
from ..options import reading_options
from ..show import CLASSES, print_note, print_table
from ..streams import print_json

__all__ = ["doctor"]


def doctor(data: Path, dev: Path | None, test: Path | None, reading: Reading) -> int:
    """Print findings and an overview on stderr, a summary as JSON on stdout; return 1 if a finding hurts a score.

    A table with time is examined as one, and needs no option.
    """
    found, name = load(data, reading)
    if isinstance(found, Table) and is_timed(found, reading):
        from . import forecast

        for option, path in (("--dev", dev), ("--test", test)):
            if path is not None:
                raise ArgumentError(refusal("doctor", option, "for a table with time", repr(str(path))))
        return forecast.doctor(found, reading)
    train = build_examples(found, reading, name)
    many = train.multi_label if train.target.per_example else None
    known = reading.but(task=train.task, multi_label=many, like=columns_by_role(train.roles), group=None)
    parts = [train, *(read(path, known) for path in (dev, test) if path is not None)]
    findings, summary = examine(*parts)
    for part in parts:
        describe(part, print_note, shown=None)
    for finding in findings:
        print_note(str(finding))
    for file in summary["files"]:
        _overview(file)
    kinds = summary["findings"]
    if kinds:
        print_table([("finding", "times", "hurts"), *((k, n, "yes" if k in HARMFUL else "") for k, n in kinds.items())])
    else:
        print_note("No findings.")
    options = [part for name, path in (("--dev", dev), ("--test", test)) if path for part in (name, str(path))]
    summary["next"] = shlex.join(["bigru", "train", str(data), *options, *reading_options(reading)])
    print_note("Next:")
    print_note(f"  {summary['next']}")
    print_json(summary)
    return int(any(kind in HARMFUL for kind in kinds))


def _overview(file: dict[str, Any]) -> None:
    """Print the classes of one file with their shares, and how long its inputs are."""
    classes, lengths = file["classes"], file["lengths"]
    total = sum(classes.values())
    rows = [(label, count, f"{count / total:.1%}") for label, count in list(classes.items())[:CLASSES]]
    if len(classes) > CLASSES:
        rest = total - sum(count for _, count, _ in rows)
        rows.append((f"and {len(classes) - CLASSES} more", rest, f"{rest / total:.1%}"))
    if rows:
        print_table([(f"classes of {file['file']}", "times", "share"), *rows])
    spread = f"median {lengths['median']}, 95 % {lengths['p95']}, 99 % {lengths['p99']}"
    place = f"longest {lengths['longest']} (line {lengths['line']})"
    print_note(f"{file['file']}: lengths in {lengths['unit']}: {spread}, {place}")
