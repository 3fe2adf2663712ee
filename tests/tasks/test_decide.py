"""What tasks share: one signature, one rule for ties, and decisions that agree wherever they are made."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from bigru.features.audio import AudioFeatures
from bigru.features.series import SeriesFeatures
from bigru.tasks import TASKS, classify, tag, task_named, transcribe
from tolerances import FLOAT32

SERIES = SeriesFeatures((0.0,), (1.0,))
AUDIO = AudioFeatures(8000, 4, mean=(0.0,) * 4, std=(1.0,) * 4)
BIO = ("O", "B-X", "I-X")
CRF = {"crf.transitions": np.zeros((3, 3)), "crf.start": np.zeros(3), "crf.end": np.zeros(3)}
CONFIGS: dict[str, tuple[Any, Any]] = {
    "two labels": (classify, classify.Config(("a", "b"), SERIES)),
    "two labels, another threshold": (classify, classify.Config(("a", "b"), SERIES, threshold=0.3)),
    "three labels": (classify, classify.Config(("a", "b", "c"), SERIES)),
    "any labels": (classify, classify.Config(("a", "b", "c"), SERIES, True)),
    "two tags": (tag, tag.Config(("a", "b"), SERIES)),
    "tags": (tag, tag.Config(("a", "b", "c"), SERIES)),
    "tags of a scheme": (tag, tag.Config(BIO, SERIES, "BIO")),
    "crf": (tag, tag.Config(BIO, SERIES, "BIO", True)),
    "transcripts": (transcribe, transcribe.Config(("a", "b"), AUDIO)),
    "beam": (transcribe, transcribe.Config(("a", "b"), AUDIO, beam=3)),
}
LENGTHS = np.array([4, 0, 1, 3])


def logits(task: Any, config: Any, flat: bool = False) -> np.ndarray:
    """Return logits of four inputs; past a length stands what would change every decision."""
    shape = (4, config.outputs) if task.HEAD == "sequence" else (4, 4, config.outputs)
    drawn = np.zeros(shape) if flat else np.random.default_rng(0).normal(size=shape)
    if task.HEAD == "step":
        drawn[np.arange(4) >= LENGTHS[:, None]] = 99 * np.arange(config.outputs)
    return drawn.astype(np.float32)


def decide(name: str, values: np.ndarray, **options: Any) -> Any:
    task, config = CONFIGS[name]
    return task.decide(config, values, LENGTHS, task.prepare(config, CRF), **options)


@pytest.mark.parametrize("word", ["decide", "answer", "prepare", "required", "answer_types", "tied", "exported"])
def test_every_task_has_the_same_signature(word: str) -> None:
    found = {tuple(inspect.signature(getattr(task_named(name), word)).parameters) for name in TASKS}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("name", "want"),
    [
        # A probability of just the threshold is enough for a label; of equal ones the first is the answer.
        ("two labels", [[1]] * 4),
        ("three labels", [[0]] * 4),
        ("any labels", [[1, 1, 1]] * 4),
        ("two tags", [[0, 0, 0, 0], [], [0], [0, 0, 0]]),
        ("tags", [[0, 0, 0, 0], [], [0], [0, 0, 0]]),
        ("crf", [[0, 0, 0, 0], [], [0], [0, 0, 0]]),
        ("transcripts", [[0, 0, 0, 0], [], [0], [0, 0, 0]]),
    ],
)
def test_of_equal_labels_the_first_is_decided(name: str, want: list[list[int]]) -> None:
    assert [row.tolist() for row in decide(name, logits(*CONFIGS[name], flat=True)).rows()] == want


@pytest.mark.parametrize("name", CONFIGS)
def test_a_quick_decision_is_the_same_without_probabilities(name: str) -> None:
    task, config = CONFIGS[name]
    if getattr(config, "beam", 1) > 1:
        config = transcribe.Config(config.labels, AUDIO)
    values = logits(task, config)
    whole = task.decide(config, values, LENGTHS, task.prepare(config, CRF))
    quick = task.decide(CONFIGS[name][1], values, LENGTHS, task.prepare(config, CRF), quick=True)
    assert [row.tolist() for row in quick.rows()] == [row.tolist() for row in whole.rows()]


@pytest.mark.parametrize("name", CONFIGS)
def test_answers_have_the_entries_that_their_types_name(name: str) -> None:
    task, config = CONFIGS[name]
    values = logits(task, config)
    answers = task.answer(config, decide(name, values), values, [np.zeros((n, 1)) for n in LENGTHS])
    kinds = task.answer_types(config)
    assert len(answers) == 4
    for answer in answers:
        assert list(answer) == list(kinds)
        for key, kind in kinds.items():
            assert isinstance(answer[key], type(kind) if isinstance(kind, list | dict) else kind)


def files() -> dict[str, Any]:
    """Return what a file puts out for logits, by the name of a configuration."""
    return {
        "two labels": lambda v: {"probabilities": 1 / (1 + np.exp(np.concatenate([v, -v], axis=1)))},
        "three labels": lambda v: {"probabilities": np.exp(v) / np.exp(v).sum(axis=1, keepdims=True)},
        "any labels": lambda v: {"probabilities": 1 / (1 + np.exp(-v))},
        "tags": lambda v: {"tags": v.argmax(axis=2)},
        "transcripts": lambda v: {"logits": v, "symbols": np.where(np.diff(v.argmax(2), prepend=0), v.argmax(2), 0)},
    }


@pytest.mark.parametrize("name", files())
def test_what_a_sound_file_decides_is_what_the_task_decides(name: str) -> None:
    task, config = CONFIGS[name]
    values = logits(task, config)
    own = task.exported(config, files()[name](values))
    for row, want in zip(own, decide(name, values).rows(), strict=True):
        np.testing.assert_array_equal(np.reshape(row, -1)[: len(want)], want)


def test_a_symbol_that_a_file_begins_at_another_step_is_none() -> None:
    config = CONFIGS["transcripts"][1]
    values = np.zeros((1, 4, 3), np.float32)
    values[0, [1, 2], 1] = 5
    assert transcribe.exported(config, {"logits": values, "symbols": np.array([[0, 1, 0, 0]])}).tolist() == [
        [0, 1, 1, 0]
    ]
    assert transcribe.exported(config, {"logits": values, "symbols": np.array([[0, 0, 1, 0]])}).tolist() == [
        [0, -1, -1, 0]
    ]
    assert transcribe.exported(CONFIGS["beam"][1], {"logits": values}) is None


@pytest.mark.parametrize(
    ("name", "values", "labels", "others", "tied"),
    [
        ("two labels", [1e-6], [1], [0], True),
        ("two labels", [0.1], [1], [0], False),
        ("two labels, another threshold", [np.log(0.3 / 0.7) + 1e-6], [1], [0], True),
        ("two labels, another threshold", [1e-6], [1], [0], False),
        ("three labels", [0.5, 0.5, 0.2], [0], [1], True),
        ("three labels", [0.5, 0.5, 0.2], [0], [2], False),
        ("any labels", [1e-6, 3.0, -3.0], [1, 1, 0], [0, 1, 0], True),
        ("any labels", [1e-6, 3.0, -3.0], [1, 1, 0], [0, 0, 0], False),
        ("two tags", [[1e-6], [5.0]], [1, 1], [0, 1], True),
        ("two tags", [[1e-6], [5.0]], [1, 1], [1, 0], False),
        ("tags", [[1.0, 1.0, 0.0], [5.0, 0.0, 0.0]], [0, 0], [1, 0], True),
        ("tags", [[1.0, 1.0, 0.0], [5.0, 0.0, 0.0]], [0, 0], [0, 1], False),
        ("crf", [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]], [0, 0], [1, 2], True),
        ("crf", [[1.0, 1.0, 0.0], [2.0, 0.0, 1.0]], [0, 0], [1, 2], False),
        ("crf", [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], [0, 0], [0, 2], False),
        ("transcripts", [[1.0, 1.0, 0.0], [5.0, 0.0, 0.0]], [0, 0], [1, 0], True),
        ("transcripts", [[1.0, 1.0, 0.0], [5.0, 0.0, 0.0]], [0, 0], [0, 1], False),
        ("beam", [[1.0, 1.0, 0.0]], [1], [2], False),
    ],
)
def test_labels_that_rounding_alone_decides_are_tied(
    name: str, values: Any, labels: list[int], others: list[int], tied: bool
) -> None:
    task, config = CONFIGS[name]
    rows = np.array(labels), np.array(others)
    assert task.tied(config, np.array(values, np.float32), *rows, 2e-5, task.prepare(config, CRF)) == tied


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in ("crf", "beam")])
def test_answers_that_come_piece_by_piece_are_decided_alike(name: str) -> None:
    task, config = CONFIGS[name]
    values = logits(task, config)[:1]
    running, want = (
        task.running(config, None),
        task.answer(config, decide_one(name, values), values, [np.zeros((4, 1))]),
    )
    given = [values] if task.HEAD == "sequence" else [values[0, :1], values[0, 1:]]
    found = [one for part in given for one in running.push(part, 4)] + running.finish()
    if task is classify:
        assert found == [{"step": 4, **want[0]}]
    elif task is tag:
        assert [one["tag"] for one in found] == want[0]["tags"]
        np.testing.assert_allclose([one["confidence"] for one in found], want[0]["confidence"], **FLOAT32)
    else:
        assert [one["symbol"] for one in found] == [one["symbol"] for one in want[0]["symbols"]]


def decide_one(name: str, values: np.ndarray) -> Any:
    task, config = CONFIGS[name]
    return task.decide(config, values, np.array([4]), task.prepare(config, CRF))
