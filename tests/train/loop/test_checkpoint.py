from __future__ import annotations

import builtins
import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from bigru.errors import TrainingError
from bigru.train.loop import checkpoint
from bigru.train.loop.checkpoint import CURRENT, PREVIOUS

STATE: dict[str, Any] = {"step": 3, "model": {"w": torch.arange(1000.0)}, "history": [{"loss": 0.5}], "best": None}


def silent(line: str) -> None:
    raise AssertionError(line)


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "run", STATE)
    state = checkpoint.load(tmp_path / "run", silent)
    assert torch.equal(state["model"]["w"], STATE["model"]["w"])
    assert (state["step"], state["history"], state["best"]) == (3, [{"loss": 0.5}], None)


def test_one_previous_is_kept_and_nothing_else(tmp_path: Path) -> None:
    assert not checkpoint.exists(tmp_path)
    for step in range(4):
        checkpoint.save(tmp_path, {**STATE, "step": step})
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([CURRENT, PREVIOUS])
    assert checkpoint.load(tmp_path, silent)["step"] == 3
    (tmp_path / CURRENT).unlink()
    lines: list[str] = []
    assert checkpoint.exists(tmp_path)
    assert checkpoint.load(tmp_path, lines.append)["step"] == 2
    assert lines == [f"{tmp_path / CURRENT}: damaged (missing); goes on from {PREVIOUS}, at step 2"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_checkpoint_gives_way_to_the_previous_with_a_line(tmp_path: Path, share: float) -> None:
    checkpoint.save(tmp_path, {**STATE, "step": 1})
    checkpoint.save(tmp_path, {**STATE, "step": 2})
    os.truncate(tmp_path / CURRENT, int((tmp_path / CURRENT).stat().st_size * share))
    lines: list[str] = []
    assert checkpoint.load(tmp_path, lines.append)["step"] == 1
    assert "damaged" in lines[0]
    assert f"goes on from {PREVIOUS}, at step 1" in lines[0]


def test_no_whole_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, STATE)
    os.truncate(tmp_path / CURRENT, 100)
    with pytest.raises(TrainingError, match=r"checkpoint must be whole, got a damaged file, .*100 bytes\). Remove it"):
        checkpoint.load(tmp_path, silent)


def test_a_checkpoint_of_another_format_is_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, {**STATE, "format": 99})
    with pytest.raises(TrainingError, match="not a checkpoint of format 4"):
        checkpoint.load(tmp_path, silent)


def test_a_folder_without_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"folder must be one that holds a checkpoint, got .*Run without --resume"):
        checkpoint.load(tmp_path, silent)


def test_remove_takes_checkpoints_alone(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, STATE)
    checkpoint.save(tmp_path, STATE)
    (tmp_path / "mine.txt").write_text("kept")
    checkpoint.remove(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_full_disk_leaves_the_earlier_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint.save(tmp_path, {**STATE, "step": 1})

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    want = r"folder must be a place where a checkpoint can be written, got .* \(No space left on device\)\. The check"
    with pytest.raises(TrainingError, match=want):
        checkpoint.save(tmp_path, {**STATE, "step": 2})
    assert [p.name for p in tmp_path.iterdir()] == [CURRENT]
    assert checkpoint.load(tmp_path, silent)["step"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full exists on Linux alone")
def test_a_device_that_is_really_full(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, {**STATE, "step": 1})
    (tmp_path / checkpoint.WRITING).symlink_to("/dev/full")
    with pytest.raises(TrainingError, match="a place where a checkpoint can be written"):
        checkpoint.save(tmp_path, {**STATE, "step": 2})
    assert checkpoint.load(tmp_path, silent)["step"] == 1


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match=r"a place where a checkpoint can be written, got .*File exists"):
        checkpoint.save(tmp_path / "file", STATE)


def test_nothing_in_a_checkpoint_can_run_code(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, STATE)
    checkpoint.save(tmp_path, {**STATE, "evil": builtins.print})
    (tmp_path / PREVIOUS).unlink()
    with pytest.raises(TrainingError, match="UnpicklingError"):
        checkpoint.load(tmp_path, silent)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full exists on Linux alone")
def test_a_disk_that_is_full_from_the_start_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / checkpoint.WRITING).symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"\(No space left on device\)\. Make room and run it again\.$"):
        checkpoint.save(tmp_path, STATE)


def test_changed_bytes_anywhere_give_way_to_the_previous_with_a_line(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, {**STATE, "step": 1})
    checkpoint.save(tmp_path, {**STATE, "step": 2})
    whole = (tmp_path / CURRENT).read_bytes()
    at = whole.index(torch.arange(1000.0).numpy().tobytes())
    for place in (0, at, at + 2000, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        changed = bytes([whole[place] ^ 1])
        (tmp_path / CURRENT).write_bytes(whole[:place] + changed + whole[place + 1 :])
        lines: list[str] = []
        assert checkpoint.load(tmp_path, lines.append)["step"] == 1, place
        got = f"its digest is not that of its content, {len(whole)} bytes"
        assert lines == [f"{tmp_path / CURRENT}: damaged ({got}); goes on from {PREVIOUS}, at step 1"]


def test_two_damaged_checkpoints_are_refused(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, {**STATE, "step": 1})
    checkpoint.save(tmp_path, {**STATE, "step": 2})
    for name in (CURRENT, PREVIOUS):
        with (tmp_path / name).open("r+b") as file:
            file.seek(1000)
            file.write(b"!")
    with pytest.raises(TrainingError, match=r"its digest is not that of its content, .* bytes\)\. Remove it and train"):
        checkpoint.load(tmp_path, silent)


def test_a_training_keeps_others_out_of_its_folder(tmp_path: Path) -> None:
    refused = []

    def enter() -> None:
        with pytest.raises(TrainingError) as caught, checkpoint.exclusive(tmp_path / "run"):
            pass
        refused.append(str(caught.value))

    with checkpoint.exclusive(tmp_path / "run"):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
        checkpoint.save(tmp_path / "run", STATE)
    assert refused == [
        f"train: folder must be free, got '{tmp_path}/run', where another training writes. "
        "Wait until it has ended, or name another folder."
    ]
    assert checkpoint.exists(tmp_path / "run")


def test_a_folder_that_nothing_was_written_to_goes(tmp_path: Path) -> None:
    with checkpoint.exclusive(tmp_path / "run"):
        assert (tmp_path / "run").is_dir()
    assert not (tmp_path / "run").exists()
