from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.wordtag import parse
from bigru.scheme import spans


def entities(line: str, **options: object) -> list[tuple[str, str]]:
    examples = parse(line, "f", **options)
    (text,), (tags,) = examples.inputs, examples.targets or []
    assert len(text) == len(tags)
    return [(text[span.start : span.end], span.label) for span in spans(tags, examples.scheme or "")]


def test_entities_by_hand() -> None:
    line = "中共中央/nt  总书记/n  江/nr  泽民/nr  在/p  北京/ns  １２月/t"
    assert entities(line) == [("中共中央", "ORG"), ("江泽民", "PER"), ("北京", "LOC")]
    assert parse(line, "f").inputs == ["中共中央总书记江泽民在北京１２月"]
    assert parse("北京/ns 好/a", "f", scheme="BMES").targets == [["B-LOC", "E-LOC", "O"]]


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("克林顿/nr 说/v", ["克林顿"]),
        ("欧阳/nr 修/nr", ["欧阳修"]),
        ("张/nr 三/nr 李/nr 四/nr", ["张三", "李四"]),
        ("张/nr 三/nr 克林顿/nr", ["张三", "克林顿"]),
        ("王/nr 、/w 李/nr", ["王", "李"]),
        ("克林顿/nr 布什/nr 张/nr 三/nr", ["克林顿", "布什", "张三"]),
    ],
)
def test_surname_and_given_name_are_one_person(line: str, people: list[str]) -> None:
    assert entities(line) == [(person, "PER") for person in people]


def test_bracketed_compounds() -> None:
    line = "[中国/ns 人民/n 银行/n]nt 在/p [北京/ns 大学/n]l [/w 上海/ns ]/w"
    assert entities(line) == [("中国人民银行", "ORG"), ("北京", "LOC"), ("上海", "LOC")]


def test_words_as_spans_are_segmentation() -> None:
    examples = parse("北京/ns 欢迎/v 你/r", "f", entities=None, scheme="BMES")
    assert examples.targets == [["B", "E", "B", "E", "S"]]
    assert (examples.scheme, examples.kind, examples.task) == ("BMES", "text", "tag")


def test_other_tags_may_be_entities() -> None:
    assert entities("十二月/t 北京/ns", entities={"t": "TIME"}) == [("十二月", "TIME")]


def test_article_numbers_are_passed_over_and_counted() -> None:
    examples = parse("19980101-01-001-001/m 北京/ns\n\n19980101-01-001-002/m\n好/a\n", "f")
    assert examples.inputs == ["北京", "好"]
    assert examples.lines == [1, 4]
    assert [str(finding) for finding in examples.findings] == ["f:1: passed over: 2 article numbers"]


def test_slashes_are_words_too() -> None:
    assert parse("1/2/m //w", "f").inputs == ["1/2/"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("北京/ns\n好 吗/y\n", r"f:2: word must be written word/tag, got '好'"),
        ("/w\n", r"f:1: word must be written word/tag, got '/w'"),
        ("[北京/ns 大学/n\n", r"f:1: bracket must be closed in its line, got '\[北京'"),
        (" \n", r"f: data must be at least one example, got none"),
    ],
)
def test_faulty_lines_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f")
