"""`bigru predict`: answers for texts, for a file, or for lines on stdin."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from ...bundle.configuration import features_kind, input_kind
from ...errors import ArgumentError, DataError, one_line, refusal, sentence
from ...readers.audio.recordings import Recording, is_audio
from ...readers.examples import Examples
from ...readers.formats import SUFFIXES
from ...readers.opening.packed import read_lines, unpack_stream
from ...readers.reading import Reading
from ...runtime.answers import shown, to_json
from ...runtime.evaluation import check_features, like_training, note_unknown, refuse_of_tables
from ...runtime.predictor import AHEAD, Predictor, load
from ..progress import ProgressBar
from ..resumable_output import ResumableOutput, fingerprint, input_fingerprint
from ..streams import answer_json
from .models import warn_if_shadowed

__all__ = ["predict", "read_inputs", "stdin_lines"]

UNREAD = Reading()

READABLE = {*SUFFIXES, ".txt"}

BATCH = 64
"""Inputs of a batch; `AHEAD` of them are answered together."""

SHOWN = 40
"""Characters of an input that an error repeats."""

Write = Callable[[Any, dict[str, Any]], str]
"""From an input and its answer to a line."""


def predict(
    model: Path,
    inputs: list[str],
    reading: Reading,
    *,
    precision: str,
    plain: bool,
    scores: bool,
    plot: Path | None,
    out: Path | None,
    resume: bool,
    force: bool,
) -> None:
    """Print one answer per input, in their order, or write them to a file; a few thousand inputs are read ahead."""
    if out is None and (resume or force):
        name = "--resume" if resume else "--force"
        raise ArgumentError(sentence("predict", name, "given with --out", "no --out"))
    warn_if_shadowed(model)
    predictor = load(model, precision)
    check_features(predictor.bundle, reading)
    if not isinstance(predictor, Predictor):
        from . import forecast

        if len(inputs) != 1 or inputs == ["-"]:
            raise ArgumentError(sentence("predict", "input", "the file of one table", " ".join(inputs)))
        if out is not None:
            raise ArgumentError(refusal("predict", "--out", "for a forecast", str(out)))
        forecast.predict(predictor, Path(inputs[0]), plain, plot, reading)
        return
    refuse_of_tables(fill=reading.fill, plot=None if plot is None else str(plot))
    write = _plain if plain else _json
    if out is None:
        with ProgressBar() as pace:
            for lines in _answer_lines(predictor, read_inputs(predictor, inputs, pace, reading), write, scores):
                sys.stdout.write("\n".join([*lines, ""]))
                pace.add(len(lines))
        return
    of = {"model": fingerprint(predictor.bundle), **input_fingerprint(inputs)}
    of |= {
        "options": {"precision": precision, "plain": plain, **({"scores": True} if scores else {}), **reading.given()}
    }
    with ResumableOutput(out, of, resume, force) as file, ProgressBar(file.done) as pace:
        asked = iter(read_inputs(predictor, inputs, pace, reading))
        _skip_answered(file, asked, plain, predictor.bundle.config.features)
        for lines in _answer_lines(predictor, asked, write, scores):
            file.write(lines)
            pace.add(len(lines))


def _answer_lines(predictor: Predictor, asked: Iterable[Any], write: Write, scores: bool) -> Iterator[list[str]]:
    """Yield the lines of the answers, as many at a time as are computed together."""
    stream = iter(asked)
    while chunk := list(islice(stream, AHEAD * BATCH)):
        yield [
            write(shown(predictor.bundle.config.features, source), answer)
            for source, answer in zip(chunk, predictor.predict_iter(chunk, BATCH, scores=scores), strict=True)
        ]


def _skip_answered(file: ResumableOutput, asked: Iterator[Any], plain: bool, features: Any) -> None:
    """Leave out the inputs that are answered; the last of them must be the one that the last answer shows.

    Raises:
        DataError: there are fewer inputs than answers, or it is another.
    """
    source: Any = None
    for n in range(file.done):
        try:
            source = next(asked)
        except StopIteration:
            want = f"at least as many as the answers in {file.path}, {file.done}"
            raise DataError(sentence("predict", "inputs", want, n)) from None
    source = shown(features, source)
    begins = _input_name(source) + "\t" if plain else _json(source, {}).removesuffix("}")
    if file.done and not file.last.startswith(begins.encode("utf-8", "backslashreplace")):
        want = f"that of answer {file.done} in {file.path}"
        raise DataError(sentence("predict", f"input {file.done}", want, repr(source)[:80]))


def read_inputs(
    predictor: Predictor, inputs: list[str], pace: ProgressBar | None = None, reading: Reading = UNREAD
) -> Iterable[Any]:
    """Return the inputs: lines of stdin, rows of a file, or the arguments themselves; `pace` shows how much of a file
    has been read."""
    audio = features_kind(predictor.bundle.config.features) == "audio"
    if inputs == ["-"]:
        read = stdin_lines(reading.encoding or "utf-8")
        return (Recording(line, line) for line in read) if audio else read
    if audio:
        return _recordings(predictor, inputs, reading)
    if len(inputs) == 1 and (reading.format is not None or _is_file(inputs[0])):
        return _rows(predictor, inputs[0], pace, reading)
    for name, value in reading.given().items():
        raise ArgumentError(refusal("predict", f"--{name}", "for texts", repr(value)))
    return inputs


def _recordings(predictor: Predictor, inputs: list[str], reading: Reading) -> Iterable[Any]:
    """Return the recordings that the arguments name: audio files themselves, or one folder or manifest of them."""
    from ...readers.audio.folders import from_files
    from ..show import print_note

    if len(inputs) == 1 and not is_audio(inputs[0]):
        return _rows(predictor, inputs[0], None, reading)
    examples = from_files(inputs)
    for finding in examples.findings:
        print_note(str(finding))
    return examples.inputs


def _rows(predictor: Predictor, file: str, pace: ProgressBar | None, reading: Reading) -> Iterator[Any]:
    """Return the inputs of a file, the first of which are read now, so that what is wrong with it is said at once."""
    # The readers are imported here because texts do not need them.
    from ...features.series import check_gaps
    from ...readers.chunked import parts
    from ...readers.summary import describe
    from ...readers.tags.settle import fit_characters
    from ..show import print_note

    if reading.format is None and _suffix(file) == ".txt":
        reading = reading.but(format="txt")

    def report(share: float) -> None:
        if pace is not None:
            pace.share = share

    kind = input_kind(predictor.bundle.config.features)
    like = like_training(predictor.bundle, reading)
    found: Iterator[Examples] = parts(file, report, reading.but(task=predictor.task, like=like), kind)
    if getattr(predictor.bundle.config.features, "unit", "") == "char":
        found = map(fit_characters, found)
    first = next(found)
    describe(first, print_note, shown=len(first.findings))
    note_unknown(predictor, first, print_note)
    check_gaps(predictor.bundle.config.features, first)
    return chain(first.inputs, chain.from_iterable(_following_inputs(found)))


def _following_inputs(found: Iterable[Examples]) -> Iterator[list[Any]]:
    """Yield the inputs of further parts, and say what is odd about them."""
    from ..show import print_note

    for examples in found:
        for finding in examples.findings:
            print_note(f"  {finding}")
        yield examples.inputs


def _is_file(name: str) -> bool:
    """Tell a file from a text: it exists, or it has the suffix of a format and looks like no sentence; "" is a text."""
    try:
        there = name != "" and Path(name).exists()
        return there or (_suffix(name) in READABLE and not any(c.isspace() for c in name))
    except (OSError, ValueError):  # longer than a name can be, or with a NUL in it
        return False


def _suffix(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix.lower()


def stdin_lines(encoding: str) -> Iterator[str]:
    """Yield the lines of stdin; a line that is not text ends the run, said with its number."""
    if sys.stdin is None:
        raise ArgumentError(sentence("predict", "stdin", "open", "a closed one"))
    for n, line in enumerate(_decompress(sys.stdin.buffer), 1):
        try:
            text = line.decode(encoding).rstrip("\r\n")
            yield text.removeprefix("\ufeff") if n == 1 else text
        except UnicodeDecodeError as error:
            got = f"byte {error.start + 1}, {line[error.start : error.start + 1]!r}"
            raise DataError(sentence(f"stdin:{n}", "line", encoding, got, "Name another --encoding.")) from None
        except UnicodeError as error:  # a codec of Python that names no place, as idna
            raise DataError(sentence(f"stdin:{n}", "line", encoding, error, "Name another --encoding.")) from None
        except LookupError:
            raise ArgumentError(
                sentence("predict", "--encoding", "a codec that Python knows", repr(encoding))
            ) from None


def _decompress(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream, unpacked if it is gzipped.

    Raises:
        DataError: the gzip is damaged, or a line too long.
    """
    # A reader around a reader would wait until it is full, and a line that came would not be seen.
    seen = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, stream))
    return read_lines(unpack_stream(seen, "stdin"), "stdin")


def _json(source: Any, answer: dict[str, Any]) -> str:
    return answer_json(to_json(source, answer), f"answer to {_input_name(source)[:SHOWN]!r}:")


def _plain(source: Any, answer: dict[str, Any]) -> str:
    """Return an answer as one line for people; line ends, tabs and control characters stand as escapes, as \\n."""
    return f"{_input_name(source)}\t{one_line(_words(answer), None) or '-'}"


def _words(answer: dict[str, Any]) -> str:
    if "entities" in answer:
        return " ".join(f"{entity.get('text', '')}/{entity['label']}" for entity in answer["entities"])
    if "symbols" in answer:
        return str(answer["text"])
    if "tags" in answer:
        return " ".join(answer["tags"])
    labels = answer.get("labels", [answer.get("label")])
    return ", ".join(map(str, labels))


def _input_name(source: Any) -> str:
    """Return how a line for people names an input."""
    text = " ".join(source) if isinstance(source, list) else str(getattr(source, "shape", source))
    return one_line(text, None)
