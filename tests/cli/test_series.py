"""Series from file to answer: tables with a row per step, gaps, labels of steps, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Bigru = Callable
Refused = Callable[..., str]
FAST = ("--epochs", "2", "--set", "hidden=4", "--seed", "1")


def table(path: Path, per_step: bool = False, gaps: bool = True, seed: int = 0) -> Path:
    random = np.random.default_rng(seed)
    rows = ["run,second,x,y,gesture"]
    for run in range(30):
        x = random.normal(size=(int(random.integers(2, 9)), 2)) + run % 2
        for step, (one, other) in enumerate(x.tolist()):
            cell = "" if gaps and random.random() < 0.2 else f"{other:.3f}"
            label = "high" if (one > 0.5 if per_step else run % 2) else "low"
            rows.append(f"{run},{step},{one:.3f},{cell},{label}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.train
@pytest.mark.parametrize("per_step", [False, True])
def test_a_table_becomes_a_model_that_answers(bigru: Bigru, tmp_path: Path, per_step: bool) -> None:
    data, test = table(tmp_path / "a.csv", per_step), table(tmp_path / "b.csv", per_step, seed=1)
    columns = ("--id-column", "run", "--time-column", "second", "--label", "gesture")
    pooling = () if per_step else ("--set", "pooling=attention,max")
    result = bigru("train", data, "--test", test, "--out", tmp_path / "m", *columns, *FAST, *pooling)
    assert result.code == 0, result.err
    assert "30 examples; format csv" in result.err
    assert "series of 2 values a step" in result.err
    assert "reads 2 numbers per step, 1 of which may be missing" in result.err
    assert 0 <= result.json["test"]["accuracy"] <= 1
    answers = bigru("predict", tmp_path / "m", test, *columns[:4]).rows
    assert len(answers) == 30
    assert ("tags" if per_step else "label") in answers[0]
    assert bigru("evaluate", tmp_path / "m", test, *columns).code == 0
    assert "missing values" in bigru("doctor", data, *columns).err


@pytest.mark.train
def test_gaps_are_refused_by_a_model_that_never_saw_any(bigru: Bigru, refused: Refused, tmp_path: Path) -> None:
    data, test = table(tmp_path / "a.csv", gaps=False), table(tmp_path / "b.csv")
    columns = ("--id-column", "run", "--time-column", "second")
    assert bigru("train", data, "--out", tmp_path / "m", "--label", "gesture", *columns, *FAST).code == 0
    line = refused("predict", tmp_path / "m", test, *columns)
    assert "b.csv:" in line
    assert "column 1 must be a number, as in training, where this column lacked none, got nan. Fill it in, or" in line


def test_a_column_without_numbers_is_refused_by_name(refused: Refused, tmp_path: Path) -> None:
    text = table(tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    rows = [",".join([*row.split(",")[:3], "", row.split(",")[4]]) for row in text[1:]]
    (tmp_path / "a.csv").write_text("\n".join([text[0], *rows]), encoding="utf-8")
    line = refused("train", tmp_path / "a.csv", "--id-column", "run", "--time-column", "second", "--label", "gesture")
    assert line.endswith("a.csv: column y must be of numbers, got not one. Leave such a column out.")


def test_an_option_for_series_is_refused_for_texts(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\n" + "good,a\nbad,b\n" * 10, encoding="utf-8")
    out = ("--out", tmp_path / "m")
    line = refused("train", tmp_path / "t.csv", *out, "--set", "jitter=0.1")
    assert "train: jitter must be 0 for inputs that are no numeric sequences, got 0.1" in line
    assert "per_series is not allowed for texts (got given)" in refused(
        "train", tmp_path / "t.csv", *out, "--set", "per_series=true"
    )
    assert "--id-column" not in refused("train", tmp_path / "t.csv", *out, "--set", "per_series=maybe")
