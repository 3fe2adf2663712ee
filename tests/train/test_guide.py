from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigru.train.recipes import OPTIONS

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "training.md").read_text(encoding="utf-8")


def test_the_python_of_the_guide_runs(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(block, "training.md", "exec"), names)
    assert "changed_answers" in capsys.readouterr().out


def test_the_guide_lists_every_setting_and_no_other() -> None:
    table = GUIDE[GUIDE.index("| what is read") : GUIDE.index("Worth trying")]
    assert set(re.findall(r"`(\w+)`", table)) == set(OPTIONS)
