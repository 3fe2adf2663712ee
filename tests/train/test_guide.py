from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigru.train.recipes import OPTIONS

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.train
def test_the_python_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in PYTHON.findall(text_of("training.md")):
        exec(compile(block, "training.md", "exec"), names)
    assert "changed_answers" in capsys.readouterr().out
    assert PYTHON.findall(text_of("training.zh-CN.md")) == PYTHON.findall(text_of("training.md"))


@pytest.mark.parametrize(
    ("page", "first", "after"),
    [("training.md", "| what is read", "Worth trying"), ("training.zh-CN.md", "| 读取", "最值得先试")],
)
def test_the_guide_lists_every_setting_and_no_other(page: str, first: str, after: str) -> None:
    text = text_of(page)
    assert set(re.findall(r"`(\w+)`", text[text.index(first) : text.index(after)])) == set(OPTIONS)


def text_of(page: str) -> str:
    return (GUIDES / page).read_text(encoding="utf-8")
