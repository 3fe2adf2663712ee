"""The folder for torch: plain weights, and a script that answers as the runtime does without bigru."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from bigru.bundle import Bundle
from bigru.config import ConvConfig, EncoderConfig
from bigru.errors import ArgumentError
from bigru.export import ParityError, gate, to_torch
from bigru.export.torch import folder as torch_folder
from bigru.runtime.predictor import Predictor
from exports import bundles, classifier, tagger

BUNDLES = bundles()
EXAMPLES = Path(__file__).parents[2] / "examples"
ZH = ["苹果公司在加州发布了新款手机", "剧情拖沓，看到一半就睡着了。", "好", ""]
BIO = ("O", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

SHAPES: dict[str, dict[str, Any]] = {
    "lstm both": {"encoder": EncoderConfig("lstm", 4, layers=2, merge="sum", layer_norm=True), "pooling": ("last",)},
    "rnn backward": {"encoder": EncoderConfig("rnn", 4, direction="backward", layers=2), "pooling": ("last", "mean")},
    "gru backward": {"encoder": EncoderConfig("gru", 4, direction="backward"), "pooling": ("last", "attention")},
    "gru forward": {
        "encoder": EncoderConfig("gru", 4, direction="forward"),
        "pooling": ("last", "max"),
        "wide_linear": False,
    },
    "gated": {"encoder": EncoderConfig(hidden=4, layers=2, merge="gated"), "pooling": ("attention", "last")},
    "mul": {
        "encoder": EncoderConfig(hidden=4, merge="mul"),
        "conv": (ConvConfig(5, 5, 2), ConvConfig(4, 3, 1, False)),
    },
    "average": {"encoder": EncoderConfig(hidden=4, merge="average"), "pooling": ("mean",)},
}


def script(folder: Path) -> Any:
    spec = importlib.util.spec_from_file_location("exported_model", folder / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_equals_the_runtime(name: str, tmp_path: Path) -> None:
    found = to_torch(classifier(("a", "b", "c"), **SHAPES[name]), tmp_path / "model")
    assert found["changed"] == 0
    assert 0 < found["largest_difference"] <= gate.TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("int8", [False, True], ids=["fp32", "int8"])
@pytest.mark.parametrize("name", ["two labels", "any labels", "crf of BMES", "two states", "transcriber"])
def test_every_task_is_exported_with_its_decoding(name: str, int8: bool, tmp_path: Path) -> None:
    found = to_torch(BUNDLES[name], tmp_path / "deep" / "model", int8=int8)
    assert found["changed"] == 0
    files = {path.name: path.stat().st_size for path in (tmp_path / "deep" / "model").iterdir()}
    assert (set(files), sum(files.values())) == ({"model.safetensors", "config.json", "model.py"}, found["bytes"])
    facts = json.loads((tmp_path / "deep" / "model" / "config.json").read_text(encoding="utf-8"))
    assert facts["parity"]["sequences"] == found["sequences"]


@pytest.mark.slow
def test_the_weights_are_those_of_torchs_own_modules(tmp_path: Path) -> None:
    bundle = classifier()
    to_torch(bundle, tmp_path / "model")
    state = load_file(tmp_path / "model" / "model.safetensors")
    assert set(state) == set(bundle.weights)
    gru = torch.nn.GRU(bundle.model.embedded, 8, bidirectional=True)  # type: ignore[union-attr]
    prefix = "encoder.layers.0."
    gru.load_state_dict({name.removeprefix(prefix): w for name, w in state.items() if name.startswith(prefix)})
    model = script(tmp_path / "model").Model.load()
    assert all(torch.equal(model.state_dict()[name], w) for name, w in state.items())
    assert type(model.encoder.layers[0]) is torch.nn.GRU


@pytest.mark.slow
@pytest.mark.parametrize("bundle", [classifier(), tagger(BIO, "BIO", True), tagger(BIO, "BIO", False)], ids=str)
def test_texts_are_answered_as_bigru_answers_them(bundle: Bundle, tmp_path: Path) -> None:
    to_torch(bundle, tmp_path / "model")
    model, want = script(tmp_path / "model").Model.load(), Predictor(bundle).predict(ZH)
    got = [model.answer(text) for text in ZH]
    if bundle.task == "classify":
        assert got == [answer["label"] for answer in want]
        return
    keys = ("text", "label", "start", "end")
    assert got == [[tuple(entity[key] for key in keys) for entity in answer["entities"]] for answer in want]
    assert any(got)


@pytest.mark.process
def test_the_script_runs_without_bigru_and_numpy(tmp_path: Path) -> None:
    bundle = classifier()
    to_torch(bundle, tmp_path / "model")
    run = f"runpy.run_path({str(tmp_path / 'model' / 'model.py')!r}, run_name='__main__')"
    code = f"import sys, runpy; sys.modules['bigru'] = None; sys.modules['safetensors'] = None; {run}"
    command = [sys.executable, "-X", "utf8", "-c", code, *ZH[:2]]
    out = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    want = [answer["label"] for answer in Predictor(bundle).predict(ZH[:2])]
    assert out.splitlines() == [f"{text}\t{label}" for text, label in zip(ZH[:2], want, strict=True)]


def test_both_scripts_hash_alike() -> None:
    pages = [torch_folder.SCRIPT, EXAMPLES / "onnx_loader.py"]
    texts = [path.read_text(encoding="utf-8") for path in pages]
    found = [re.findall(r"^def (?:mix|joined|hashed|fold|shape)\(.*?(?=\n\n\n)", text, re.M | re.S) for text in texts]
    assert found[0] == found[1]
    assert len(found[0]) == 5


def test_what_torch_does_not_compute_is_refused_with_a_remedy(tmp_path: Path) -> None:
    want = r"^export: task must be classify, tag or transcribe, .*, got forecast\. Export it with --to onnx\.$"
    with pytest.raises(ArgumentError, match=want):
        to_torch(BUNDLES["forecast"], tmp_path / "model")
    before = classifier(encoder=EncoderConfig(hidden=4, reset_after=False))
    with pytest.raises(
        ArgumentError, match=r"^export: reset_after must be true .*, got false\. Export it with --to onnx"
    ):
        to_torch(before, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_what_answers_otherwise_is_not_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Planted: a script that reads the padding."""
    page = torch_folder.SCRIPT.read_text(encoding="utf-8")
    blind = page.replace(
        "packed = pack_padded_sequence(seen, lengths,", "packed = pack_padded_sequence(seen, 0 * lengths + x.shape[1],"
    )
    assert blind != page
    (tmp_path / "blind.txt").write_text(blind, encoding="utf-8")
    monkeypatch.setattr(torch_folder, "SCRIPT", tmp_path / "blind.txt")
    with pytest.raises(ParityError, match=r"^export: answers of the torch script must be those of the runtime"):
        to_torch(BUNDLES["two labels"], tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["blind.txt"]


@pytest.mark.process
def test_a_script_that_comes_to_an_end_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.txt").write_text("raise ValueError('out of order')\n", encoding="utf-8")
    monkeypatch.setattr(torch_folder, "SCRIPT", tmp_path / "broken.txt")
    with pytest.raises(RuntimeError, match=r"(?s)^the torch script ended with code 1: .*ValueError: out of order$"):
        to_torch(BUNDLES["two labels"], tmp_path / "model")


@pytest.mark.slow
def test_a_folder_is_replaced_if_it_is_an_export(tmp_path: Path) -> None:
    bundle, folder = BUNDLES["two labels"], tmp_path / "model"
    to_torch(bundle, folder)
    with pytest.raises(ArgumentError, match=r"--out must be free, got a folder that exists\. "):
        to_torch(bundle, folder)
    assert to_torch(bundle, folder, int8=True, force=True)["int8"]
    assert load_file(folder / "model.safetensors")["head.weight"].dtype == torch.int8
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other" / "data.npy", np.zeros(3))
    with pytest.raises(ArgumentError, match=r"--out must be free or an earlier export, got another folder\. "):
        to_torch(bundle, tmp_path / "other", force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "other"]
