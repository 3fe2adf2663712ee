"""The file of answers: nothing is asked twice or lost, and what does not belong there is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bigru.errors import ArgumentError, BigruError, DataError, TrainingError
from bigru.train.teacher.answers import AnswerFile
from bigru.train.teacher.ask import ask_teacher, to_question
from bigru.train.teacher.program import MiscountError

SURE = {"scores": {"a": 0.25, "b": 0.75}}


class Scripted:
    """A teacher that answers from a list, and raises what stands in it."""

    identity = "scripted"

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def ask(self, questions: Path, count: int, say: Any) -> Iterator[dict[str, Any]]:
        for line in questions.read_text(encoding="utf-8").removesuffix("\n").split("\n"):
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            self.asked.append(line)
            yield answer
        if self.answers:
            raise self.answers[0]


def put(path: Path, teacher: Scripted, *texts: str) -> list[dict[str, Any]]:
    """Ask a teacher and return what is in the file, whatever happens."""
    with AnswerFile(path, teacher.identity) as file:
        ask_teacher(teacher, file, texts, True, lambda line: None)
    return lines(path)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_only_what_is_new_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.jsonl"
    first = Scripted(SURE, SURE)
    assert put(path, first, "one", "two", "one") == [{"text": "one"} | SURE, {"text": "two"} | SURE]
    again = Scripted({"scores": {"a": 1.0, "b": 0.0}})
    assert len(put(path, again, "two", "three", "one")) == 3
    assert (first.asked, again.asked) == (["one", "two"], ["three"])
    assert json.loads(path.with_name("a.jsonl.teacher").read_text(encoding="utf-8"))["asked"] == 3
    assert sorted(one.name for one in path.parent.iterdir()) == ["a.jsonl", "a.jsonl.teacher"]


@pytest.mark.parametrize(
    ("raised", "left"),
    [
        (KeyboardInterrupt(), 2),
        (TrainingError("it died"), 2),
        (DataError("no answer"), 2),
        (MiscountError("which?"), 0),
    ],
)
def test_answers_before_an_error_are_kept_unless_they_may_be_of_other_lines(
    tmp_path: Path, raised: BaseException, left: int
) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(BigruError) as error:
        put(path, Scripted(SURE, SURE, raised), "one", "two", "three")
    assert len(lines(path)) == left
    if isinstance(raised, KeyboardInterrupt):
        want = f"distil: stopped after 2 of 3 answers; they are kept in {str(path)!r}. Go on with the same command."
        assert str(error.value) == want
        assert isinstance(error.value.__cause__, KeyboardInterrupt)
    rest = Scripted(SURE, SURE, SURE)
    rest.answers = rest.answers[: 3 - left]
    assert [line["text"] for line in put(path, rest, "one", "two", "three")] == ["one", "two", "three"]


def test_a_torn_line_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    put(path, Scripted(SURE, SURE), "one", "two")
    path.write_bytes(path.read_bytes()[:-5])
    again = Scripted(SURE)
    assert len(put(path, again, "one", "two")) == 2
    assert again.asked == ["two"]


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ({"label": "a"}, "keys must be scores, as in the first, got label."),
        ({"scores": {"a": 1.0}}, "scores must be a probability of each of a, b, got a."),
        ({"scores": {"a": 0.5, "c": 0.5}}, "scores must be a probability of each of a, b, got a, c."),
        ({"scores": {"a": 0.5, "b": 0.4}}, "scores must be probabilities that sum to 1, got 0.9. "
         "Give --multi-label if each label stands for itself."),
        ({"scores": {"a": float("nan"), "b": 0.4}}, "scores 'a' must be a probability within 0..1, got nan."),
        ({"scores": [1.0]}, "scores must be an object of probabilities, got 1.0."),
    ],
)  # fmt: skip
def test_answers_of_another_form_are_refused(tmp_path: Path, answer: dict[str, Any], refused: str) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(DataError) as error:
        put(path, Scripted(SURE, answer), "one", "two")
    assert str(error.value) == f"teacher: answer 2: {refused}"
    assert len(lines(path)) == 1


def test_tags_need_a_probability_each(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        put(tmp_path / "a.jsonl", Scripted({"tags": ["O"]}), "one")
    want = "tags must be given with scores, the probability of each tag at each step, got none."
    assert str(error.value) == f"teacher: answer 1: {want}"
    with pytest.raises(DataError) as error:
        put(tmp_path / "b.jsonl", Scripted({"tags": ["O"], "tokens": ["one", "two"], "scores": [{"O": 1.0}]}), "one")
    assert str(error.value) == "teacher: answer 1: tokens must be a list of 1, as the tags, got 2 of them."


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    put(path, Scripted(SURE), "one")
    with pytest.raises(ArgumentError) as error:
        AnswerFile(path, "another")
    want = f"distil: --teacher must be the teacher of the answers in {path}, 'scripted', got 'another'. "
    assert str(error.value) == want + "Name another file with --answers."
    with AnswerFile(path, "scripted"), pytest.raises(ArgumentError) as error:
        _in_a_thread(lambda: AnswerFile(path, "scripted"))
    assert str(error.value) == f"distil: --answers must be free, got {path}, to which another process writes."
    other = tmp_path / "b.jsonl"
    other.write_text("mine\n", encoding="utf-8")
    with pytest.raises(ArgumentError) as error:
        AnswerFile(other, "scripted")
    want = f"distil: --answers must be new, or one with b.jsonl.teacher beside it, got {other}."
    assert str(error.value) == want
    with pytest.raises(ArgumentError) as error:
        AnswerFile(tmp_path, "scripted")
    assert str(error.value) == f"distil: --answers must be a file, got {tmp_path}, a folder."


def _in_a_thread(work: Any) -> None:
    """Run something in another thread, to which the lock of this one is another's, and raise what it raises."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def test_texts_become_one_line_and_keep_their_length() -> None:
    assert to_question("a\r\nb\u2028c", True) == "a  b c"
    assert to_question("a\nb", False) == "a\nb"
    assert [to_question(x, True) for x in ("", " \n", "half \ud800", [])] == [None] * 4
    assert to_question(("a", "b"), False) == ["a", "b"]
