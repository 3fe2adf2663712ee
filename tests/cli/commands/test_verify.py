"""`bigru verify`: JSON on stdout, a table on stderr, a section in the card, exit code 1 where answers differ."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru import bundle
from bigru.bundle import quantized
from bigru.cli import run
from bigru.models import shipped
from bigru.runtime.network.sequence import Network
from bigru.verify import instruction_sets
from verify.conftest import BUNDLES
from verify.faults import FAULTS


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instruction_sets, "other_sets", list)


ANSWERED = ("entities", "tokens", "series", "speech", "quantiles", "stored")
"""Models of other tasks and inputs."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundle.save(replace(BUNDLES["text"], card="Two reviews."), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.slow
def test_made_up_samples(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "README.md").read_text(encoding="utf-8")
    assert run(["verify", str(folder)]) == 0
    answer = capsys.readouterr()
    found = json.loads(answer.out)
    assert (found["passed"], found["samples"], found["given"], found["model"]) == (True, 27, 0, str(folder))
    assert "Every answer is the same within its tolerance." in answer.err
    assert "reference" in answer.err
    after = (folder / "README.md").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert after.count("## Verification\n") == 1
    assert "| reference | " in after
    assert run(["verify", str(folder)]) == 0
    assert (folder / "README.md").read_text(encoding="utf-8") == after
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["README.md", "config.json", "metrics.json", "model.safetensors", "verification.json", "vocabulary.json"]
    )
    assert {"reference", "torch", "onnx", "onnx int8"} < {row["engine"] for row in found["rows"]}
    assert bundle.load(folder).card == after


