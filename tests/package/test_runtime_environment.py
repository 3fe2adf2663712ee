"""What a server has: an environment with bigru and without torch, made by `make test`.

It answers as the training environment does, and its figures are printed (`-rP` shows them).
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import bigru
from bigru import BiGRUClassifier
from tolerances import FLOAT32_STEP, near

PYTHON = os.environ.get("BIGRU_RUNTIME_PYTHON")
TEXTS = ["很好看", "太棒了", "难看", "失望透顶", "好", "差"] * 4
LABELS = ["positive", "positive", "negative", "negative", "positive", "negative"] * 4

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(PYTHON is None, reason="make test names the environment in BIGRU_RUNTIME_PYTHON"),
]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python, away from this project's folder."""
    python = str(Path(str(PYTHON)).absolute())
    return subprocess.run([python, *arguments], capture_output=True, text=True, check=False, cwd="/", timeout=120)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "tiny"
    BiGRUClassifier(hidden=4, epochs=2).fit(TEXTS, LABELS, TEXTS, LABELS).save(folder)
    return folder


def test_it_holds_neither_torch_nor_what_only_training_needs() -> None:
    for module in ("torch", "sklearn", "pyarrow"):
        assert f"No module named '{module}'" in run("-c", f"import {module}").stderr


def test_it_answers_as_the_training_environment_does(model: Path) -> None:
    done = run("-m", "bigru", "predict", str(model), "很好看", "太差了")
    assert done.returncode == 0, done.stderr
    got = [json.loads(line) for line in done.stdout.splitlines()]
    want = bigru.load(model).predict(["很好看", "太差了"])
    assert [answer["label"] for answer in got] == [answer["label"] for answer in want]
    assert [a["confidence"] for a in got] == near([a["confidence"] for a in want], FLOAT32_STEP)


def test_training_there_says_what_to_install(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("text,label\n好,1\n差,0\n", encoding="utf-8")
    done = run("-m", "bigru", "train", str(data), "--out", str(tmp_path / "model"))
    assert done.returncode == 2
    assert "pip install 'bigru[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_trains_says_what_to_install() -> None:
    done = run("-c", "import bigru; bigru.BiGRUClassifier")
    assert "bigru.BiGRUClassifier needs the package sklearn, which is not installed." in done.stderr
    assert "pip install 'bigru[train]'" in done.stderr


def test_it_is_small_and_imports_little() -> None:
    code = "import sys; before = len(sys.modules); import {}; print(len(sys.modules) - before)"
    modules = {name: int(run("-c", code.format(name)).stdout) for name in ("bigru", "bigru.runtime.predictor")}
    site = Path(run("-c", "import numpy, pathlib; print(pathlib.Path(numpy.__file__).parents[1])").stdout.strip())
    native = Path(run("-c", "import bigru._native; print(bigru._native.__file__)").stdout.strip())
    files = {path for path in site.rglob("*") if path.is_file() and not path.is_relative_to(site / "pip")}
    package = Path(bigru.__file__).parent
    # Installed as editable, the package itself lies elsewhere, and with it the models that come with it.
    files |= {native, *(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")}
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"modules imported: {modules}; installed: {size:.0f} MB")
    assert size < 130
    assert modules["bigru"] < 50
    assert modules["bigru.runtime.predictor"] < 350
