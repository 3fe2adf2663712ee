"""Every file and folder that ARCHITECTURE.md names is there, and its picture is that of the floors."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

import pytest

import bigru
from test_floors import FLOORS

ROOT = Path(__file__).parents[2]
PACKAGE = Path(bigru.__file__).parent
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAME = re.compile(r"`((?:[\w*.-]+/)*(?:[\w*{},-]+\.(?:py|md)|[\w*-]+/))`")
"""A file or folder in backticks, as `cli/commands/train.py`, `readers/` or `ops/*/{autograd,torch_ops}.py`."""


def named() -> list[tuple[str, str]]:
    """Return each name on the page with the paragraph that it stands in."""
    return [(name, paragraph) for paragraph in PAGE.split("\n\n") for name in NAME.findall(paragraph)]


def alternatives(name: str) -> list[str]:
    """Return the names that `{a,b}` within a name stands for."""
    before, brace, rest = name.partition("{")
    inside, _, after = rest.partition("}")
    return [before + one + after for one in inside.split(",")] if brace else [name]


def is_there(pattern: str, folder: Path) -> bool:
    return next(folder.glob(pattern.rstrip("/")), None) is not None


def folders_of(paragraph: str) -> set[str]:
    """Return the folders of a paragraph's names, in which the names without a folder are looked for."""
    names = NAME.findall(paragraph)
    return {name if name.endswith("/") else f"{PurePath(name).parent}/" for name in names if "/" in name}


@pytest.mark.parametrize(("name", "paragraph"), named(), ids=[name for name, _ in named()])
def test_what_is_named_is_there(name: str, paragraph: str) -> None:
    folders = [""] if "/" in name else sorted(folders_of(paragraph))
    for one in alternatives(name):
        assert any(is_there(folder + one, home) for folder in folders for home in (PACKAGE, ROOT)), one


def test_enough_is_named_to_be_worth_a_test() -> None:
    names = {name for name, _ in named()}
    assert len(names) > 60
    assert {"readers/layouts/verdict.py", "ops/*/{autograd,torch_ops}.py", "doctor.py"} <= names


def test_the_picture_is_that_of_the_floors() -> None:
    (picture,) = re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)
    drawn = [set(re.findall(r"\w+", line.split("  ")[0])) for line in picture.splitlines()]
    assert drawn == [set(rooms) for rooms in FLOORS]
