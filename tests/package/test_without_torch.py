"""Saved models are loaded and used where torch is not installed, and importing stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from bigru import bundle
from verify.conftest import BUNDLES

pytestmark = pytest.mark.process

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "sklearn", "pyarrow", "narwhals", "pandas"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import numpy as np
import bigru
from bigru import bundle
from bigru.bundle import Bundle
from bigru.bundle.weights import shapes
from bigru.config import EncoderConfig, ModelConfig
from bigru.features.text import TextFeatures
from bigru.tasks import tag

features = TextFeatures.fit(["苹果公司在加州"], unit="char")
config = tag.Config(("O", "B-ORG", "I-ORG"), features, "BIO", True)
model = ModelConfig(3, features.channels, encoder=EncoderConfig(hidden=2), crf=True)
weights = {name: np.zeros(shape, np.float32) for name, shape in shapes(model).items()}
bundle.save(Bundle("tag", model, config, weights), sys.argv[1])
answer = bigru.load(sys.argv[1]).predict("苹果公司")

sys.path.insert(0, sys.argv[2])
from tables import forecaster, hourly
table = hourly(60)
bundle.save(forecaster(table, {"targets": ("a", "b")}, levels=(0.9,)), sys.argv[1] + "2")
ahead = bigru.load(sys.argv[1] + "2").predict(table)[0]
print(len(answer["tags"]), len(ahead["forecast"]["a"]), sorted({"torch", "sklearn"} & set(sys.modules)))
"""


def python(code: str, *arguments: str) -> str:
    command = [sys.executable, "-X", "utf8", "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True).stdout.strip()


def test_a_model_is_saved_loaded_and_used_without_torch(tmp_path: Path) -> None:
    assert python(WITHOUT_TORCH, str(tmp_path / "model"), str(Path(__file__).parents[1])) == "4 7 []"


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'sklearn', 'numpy', 'rich', 'typer', 'pyarrow', 'safetensors'}"
    assert python(f"import sys, bigru; print(sorted({heavy} & set(sys.modules)))") == "[]"
    light = "{'torch', 'sklearn', 'rich', 'typer', 'pyarrow', 'rjieba', 'tokenizers'}"
    assert python(f"import sys, bigru; bigru.load; print(sorted({light} & set(sys.modules)))") == "[]"


LAZY = """
import sys
import bigru
bigru.load(sys.argv[1]).predict(["好"])
print(sorted(name.removeprefix("bigru.") for name in sys.modules if name.startswith("bigru.")))
"""


def test_answering_loads_the_one_task_of_the_model_and_no_scores(tmp_path: Path) -> None:
    bundle.save(BUNDLES["text"], tmp_path / "model")
    loaded = set(ast.literal_eval(python(LAZY, str(tmp_path / "model"))))
    assert "tasks.classify" in loaded
    strangers = (
        "tasks.",
        "metrics",
        "features.audio",
        "features.series",
        "tables",
        "ops.ctc",
        "verify",
        "readers.audio",
    )
    assert {name for name in loaded if name.startswith(strangers)} == {
        "tasks.classify", "tasks.decision", "tasks.labels", "tasks.probabilities",
    }  # fmt: skip
