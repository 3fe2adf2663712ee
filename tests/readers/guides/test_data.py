"""Every example file of the guide is read, and gives what the guide says; its kinds of findings are all there are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bigru.cli.options import OPTIONS, reading_option
from bigru.doctor import HARMFUL, examine
from bigru.errors import DataError
from bigru.readers.examples import Examples
from bigru.readers.reader import read
from bigru.readers.reading import LAYOUTS
from bigru.readers.summary import describe
from bigru.tables import doctor as timed

ROOT = Path(__file__).parents[3]
PAGES = {
    language: (ROOT / "docs" / "guide" / name).read_text(encoding="utf-8")
    for language, name in {"English": "data.md", "Chinese": "data.zh-CN.md"}.items()
}
GUIDE = PAGES["English"]

SEARCHED = ("readers", "tables", "tasks")
"""Packages that make findings, beside the doctor."""

PLACES = {"Finding": 2, "_leave_out": 3, "_left_out": 2, "notes.add": 0}
"""Which argument of a call is the kind of a finding."""


def blocks_of(page: str) -> dict[str, tuple[str, str]]:
    """Return the example files of a page, each with its format and content."""
    found = re.findall(r"^```(\S+) (\S+)\n(.*?)^```", page, re.M | re.S)
    return {name: (form, body) for form, name, body in found if form != "output"}


def outputs_of(page: str) -> dict[str, str]:
    """Return what the page says that the program prints, by example file."""
    return dict(re.findall(r"^```output (\S+)\n(.*?)^```", page, re.M | re.S))


BLOCKS, OUTPUTS = blocks_of(GUIDE), outputs_of(GUIDE)

SAID = {
    "headlines.csv": ("text", "classify", ["economy", "sport", "economy", "sport"]),
    "reviews.csv": ("text", "classify", ["positive", "negative"]),
    "topics.txt": ("text", "classify", ["trade", "acq", "trade"]),
    "topics.csv": ("text", "classify", [["财经", "政策"], ["体育"], []]),
    "reviews.jsonl": ("text", "classify", ["好", "坏"]),
    "topics.jsonl": ("text", "classify", [["财经", "政策"], []]),
    "genres.csv": ("text", "classify", [["drama"], ["comedy"], ["drama", "comedy"]]),
    "entities.jsonl": ("text", "tag", None),
    "news.conll": ("tokens", "tag", [["B-ORG", "O", "B-MISC", "O"], ["B-PER", "O"]]),
    "news.jsonl": ("tokens", "tag", [["B-ORG", "O", "B-MISC", "O"]]),
    "words.csv": ("tokens", "tag", [["B-PER", "O"], ["B-LOC", "O"]]),
    "daily.txt": ("text", "tag", None),
    "sensors.jsonl": ("series", "classify", ["walking", "sitting"]),
    "steps.jsonl": ("series", "tag", [["0", "0", "1"]]),
    "gestures.csv": ("series", "classify", ["swing", "rest"]),
    "beats.csv": ("series", "classify", ["normal", "normal", "late", "late"]),
    "vowels.ts": ("series", "classify", ["a", "e"]),
}
REFUSED = {"tickets.csv", "energy.csv", "lines.txt"}


def written(folder: Path, name: str) -> None:
    (folder / name).write_text(BLOCKS[name][1], encoding="utf-8")


def test_every_block_is_known() -> None:
    assert set(BLOCKS) == set(SAID) | REFUSED


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks_of(PAGES["Chinese"]) == BLOCKS
    assert outputs_of(PAGES["Chinese"]) == OUTPUTS
    assert code_of(PAGES["Chinese"]) == code_of(GUIDE)


def code_of(page: str) -> list[str]:
    """Return the lines of Python on a page without their remarks."""
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    return [line.split("  #")[0] for line in code.splitlines()]


@pytest.mark.parametrize("name", SAID)
def test_the_examples_of_the_guide(tmp_path: Path, name: str) -> None:
    written(tmp_path, name)
    examples = read(tmp_path / name)
    kind, task, targets = SAID[name]
    assert (examples.inferred["format"], examples.kind, examples.task) == (BLOCKS[name][0], kind, task)
    assert targets is None or examples.targets == targets
    assert examples.findings == []


def test_lines_are_read_to_predict_on(tmp_path: Path) -> None:
    written(tmp_path, "lines.txt")
    examples = read(tmp_path / "lines.txt", require_targets=False)
    assert (examples.inferred["format"], examples.kind) == ("txt", "text")
    assert examples.inputs == BLOCKS["lines.txt"][1].splitlines()


def test_lines_are_refused_where_labels_are_needed(tmp_path: Path) -> None:
    written(tmp_path, "lines.txt")
    with pytest.raises(DataError, match=r"data must be labelled, got plain lines of text\."):
        read(tmp_path / "lines.txt")


def test_what_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "headlines.csv")
    lines: list[str] = []
    describe(read("headlines.csv"), lines.append)
    assert "".join(line + "\n" for line in lines) == OUTPUTS["headlines.csv"]


@pytest.mark.parametrize("name", ["tickets.csv", "energy.csv"])
def test_what_is_asked_and_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, name)
    with pytest.raises(DataError) as error:
        read(name)
    assert str(error.value).split() == OUTPUTS[name].split()


def test_the_python_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "tickets.csv")
    names: dict[str, Examples] = {}
    exec("\n".join(code_of(GUIDE)), names)
    assert names["examples"].targets == ["open", "closed", "closed", "closed", "open", "open"]
    assert [role.role for role in names["examples"].roles] == ["text", "label", "not read"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_option_and_layout_is_explained(page: str) -> None:
    wanted = {reading_option(name) for name in OPTIONS} | {"--no-header", "--one-label"}
    assert wanted <= set(re.findall(r"--[a-z][a-z-]*", page))
    assert set(re.findall(r"`([a-z]+)`[:：] ?", page)) == set(LAYOUTS)


def kinds_of_the_readers() -> Iterator[str]:
    """Yield every kind of finding that stands as a constant in the code."""
    for path in (path for room in SEARCHED for path in (ROOT / "src" / "bigru" / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in PLACES:
                place = PLACES[ast.unparse(node.func)]
                kind = node.args[place] if len(node.args) > place else None
                if isinstance(kind, ast.Constant):
                    yield str(kind.value)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_every_kind_of_finding_is_explained(page: str) -> None:
    explained = set(re.findall(r"`([a-z0-9 ]+)`", page))
    said = set(re.findall(r'"([a-z][a-z ]+)"', str(examine.__doc__).split("Args:")[0]))
    assert len(said) == 24
    assert said <= explained
    found = set(kinds_of_the_readers())
    assert {"preamble", "overlapping spans", "not accepted", "repeated time"} <= found
    assert found <= explained
    assert {kind for kind, _ in timed.REASONS.values()} <= explained


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_harmful_kinds_are_marked(page: str) -> None:
    examples, tables = page[page.index("| `empty row` |") :].split("\n### ", 1)
    assert set(re.findall(r"`([a-z ]+)` \*", examples)) == HARMFUL
    assert set(re.findall(r"`([a-z ]+)` \*", tables)) == timed.HARMFUL
