"""The command line as typer sees it: all that `declared` declares, under one name."""

from __future__ import annotations

from typing import Annotated

import typer

from .._version import __version__
from .declared import answer, examine, learn, tools

__all__ = ["app"]

app = typer.Typer(
    help="Train a bidirectional GRU on your own texts, tags or series; use it without PyTorch.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def bigru(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Train a bidirectional GRU on your own texts, tags or series; use it without PyTorch."""
    if version:
        print(__version__)
        raise typer.Exit


for declared in (learn, answer, examine, tools):
    app.add_typer(declared.commands)
