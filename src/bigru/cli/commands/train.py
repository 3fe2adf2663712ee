"""`bigru train`: files to a saved and honestly scored model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...readers.reading import Reading
from ..settings import duration, settings
from ..show import note, pace, scores
from ..streams import emit
from .forecast import scores_of_forecasts

if TYPE_CHECKING:
    from ...metrics.score import Report
    from ...train.pipeline.trained import Trained

__all__ = ["figures", "train"]

KEPT = ("training", "plain")
"""What is printed of metrics.json beside the scores."""

ASKED = {"text": "TEXT", "tokens": "FILE", "series": "FILE", "audio": "RECORDING"}
"""What a model is asked about, by the kind of input."""


def train(
    data: Path, reading: Reading, config: Path | None, sets: list[str], quiet: bool, chosen: dict[str, Any], **more: Any
) -> None:
    """Train, score and save; print the scores as one JSON object on stdout.

    Args:
        data: the file.
        reading: how it is read.
        config, sets: settings, as of `--config` and `--set`.
        quiet: whether only errors are said.
        chosen: settings that have an option of their own, None where it was not given.
        more: further arguments of `bigru.train`.
    """
    from ...train.pipeline.run import train

    given = settings(config, sets) | {name: value for name, value in chosen.items() if value is not None}
    if chosen["time"] is not None:
        given["time"] = duration(chosen["time"])
    shown: dict[str, Any] = {"progress": "silent"} if quiet else {"progress": "auto", "say": note}
    trained = train(data, reading=reading, **shown, **more, **given)
    if not (quiet or trained.finished_before):
        _conclude(trained, data)
    facts = {"model": str(trained.folder)} | {name: trained.metrics[name] for name in KEPT if name in trained.metrics}
    emit(facts | {name: figures(report) for name, report in trained.reports.items()})


def _conclude(trained: Trained, data: Path) -> None:
    """Show the scores, and say what to type next."""
    from ...bundle.configuration import kind_of

    kind = kind_of(trained.bundle.config.features)
    show, asked = scores, (ASKED.get(kind, ""), "FILE")
    if kind not in ASKED:
        show, asked = scores_of_forecasts, (f"{data} --plain", str(data))
    for name, report in trained.reports.items():
        show(report, f"{name} (it chose the epoch)" if name == "dev" else name)
    for remark in trained.remarks:
        note(remark)
    pace(trained.metrics["training"])
    note(f"The model is in {trained.folder}. Next:")
    for command, input in zip(("predict", "evaluate"), asked, strict=True):
        note(f"  bigru {command} {trained.folder} {input}")


def figures(report: Report) -> dict[str, Any]:
    """Return the scores without the tables behind them, which metrics.json holds."""
    whole = report.to_json()
    return {name: whole[name] for name in (*(score.name for score in report.scores), "intervals", "signature")}
