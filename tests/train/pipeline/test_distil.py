"""`bigru.distil`: raw texts and a teacher to a student that answers alike, with labels beside them or without."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigru
from bigru.errors import ArgumentError, DataError, TrainingError
from bigru.runtime.predictor import count_changed
from bigru.train.pipeline.distil import _decisions
from bigru.train.pipeline.trained import Trained
from tolerances import FLOAT32

pytestmark = [pytest.mark.train, pytest.mark.process]

QUICK: dict[str, Any] = {"hidden": 4, "channels": ["unit"], "epochs": 6, "learning_rate": 0.05}
WORDS = {"pos": "fine lovely splendid warm", "neg": "dull grim awful cold"}
TEACHER = """
import json, sys
for line in sys.stdin:
    p = 0.8 if set(line.split()) & set("fine lovely splendid warm".split()) else 0.3
    print(json.dumps({"scores": {"neg": 1 - p, "pos": p}}))
"""


def texts(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Return texts that each hold a word of their class, and the classes."""
    drawn = np.random.default_rng(seed)
    labels = [str(label) for label in drawn.choice(list(WORDS), count)]
    return [
        " ".join(["it was", *drawn.choice(WORDS[one].split(), 2), f"n{n}of{seed}"]) for n, one in enumerate(labels)
    ], labels


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """A file of 200 raw texts."""
    path = tmp_path / "raw.txt"
    path.write_text("\n".join(texts(200, 1)[0]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def teacher(tmp_path: Path) -> str:
    """The command of a teacher that knows the words of both classes."""
    script = tmp_path / "teacher.py"
    script.write_text(TEACHER, encoding="utf-8")
    return f"{sys.executable} {script}"


def distil(source: Any, teacher: Any, out: Path, **given: Any) -> Trained:
    return bigru.distil(source, teacher=teacher, out=out, **QUICK | given)


def test_a_student_answers_as_its_teacher_does(raw: Path, teacher: str, tmp_path: Path) -> None:
    said: list[str] = []
    student = distil(raw, teacher, tmp_path / "student", test=texts(60, 2), say=said.append)
    facts = student.metrics["distillation"]
    assert (facts["texts"], facts["labelled"], facts["agreement"], facts["agreement_rows"]) == (200, 0, 1.0, 80)
    assert facts["scores"] == {"test": {"score": "accuracy", "rows": 60, "teacher": 1.0, "student": 1.0}}
    assert min(facts["teacher_per_second"], facts["student_per_second"]) > 0
    assert student.metrics["training"]["soft_labels"] == {"weight": 1.0, "temperature": 1.0, "labelled": 0}
    assert bigru.load(tmp_path / "student").metrics["distillation"] == facts
    assert bigru.load(tmp_path / "student").predict("a warm day")["label"] == "pos"
    assert f"the teacher is asked 260 texts; its answers go to {tmp_path / 'student.answers.jsonl'}" in said
    # What the teacher said is a file to train on.
    again = bigru.train(tmp_path / "student.answers.jsonl", plain=False, **QUICK | {"epochs": 1})
    assert again.metrics["training"]["soft_labels"]["labelled"] == 0


def test_answers_are_not_asked_for_again(raw: Path, teacher: str, tmp_path: Path) -> None:
    distil(raw, teacher, tmp_path / "one", epochs=1)
    Path(teacher.split()[1]).write_text("raise SystemExit('asked again')", encoding="utf-8")
    said: list[str] = []
    student = distil(raw, teacher, tmp_path / "one", epochs=1, force=True, say=said.append)
    assert student.metrics["distillation"]["texts"] == 200
    assert not any("is asked" in line for line in said)
    more = [*texts(200, 1)[0], "one text more"]
    with pytest.raises(TrainingError) as error:
        distil(more, teacher, tmp_path / "two", epochs=1, answers=tmp_path / "one.answers.jsonl")
    want = "teacher: program must be running until it has answered, got exit code 1 after 0 of 1 answers; "
    assert str(error.value) == want + "it said last: 'asked again'."


def test_labelled_texts_are_learnt_beside(raw: Path, teacher: str, tmp_path: Path) -> None:
    inputs, labels = texts(50, 3)
    said: list[str] = []
    given = {"labelled": (inputs, labels), "test": (inputs[:3], labels[:3])}
    student = distil(raw, teacher, tmp_path / "student", **given, soft_weight=0.5, say=said.append)
    assert "3 labelled texts are in dev or test as well: scores there flatter the student" in said
    facts = student.metrics["distillation"]
    assert (facts["texts"], facts["labelled"]) == (200, 50)
    assert facts["scores"]["dev"]["rows"] == 5
    assert student.metrics["training"]["soft_labels"] == {"weight": 0.5, "temperature": 1.0, "labelled": 45}
    assert "20 of 25 dev rows have no label" in student.remarks[0]


def test_a_program_may_give_labels_alone(raw: Path, tmp_path: Path) -> None:
    script = tmp_path / "labels.py"
    code = "import json, sys\nfor line in sys.stdin: print(json.dumps({'label': 'pos' if 'm' in line else 'neg'}))"
    script.write_text(code, encoding="utf-8")
    student = distil(raw, f"{sys.executable} {script}", tmp_path / "student")
    assert student.metrics["distillation"]["agreement"] > 0.8
    assert "soft_labels" not in student.metrics["training"]


def test_a_saved_model_may_be_the_teacher(raw: Path, tmp_path: Path) -> None:
    bigru.train(texts(100, 4), out=tmp_path / "teacher", plain=False, **QUICK)
    student = distil(raw, tmp_path / "teacher", tmp_path / "student")
    first = json.loads((tmp_path / "student.answers.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == ["text", "label", "scores"]
    # The teacher's labels are no labels of the texts.
    assert student.metrics["training"]["soft_labels"] == {"weight": 1.0, "temperature": 1.0, "labelled": 0}
    assert student.metrics["distillation"]["agreement"] == 1.0


def test_a_tagger_teaches_the_probability_of_every_tag(tmp_path: Path) -> None:
    rows = [["in", "Bonn" if n % 2 else "Rome", f"n{n}"] for n in range(60)]
    tags = [["O", "B-LOC", "O"]] * 60
    data: Any = (rows, tags)
    teacher = bigru.train(data, out=tmp_path / "teacher", plain=False, **QUICK)
    student = distil(rows, tmp_path / "teacher", tmp_path / "student")
    first = json.loads((tmp_path / "student.answers.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert list(first) == ["tokens", "tags", "scores"]
    assert [sum(scores.values()) for scores in first["scores"]] == pytest.approx([1.0] * 3, abs=FLOAT32["atol"])
    assert student.predict(["in", "Bonn", "n3"])["tags"] == teacher.predict(["in", "Bonn", "n3"])["tags"]
    assert student.metrics["distillation"]["agreement"] == 1.0
    assert student.metrics["distillation"]["agreement_rows"] % 3 == 0  # tags of texts of three words


def test_what_does_not_fit_is_refused(raw: Path, teacher: str, tmp_path: Path) -> None:
    inputs, labels = texts(20, 5)
    with pytest.raises(DataError) as error:
        distil(raw, teacher, tmp_path / "student", test=(inputs, ["poss", *labels[1:]]))
    assert str(error.value) == "test:1: label must be one of the teacher's, neg, pos, got 'poss'. Did you mean 'pos'?"
    with pytest.raises(DataError) as error:
        distil(raw, teacher, tmp_path / "student", dev=(["", *inputs[1:]], labels))
    assert str(error.value) == "dev:1: text must be one that can be asked, got an empty one."
    with pytest.raises(DataError) as error:
        distil([" "], teacher, tmp_path / "student")
    assert str(error.value) == "distil: texts must be at least one that can be asked, got none."
    with pytest.raises(ArgumentError) as refused:
        bigru.distil(raw, teacher=teacher)
    assert str(refused.value) == "distil: answers must be named without a folder for the student, got None."
    assert not (tmp_path / "student").exists()


def test_agreement_on_tags_counts_tags() -> None:
    one, other = [{"tags": ["O", "B-LOC"]}, {"tags": ["O"]}], [{"tags": ["O", "O"]}, {"tags": ["O"]}]
    assert [len(_decisions(answers, "tags")) for answers in (one, other)] == [3, 3]
    assert count_changed(_decisions(one, "tags"), _decisions(other, "tags")) == 1
