from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.fasttext import parse, sniff


def test_one_label_a_line() -> None:
    table = parse("__label__pos a fine film\r\n__label__neg\tdull \n", "f")
    assert (table.names, table.lines) == (["text", "label"], [1, 2])
    assert list(table.records()) == [{"text": "a fine film", "label": "pos"}, {"text": "dull", "label": "neg"}]


def test_several_labels_before_and_behind_the_text() -> None:
    table = parse("__label__a __label__b one __label__ two\n\nthree __label__c\nfour\n", "f")
    assert list(table.column("labels")) == [["a", "b"], ["c"], []]
    assert list(table.column("text")) == ["one __label__ two", "three", "four"]
    assert table.lines == [1, 3, 4]
    assert [str(one) for one in table.findings] == ["f:2: empty row: the line is blank; left out"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__label__a x\n__label__ y\n", r"f:2: label must be a name behind __label__, got nothing\."),
        ("one\ntwo\n", r"f: data must be lines with __label__, got none\."),
    ],
)
def test_lines_without_labels_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f")


def test_it_is_told_from_plain_lines() -> None:
    assert sniff("a.txt", "__label__a x\n")
    assert not sniff("a.txt", "a text of __label__\nno\nno\n")
    assert not sniff("a.txt", "\n")
