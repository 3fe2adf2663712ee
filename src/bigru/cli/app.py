"""The commands and their options. Each body imports what it needs, so that `predict` starts fast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .._version import __version__
from ..errors import ArgumentError, sentence
from ..readers.reading import Reading
from .options import takes_reading

__all__ = ["app"]

app = typer.Typer(
    help="Train a bidirectional GRU on your own texts, tags or series; use it without PyTorch.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DATA = "CSV, TSV, JSONL, Parquet, CoNLL, .npz or .ts, also .gz; UTF-8 or GB18030. Or a folder of recordings."
MODEL = "Folder of a saved model, or the name of a shipped one (bigru models)."

Model = Annotated[Path, typer.Argument(help=MODEL)]
Data = Annotated[Path, typer.Argument(help=DATA)]
Precision = Annotated[str, typer.Option(help="Bits of the GRU's products: fp32, bf16 or int8.")]
Chunk = Annotated[int | None, typer.Option(help="Steps answered together; else as many as are looked ahead to.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the model in the folder.")]


@app.callback(invoke_without_command=True)
def bigru(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Train a bidirectional GRU on your own texts, tags or series; use it without PyTorch."""
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
@takes_reading(group=True)
def train(
    reading: Reading,
    data: Data,
    dev: Annotated[
        Path | None, typer.Option(help="Data to choose the best epoch by; else a tenth is held out.")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="Data to score once, at the end.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the model.")] = Path("model"),
    force: Force = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    time: Annotated[str | None, typer.Option(help="Most time to train, as 90s, 10m or 1h.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data at most.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and dropout.")] = None,
    ensemble: Annotated[int | None, typer.Option(help="Trainings that one model learns from; 1 unless given.")] = None,
    precision: Annotated[str | None, typer.Option(help="fp32 or bf16.")] = None,
    soft_weight: Annotated[float | None, typer.Option(help="What soft labels count beside labels; 0.9.")] = None,
    temperature: Annotated[float | None, typer.Option(help="What logits are divided by for soft labels; 1.")] = None,
    class_weights: Annotated[str | None, typer.Option(help="none, or balanced where classes are rare.")] = None,
    config: Annotated[Path | None, typer.Option(help="JSON object of settings, as --set takes them.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting, as hidden=64; may be repeated.")] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="Vectors to start from: word2vec, fastText, gensim or safetensors.")
    ] = None,
    lexicon: Annotated[
        list[str] | None,
        typer.Option("--lexicon", help="Words, one a line, or TAB and a category too; or jieba; may be repeated."),
    ] = None,
    init: Annotated[
        str | None, typer.Option("--from", help="Model to start from: a folder, or a shipped one by name.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="With --from: old rows to learn beside the new ones.")
    ] = None,
    forget: Annotated[
        float | None,
        typer.Option("--forget", help="With --from: what old classes may lose, as 0.01; exit code 1 past it."),
    ] = None,
    logger: Annotated[list[str] | None, typer.Option(help="csv or tensorboard; may be repeated.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors; scores still go to stdout.")] = False,
    plain: Annotated[
        bool | None, typer.Option("--plain/--no-plain", help="A plain model beside it, whatever it costs, or none.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", help="Forecast: a column to forecast; may be repeated.")
    ] = None,
    horizon: Annotated[int | None, typer.Option("--horizon", help="Forecast: rows to forecast.")] = None,
    lookback: Annotated[int | None, typer.Option("--lookback", help="Forecast: rows to read.")] = None,
) -> None:
    """Train on labelled data, or on a table with time, score, and save the model. Exit code 1 past --forget."""
    from .commands.train import train

    chosen: dict[str, Any] = {
        "time": time,
        "epochs": epochs,
        "seed": seed,
        "precision": precision,
        "class_weights": class_weights,
        "soft_weight": soft_weight,
        "temperature": temperature,
    }
    chosen |= {"ensemble": ensemble, "vectors": vectors, "lexicon": lexicon or None, "loggers": logger}
    chosen |= {"init": init, "keep": keep, "forget": forget}
    chosen |= {"targets": target, "horizon": horizon, "lookback": lookback}
    more: dict[str, Any] = {"dev": dev, "test": test, "out": out, "force": force, "resume": resume, "plain": plain}
    raise typer.Exit(train(data, reading, config, set_ or [], quiet, chosen, **more))


