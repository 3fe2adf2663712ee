"""Loggers: what stands in their files, and when."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from bigru.errors import TrainingError
from bigru.train.loop.loggers import CsvLogger, Loggers, TensorBoardLogger


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_new_figures_get_a_column_and_earlier_rows_stay(tmp_path: Path) -> None:
    logger, path = CsvLogger(tmp_path / "new" / "csv"), tmp_path / "new" / "csv" / "metrics.csv"
    assert list(tmp_path.iterdir()) == []
    logger.log({"train/rate": 0.1, "train/loss": 2.5}, 50)
    logger.log({"train/rate": 0.2, "train/loss": 2.25}, 100)
    assert path.read_text().splitlines()[0] == "step,train/loss,train/rate"
    logger.log({"epoch/loss": 2.0}, 120)
    logger.log({"train/rate": 0.1, "train/loss": 1.5}, 150)
    assert path.read_text().splitlines() == [
        "epoch/loss,step,train/loss,train/rate",
        ",50,2.5,0.1",
        ",100,2.25,0.2",
        "2.0,120,,",
        ",150,1.5,0.1",
    ]


def test_a_second_start_at_the_same_step_replaces_the_file(tmp_path: Path) -> None:
    for loss in (1.0, 2.0):
        with Loggers(["csv"], tmp_path, 0) as loggers:
            loggers.log({"loss": loss}, 1)
    assert rows(tmp_path / "logs" / "csv" / "from_step_0" / "metrics.csv") == [{"loss": "2.0", "step": "1"}]


def test_points_for_tensorboard_are_on_the_disk_when_the_training_ends(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with Loggers(["tensorboard"], tmp_path, 7) as loggers:
        assert loggers
        loggers.log({"train/loss": 0.5}, 50)
        loggers.log({"train/loss": 0.25}, 100)
    events = EventAccumulator(str(tmp_path / "logs" / "tensorboard" / "from_step_7")).Reload()
    assert [(point.step, point.value) for point in events.Scalars("train/loss")] == [(50, 0.5), (100, 0.25)]


def test_a_disk_that_fills_up_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    want = (
        f"train: logs must be writable, got No space left on device below {str(tmp_path)!r}. "
        "Make room and run again with --resume, or train without loggers."
    )
    monkeypatch.setattr(TensorBoardLogger, "close", full)
    with pytest.raises(TrainingError) as caught, Loggers(["tensorboard"], tmp_path, 0):
        pass
    assert str(caught.value) == want
    monkeypatch.setattr(TensorBoardLogger, "log", full)
    with pytest.raises(TrainingError) as caught, Loggers(["tensorboard"], tmp_path, 0) as loggers:
        loggers.log({"loss": 1.0}, 1)
    assert str(caught.value) == want


def test_no_loggers_are_false() -> None:
    assert not Loggers([], None, 0)
