"""Commands that learn: from labels, from a teacher, from raw texts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ...readers.reading import Reading
from ..options import takes_reading
from .arguments import Data, Force

__all__ = ["commands"]

commands = typer.Typer()


@commands.command()
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
    from ..commands.train import train

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


@commands.command()
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
    from ..commands.distil import distil

    chosen: dict[str, Any] = {"time": time, "epochs": epochs, "seed": seed}
    chosen |= {"soft_weight": soft_weight, "temperature": temperature}
    more: dict[str, Any] = {"labelled": labelled, "dev": dev, "test": test, "out": out, "answers": answers}
    more |= {"force": force, "resume": resume}
    distil(texts, reading, teacher, timeout, config, set_ or [], quiet, chosen, **more)


@commands.command()
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
    from ..commands.pretrain import pretrain

    reading = Reading(text=text, format=format, encoding=encoding)
    more: dict[str, Any] = {"unit": unit, "lowercase": lowercase, "size": size}
    more |= {"min_count": min_count, "max_size": max_size, "out": out, "force": force}
    pretrain(texts, reading, time, quiet, **more)
