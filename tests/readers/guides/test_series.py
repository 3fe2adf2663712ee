"""The pages on series: their Python runs, their settings exist, and both languages say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigru.train.defaults import DEFAULTS
from bigru.train.recipes import OPTIONS

GUIDE = Path(__file__).parents[3] / "docs" / "guide"
PAGES = ("series.md", "series.zh-CN.md")


@pytest.mark.parametrize("page", PAGES)
def test_the_python_of_the_page_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for block in re.findall(r"```python\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, page, "exec"), {})
    assert "[" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_augmentation_holds_the_defaults(page: str) -> None:
    augment = DEFAULTS["classify", "series"].training.augment
    rows = re.findall(r"^\| `(\w+)` \| .* \| ([\d.]+) \|$", (GUIDE / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == ["jitter", "scaling", "time_warp", "crop"]
    for name, value in rows:
        assert name in OPTIONS
        assert getattr(augment, name) == float(value)
        assert getattr(DEFAULTS["tag", "series"].training.augment, name) == 0
