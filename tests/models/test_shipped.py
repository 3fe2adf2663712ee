"""The models that come with the package: found by name, as their scripts make them, right on what is promised."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import bigru
from bigru import bundle
from bigru.bundle.aliases import current_names
from bigru.bundle.documents import LIMITS
from bigru.errors import BundleError
from bigru.models import about, find, shadowed, shipped
from bigru.verify import gate

SCRIPTS = Path(__file__).parents[2] / "models"

MOST = 8_000_000
"""Bytes of a shipped model at most."""

NAMES = list(shipped())


def test_the_names() -> None:
    assert NAMES == ["zh-entities", "zh-sentiment"]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_is_small_and_speaks_for_itself(name: str) -> None:
    folder = shipped()[name]
    assert sum(path.stat().st_size for path in folder.iterdir()) <= MOST
    assert bundle.load(name).storage == "int8"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: ")
    assert f'bigru.load("{name}")' in card
    assert about(folder).endswith(".")
    assert {path.name for path in folder.iterdir()} <= {*LIMITS, "model.safetensors"}


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_model_was_verified_as_it_is(name: str) -> None:
    folder = shipped()[name]
    found = json.loads((folder / "verification.json").read_text(encoding="utf-8"))
    assert found["passed"]
    assert {row["engine"].split()[0] for row in found["rows"]} == {"native", "reference", "torch", "onnx"}
    assert found["files"] == {
        file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in sorted(found["files"])
    }
    assert {"config.json", "model.safetensors"} <= set(found["files"])
    gate(bundle.load(name), "package")


def test_entities_of_the_introduction() -> None:
    answer = bigru.load("zh-entities").predict("苹果公司在加利福尼亚州发布了新款 iPhone。")
    found = [(entity["text"], entity["label"]) for entity in answer["entities"]]
    assert found == [("苹果公司", "ORG"), ("加利福尼亚州", "LOC")]


def test_every_label_of_zh_entities_is_described() -> None:
    card = (shipped()["zh-entities"] / "README.md").read_text(encoding="utf-8")
    for tag in bundle.load("zh-entities").config.labels:
        assert tag == "O" or f"| `{tag[2:]}` |" in card, tag


@pytest.mark.process
@pytest.mark.skipif(find_spec("jieba") is None, reason="jieba is not installed")
def test_zh_entities_is_what_its_script_makes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPTS / "zh_entities.py", tmp_path], check=True, capture_output=True)
    kept, made = shipped()["zh-entities"], tmp_path / "zh-entities"
    # `bigru verify` adds what it found afterwards.
    assert {path.name for path in made.iterdir()} | {"verification.json"} == {path.name for path in kept.iterdir()}
    for path in made.iterdir():
        other = kept / path.name
        if path.name == "config.json":
            assert timeless(path) == timeless(other)
        elif path.name == "README.md":
            assert path.read_text(encoding="utf-8") == other.read_text(encoding="utf-8").split("\n## Verification")[0]
        else:
            assert path.read_bytes() == other.read_bytes(), path.name


def timeless(path: Path) -> dict[str, Any]:
    """Return config.json but for the version that wrote it, and with today's names."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {**entries, "library_version": "", "model": current_names(entries["model"])}


def test_what_lies_there_goes_before_what_is_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find("zh-entities") == shipped()["zh-entities"]
    assert not shadowed("zh-entities")
    (tmp_path / "zh-entities").mkdir()
    assert find("zh-entities") == Path("zh-entities")
    assert shadowed("zh-entities")
    with pytest.raises(BundleError, match=r"zh-entities: folder must be a saved model"):
        bigru.load("zh-entities")


def test_an_unknown_name_lists_what_is_shipped() -> None:
    with pytest.raises(BundleError, match=r"got no such folder\. These come with bigru: .*zh-entities"):
        bigru.load("zh-entitie")


@pytest.mark.process
def test_names_are_looked_up_without_anything_else() -> None:
    program = "import sys; from bigru.models import shipped; print(*shipped()); print('numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert found.splitlines() == [" ".join(NAMES), "False"]
