"""`bigru verify`: JSON on stdout, a table on stderr, a section in the card, exit code 1 where answers differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru import bundle
from bigru.cli import run
from bigru.runtime.network import Network
from bigru.verify import sets
from verify.conftest import BUNDLES


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "others", list)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundle.save(replace(BUNDLES["text"], card="Two reviews."), tmp_path / "model")
    return tmp_path / "model"


def test_made_up_samples(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (folder / "README.md").read_text(encoding="utf-8")
    assert run(["verify", str(folder)]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert (found["passed"], found["samples"], found["given"], found["model"]) == (True, 27, 0, str(folder))
    assert "Every answer is the same within its tolerance." in told.err
    assert "reference" in told.err
    after = (folder / "README.md").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert after.count("## Verification\n") == 1
    assert "| reference | " in after
    assert run(["verify", str(folder)]) == 0
    assert (folder / "README.md").read_text(encoding="utf-8") == after
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["README.md", "config.json", "metrics.json", "model.safetensors", "vocabulary.json"]
    )
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
    told = capsys.readouterr()
    assert json.loads(told.out)["passed"] is False
    assert "ANSWERS DIFFER." in told.err
    assert "**Answers differ**" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "bigru verify: nothing: model must be the folder of a saved model, got no such folder."),
        (["model", "nothing.csv"], "bigru verify: data must be a file or folder that exists, got 'nothing.csv'."),
        (["model", "--most", "0"], "bigru verify: --most must be at least 1, got 0."),
        (
            ["model", "model/config.json", "--fill", "linear"],
            "fill must be left out for a model that forecasts nothing",
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
