"""`bigru predict --stream`: answers while the input is still coming, and what looking ahead is worth."""

from __future__ import annotations

import json
import math
import re
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from io import BufferedReader
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from ...bundle import Bundle
from ...errors import ArgumentError, DataError, refusal, sentence
from ...features.audio import AudioFeatures
from ...ops.recurrent.chunking import Chunking
from ...readers.audio.recordings import Recording
from ...readers.audio.recordings import load as decoded
from ...readers.examples import Examples
from ...readers.reading import Reading
from ...runtime.answers import round_floats
from ...runtime.forecaster import Forecaster
from ...runtime.predictor import Predictor, load
from ..show import print_note, print_table
from ..streams import answer_json, print_json
from .predict import read_inputs, stdin_lines

__all__ = ["compare", "parse_steps", "stream"]

CHUNKS = 200
"""Chunks whose time is taken at most."""


def parse_steps(text: str, bundle: Bundle) -> int:
    """Return the steps of `20`, or of `200ms` for a model whose frames have a rate; at most the length of the longest
    input.

    Raises:
        ArgumentError: the text is neither, or a duration for a model without a frame rate.
    """
    match = re.fullmatch(r"([0-9]{1,9})(ms)?", text.strip())
    if match is None:
        raise ArgumentError(
            sentence("stream", "--lookahead", "a number of steps, or milliseconds as 200ms", repr(text))
        )
    if match[2] is None:
        return int(match[1])
    seconds = getattr(bundle.config.features, "frame_seconds", None)
    if seconds is None:
        remedy = "Its steps have no duration."
        raise ArgumentError(sentence("stream", "--lookahead", "a number of steps for this model", repr(text), remedy))
    return math.floor(int(match[1]) / 1000 / (seconds * getattr(bundle.model, "stride", 1)) + 1e-9)


def stream(
    model: Path,
    inputs: list[str],
    asked: bool,
    precision: str,
    plain: bool,
    lookahead: str | None,
    chunk: int | None,
    lag: int | None,
    reading: Reading,
) -> None:
    """Print answers as JSON lines as soon as they are certain, each with the number of its input.

    Args:
        model: folder of a saved model.
        inputs: as for `predict`; "-" reads pieces from stdin, one a line, where an empty line ends an input; of a model
            of recordings one recording, as bare samples (16 bits, little-endian, one channel, the model's rate).
        asked: whether `--stream` was given.
        precision, reading: as for `predict`.
        plain: must be false.
        lookahead, chunk, lag: as for `Predictor.stream`; the look-ahead in steps or milliseconds.
    """
    if not asked:
        raise ArgumentError(sentence("predict", "--stream", "given with --lookahead, --chunk and --lag", "none"))
    if plain:
        raise ArgumentError(refusal("predict", "--plain", "with --stream", "it"))
    predictor = load(model, precision)
    if isinstance(predictor, Forecaster):
        raise ArgumentError(refusal("predict", "--stream", "for a model that forecasts", "given"))
    ahead = None if lookahead is None else parse_steps(lookahead, predictor.bundle)
    begin = partial(predictor.stream, ahead, chunk=chunk, lag=lag)
    # Before the first line is waited for: what cannot be streamed is refused at once.
    begin()
    size = 1 if ahead is None else Chunking.of_lookahead(ahead, chunk).chunk
    audio = isinstance(predictor.bundle.config.features, AudioFeatures)
    if inputs != ["-"]:
        cut = partial(_split_input, predictor.bundle, size)
        pieces: Iterable[Iterator[tuple[str, Any]]] = (
            cut(f"input {n}", x) for n, x in enumerate(read_inputs(predictor, inputs, None, reading))
        )
    else:
        pieces = [_samples(predictor.bundle, size)] if audio else _read_pushed(predictor, reading.encoding)
    for number, parts in enumerate(pieces):
        current = begin()
        for place, part in parts:
            try:
                answers = current.push(part)
            except ArgumentError as error:
                raise DataError(f"{place}: {error}") from None
            _print(number, answers)
        _print(number, current.finish())


def _print(number: int, answers: Iterable[dict[str, Any]]) -> None:
    for answer in answers:
        print(answer_json({"input": number, **round_floats(answer)}), flush=True)


def _split_input(bundle: Bundle, size: int, place: str, x: Any) -> Iterator[tuple[str, Any]]:
    """Yield one input in pieces of about so many steps of the encoder, and where each stands."""
    if isinstance(bundle.config.features, AudioFeatures):
        samples, rate = decoded(x) if isinstance(x, Recording) else x
        for start in range(0, len(samples), step := _step(bundle, size, rate)):
            yield str(x) if isinstance(x, Recording) else place, (samples[start : start + step], rate)
    else:
        for start in range(0, len(x), size):
            yield place, x[start : start + size]


