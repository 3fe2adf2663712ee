"""`bigru distil`: raw texts and a teacher to a saved student, and how both compare."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...readers.reading import Reading
from ..settings import duration, settings
from ..show import print_note, print_table
from ..streams import print_json
from .train import main_scores

__all__ = ["distil"]


def distil(
    texts: list[Path],
    reading: Reading,
    teacher: str,
    timeout: str | None,
    config: Path | None,
    sets: list[str],
    quiet: bool,
    chosen: dict[str, Any],
    **more: Any,
) -> None:
    """Have a teacher answer, train a student, and print how both compare as one JSON object on stdout.

    Args:
        texts: files of raw texts.
        reading: how they are read.
        teacher: a model or a command.
        timeout: how long the teacher may give no answer, as 90s or 10m.
        config, sets: settings, as of `--config` and `--set`.
        quiet: whether only errors are said.
        chosen: settings that have an option of their own, None where it was not given.
        more: further arguments of `bigru.distil`.
    """
    from ...models import find
    from ...train.pipeline.distil import distil
    from ...train.teacher.program import Program

    given = settings(config, sets) | {name: value for name, value in chosen.items() if value is not None}
    if chosen["time"] is not None:
        given["max_seconds"] = duration(given.pop("time"), command="distil")
    patience = None if timeout is None else duration(timeout, "--timeout", "distil")
    asked = teacher if patience is None or find(teacher).is_dir() else Program(teacher, patience)
    shown: dict[str, Any] = {"progress": "silent"} if quiet else {"progress": "auto", "say": print_note}
    student = distil(texts, teacher=asked, reading=reading, **shown, **more, **given)
    facts = student.metrics.get("distillation", {})
    if not (quiet or student.finished_before):
        print_table(comparison(facts))
        for remark in student.remarks:
            print_note(remark)
        print_note(f"The student is in {student.folder}. Next:")
        print_note(f"  bigru predict {student.folder} TEXT")
    scores = {name: main_scores(report) for name, report in student.reports.items()}
    print_json({"model": str(student.folder), "distillation": facts} | scores)


def comparison(facts: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return what is known of teacher and student as the rows of a table, the heading first."""
    rows = [("", "teacher", "student")]
    for name, score in facts["scores"].items():
        title = f"{score['score']} on {name}, {score['rows']:,} rows"
        rows.append((title, f"{score['teacher']:.4f}", f"{score['student']:.4f}"))
    if "agreement" in facts:
        rows.append((f"agreement, {facts['agreement_rows']:,} answers", "", f"{facts['agreement']:.4f}"))
    first, second = (facts.get(f"{name}_per_second") for name in rows[0][1:])
    rows.append(("texts per second", "" if first is None else f"{first:,.0f}", f"{second or 0:,.0f}"))
    return rows
