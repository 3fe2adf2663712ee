"""Readers know a task by what it learns from a file: a task they have never heard of is read by that alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bigru.config.targets import TARGETS, UNDECIDED, target_of
from bigru.errors import ArgumentError, DataError
from bigru.readers.reader import read
from bigru.readers.reading import LAYOUTS, Reading
from bigru.tasks import TASKS


def test_every_task_says_what_it_learns_from_a_file() -> None:
    assert set(TARGETS) == set(TASKS)
    assert {name for one in TARGETS.values() for name in one.layouts} == set(LAYOUTS)
    assert len({one.form for one in TARGETS.values()}) == len(TARGETS)
    assert [sum(one.form) for one in TARGETS.values()] == [1, 1, 1, 1]


def test_a_task_that_the_file_decides_has_no_target_yet() -> None:
    assert target_of(None) is UNDECIDED
    assert not any(UNDECIDED.form)
    assert Reading(task="tag").target is TARGETS["tag"]


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of another name: one label a text, in tables alone."""
    monkeypatch.setitem(TARGETS, "grade", replace(TARGETS["classify"], layouts=("texts",)))


@pytest.mark.usefixtures("graded")
def test_a_new_task_is_read_by_what_it_learns(tmp_path: Path) -> None:
    path = tmp_path / "reviews.csv"
    path.write_text("text,label\na fine plot,good\nno plot at all,bad\n", encoding="utf-8")
    found = read(path, Reading(task="grade"))
    assert (found.task, found.targets) == ("grade", ["good", "bad"])
    assert found.inferred["task"] == "grade"


@pytest.mark.usefixtures("graded")
def test_a_new_task_prefers_labels_to_spans_as_every_task_of_whole_examples(tmp_path: Path) -> None:
    path = tmp_path / "rasa.jsonl"
    row = '{"text": "fly to Rome", "intent": "%s", "entities": [{"start": 7, "end": 11, "entity": "city"}]}\n'
    path.write_text(row % "book" + row.replace("Rome", "Oslo") % "ask", encoding="utf-8")
    assert read(path, Reading(task="grade")).targets == ["book", "ask"]


@pytest.mark.usefixtures("graded")
def test_labels_of_steps_are_not_those_of_whole_examples(tmp_path: Path) -> None:
    path = tmp_path / "tags.conll"
    path.write_text("Rome B-city\nis O\n\nold O\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path, Reading(task="grade"))
    assert str(caught.value) == f"{path}: task must be tag for this file, got grade."


def test_a_task_that_nobody_has_described_is_refused() -> None:
    with pytest.raises(ArgumentError) as caught:
        Reading(task="grade")
    assert str(caught.value) == ("reading: task must be one of classify, tag, transcribe, forecast, got 'grade'.")


def test_recordings_have_no_labels_of_steps(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("recording,label\na.wav,hello\nb.wav,bye\n", encoding="utf-8")
    for task in ("tag", "forecast"):
        with pytest.raises(DataError) as caught:
            read(path, Reading(task=task, layout="recordings"))
        assert str(caught.value) == f"{path}: task must be classify or transcribe for recordings, got {task}."