def test_data_of_the_user(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "texts.txt").write_text("好电影\n坏\n不好看\n", encoding="utf-8")
    assert run(["verify", str(folder), str(tmp_path / "texts.txt"), "--keep-card", "--most", "2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["given"], found["samples"]) == (2, 6)
    assert "Verification" not in (folder / "README.md").read_text(encoding="utf-8")


def test_a_table_is_cut_wherever_past_and_future_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.save(BUNDLES["forecast"], tmp_path / "model")
    rows = [f"2024-01-{1 + n // 24:02d} {n % 24:02d}:00,{n % 7},{n % 5},{n % 3}" for n in range(40)]
    (tmp_path / "table.csv").write_text("date,a,b,c\n" + "\n".join(rows) + "\n")
    assert run(["verify", str(tmp_path / "model"), str(tmp_path / "table.csv")]) == 0
    assert json.loads(capsys.readouterr().out)["given"] == 40 - 12 - 7 + 1


def test_answers_that_differ_are_exit_code_1_and_stand_in_the_card(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Network.__call__
    monkeypatch.setattr(Network, "__call__", lambda self, x, n: call(self, x, n) + np.float32(0.01) * len(x))
    assert run(["verify", str(folder)]) == 1
    answer = capsys.readouterr()
    assert json.loads(answer.out)["passed"] is False
    assert "ANSWERS DIFFER." in answer.err
    assert "**Answers differ**" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_exit_code_1(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, plant = FAULTS[fault]
    bundle.save(BUNDLES[name], tmp_path / "model")
    assert run(["verify", str(tmp_path / "model")]) == 0
    plant(monkeypatch)
    assert run(["verify", str(tmp_path / "model")]) == 1
    assert json.loads((tmp_path / "model" / "verification.json").read_text())["passed"] is False


def test_the_folder_says_which_files_were_verified(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(folder)]) == 0
    found = json.loads((folder / "verification.json").read_text(encoding="utf-8"))
    printed = json.loads(capsys.readouterr().out)
    assert found["rows"] == printed["rows"]
    assert sorted(found["files"]) == ["config.json", "metrics.json", "model.safetensors", "vocabulary.json"]
    for name, digest in found["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    bundle.save(BUNDLES["text"], folder, force=True)
    assert not (folder / "verification.json").exists()


@pytest.mark.slow
def test_a_shipped_model_is_verified_and_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in shipped()["zh-sentiment"].iterdir()}
    assert run(["verify", "zh-sentiment"]) == 0
    assert "zh-sentiment comes with bigru, and its card stays as it is." in capsys.readouterr().err
    assert {path.name: path.stat().st_mtime_ns for path in shipped()["zh-sentiment"].iterdir()} == before


@pytest.mark.slow
def test_a_shipped_model_is_left_alone_by_its_path_too(capsys: pytest.CaptureFixture[str]) -> None:
    place = shipped()["zh-sentiment"]
    before = sorted(path.name for path in place.iterdir())
    assert run(["verify", str(place)]) == 0
    assert "comes with bigru, and its card stays as it is." in capsys.readouterr().err
    assert sorted(path.name for path in place.iterdir()) == before


def test_a_model_that_is_read_only_is_verified(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "README.md").read_bytes()
    # Of chmod the superuser takes no notice.
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    assert run(["verify", str(folder)]) == 0
    answer = capsys.readouterr()
    assert json.loads(answer.out)["passed"] is True
    assert f"{folder} is read-only, and its card stays as it is." in answer.err
    assert (folder / "README.md").read_bytes() == before


def test_a_model_that_hides_a_shipped_one_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    folder.rename("zh-sentiment")
    assert run(["verify", "zh-sentiment"]) == 0
    answer = capsys.readouterr().err
    assert "zh-sentiment is what lies here, not the model of this name that comes with bigru." in answer
    assert "Written into the card of zh-sentiment" in answer


@pytest.mark.slow
def test_what_changed_since_the_last_verification_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = "is not what was verified here last."
    assert run(["verify", str(folder)]) == 0
    assert run(["verify", str(folder)]) == 0
    assert said not in capsys.readouterr().err
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    (folder / "metrics.json").unlink()
    assert bundle.changed_files(folder) == ["model.safetensors", "metrics.json"]
    assert run(["verify", str(folder)]) == 0
    assert f"model.safetensors {said}\nmetrics.json {said}\n" in capsys.readouterr().err
    assert bundle.changed_files(folder) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERED)
def test_models_of_every_task(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.save(BUNDLES[name], tmp_path / "model")
    assert run(["verify", str(tmp_path / "model")]) == 0
    assert {"reference", "onnx"} < {row["engine"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert "## Verification\n" in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


def test_what_cannot_be_run_here_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run(["verify", str(folder), "--keep-card"]) == 0
    assert "ONNX was left out: " in capsys.readouterr().err


def test_quantizing_with_a_wrong_scale_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = folder.parent / "small"
    sound = quantized.quantize

    def wrong(array: np.ndarray, table: bool = False) -> quantized.Quantized:
        stored = sound(array, table)
        return quantized.Quantized(stored.values, stored.scales * np.float32(127 / 64))

    monkeypatch.setattr(quantized, "quantize", wrong)
    assert run(["quantize", str(folder), str(out)]) == 1
    assert "float32 weights before int8" in capsys.readouterr().err
    assert not out.exists()


def test_quantizing_says_in_the_card_how_it_was_verified(folder: Path) -> None:
    assert run(["verify", str(folder)]) == 0
    assert run(["quantize", str(folder), str(folder.parent / "small")]) == 0
    made = bundle.load(folder.parent / "small")
    assert made.card.count("## Verification\n") == 1
    assert "| float32 weights before int8 | " in made.card
    assert made.metrics["verification"]["changed_answers"] == 0
    assert not (folder.parent / "small" / "verification.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("to", ["onnx", "torch"])
def test_a_model_with_a_fault_is_not_exported(to: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS["last step of the backward walk"][1](monkeypatch)
    assert run(["export", str(folder), "--to", to, "--out", str(folder.parent / "out")]) == 1
    assert not (folder.parent / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "bigru verify: nothing: model must be the folder of a saved model, got no such folder."),
        (["model", "nothing.csv"], "bigru verify: data must be a file or folder that exists, got 'nothing.csv'."),
        (["model", "--most", "0"], "bigru verify: --most must be at least 1, got 0."),
        (
            ["model", "model/config.json", "--fill", "linear"],
            "fill is not allowed for a model that forecasts nothing",
        ),
    ],
)
def test_wrong_input_is_exit_code_2(
    folder: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert run(["verify", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_card_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    before = (folder / "README.md").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run(["verify", str(folder)]) == 2
    assert "README.md: file must be writable, got No space left on device." in capsys.readouterr().err
    assert (folder / "README.md").read_bytes() == before
    assert not list(folder.glob(".bigru-*"))
