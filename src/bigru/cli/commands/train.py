"""`bigru train`: files to a saved and honestly scored model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...readers.reading import Reading
from ..settings import duration, settings
from ..show import print_note, print_scores, print_speed, print_table
from ..streams import print_json
from .forecast import scores_of_forecasts

if TYPE_CHECKING:
    from ...metrics.score import Report
    from ...train.pipeline.trained import Trained

__all__ = ["main_scores", "train"]

KEPT = ("training", "plain", "forgetting")
"""What is printed of metrics.json beside the scores."""

ASKED = {"text": "TEXT", "tokens": "FILE", "series": "FILE", "audio": "RECORDING"}
"""What a model is asked about, by the kind of input."""


def train(
    data: Path, reading: Reading, config: Path | None, sets: list[str], quiet: bool, chosen: dict[str, Any], **more: Any
) -> int:
    """Train, score and save; print the scores as one JSON object on stdout.

    Args:
        data: the file.
        reading: how it is read.
        config, sets: settings, as of `--config` and `--set`.
        quiet: whether only errors are said.
        chosen: settings that have an option of their own, None where it was not given.
        more: further arguments of `bigru.train`.

    Returns:
        The exit code: 1 where a model that the training started from lost more than it may, or nothing says what it
        lost; else 0.
    """
    from ...train.pipeline.run import train

    given = settings(config, sets) | {name: value for name, value in chosen.items() if value is not None}
    if chosen["time"] is not None:
        given["max_seconds"] = duration(given.pop("time"))
    shown: dict[str, Any] = {"progress": "silent"} if quiet else {"progress": "auto", "say": print_note}
    trained = train(data, reading=reading, **shown, **more, **given)
    if not (quiet or trained.finished_before):
        _conclude(trained, data)
    facts = {"model": str(trained.folder)} | {name: trained.metrics[name] for name in KEPT if name in trained.metrics}
    print_json(facts | {name: main_scores(report) for name, report in trained.reports.items()})
    lost, bound = trained.forgetting, given.get("forget")
    if lost is None and bound is not None and bound < 1:
        note = f"No held-out row has an old label: nothing says what was forgotten; the model is in {trained.folder}."
        print_note(note)
        return 1
    if lost is None or not lost.exceeded:
        return 0
    print_note(f"The old classes lost more than they may; the model is in {trained.folder} all the same.")
    return 1


def _conclude(trained: Trained, data: Path) -> None:
    """Show the scores, and say what to type next."""
    from ...bundle.configuration import features_kind

    kind = features_kind(trained.bundle.config.features)
    show, asked = print_scores, (ASKED.get(kind, ""), "FILE")
    if kind not in ASKED:
        show, asked = scores_of_forecasts, (f"{data} --plain", str(data))
    for name, report in trained.reports.items():
        show(report, f"{name} (it chose the epoch)" if name == "dev" else name)
    if trained.forgetting is not None:
        print_table(trained.forgetting.table())
        for line in trained.forgetting.lines():
            print_note(line)
    for remark in trained.remarks:
        print_note(remark)
    print_speed(trained.metrics["training"])
    print_note(f"The model is in {trained.folder}. Next:")
    for command, input in zip(("predict", "evaluate"), asked, strict=True):
        print_note(f"  bigru {command} {trained.folder} {input}")


def main_scores(report: Report) -> dict[str, Any]:
    """Return the scores without the tables behind them, which metrics.json holds."""
    whole = report.to_json()
    return {name: whole[name] for name in (*(score.name for score in report.scores), "intervals", "signature")}
