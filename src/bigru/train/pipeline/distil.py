"""`bigru.distil`: a teacher answers raw texts, and a student learns from its answers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from ...errors import ArgumentError, DataError, argument, sentence, spell_arguments
from ...models import find
from ...readers.chunked import parts
from ...readers.examples import Examples
from ...readers.reading import Reading
from ...readers.summary import describe
from ...runtime.predictor import Predictor, count_changed
from ...tasks import task_named
from ...tasks.examples import check_reading, examples_of
from ..teacher.answers import AnswerFile, key_of
from ..teacher.ask import ask_teacher, to_question
from ..teacher.program import Program
from .checks import check_examples
from .folder import check_target, load_finished, reserve, save_model
from .lesson import Lesson, RawTexts
from .request import Progress, Request, Say, discard
from .run import check_packages
from .settings import Settings, check_settings
from .soft import SETTINGS as SOFT
from .soft import check_soft_settings

if TYPE_CHECKING:
    from ..teacher.model import Model
    from .trained import Trained

__all__ = ["distil"]

UNREAD = Reading()

ENDING = ".answers.jsonl"
"""What follows the name of the model's folder in the name of the file of answers."""

TIMED = 2000
"""Texts by which the speed of a student is measured, at most."""


@spell_arguments("python")
def distil(
    texts: Any,
    *,
    teacher: str | os.PathLike[str] | Program,
    labelled: Any = None,
    dev: Any = None,
    test: Any = None,
    out: str | os.PathLike[str] | None = None,
    answers: str | os.PathLike[str] | None = None,
    reading: Reading = UNREAD,
    force: bool = False,
    resume: bool = False,
    say: Say = discard,
    progress: Progress = "silent",
    **settings: Unpack[Settings],
) -> Trained:
    """Train a student on what a teacher answers to raw texts, score both, and verify the student.

        bigru.distil("texts.txt", teacher="python teacher.py", out="student", test="test.csv")

    Args:
        texts: a path, or a list of `Path`, of a text a line, JSONL or a table with a column of texts, also gzipped,
            of which labels are not read; or a list of texts.
        teacher: the folder of a classifier or tagger of texts, or the name of a shipped one; or a program that reads a
            text a line on stdin and writes a JSON object a line on stdout, `{"scores": {label: probability}}` or
            `{"label": ...}`: its command, or a `Program`, which says how long it may take.
        labelled: labelled texts that the student learns as well, in any form that `bigru.train` takes.
        dev: labelled texts that choose the best epoch; without them a tenth of the texts is held out, and the score
            says how often the student answers as the teacher does.
        test: labelled texts that both are scored on once, at the end.
        out: folder for the student, and for checkpoint and logs while it trains; None writes nothing.
        answers: file of the teacher's answers, which are not asked for again; OUT.answers.jsonl unless given.
        reading: how the files are read.
        force: whether a model in that folder is replaced; answers are kept.
        resume: whether to continue the training that was stopped in that folder.
        say: gets every line on what was read, found and decided.
        progress: as of `bigru.train`.
        settings: as of `bigru.train`.

    Returns:
        The student; `metrics["distillation"]` holds `texts`, `labelled`, `agreement` (the share of inputs, or of their
        tags, that both answer alike) on `agreement_rows` of them, `scores` by part with those of `teacher` and
        `student`, and `teacher_per_second` and `student_per_second`.

    Raises:
        TrainingError: the teacher cannot be started, dies or hangs, or Ctrl-C was pressed; its answers are kept.
        DataError: a file cannot be used, or an answer is none.
        BigruError: as of `bigru.train`.
    """
    check_packages("training", "torch", "sklearn")
    request = Request(
        settings={name: value for name, value in settings.items() if value is not None},
        reading=reading,
        out=None if out is None else Path(out),
        force=force,
        resume=resume,
        plain=False,
        say=say,
        progress=progress,
    )
    from ..recipes import OPTIONS

    check_settings((*OPTIONS, "vectors", "loggers", *SOFT), request.settings)
    check_soft_settings(request.settings)
    file = _answer_path(request.out, answers)
    done = load_finished(request)
    if done is not None:
        return done
    check_target(request)
    asked = _teacher(teacher)
    given = {"labelled": labelled, "dev": dev, "test": test}
    read = {name: _read(data, request, name, asked) for name, data in given.items() if data is not None}
    with AnswerFile(file, asked.identity) as known, reserve(request):
        raw = _ask(texts, asked, known, read.values(), request)
        lesson = Lesson(known, raw, read, say, int(request.settings.get("seed") or 0))
        trained = _train(lesson, request)
        facts = {"teacher": getattr(teacher, "command", str(teacher))} | _compare(trained, lesson, known)
        return save_model(_with_facts(trained, facts), request)


def _answer_path(out: Path | None, answers: str | os.PathLike[str] | None) -> Path:
    if answers is not None:
        return Path(answers)
    if out is None:
        raise ArgumentError(sentence("distil", argument("answers"), "named without a folder for the student", None))
    return out.with_name(out.name + ENDING)


def _teacher(given: str | os.PathLike[str] | Program) -> Program | Model:
    """Return the teacher that is meant: a saved model where there is one, else a program."""
    if isinstance(given, Program):
        return given
    if find(given).is_dir():
        from ..teacher.model import Model

        return Model(given)
    return Program(os.fspath(given))


