"""The guide to continuing from a model runs, and says the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def text_of(page: str) -> str:
    return (GUIDE / page).read_text(encoding="utf-8")


@pytest.mark.train
def test_its_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in PYTHON.findall(text_of("continue.md")):
        exec(compile(block, "continue.md", "exec"), names)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("('bad', 'good', 'odd') ")
    assert second.startswith("['bad' 'good' 'odd'] ")


def test_both_languages_show_the_same_code_and_figures() -> None:
    assert PYTHON.findall(text_of("continue.md")) == PYTHON.findall(text_of("continue.zh-CN.md"))
    one, other = (re.findall(r"\d+\.\d+", text_of(page)) for page in ("continue.md", "continue.zh-CN.md"))
    assert sorted(one) == sorted(other)
