"""Inputs to a teacher and its answers to a file, in bounded memory; what is answered already is not asked again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from ...errors import DataError, TrainingError, first_names, sentence
from ...readers.labels import is_list
from ...readers.layouts.soft_labels import normalise
from ...readers.opening.encoding import SURROGATE
from .answers import AnswerFile, key_of
from .program import MiscountError

__all__ = ["Teacher", "ask_teacher", "to_question"]

BREAKS = re.compile("[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""What programs take for the end of a line."""

REPORT_SECONDS = 10.0
"""Seconds between two lines on how far the teacher is."""

WRITTEN = 64
"""Answers between two times that they are written."""

SHOWN = 12
"""Labels that an error names."""

Say = Callable[[str], None]


class Teacher(Protocol):
    """What answers: `program.Program` or `model.Model`."""

    @property
    def identity(self) -> str:
        """What tells this teacher from another."""
        ...

    def ask(self, questions: Path, count: int, say: Say) -> Iterator[dict[str, Any]]:
        """Yield an answer for each of the lines of a file."""
        ...


def to_question(source: Any, lines: bool) -> Any:
    """Return an input, a text or tokens, as a teacher is asked it; None where there is nothing to ask.

    Args:
        source: the input.
        lines: whether the teacher reads texts a line: what ends lines within a text becomes a space then.
    """
    if not isinstance(source, str):
        return list(source) if len(source) else None
    text = BREAKS.sub(" ", source) if lines else source
    return None if not text.strip() or SURROGATE.search(text) else text


def ask_teacher(teacher: Teacher, file: AnswerFile, questions: Iterable[Any], lines: bool, say: Say) -> None:
    """Have a teacher answer what the file has no answer to.

    Args:
        teacher: answers.
        file: takes the answers; those that came before an error are kept, unless it is unclear whose they are.
        questions: of `to_question`, any number of times each.
        lines: whether the teacher reads texts a line, not JSON.
        say: gets what the teacher says, and now and then how far it is.

    Raises:
        TrainingError: the teacher cannot be started, dies or hangs; or Ctrl-C was pressed.
        DataError: an answer is none, or of another form than the one before.
    """
    asked = file.path.with_name(file.path.name + ".asked")
    try:
        count = _write(asked, file, questions, lines)
        if count:
            _answer(teacher, file, asked, count, lines, say)
    finally:
        asked.unlink(missing_ok=True)


def _write(asked: Path, file: AnswerFile, questions: Iterable[Any], lines: bool) -> int:
    """Write the questions that are to be asked, a line each, and return their number."""
    seen: set[bytes] = set()
    with asked.open("w", encoding="utf-8", newline="\n") as stream:
        for question in questions:
            key = key_of(question)
            if key not in file.keys and key not in seen:
                seen.add(key)
                stream.write((question if lines else json.dumps(question)) + "\n")
    return len(seen)


def _answer(teacher: Teacher, file: AnswerFile, asked: Path, count: int, lines: bool, say: Say) -> None:
    known = f", {len(file.keys):,} are known" if file.keys else ""
    say(f"the teacher is asked {count:,} texts{known}; its answers go to {file.path}")
    before, done, began, check = file.end, 0, time.perf_counter(), _Form(file)
    then = began + REPORT_SECONDS
    try:
        with asked.open(encoding="utf-8", newline="\n") as stream:
            for line, answer in zip(stream, teacher.ask(asked, count, say), strict=True):
                check(answer, done + 1)
                file.add(line.removesuffix("\n") if lines else json.loads(line), answer)
                done += 1
                now = time.perf_counter()
                if done % WRITTEN == 0:
                    file.flush()
                if now >= then:
                    say(f"{done:,} of {count:,} answered, {done / (now - began):,.0f} per second")
                    then = now + REPORT_SECONDS
    except MiscountError:
        file.cut(before)
        raise
    except KeyboardInterrupt:
        raise TrainingError(
            f"distil: stopped after {done:,} of {count:,} answers; they are kept in {str(file.path)!r}. "
            "Go on with the same command."
        ) from KeyboardInterrupt()
    finally:
        file.settle(done, time.perf_counter() - began)


class _Form:
    """Checks that answers are of one form, and that probabilities are such: those of the first say which classes."""

    def __init__(self, file: AnswerFile) -> None:
        first = next((record for _, record, _ in file.records()), None)
        self._first = None if first is None else _form(first)

    def __call__(self, answer: dict[str, Any], number: int) -> None:
        where = f"teacher: answer {number:,}"
        form = _form(answer)
        self._first = self._first or form
        kinds, classes = self._first
        if form[0] != kinds:
            raise DataError(sentence(where, "keys", f"{kinds}, as in the first", form[0]))
        if "tags" in answer:
            _check_tags(answer, where)
        if "labels" in answer and not is_list(answer["labels"]):
            raise DataError(sentence(where, "labels", "a list", repr(answer["labels"])[:80]))
        for key in ("label", "labels", "tags"):
            parts = answer.get(key, [])
            for one in parts if is_list(parts) else [parts]:
                if isinstance(one, dict | list) or one is None or str(one).strip() == "":
                    raise DataError(sentence(where, key, "text or a number", repr(one)[:80]))
        rows = answer.get("scores", [])
        for row in rows if is_list(rows) else [rows]:
            self._check_row(row, classes, where, "labels" in answer)

    @staticmethod
    def _check_row(row: Any, classes: tuple[str, ...], where: str, many: bool) -> None:
        if not isinstance(row, dict):
            raise DataError(sentence(where, "scores", "an object of probabilities", repr(row)[:80]))
        if row.keys() != set(classes):
            want = f"a probability of each of {first_names(classes, SHOWN)}"
            raise DataError(sentence(where, "scores", want, first_names(list(row), SHOWN) or "none"))
        normalise([row[name] for name in classes], [f"scores {name!r}" for name in classes], where, many, "scores")


def _form(answer: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the keys of an answer in words, and the classes of its probabilities."""
    keys = [key for key in ("label", "labels", "tags", "scores") if key in answer]
    scores = answer.get("scores")
    first = scores[0] if is_list(scores) and len(scores) else scores
    return " and ".join(keys), tuple(first) if isinstance(first, dict) else ()


def _check_tags(answer: dict[str, Any], where: str) -> None:
    tags, tokens, scores = answer["tags"], answer.get("tokens"), answer.get("scores")
    if not is_list(tags):
        raise DataError(sentence(where, "tags", "a list", repr(tags)[:80]))
    if scores is None:
        raise DataError(sentence(where, "tags", "given with scores, the probability of each tag at each step", "none"))
    for name, other in (("tokens", tokens), ("scores", scores)):
        if other is not None and (not is_list(other) or len(other) != len(tags)):
            got = f"{len(other)} of them" if is_list(other) else repr(other)[:80]
            raise DataError(sentence(where, name, f"a list of {len(tags)}, as the tags", got))