def _step(bundle: Bundle, size: int, rate: int) -> int:
    """Return the samples that make so many steps of the encoder, at least one."""
    seconds = getattr(bundle.config.features, "frame_seconds", 0.0) * getattr(bundle.model, "stride", 1)
    return max(round(size * seconds * rate), 1)


def _samples(bundle: Bundle, size: int) -> Iterator[tuple[str, Any]]:
    """Yield the samples on stdin as they come."""
    if sys.stdin is None:
        raise ArgumentError(sentence("predict", "stdin", "open", "a closed one"))
    features, stdin = bundle.config.features, sys.stdin.buffer
    assert isinstance(features, AudioFeatures)
    assert isinstance(stdin, BufferedReader)
    left, most = b"", 2 * _step(bundle, size, features.sample_rate)
    while read := stdin.read1(most):
        left += read
        yield "stdin", np.frombuffer(left, "<i2", len(left) // 2)
        left = left[len(left) // 2 * 2 :]
    if left:
        raise DataError(sentence("stdin", "samples", "of 16 bits each", "an odd number of bytes"))


def _read_pushed(predictor: Predictor, encoding: str | None) -> Iterator[Iterator[tuple[str, Any]]]:
    """Yield the inputs on stdin, each as an iterator of its pieces; a line is a piece, an empty one ends an input."""
    text = getattr(predictor.bundle.config.features, "unit", None) == "char"
    numbered = enumerate(stdin_lines(encoding or "utf-8"), 1)
    for first in numbered:
        if first[1].strip():
            rest = takewhile(lambda pair: pair[1].strip(), numbered)
            yield ((f"stdin:{n}", line if text else _value(line, n)) for n, line in chain([first], rest))


def _value(line: str, n: int) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        want = "JSON: the numbers of a step, or a list of steps or tokens"
        raise DataError(sentence(f"stdin:{n}", "line", want, f"{line[:40]!r} ({error})")) from None


def compare(predictor: Predictor, examples: Examples, lookahead: str, chunk: int | None) -> None:
    """Print what each look-ahead scores and takes: one JSON object on stdout, a table on stderr.

    Args:
        predictor: the model.
        examples: labelled.
        lookahead: separated by commas: steps, milliseconds, or `all` for whole inputs.
        chunk: steps answered together, None for as many as are looked ahead to.
    """
    rows = [_row(predictor, examples, part.strip(), chunk) for part in lookahead.split(",")]
    names = list(rows[0]["scores"])[:2]
    heading = ("look-ahead", "chunk", "answered after", *names, "ms per chunk")
    print_table(
        [
            heading,
            *(
                [*_format_row(row), *(f"{row['scores'][n]:.4f}" for n in names), _value_or_dash(row["ms"])]
                for row in rows
            ),
        ]
    )
    print_note("look-ahead, chunk and the steps that a step is answered after, at most, are in steps of the encoder")
    print_json({"lookahead": rows})


def _row(predictor: Predictor, examples: Examples, text: str, chunk: int | None) -> dict[str, Any]:
    if text == "all":
        answers, found = list(predictor.predict_iter(examples.inputs)), dict.fromkeys(("chunk", "delay", "ms"))
    else:
        window = Chunking.of_lookahead(parse_steps(text, predictor.bundle), chunk)
        answers = predictor.predict_streamed(examples.inputs, window.lookahead, chunk=window.chunk)
        pace = _pace(predictor, max(examples.inputs, key=_length), window)
        found = {"chunk": window.chunk, "delay": window.delay, "ms": pace}
    report = predictor.score(examples, answers)
    return {"lookahead": text, **found, "scores": {score.name: score.value for score in report.scores}}


def _length(x: Any) -> float:
    return x.seconds if isinstance(x, Recording) else len(x)


def _pace(predictor: Predictor, x: Any, window: Chunking) -> float | None:
    """Return the milliseconds that a chunk takes, the median over one input; None for features that come whole."""
    try:
        current = predictor.stream(window.lookahead, chunk=window.chunk)
    except ArgumentError:
        return None
    taken = []
    for _, part in islice(_split_input(predictor.bundle, window.chunk, "", x), CHUNKS):
        began = time.perf_counter()
        current.push(part)
        taken.append(1000 * (time.perf_counter() - began))
    return round(float(np.median(taken)), 4) if taken else None


def _format_row(row: dict[str, Any]) -> list[str]:
    return [row["lookahead"], _value_or_dash(row["chunk"]), _value_or_dash(row["delay"])]


def _value_or_dash(value: Any) -> str:
    return "-" if value is None else str(value)
