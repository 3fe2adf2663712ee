"""Every example file of the guide is read, and gives what the guide says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigru.doctor import HARMFUL, examine
from bigru.readers.reader import read

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "data.md").read_text(encoding="utf-8")
BLOCKS = {name: (form, body) for form, name, body in re.findall(r"^```(\S+) (\S+)\n(.*?)^```", GUIDE, re.M | re.S)}

SAID = {
    "reviews.csv": ("text", "classify", ["positive", "negative"]),
    "topics.txt": ("text", "classify", ["trade", "acq", "trade"]),
    "topics.csv": ("text", "classify", [["财经", "政策"], ["体育"], []]),
    "reviews.jsonl": ("text", "classify", ["好", "坏"]),
    "topics.jsonl": ("text", "classify", [["财经", "政策"], []]),
    "entities.jsonl": ("text", "tag", None),
    "news.conll": ("tokens", "tag", [["B-ORG", "O", "B-MISC", "O"], ["B-PER", "O"]]),
    "news.jsonl": ("tokens", "tag", [["B-ORG", "O", "B-MISC", "O"]]),
    "daily.txt": ("text", "tag", None),
    "sensors.jsonl": ("series", "classify", ["walking", "sitting"]),
    "steps.jsonl": ("series", "tag", [["0", "0", "1"]]),
    "gestures.csv": ("series", "classify", ["swing", "rest"]),
    "vowels.ts": ("series", "classify", ["a", "e"]),
}


def test_every_block_is_known() -> None:
    assert set(BLOCKS) == set(SAID)


@pytest.mark.parametrize("name", SAID)
def test_the_examples_of_the_guide(tmp_path: Path, name: str) -> None:
    form, body = BLOCKS[name]
    (tmp_path / name).write_text(body, encoding="utf-8")
    examples = read(tmp_path / name)
    kind, task, targets = SAID[name]
    assert (examples.inferred["format"], examples.kind, examples.task) == (form, kind, task)
    assert targets is None or examples.targets == targets
    assert examples.findings == []


def test_every_kind_of_finding_is_explained() -> None:
    explained = set(re.findall(r"`([a-z ]+)`", GUIDE))
    said = set(re.findall(r'"([a-z][a-z ]+)"', str(examine.__doc__).split("Args:")[0]))
    assert len(said) == 24
    assert said <= explained
    assert set(re.findall(r"`([a-z ]+)` \*", GUIDE)) == HARMFUL
