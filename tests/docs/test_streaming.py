"""The guide to streaming runs, in both languages, and says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = ["streaming.md", "streaming.zh-CN.md"]


def blocks(page: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_its_python_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    *answers, left = capsys.readouterr().out.splitlines()
    assert [int(re.findall(r"'step': (\d+)", answer)[0]) for answer in answers] == list(range(25))
    assert left.count("'step'") == 5


def test_both_languages_show_the_same_commands_and_figures() -> None:
    code = [[re.sub(r"\s*#.*", "", block) for block in blocks(page)] for page in PAGES]
    assert code[0] == code[1]
