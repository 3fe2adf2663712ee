"""`bigru predict`: answers for texts, for a file, or for lines on stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import Any

from ..bundle.configuration import kind_of
from ..data.formats import SUFFIXES
from ..data.recordings import Recording, is_audio
from ..errors import ArgumentError, DataError, sentence
from ..runtime.answers import told
from ..runtime.predictor import Predictor, load
from .models import say_if_shadowed

__all__ = ["lines", "predict", "refuse_of_tables", "sources"]

READABLE = {*SUFFIXES, ".txt"}


def predict(
    model: Path,
    inputs: list[str],
    *,
    precision: str,
    plain: bool,
    fill: str | None,
    plot: Path | None,
    **options: str | None,
) -> None:
    """Print one answer per input, in their order; of a stream, a few thousand lines are read ahead."""
    say_if_shadowed(model)
    predictor = load(model, precision)
    if not isinstance(predictor, Predictor):
        from . import forecast

        if len(inputs) != 1 or inputs == ["-"]:
            raise ArgumentError(sentence("predict", "input", "the file of one table", " ".join(inputs)))
        forecast.predict(predictor, Path(inputs[0]), plain, plot, fill=fill, **forecast.reading(options))
        return
    refuse_of_tables(fill=fill, plot=None if plot is None else str(plot))
    shown, asked = tee(sources(predictor, inputs, **options))
    for source, answer in zip(shown, predictor.predict_iter(asked), strict=False):
        print(_plain(source, answer) if plain else json.dumps(told(source, answer), ensure_ascii=False))


def refuse_of_tables(**options: str | None) -> None:
    """Raise ArgumentError for an option that only a forecaster heeds."""
    for name, value in options.items():
        if value is not None:
            raise ArgumentError(sentence("bigru", name, "left out for a model that forecasts nothing", repr(value)))


def sources(predictor: Predictor, inputs: list[str], **options: Any) -> Iterable[Any]:
    """Return what is to be answered: stdin, the rows of a file, or the arguments themselves."""
    audio = kind_of(predictor.bundle.config.features) == "audio"
    if inputs == ["-"]:
        told = lines(options["encoding"] or "utf-8")
        return (Recording(line, line) for line in told) if audio else told
    if audio:
        return _recordings(predictor, inputs, **options)
    if len(inputs) == 1 and (options["format"] is not None or _is_file(inputs[0])):
        return _rows(predictor, inputs[0], **options)
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ArgumentError(sentence("predict", given[0], "left out for texts", repr(options[given[0]])))
    return inputs


def _recordings(predictor: Predictor, inputs: list[str], **options: Any) -> list[Any]:
    """Return the recordings that the arguments name: audio files themselves, or one folder or manifest of them."""
    from ..data.manifests import from_files
    from .show import note

    if len(inputs) == 1 and not is_audio(inputs[0]):
        return _rows(predictor, inputs[0], **options)
    examples = from_files(inputs)
    for finding in examples.findings:
        note(str(finding))
    return examples.inputs


def _rows(predictor: Predictor, file: str, **options: Any) -> list[Any]:
    """Return the inputs of a file; the readers are imported here because texts do not need them."""
    from ..data.readers import read
    from ..data.series import check_gaps
    from .show import describe

    if options["format"] is None and _suffix(file) == ".txt":
        options["format"] = "txt"
    examples = read(file, task=predictor.task, require_targets=False, **options)
    describe(examples, shown=len(examples.findings))
    check_gaps(predictor.bundle.config.features, examples)
    return examples.inputs


def _is_file(name: str) -> bool:
    """Tell a file from a text: it exists, or it has the suffix of a format and looks like no sentence."""
    try:
        return Path(name).exists() or (_suffix(name) in READABLE and not any(c.isspace() for c in name))
    except (OSError, ValueError):  # longer than a name can be, or with a NUL in it
        return False


def _suffix(name: str) -> str:
    return Path(name.removesuffix(".gz")).suffix.lower()


def lines(encoding: str) -> Iterator[str]:
    """Yield the lines of stdin; a line that is not text ends the run, said with its number."""
    if sys.stdin is None:
        raise ArgumentError(sentence("predict", "stdin", "open", "a closed one"))
    for n, line in enumerate(sys.stdin.buffer, 1):
        try:
            text = line.decode(encoding).rstrip("\r\n")
            yield text.removeprefix("\ufeff") if n == 1 else text
        except UnicodeDecodeError as error:
            got = f"byte {error.start + 1}, {line[error.start : error.start + 1]!r}"
            raise DataError(sentence(f"stdin:{n}", "line", encoding, got, "Name another --encoding.")) from None
        except LookupError:
            raise ArgumentError(
                sentence("predict", "--encoding", "a codec that Python knows", repr(encoding))
            ) from None


def _plain(source: Any, answer: dict[str, Any]) -> str:
    """Return an answer as one line for people."""
    text = " ".join(source) if isinstance(source, list) else str(getattr(source, "shape", source))
    if "entities" in answer:
        found = [f"{entity.get('text', '')}/{entity['label']}" for entity in answer["entities"]]
        return f"{text}\t{' '.join(found) or '-'}"
    if "symbols" in answer:
        return f"{text}\t{answer['text'] or '-'}"
    if "tags" in answer:
        return f"{text}\t{' '.join(answer['tags'])}"
    labels = answer.get("labels", [answer.get("label")])
    return f"{text}\t{', '.join(map(str, labels)) or '-'}"
