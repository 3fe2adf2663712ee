"""The guide to the server, in both languages: its commands answer, its figures are those of the result file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bigru import bundle
from exports import transcriber
from sounds import melody, write
from tables import forecaster, hourly

from .conftest import Server

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guide"
PAGES = ["serve.md", "serve.zh-CN.md"]


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the guide sends, and the models that it names."""
    root = tmp_path_factory.mktemp("guide")
    table = hourly(60)
    bundle.save(forecaster(table, {"targets": ("a", "b")}), root / "next")
    bundle.save(transcriber(), root / "digits")
    write(root / "speech.wav", melody(["low", "high"]))
    cells = {"time": [str(time) for time in table.series[0].times]}
    cells |= {name: table.series[0].values[:, n].tolist() for n, name in enumerate("ab")}
    (root / "table.json").write_text(json.dumps({"inputs": [{"columns": cells, "time": "time"}]}), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def served(place: Path) -> Iterator[Server]:
    made = Server("zh-sentiment", "zh-entities", *(f"{name}={place / name}" for name in ("next", "digits")))
    yield made
    made.stop()


@pytest.mark.process
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl")
def test_its_commands_answer(served: Server, place: Path) -> None:
    lines = [line for line in commands(PAGES[0]) if line.startswith("curl ")]
    answers = []
    for line in lines:
        asked = line.replace("curl ", "curl --silent --show-error --fail-with-body ").replace(
            ":8000", f":{served.port}"
        )
        own = os.environ | {"BIGRU_API_KEY": "any"}
        done = subprocess.run(["bash", "-c", asked], cwd=place, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        answers.append(done.stdout)
    films, places, why, forecast, heard = (json.loads(answer) for answer in answers[:5])
    assert [answer["label"] for answer in films["answers"]] == ["positive", "negative"]
    assert [(e["text"], e["label"]) for e in places["answers"][0]["entities"]] == [
        ("苹果公司", "ORG"),
        ("加利福尼亚州", "LOC"),
    ]
    assert why["label"] == "positive"
    assert list(forecast["answers"][0]["forecast"]) == ["a", "b"]
    assert "text" in heard["answers"][0]


def test_both_languages_show_the_same_commands() -> None:
    shown = [[re.sub(r"\s*#.*", "", line) for line in commands(page)] for page in PAGES]
    assert shown[0] == shown[1]


@pytest.mark.parametrize("page", PAGES)
def test_its_figures_are_those_of_the_result_file(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import serving

    text = (GUIDE / page).read_text(encoding="utf-8")
    assert text == serving.rendered(text, page)
    for name in ("serving", "provenance"):
        sys.modules.pop(name, None)
