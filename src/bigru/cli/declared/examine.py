"""Commands that answer questions about data and settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...readers.reading import Reading
from ..options import takes_reading
from .arguments import Data

__all__ = ["commands"]

commands = typer.Typer()


@commands.command()
@takes_reading(group=True, fill=False)
def doctor(
    reading: Reading,
    data: Data,
    dev: Annotated[Path | None, typer.Option(help="The dev part, to look for what is in both.")] = None,
    test: Annotated[Path | None, typer.Option(help="The test part.")] = None,
) -> None:
    """Examine data: duplicates, contradictions, leaks, illegal tags, empty rows. Exit code 1 if something hurts."""
    from ..commands.doctor import doctor

    raise typer.Exit(doctor(data, dev, test, reading))
