"""`bigru pretrain`: texts without labels to a folder of vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...readers.reading import Reading
from ..progress import ProgressBar
from ..settings import duration
from ..show import print_note
from ..streams import print_json

__all__ = ["pretrain"]


def pretrain(texts: list[Path], reading: Reading, time: str | None, quiet: bool, **more: Any) -> None:
    """Learn vectors and save them; print what was read as one JSON object on stdout.

    Args:
        texts: files and folders.
        reading: what is decided about them.
        time: the most time to read, as of `--time`.
        quiet: whether only errors are said.
        more: further arguments of `bigru.pretrain`.
    """
    from ...train.pipeline.run import check_packages
    from ...train.pretrain.run import pretrain

    check_packages("pre-training", "scipy", "sklearn")
    if time is not None:
        more["max_seconds"] = duration(time, command="pretrain")
    with ProgressBar(done="units read") as bar:
        read = 0

        def report(share: float, units: int) -> None:
            nonlocal read
            bar.share = share
            bar.add(units - read)
            read = units

        more |= {} if quiet else {"say": print_note, "report": report}
        made = pretrain(texts, reading=reading, **more)
    print_json(
        {"folder": str(more["out"]), "unit": made.unit, "units": len(made.vocabulary), "size": made.table.shape[1]}
        | made.training
    )
