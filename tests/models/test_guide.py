"""The guide to the shipped models runs, in both languages, and says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigru.models import shipped

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = ["models.md", "models.zh-CN.md"]


def blocks(page: str, language: str = r"\w*") -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_its_python_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), {})
    sentiment, entities, folders = capsys.readouterr().out.splitlines()
    assert sentiment.startswith("positive {'negative': ")
    assert "'苹果公司', 'label': 'ORG'" in entities
    assert all(repr(name) in folders for name in shipped())


def test_both_languages_show_the_same_commands_and_models() -> None:
    code = [[re.sub(r"\s*#.*", "", block) for block in blocks(page)] for page in PAGES]
    assert code[0] == code[1]
    for page in PAGES:
        assert re.findall(r"^## (zh-\w+)$", (GUIDE / page).read_text(encoding="utf-8"), re.MULTILINE) == list(shipped())
