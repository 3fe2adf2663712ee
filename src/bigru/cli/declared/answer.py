"""Commands that run a saved model: scores, answers, proofs, explanations, a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...errors import ArgumentError, refusal
from ...readers.reading import Reading
from ..options import takes_reading
from .arguments import DATA, Chunk, Data, Model, Precision

__all__ = ["commands"]

commands = typer.Typer()


@commands.command()
@takes_reading(task=False)
def evaluate(
    reading: Reading,
    model: Model,
    data: Data,
    precision: Precision = "fp32",
    stride: Annotated[int, typer.Option("--stride", help="Forecast: rows from one origin to the next.")] = 1,
    lookahead: Annotated[str | None, typer.Option(help="Score as a stream: steps or 200ms, as 0,5,20,all.")] = None,
    chunk: Chunk = None,
) -> None:
    """Score a model on labelled data, or from every origin of a table: JSON on stdout, a table on stderr."""
    from ..commands.evaluate import evaluate

    evaluate(model, data, precision, reading, stride=stride, lookahead=lookahead, chunk=chunk)


@commands.command()
@takes_reading(targets=False)
def predict(
    reading: Reading,
    model: Model,
    inputs: Annotated[
        list[str] | None, typer.Argument(help="Texts, recordings, a file, or - for lines on stdin.")
    ] = None,
    precision: Precision = "fp32",
    stream: Annotated[bool, typer.Option("--stream", help="Answer step by step, while the input comes.")] = False,
    lookahead: Annotated[str | None, typer.Option(help="With --stream: steps, or 200ms, that are waited for.")] = None,
    chunk: Chunk = None,
    lag: Annotated[int | None, typer.Option(help="With --stream: steps that a CRF waits for; 8 unless given.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Text for people instead of JSON lines.")] = False,
    scores: Annotated[bool, typer.Option("--scores", help="The probability of every tag at each token, too.")] = False,
    plot: Annotated[Path | None, typer.Option("--plot", help="Forecast: SVG file to draw into.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File for the answers; else stdout.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the answers in --out.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over the answers in --out.")] = False,
) -> None:
    """Answer for texts, a file, or stdin, or go on with a table: one JSON object per line."""
    from ..commands.predict import predict

    if scores and (stream or plain):
        other = "--stream" if stream else "--plain"
        raise ArgumentError(refusal("predict", "--scores", f"with {other}", "given"))
    if stream or (lookahead, chunk, lag) != (None, None, None):
        from ..commands.stream import stream as answer

        if out is not None:
            raise ArgumentError(refusal("predict", "--out", "with --stream", str(out)))
        answer(model, inputs or ["-"], stream, precision, plain, lookahead, chunk, lag, reading)
        return
    written: dict[str, Any] = {"out": out, "resume": resume, "force": force}
    predict(model, inputs or ["-"], reading, precision=precision, plain=plain, scores=scores, plot=plot, **written)


@commands.command()
@takes_reading(targets=False)
def verify(
    reading: Reading,
    model: Model,
    data: Annotated[Path | None, typer.Argument(help=f"{DATA} Without it, samples are made up.")] = None,
    most: Annotated[int, typer.Option(help="Samples of the data that are taken at most.")] = 1000,
    keep_card: Annotated[bool, typer.Option("--keep-card", help="Leave the model card as it is.")] = False,
) -> None:
    """Run a model on every engine, alone, in batches and beside padding. Exit code 1 if answers differ."""
    from ..commands.verify import verify

    raise typer.Exit(verify(model, data, reading, most=most, write=not keep_card))


@commands.command()
def explain(
    model: Model,
    text: Annotated[str, typer.Argument(help="The text.")],
    label: Annotated[str | None, typer.Option(help="Whose score; else that of the label that is answered.")] = None,
    precision: Precision = "fp32",
) -> None:
    """Say what each character adds to the score of a label, by the direction that read it: JSON on stdout."""
    from ..commands.explain import explain

    explain(model, text, label, precision)


@commands.command()
def serve(
    models: Annotated[
        list[str] | None, typer.Argument(help="Folders of saved models, or NAME=FOLDER; else the shipped models.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0 takes a free one.", min=0, max=65535)] = 8000,
    precision: Precision = "fp32",
    api_key_file: Annotated[
        Path | None, typer.Option(help="File with the key that clients must show; or set BIGRU_API_KEY.")
    ] = None,
    max_body: Annotated[int | None, typer.Option(help="Bytes of a request at most.")] = None,
    max_inputs: Annotated[int | None, typer.Option(help="Inputs of a request at most.")] = None,
    max_length: Annotated[int | None, typer.Option(help="Characters, tokens or rows of an input at most.")] = None,
    max_waiting: Annotated[int | None, typer.Option(help="Requests that may wait for a model at most.")] = None,
    max_wait: Annotated[float | None, typer.Option(help="Seconds of work that may wait for a model at most.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds until a request is given up.")] = None,
) -> None:
    """Serve models over HTTP, with a page to try them at /: the address on stdout, everything else on stderr."""
    from ..commands.serve import serve

    limits = {"body": max_body, "inputs": max_inputs, "length": max_length, "timeout": timeout}
    limits |= {"waiting": max_waiting, "wait": max_wait}
    serve(models or [], host, port, precision, api_key_file, **limits)