@app.command()
@takes_reading()
def distil(
    reading: Reading,
    texts: Annotated[list[Path], typer.Argument(help="Raw texts: a text a line, JSONL or a column of a table.")],
    teacher: Annotated[str, typer.Option(help="Folder or name of a model; or a command: lines in, JSON lines out.")],
    out: Annotated[Path, typer.Option(help="Folder for the student.")] = Path("student"),
    labelled: Annotated[Path | None, typer.Option(help="Labelled texts to learn as well.")] = None,
    dev: Annotated[Path | None, typer.Option(help="Labelled texts to choose the best epoch by.")] = None,
    test: Annotated[Path | None, typer.Option(help="Labelled texts to score both on once, at the end.")] = None,
    answers: Annotated[Path | None, typer.Option(help="File of the answers; else OUT.answers.jsonl.")] = None,
    timeout: Annotated[str | None, typer.Option(help="Longest wait for an answer, as 90s; 10m unless given.")] = None,
    force: Force = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    time: Annotated[str | None, typer.Option(help="Most time to train, as 90s, 10m or 1h.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the data at most.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, order and dropout.")] = None,
    soft_weight: Annotated[float | None, typer.Option(help="What soft labels count beside labels; 0.9.")] = None,
    temperature: Annotated[float | None, typer.Option(help="What logits are divided by for soft labels; 1.")] = None,
    config: Annotated[Path | None, typer.Option(help="JSON object of settings, as --set takes them.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting, as hidden=64; may be repeated.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors; scores still go to stdout.")] = False,
) -> None:
    """Have a teacher answer raw texts, train a student on its answers, and compare both."""
    from .commands.distil import distil

    chosen: dict[str, Any] = {"time": time, "epochs": epochs, "seed": seed}
    chosen |= {"soft_weight": soft_weight, "temperature": temperature}
    more: dict[str, Any] = {"labelled": labelled, "dev": dev, "test": test, "out": out, "answers": answers}
    more |= {"force": force, "resume": resume}
    distil(texts, reading, teacher, timeout, config, set_ or [], quiet, chosen, **more)


@app.command()
def pretrain(
    texts: Annotated[
        list[Path], typer.Argument(help="Files or folders: one text a line, CSV, TSV, JSONL, Parquet, also .gz.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the vectors.")] = Path("lm"),
    force: Annotated[bool, typer.Option("--force", help="Replace the vectors in the folder.")] = False,
    text: Annotated[str | None, typer.Option("--text", help="Column of the texts.")] = None,
    format: Annotated[
        str | None, typer.Option("--format", help="Format, as txt, csv or jsonl; else each file says it.")
    ] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Encoding, as utf-8, gb18030 or big5.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="char or word; else characters where words have no spaces between.")
    ] = None,
    lowercase: Annotated[bool, typer.Option(help="Fold units to lower case.")] = True,
    size: Annotated[int, typer.Option(help="Numbers of a vector.")] = 200,
    min_count: Annotated[int, typer.Option(help="How often a unit must come.")] = 3,
    max_size: Annotated[int, typer.Option(help="Units at most, the most frequent.")] = 50_000,
    time: Annotated[str | None, typer.Option(help="Most time to read, as 90s, 10m or 1h.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but errors.")] = False,
) -> None:
    """Learn vectors of words or characters from texts without labels; bigru train --from starts from them."""
    from .commands.pretrain import pretrain

    reading = Reading(text=text, format=format, encoding=encoding)
    more: dict[str, Any] = {"unit": unit, "lowercase": lowercase, "size": size}
    more |= {"min_count": min_count, "max_size": max_size, "out": out, "force": force}
    pretrain(texts, reading, time, quiet, **more)


@app.command()
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
    from .commands.evaluate import evaluate

    evaluate(model, data, precision, reading, stride=stride, lookahead=lookahead, chunk=chunk)


@app.command()
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
    from .commands.predict import predict

    if scores and (stream or plain):
        other = "--stream" if stream else "--plain"
        raise ArgumentError(sentence("predict", "--scores", f"left out with {other}", "given"))
    if stream or (lookahead, chunk, lag) != (None, None, None):
        from .commands.stream import stream as answer

        if out is not None:
            raise ArgumentError(sentence("predict", "--out", "left out with --stream", str(out)))
        answer(model, inputs or ["-"], stream, precision, plain, lookahead, chunk, lag, reading)
        return
    written: dict[str, Any] = {"out": out, "resume": resume, "force": force}
    predict(model, inputs or ["-"], reading, precision=precision, plain=plain, scores=scores, plot=plot, **written)


