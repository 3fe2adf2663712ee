"""Commands around a model: other forms of it, what comes with the package, this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...readers.reading import Reading
from ..options import takes_reading
from .arguments import DATA, Force, Model

__all__ = ["commands"]

commands = typer.Typer()


@commands.command()
def export(
    model: Model,
    to: Annotated[
        str, typer.Option("--to", help="onnx: one file; torch: a folder with weights and a script.")
    ] = "onnx",
    out: Annotated[
        Path | None, typer.Option("--out", help="The file, or the folder; else model.onnx or model-torch.")
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Store weights in 8 bits.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
) -> None:
    """Write a model for other engines, after it has answered there as it does here."""
    from ..commands.export import export

    export(model, to, out, int8, force)


@commands.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="What to import: lac.")],
    out: Annotated[Path, typer.Argument(help="Folder for the model.")],
    force: Force = False,
) -> None:
    """Turn weights that others trained into a saved model: lac is Baidu's LAC-small out of jieba."""
    from ..commands.convert import import_weights

    import_weights(source, out, force)


@commands.command()
@takes_reading(task=False, fill=False)
def quantize(
    reading: Reading,
    model: Model,
    out: Annotated[Path, typer.Argument(help="Folder for the model in 8 bits.")],
    data: Annotated[Path | None, typer.Argument(help="Labelled data to say what it costs. " + DATA)] = None,
    force: Force = False,
) -> None:
    """Store a model in 8 bits, a quarter of its size; with data, say what that costs. JSON on stdout."""
    from ..commands.quantize import quantize

    quantize(model, out, data, force, reading)


@commands.command()
def models() -> None:
    """List the models that come with bigru: one JSON object per line on stdout."""
    from ..commands.models import models

    models()


@commands.command()
def demo(
    what: Annotated[str, typer.Argument(help="sentiment, entities, vowels, forecast or digits.")] = "sentiment",
    out: Annotated[Path | None, typer.Option(help="Folder for the model; else below runs/.")] = None,
) -> None:
    """Train a real model on real data, offline, in minutes."""
    from ..demo.texts import demo

    demo(what, out)


@commands.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="A first impression, in seconds.")] = False,
    threads: Annotated[int | None, typer.Option(help="Threads to use; else all that the kernels use.")] = None,
    size: Annotated[list[str] | None, typer.Option(help="A size B,T,I,H instead of the grid; may be repeated.")] = None,
) -> None:
    """Time the kernels on this machine, beside PyTorch if it is installed: one JSON object on stdout."""
    from ..commands.bench import bench

    bench(quick=quick, threads=threads, sizes=size or [])


@commands.command()
def info() -> None:
    """Print versions, engines and optional packages as one JSON object."""
    from ..commands.info import info

    info()
