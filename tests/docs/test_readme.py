"""What the READMEs say is true: their Python runs, their commands exist (their figures: `test_benchmarks.py`)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer

from bigru import BiGRUClassifier
from bigru.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "README.zh-CN.md"]
TEXTS = ["很好看", "太棒了", "难看", "失望透顶"] * 5
LABELS = ["1", "1", "0", "0"] * 5


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("readme")
    BiGRUClassifier(hidden=4, epochs=1).fit(TEXTS, LABELS, TEXTS, LABELS).save(place / "model")
    rows = "".join(f"{text}{n},{label}\n" for n, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True)))
    (place / "reviews.csv").write_text("text,label\n" + rows, encoding="utf-8")
    return place


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.train
def test_python_blocks_run(page: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shutil.copytree(folder, tmp_path / "work"))
    random = np.random.default_rng(0)
    names: dict[str, Any] = {
        "texts": TEXTS,
        "labels": LABELS,
        "X": random.normal(size=(12, 10, 3)).astype(np.float32),
        "y": random.integers(0, 2, (12, 10)),
        "x": torch.zeros(2, 5, 30),
        "lengths": torch.tensor([5, 2]),
    }
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    assert names["model"].predict(["很好看"])[0]["label"] in {"0", "1"}
    assert 0 <= names["trained"].dev["accuracy"] <= 1
    assert len(names["tagger"].predict(names["X"])) == 12
    assert names["y"].shape == (2, 5, 64)


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str) -> None:
    named = {
        line.split()[1] for block in blocks(page, "sh") for line in block.splitlines() if line.startswith("bigru ")
    }
    known = set(typer.main.get_command(app).commands)
    assert named
    assert named <= known
