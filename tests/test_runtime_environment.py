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
    assert [a["confidence"] for a in got] == pytest.approx([a["confidence"] for a in want], abs=2e-6)


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


def test_it_is_small_and_starts_fast() -> None:
    # Seconds of the processor: those of the clock are the neighbours' as well.
    code = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"
    seconds = {
        name: min(float(run("-c", code.format(name)).stdout) for _ in range(3))
        for name in ("bigru", "bigru.runtime.predictor")
    }
    site = Path(run("-c", "import numpy, pathlib; print(pathlib.Path(numpy.__file__).parents[1])").stdout.strip())
    native = Path(run("-c", "import bigru._native; print(bigru._native.__file__)").stdout.strip())
    files = {path for path in site.rglob("*") if path.is_file() and not path.is_relative_to(site / "pip")}
    package = Path(bigru.__file__).parent
    # Installed as editable, the package itself lies elsewhere, and with it the models that come with it.
    files |= {native, *(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")}
    size = sum(path.stat().st_size for path in files) / 1e6
    told = ", ".join(f"{name} {1000 * taken:.0f} ms" for name, taken in seconds.items())
    print(f"import: {told}; installed: {size:.0f} MB")
    assert size < 130
    assert seconds["bigru"] < 0.15
    assert seconds["bigru.runtime.predictor"] < 0.6


def test_texts_are_answered_by_many_threads_and_after_pickling(model: Path) -> None:
    code = (
        "import bigru, pickle, sys; from concurrent.futures import ThreadPoolExecutor\n"
        f"model = bigru.load({str(model)!r}); texts = ['很好看', '差', ''] * 200; want = model.predict(texts)\n"
        "again = pickle.loads(pickle.dumps(model))\n"
        "assert all(got == want for got in ThreadPoolExecutor(4).map(lambda m: m.predict(texts), [model, again] * 4))\n"
        "assert 'torch' not in sys.modules"
    )
    assert run("-c", code).stderr == ""


def test_a_prediction_is_gone_on_with(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    (tmp_path / "x.txt").write_text("很好看\n差\n", encoding="utf-8")
    for _ in range(2):
        done = run("-m", "bigru", "predict", str(model), str(tmp_path / "x.txt"), "--out", str(out), "--force")
        assert done.returncode == 0, done.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2