def _read(data: Any, request: Request, name: str, teacher: Program | Model) -> Examples:
    """Read labelled texts, as the teacher reads them."""
    check_reading(data, request.reading)
    kind = getattr(teacher, "kind", "text")
    reading = request.reading.but(soft_labels=False)
    found = examples_of(data, reading, kind=kind, source=name)
    describe(found, request.say)
    if found.kind != kind:
        raise DataError(sentence(found.source, "data", f"{kind}, as the teacher reads", found.kind))
    found.inputs = [to_question(x, isinstance(teacher, Program)) for x in found.inputs]
    if None in found.inputs:
        where = f"{found.source}:{found.lines[found.inputs.index(None)]}"
        raise DataError(sentence(where, "text", "one that can be asked", "an empty one"))
    return found


def _ask(
    texts: Any, teacher: Program | Model, known: AnswerFile, more: Iterable[Examples], request: Request
) -> RawTexts:
    """Have everything answered, and return which of it is raw text."""
    raw, lines = RawTexts({}, {"empty": 0, "repeated": 0, "joined": 0}), isinstance(teacher, Program)

    def questions() -> Iterator[Any]:
        for part in more:
            yield from part.inputs
        for source in _sources(texts, getattr(teacher, "kind", "text"), request):
            question = to_question(source, lines)
            if question is None:
                raw.counts["empty"] += 1
                continue
            raw.counts["joined"] += isinstance(source, str) and question != source
            raw.counts["repeated"] += not raw.add(key_of(question))
            yield question

    ask_teacher(teacher, known, questions(), lines, request.say)
    if not raw.keys:
        raise DataError(sentence("distil", "texts", "at least one that can be asked", "none"))
    words = {"empty": "are empty and left out", "repeated": "came before and are learnt once"}
    words |= {"joined": "had line ends within, which became spaces"}
    for name, count in raw.counts.items():
        if count:
            request.say(f"{count:,} texts {words[name]}")
    return raw


def _sources(texts: Any, kind: str, request: Request) -> Iterator[Any]:
    """Yield the inputs of files, or of a list of texts."""
    if isinstance(texts, str | os.PathLike):
        texts = [Path(texts)]
    for one in texts:
        if not isinstance(one, os.PathLike):
            yield one
            continue
        reading = request.reading
        if reading.format is None and os.fspath(one).removesuffix(".gz").lower().endswith(".txt"):
            reading = reading.but(format="txt")
        cleared = reading.but(task=None, label=None, labels=(), scheme=None, multi_label=None, soft_labels=None)
        for n, part in enumerate(parts(os.fspath(one), reading=cleared, kind=kind)):
            if n == 0:
                describe(part, request.say)
            yield from part.inputs


def _train(lesson: Lesson, request: Request) -> Trained:
    from .labelled import Parts, train_examples

    say = request.say
    say(f"the student learns from {len(lesson.learn):,} texts, {lesson.labelled:,} of them with labels of their own")
    own = Reading(strict=request.reading.strict)
    asked = replace(request, reading=own)
    dev = lesson.dev if len(lesson.dev) else None
    return train_examples(Parts(check_examples(lesson.learn, asked), dev, lesson.test), asked)


def _compare(trained: Trained, lesson: Lesson, known: AnswerFile) -> dict[str, Any]:
    """Return how student and teacher compare: agreement, scores, speed."""
    model = trained.model
    assert isinstance(model, Predictor)
    together = [part for part in (lesson.dev, lesson.test) if part is not None and len(part)]
    inputs = [x for part in together for x in part.inputs]
    theirs = [answer for part in together for answer in _as_answers(model, lesson.answered.of(part))]
    began = time.perf_counter()
    own = list(model.predict_iter(inputs[:TIMED]))
    seconds = time.perf_counter() - began
    timed = len(own)
    own += list(model.predict_iter(inputs[TIMED:]))
    # What is judged is among these inputs, and an input has the same answer wherever it stands.
    answered = {key_of(x): answer for x, answer in zip(inputs, own, strict=True)}
    scores = {}
    for name, part in lesson.judges.items():
        ours = [answered[key_of(x)] for x in part.inputs]
        student, teacher = model.score(part, ours), model.score(part, _as_answers(model, lesson.answered.of(part)))
        first = student.scores[0]
        facts = {"score": first.name, "rows": len(part), "teacher": teacher[first.name], "student": first.value}
        scores[name] = facts
    facts = {"texts": lesson.texts, "labelled": lesson.labelled}
    if inputs:
        key = next(iter(theirs[0]))
        decisions = [_decisions(answers, key) for answers in (own, theirs)]
        facts |= {"agreement": 1.0 - count_changed(*decisions) / len(decisions[0]), "agreement_rows": len(decisions[0])}
    speeds = {"teacher": (known.asked, known.seconds), "student": (timed, seconds)}
    facts |= {"scores": scores}
    return facts | {f"{name}_per_second": round(n / max(s, 1e-9), 1) for name, (n, s) in speeds.items() if n}


def _decisions(answers: Sequence[Mapping[str, Any]], key: str) -> list[dict[str, Any]]:
    """Return what was decided, as one answer for each text, or for each of its steps where each has a tag."""
    if key != "tags":
        return [{key: answer[key]} for answer in answers]
    return [{key: tag} for answer in answers for tag in answer[key]]


def _as_answers(model: Predictor, part: Examples) -> list[dict[str, Any]]:
    """Return the teacher's decisions as a model's answers."""
    key = next(iter(task_named(model.task).answer_types(model.bundle.config)))
    return [{key: target} for target in part.targets or []]


def _with_facts(trained: Trained, facts: dict[str, Any]) -> Trained:
    bundle = trained.bundle
    model = Predictor(replace(bundle, metrics=bundle.metrics | {"distillation": facts}))
    return replace(trained, model=model)
