"""The guide to verifying is true, in both languages: its figures are the code's, its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bigru import bundle
from bigru.runtime.network.sequence import Network
from bigru.verify import TOLERANCES, batchings, instruction_sets, run, samples
from bigru.verify.gate import INPUTS, LENGTHS
from verify.conftest import BUNDLES

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = ["verify.md", "verify.zh-CN.md"]


def page(name: str) -> str:
    return (GUIDE / name).read_text(encoding="utf-8")


def blocks(name: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page(name), re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_its_figures_are_those_of_the_code(name: str) -> None:
    text = " ".join(page(name).split())
    for precision, (difference, changed) in TOLERANCES.items():
        shown = f"{difference:g}".replace("e-05", "e-5")
        share = f"{changed:.0%}".replace("%", " %") if changed else "(none|没有)"
        assert re.search(rf"\| {precision}[^|]* \| {re.escape(shown)} \| {share} \|", text), precision
    assert re.search(rf"{batchings.EDGES}( samples| 个样本)", text)
    assert batchings.EXTRA == 7
    assert re.search("seven steps more|多填七步", text)
    numbers = re.search(r"0[,、] ?1[,、] ?2[,、] ?3[\d,、 and]*", text)
    assert numbers
    assert [int(n) for n in re.findall(r"\d+", numbers.group())] == list(LENGTHS)
    assert re.search(rf"(up to|最多) {INPUTS} ", text)
    assert samples.EDGES[:3] == (0, 1, 2)
    assert f"`{run.REFERENCE}`" in text
    assert f"`{run.TOGETHER}`" in text


@pytest.mark.parametrize("name", PAGES)
def test_its_python_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BUNDLES["text"]
    bundle.save(text, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(instruction_sets, "other_sets", list)
    asked: list[np.ndarray] = []
    network = Network(text.model, text.weights)

    def my_server(inputs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        asked.append(lengths)
        return network(inputs, lengths)

    names = {"my_server": my_server}
    for block in blocks(name, "python"):
        exec(compile(block, name, "exec"), names)
    assert capsys.readouterr().out == "True []\n"
    assert asked


def test_both_languages_show_the_same() -> None:
    code = [[re.sub(r"\s*#.*", "", block) for block in blocks(name)] for name in PAGES]
    assert code[0] == code[1]
    assert len(code[0]) == 3
    assert [page(name).count("\n## ") for name in PAGES] == [5, 5]
