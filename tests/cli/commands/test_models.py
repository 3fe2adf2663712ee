"""`bigru models` and `bigru quantize`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.bundle import load, save
from bigru.models import shipped

Bigru = Callable
Refused = Callable[..., str]


def test_shipped_models_are_listed_and_used(bigru: Bigru) -> None:
    rows = bigru("models").rows
    assert [row["name"] for row in rows] == list(shipped())
    assert all(row["about"].endswith(".") and row["bytes"] <= 8e6 for row in rows)
    assert bigru("predict", "zh-entities", "北京", "--plain").out == "北京\t北京/LOC\n"


def test_a_folder_of_the_name_is_said(bigru: Bigru, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(load("zh-entities"), tmp_path / "zh-entities")
    err = bigru("predict", "zh-entities", "北京").err
    assert err == "zh-entities is what lies here, not the model of this name that comes with bigru.\n"


def test_a_model_in_8_bits_is_smaller_and_says_what_it_costs(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text,label\naab,a\nb,b\nbba,b\na,a\n", encoding="utf-8")
    result = bigru("quantize", model, tmp_path / "out", tmp_path / "x.csv")
    assert result.code == 0, result.err
    answer = result.json
    assert (answer["n"], answer["score"]) == (4, "accuracy")
    exact = bigru("evaluate", model, tmp_path / "x.csv").json["accuracy"]
    stored = bigru("evaluate", tmp_path / "out", tmp_path / "x.csv").json["accuracy"]
    assert (answer["fp32"], answer["int8 stored, fp32 products"]["accuracy"]) == (exact, stored)
    assert load(tmp_path / "out").metrics["quantized"]["fp32"] == exact
    assert "## Storage" in load(tmp_path / "out").card
    assert "products in int8" in result.err


def test_sizes_are_those_of_the_folders(bigru: Bigru, tmp_path: Path) -> None:
    one = load("zh-entities")
    save(one.__class__(one.task, one.model, one.config, dict(one.weights)), tmp_path / "whole")
    before, after = bigru("quantize", tmp_path / "whole", tmp_path / "out").json["bytes"]
    assert before == sum(path.stat().st_size for path in (tmp_path / "whole").iterdir())
    assert after == sum(path.stat().st_size for path in (tmp_path / "out").iterdir())
    assert 3.5 < before / after < 4.1


def test_what_is_in_8_bits_is_refused(refused: Refused, tmp_path: Path) -> None:
    line = refused("quantize", "zh-entities", tmp_path / "out")
    assert line.endswith("zh-entities: model must be stored as float32, got one in 8 bits already.")
    assert not (tmp_path / "out").exists()
