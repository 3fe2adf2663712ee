"""`bigru predict`: answers for texts, for a file, or for lines on stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..data.formats import SUFFIXES
from ..data.readers import read
from ..errors import ArgumentError, DataError, sentence
from ..runtime.predictor import Predictor, load
from .show import notes_on

__all__ = ["predict"]

READABLE = {*SUFFIXES, ".txt"}


def predict(
    model: Path, inputs: list[str], *, text_column: str | None, format: str | None, encoding: str | None, plain: bool
) -> None:
    """Print one answer per input, in their order, as soon as it is known."""
    predictor = load(model)
    sources = _sources(predictor, inputs, text_column=text_column, format=format, encoding=encoding)
    for source, answer in predictor.predict_iter(sources):
        print(_plain(source, answer) if plain else _json(source, answer))


def _sources(predictor: Predictor, inputs: list[str], **options: Any) -> Iterable[Any]:
    """Return what is to be answered: stdin, the rows of a file, or the arguments themselves."""
    if inputs == ["-"]:
        return _lines(options["encoding"] or "utf-8")
    if len(inputs) == 1 and (options["format"] is not None or _is_file(inputs[0])):
        examples = read(inputs[0], task=predictor.task, require_targets=False, **options)
        notes_on(examples.source, examples.inferred, examples.findings, len(examples))
        return examples.inputs
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ArgumentError(sentence("predict", given[0], "left out for texts", repr(options[given[0]])))
    return inputs


def _is_file(name: str) -> bool:
    """Tell a file from a text: it exists, or it has the suffix of a format and looks like no sentence."""
    known = Path(name.removesuffix(".gz")).suffix.lower() in READABLE
    try:
        return Path(name).is_file() or (known and not any(c.isspace() for c in name))
    except OSError:
        return False


def _lines(encoding: str) -> Iterator[str]:
    """Yield the lines of stdin; a line that is not text ends the run, said with its number."""
    for n, line in enumerate(sys.stdin.buffer, 1):
        try:
            yield line.decode(encoding).rstrip("\r\n")
        except (UnicodeDecodeError, LookupError) as error:
            raise DataError(sentence(f"<stdin>:{n}", "line", encoding, error, "Name another --encoding.")) from None


def _json(source: Any, answer: dict[str, Any]) -> str:
    shown = {"text": source} if isinstance(source, str) else {"tokens": source} if isinstance(source, list) else {}
    return json.dumps(shown | _rounded(answer), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    """Round every probability to six places, which float32 does not exceed."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list) else value


def _plain(source: Any, answer: dict[str, Any]) -> str:
    """Return an answer as one line for people."""
    text = source if isinstance(source, str) else " ".join(map(str, source))
    if "entities" in answer:
        found = [f"{entity.get('text', '')}/{entity['label']}" for entity in answer["entities"]]
        return f"{text}\t{' '.join(found) or '-'}"
    if "tags" in answer:
        return f"{text}\t{' '.join(answer['tags'])}"
    labels = answer.get("labels", [answer.get("label")])
    return f"{text}\t{', '.join(map(str, labels)) or '-'}"
