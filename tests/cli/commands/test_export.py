"""`bigru export`: what it prints, its exit codes, its refusals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bigru.bundle import save
from bigru.export.onnx import session
from bigru.models import shipped
from exports import bundles

Bigru = Callable

BUNDLES = bundles()


def test_it_writes_a_file_and_says_what_it_is(bigru: Bigru, tmp_path: Path) -> None:
    save(BUNDLES["crf of BIO"], tmp_path / "model")
    result = bigru("export", tmp_path / "model", "--to", "onnx", "--out", tmp_path / "model.onnx")
    assert result.code == 0
    assert result.json["bytes"] == (tmp_path / "model.onnx").stat().st_size
    assert result.json["changed"] == 0
    assert "drawn inputs it answered as the runtime: logits at most" in result.err
    again = bigru("export", tmp_path / "model", "--out", tmp_path / "model.onnx")
    assert (again.code, again.out) == (2, "")
    assert "--out must be free, got a file that exists. Choose another place, or replace it with --force." in again.err
    small = bigru("export", tmp_path / "model", "--out", tmp_path / "model.onnx", "--int8", "--force")
    assert small.json["int8"]
    assert "as the runtime with the same rounded weights" in small.err


def test_what_answers_otherwise_is_told_by_exit_code_1(
    bigru: Bigru, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(BUNDLES["crf of BIO"], tmp_path / "model")
    right = session.OnnxSession.run

    def wrong(self: session.OnnxSession, inputs: np.ndarray, lengths: np.ndarray) -> dict[str, np.ndarray]:
        return {name: 2 * array for name, array in right(self, inputs, lengths).items()}

    monkeypatch.setattr(session.OnnxSession, "run", wrong)
    result = bigru("export", tmp_path / "model", "--out", tmp_path / "model.onnx")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("bigru export: answers of the ONNX file must be those of the runtime")
    assert not (tmp_path / "model.onnx").exists()


def test_a_beam_stays_behind_and_that_is_said(bigru: Bigru, tmp_path: Path) -> None:
    save(BUNDLES["transcriber with a beam"], tmp_path / "model")
    result = bigru("export", tmp_path / "model", "--out", tmp_path / "model.onnx")
    assert result.code == 0
    assert "The beam search stays behind: the export gives the logits of each step, and no symbols." in result.err


def test_other_formats_are_refused(bigru: Bigru, tmp_path: Path) -> None:
    save(BUNDLES["two labels"], tmp_path / "model")
    result = bigru("export", tmp_path / "model", "--to", "onyx")
    assert result.code == 2
    assert "--to must be one of onnx, torch, got 'onyx'. Did you mean 'onnx'?" in result.err


def test_a_shipped_model_is_exported_by_its_name(bigru: Bigru, tmp_path: Path) -> None:
    result = bigru("export", "zh-sentiment", "--out", tmp_path / "x.onnx")
    assert (result.code, result.json["file"]) == (0, str(tmp_path / "x.onnx"))
    size = (shipped()["zh-sentiment"] / "model.safetensors").stat().st_size
    assert f"the weights of the model are {size / 1e6:.2f} MB" in result.err
