"""The guide to exports is true, in both languages: its names exist, its commands are the program's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import bigru.export
from bigru.export.gate import LENGTHS, TOLERANCE
from bigru.export.onnx.graph import OPSET
from bigru.export.onnx.model import onnx_model
from exports import bundles

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = [(GUIDE / name).read_text(encoding="utf-8") for name in ("export.md", "export.zh-CN.md")]


def test_outputs_and_metadata_are_those_of_the_files() -> None:
    outputs, facts = set(), set()
    for bundle in bundles().values():
        made = onnx_model(bundle, parity={})
        outputs |= {entry.name for entry in made.graph.output}
        facts |= {entry.key for entry in made.metadata_props}
    for page in PAGES:
        table = set(re.findall(r"`([a-z_]+)`", page.split("\n## ")[1].split("`onnx")[0]))
        assert outputs | {"inputs", "lengths"} <= table
        assert facts - {"bigru", "export"} <= table


def test_figures_are_those_of_the_code() -> None:
    for page in PAGES:
        assert re.search(rf"opset {OPSET}\b", page, re.IGNORECASE)
        assert f"{TOLERANCE:g}".replace("e-05", "e-5") in page
        named = {int(n) for n in re.findall(r"\d+", re.search(r"1[,、] ?2[,、] ?7.{0,30}500", page).group())}  # type: ignore[union-attr]
        assert named <= set(LENGTHS)
        for name in re.findall(r"`(?:bigru\.export\.)?((?:to_|onnx_e)\w+)\(", page):
            assert hasattr(bigru.export, name)


def test_what_was_measured_stands_in_the_result_file() -> None:
    root = Path(__file__).parents[2]
    result = json.loads((root / "benchmarks" / "results" / "answers.json").read_text(encoding="utf-8"))
    rows, size = result["engines"], result["bytes"]
    whole = ("reference (NumPy)", "torch (bigru.nn)", "onnxruntime", "torch, exported")
    assert result["texts"] == 10_000
    assert [rows[name]["labels_changed"] for name in whole] == [0] * 4
    assert max(rows[name]["largest_difference"] for name in whole) <= TOLERANCE
    share = f"{round(100 * size['onnx, int8'] / size['onnx'])} %"
    changed = rows["onnxruntime, weights in int8"]["labels_changed"]
    for page in PAGES:
        assert share in page
    assert f"{changed} label of 10,000" in PAGES[0]
    assert f"一万个标签中变了 {changed} 个" in PAGES[1]


def test_both_languages_show_the_same_commands() -> None:
    code = [
        [re.sub(r"\s*#.*", "", block) for block in re.findall(r"```\w*\n(.*?)```", page, re.DOTALL)] for page in PAGES
    ]
    assert code[0] == code[1]
    assert len(code[0]) == 4
