"""The loader of examples/, which knows nothing of bigru, gives bigru's answers by the file alone."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bigru.bundle import Bundle
from bigru.config import ChannelConfig
from bigru.export import to_onnx
from bigru.features.channels import CHANNELS, NGRAMS
from bigru.features.columns import FEATURE_LOOKS
from bigru.features.text import TextFeatures
from bigru.runtime.predictor import Predictor
from exports import classifier, tagger

SCRIPT = Path(__file__).parents[2] / "examples" / "onnx_loader.py"

ZH = [
    "苹果公司在加州发布了新款手机 iPhone15！",
    "剧情拖沓，看到一半就睡着了。",
    "很好",
    "好",
    "",
    "  \n\t",
    "𠮷野家😀",
    "Σίσυφος ΟΔΟΣ İ",
]
EN = [
    "IBM's McDonald bought 3,500.75 shares in New York.",
    "it   was—well—'terrible', don't you think?",
    "Wow!!!!! SOOOOO goooood 1998",
    "x",
    "",
    "ΟΔΟΣ İstanbul 北京 ok",
]


def features(texts: list[str], unit: str, lowercase: bool) -> TextFeatures:
    names = list(NGRAMS) if unit == "char" else [name for name in CHANNELS if name != "unit"]
    channels = ("unit", *(ChannelConfig(name, 97, 3) for name in names))
    return TextFeatures.fit(
        texts[:3], unit=unit, channels=channels, min_count=1, lowercase=lowercase, replace={"，": ",", "—": "-"}
    )


@pytest.fixture(scope="module")
def loader() -> Any:
    spec = importlib.util.spec_from_file_location("onnx_loader", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def both(loader: Any, bundle: Bundle, path: Path, texts: list[str]) -> tuple[list[Any], list[Any]]:
    to_onnx(bundle, path)
    model = loader.Model(str(path))
    return [model.answer(text) for text in texts], Predictor(bundle).predict(texts)


@pytest.mark.parametrize("lowercase", [False, True])
@pytest.mark.parametrize(("unit", "texts"), [("char", ZH), ("word", EN)])
def test_ids_are_those_of_the_features(
    loader: Any, tmp_path: Path, unit: str, texts: list[str], lowercase: bool
) -> None:
    made = features(texts, unit, lowercase)
    to_onnx(classifier(features=made), tmp_path / "model.onnx")
    model = loader.Model(str(tmp_path / "model.onnx"))
    for text in texts:
        rows, places = model.rows(text)
        assert rows.tolist() == made.features(text).tolist()
        assert places == made.units(text)


@pytest.mark.parametrize(("unit", "texts"), [("char", ZH), ("word", EN)])
@pytest.mark.parametrize(("labels", "multi"), [(("no", "yes"), False), (("a", "b", "c"), False), (("a", "b"), True)])
def test_labels(loader: Any, tmp_path: Path, unit: str, texts: list[str], labels: tuple[str, ...], multi: bool) -> None:
    bundle = classifier(labels, multi, features(texts, unit, True))
    got, want = both(loader, bundle, tmp_path / "model.onnx", texts)
    assert got == [answer["labels" if multi else "label"] for answer in want]
    assert len({str(answer) for answer in got}) > 1


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize(("unit", "texts"), [("char", ZH), ("word", EN)])
@pytest.mark.parametrize(
    ("scheme", "labels"),
    [
        ("BIO", ("O", "B-ORG", "I-ORG", "B-LOC", "I-LOC")),
        ("IOB1", ("O", "B-X", "I-X")),
        ("BMES", ("O", "B-X", "M-X", "E-X", "S-X")),
        ("BIOES", ("O", "B-X", "I-X", "E-X", "S-X")),
    ],
)
def test_entities(
    loader: Any, tmp_path: Path, scheme: str, labels: tuple[str, ...], unit: str, texts: list[str], crf: bool
) -> None:
    bundle = tagger(labels, scheme, crf, features(texts, unit, False))
    got, want = both(loader, bundle, tmp_path / "model.onnx", texts)
    keys = ("text", "label", "start", "end")
    assert got == [[tuple(entity[key] for key in keys) for entity in answer["entities"]] for answer in want]
    assert any(got)


@pytest.mark.process
def test_it_runs_as_a_program_without_bigru(tmp_path: Path) -> None:
    bundle = classifier(features=features(ZH, "char", False))
    to_onnx(bundle, tmp_path / "model.onnx")
    run = f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    code = f"import sys, runpy; sys.modules['bigru'] = None; sys.argv[0] = ''; {run}"
    command = [sys.executable, "-X", "utf8", "-c", code, str(tmp_path / "model.onnx"), *ZH[:2]]
    out = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    want = Predictor(bundle).predict(ZH[:2])
    assert out.splitlines() == [f"{text}\t{answer['label']}" for text, answer in zip(ZH[:2], want, strict=True)]


def test_tokens_with_features(loader: Any, tmp_path: Path) -> None:
    texts = ["He￨PRP￨a runs￨VBZ￨b fast￨RB￨a", "It￨PRP￨a rains￨VBZ￨a —￨:￨c", "new￨PRP￨z one￨Q￨a", "x￨RB￨b", ""]
    endings = [ending for ending in FEATURE_LOOKS if ending]
    hashed = [ChannelConfig(f"feature{n}{ending}", 97, 3) for n in (1, 2) for ending in endings]
    channels = ("unit", "feature1", "feature2", *hashed, "shape", "before")
    tokens = [text.split() for text in texts]
    made = TextFeatures.fit(tokens[:2], channels=channels, features=["POS", "kind"], replace={"—": "-"})
    bundle = tagger(("O", "B-X", "I-X"), "BIO", True, made)
    to_onnx(bundle, tmp_path / "model.onnx")
    model = loader.Model(str(tmp_path / "model.onnx"))
    for text, x in zip(texts[:4], tokens, strict=False):
        assert model.rows(text)[0].tolist() == made.features(x).tolist()
    answers = Predictor(bundle).predict(tokens[:4])
    for text, answer in zip(texts, answers, strict=False):
        assert [(a, b) for a, b, _, _ in model.answer(text)] == [(e["text"], e["label"]) for e in answer["entities"]]
    assert any(answer["entities"] for answer in answers)
