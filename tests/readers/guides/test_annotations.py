"""Every example of the guide to annotations is read, gives what the guide says, and stands in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bigru.readers.reader import read

GUIDE = Path(__file__).parents[3] / "docs" / "guide"
PAGES = [(GUIDE / name).read_text(encoding="utf-8") for name in ("annotations.md", "annotations.zh-CN.md")]
BLOCKS = dict(re.findall(r"^```\S+ (\S+)\n(.*?)^```", PAGES[0], re.M | re.S))

ANNA = ["B-PER", "I-PER", "I-PER", "I-PER", *["O"] * 6]
BOB = ["B-PER", "I-PER", "I-PER", *["O"] * 6]
ROME = [*ANNA, "O", "B-LOC", "I-LOC", "I-LOC", "I-LOC"]
CHINESE = ["B-name", "I-name", "I-name", "O", "B-address", "I-address"]

SAID: dict[str, tuple[str, str, list]] = {
    "doccano.jsonl": ("text", "tag", [ROME, BOB]),
    "entities.jsonl": ("text", "tag", [ANNA]),
    "studio.json": ("text", "tag", [ANNA]),
    "minimal.json": ("text", "classify", ["Positive", "Negative"]),
    "prodigy.jsonl": ("text", "tag", [ANNA]),
    "pairs.jsonl": ("text", "tag", [ANNA, BOB]),
    "dataturks.jsonl": ("text", "tag", [ANNA]),
    "cluener.jsonl": ("text", "tag", [CHINESE]),
    "labels.jsonl": ("text", "classify", ["pos", "neg"]),
    "numbered.jsonl": ("tokens", "tag", [["B-PER", "O"]]),
    "germeval.conll": ("tokens", "tag", [["B-PER", "I-PER", "O", "B-LOC"], ["B-PER", "O"]]),
    "bilou.conll": ("tokens", "tag", [["B-PER", "E-PER", "O", "S-LOC"]]),
    "pair.ann": ("text", "tag", [ANNA]),
}

FOUND = {
    "prodigy.jsonl": ["not accepted"],
    "germeval.conll": ["passed over"],
    "pair.ann": ["not read"],
}


def test_every_block_is_known_and_stands_in_both_languages() -> None:
    assert set(BLOCKS) == set(SAID)
    blocks = [re.findall(r"^```.*?^```", page, re.M | re.S) for page in PAGES]
    assert blocks[0] == blocks[1]
    assert [page.count("\n## ") for page in PAGES] == [5, 5]


@pytest.mark.parametrize("name", SAID)
def test_the_examples_of_the_guide(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BLOCKS[name], encoding="utf-8")
    (tmp_path / "pair.txt").write_text("Anna stays\n", encoding="utf-8")
    examples = read(tmp_path / name)
    assert (examples.kind, examples.task, examples.targets) == SAID[name]
    assert [finding.kind for finding in examples.findings] == FOUND.get(name, [])