@app.command()
@takes_reading(targets=False)
def verify(
    reading: Reading,
    model: Model,
    data: Annotated[Path | None, typer.Argument(help=f"{DATA} Without it, samples are made up.")] = None,
    most: Annotated[int, typer.Option(help="Samples of the data that are taken at most.")] = 1000,
    keep_card: Annotated[bool, typer.Option("--keep-card", help="Leave the model card as it is.")] = False,
) -> None:
    """Run a model on every engine, alone, in batches and beside padding. Exit code 1 if answers differ."""
    from .commands.verify import verify

    raise typer.Exit(verify(model, data, reading, most=most, write=not keep_card))


@app.command()
def explain(
    model: Model,
    text: Annotated[str, typer.Argument(help="The text.")],
    label: Annotated[str | None, typer.Option(help="Whose score; else that of the label that is answered.")] = None,
    precision: Precision = "fp32",
) -> None:
    """Say what each character adds to the score of a label, by the direction that read it: JSON on stdout."""
    from .commands.explain import explain

    explain(model, text, label, precision)


@app.command()
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
    from .commands.serve import serve

    limits = {"body": max_body, "inputs": max_inputs, "length": max_length, "timeout": timeout}
    limits |= {"waiting": max_waiting, "wait": max_wait}
    serve(models or [], host, port, precision, api_key_file, **limits)


@app.command()
@takes_reading(group=True, fill=False)
def doctor(
    reading: Reading,
    data: Data,
    dev: Annotated[Path | None, typer.Option(help="The dev part, to look for what is in both.")] = None,
    test: Annotated[Path | None, typer.Option(help="The test part.")] = None,
) -> None:
    """Examine data: duplicates, contradictions, leaks, illegal tags, empty rows. Exit code 1 if something hurts."""
    from .commands.doctor import doctor

    raise typer.Exit(doctor(data, dev, test, reading))


@app.command()
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
    from .commands.export import export

    export(model, to, out, int8, force)


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="What to import: lac.")],
    out: Annotated[Path, typer.Argument(help="Folder for the model.")],
    force: Force = False,
) -> None:
    """Turn weights that others trained into a saved model: lac is Baidu's LAC-small out of jieba."""
    from .commands.convert import import_weights

    import_weights(source, out, force)


@app.command()
@takes_reading(task=False, fill=False)
def quantize(
    reading: Reading,
    model: Model,
    out: Annotated[Path, typer.Argument(help="Folder for the model in 8 bits.")],
    data: Annotated[Path | None, typer.Argument(help="Labelled data to say what it costs. " + DATA)] = None,
    force: Force = False,
) -> None:
    """Store a model in 8 bits, a quarter of its size; with data, say what that costs. JSON on stdout."""
    from .commands.quantize import quantize

    quantize(model, out, data, force, reading)


@app.command()
def models() -> None:
    """List the models that come with bigru: one JSON object per line on stdout."""
    from .commands.models import models

    models()


@app.command()
def demo(
    what: Annotated[str, typer.Argument(help="sentiment, entities, vowels, forecast or digits.")] = "sentiment",
    out: Annotated[Path | None, typer.Option(help="Folder for the model; else below runs/.")] = None,
) -> None:
    """Train a real model on real data, offline, in minutes."""
    from .demo.texts import demo

    demo(what, out)


@app.command()
def bench(
    quick: Annotated[bool, typer.Option("--quick", help="A first impression, in seconds.")] = False,
    threads: Annotated[int | None, typer.Option(help="Threads to use; else all that the kernels use.")] = None,
    size: Annotated[list[str] | None, typer.Option(help="A size B,T,I,H instead of the grid; may be repeated.")] = None,
) -> None:
    """Time the kernels on this machine, beside PyTorch if it is installed: one JSON object on stdout."""
    from .commands.bench import bench

    bench(quick=quick, threads=threads, sizes=size or [])


@app.command()
def info() -> None:
    """Print versions, engines and optional packages as one JSON object."""
    from .commands.info import info

    info()
