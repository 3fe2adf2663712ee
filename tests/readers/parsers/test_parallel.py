from __future__ import annotations

from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.annotation.parallel import check
from bigru.readers.reader import read

REMEDY = "Write each token and its tag on one line, and a blank line behind each sentence (CoNLL)."


def test_lines_in_turn_are_known(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("Anna is here\nB-PER O O\n\nso am I now\nO O O O\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path)
    got = "sentences and their tags on lines in turn"
    assert str(caught.value) == f"{path}: data must be a token and its tag on each line, got {got}. {REMEDY}"


def test_characters_and_their_tags_in_turn_are_known() -> None:
    with pytest.raises(DataError, match="sentences and their tags on lines in turn"):
        check("我爱你\nO O B-X\n你好\nO O\n", "f")


def test_tags_alone_are_known() -> None:
    with pytest.raises(
        DataError, match=r"^f: data must be a token and its tag on each line, got lines of tags alone\."
    ):
        check("B-PER O O\nO O\n", "f")


@pytest.mark.parametrize("text", ["", "a b\nc d\n", "one line\nO O\nof text\nand more\n", "a\nO\n"])
def test_other_texts_pass(text: str) -> None:
    check(text, "f")
