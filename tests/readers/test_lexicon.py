"""Files of words: with and without categories, several of them, one with a name, and every refusal word by word."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bigru.errors import ArgumentError, DataError, MissingExtraError
from bigru.readers import lexicon
from bigru.readers.lexicon import name_sources, read_lexicon, read_lexicons


def written(folder: Path, content: str | bytes, name: str = "places.txt") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def test_words_alone_have_the_name_of_the_file_as_category(tmp_path: Path) -> None:
    path = written(tmp_path, "北京\nNew York\n")
    assert read_lexicon(path) == [("北京", "places"), ("New York", "places")]
    assert read_lexicon(str(path)) == read_lexicon(path)


def test_words_with_categories_of_any_line_end_gzipped_or_with_a_mark(tmp_path: Path) -> None:
    want = [("北京", "地名"), ("张三", "person")]
    content = "北京\t地名\r\n张三\tperson"
    assert read_lexicon(written(tmp_path, content)) == want
    assert read_lexicon(written(tmp_path, "\ufeff" + content)) == want
    assert read_lexicon(written(tmp_path, gzip.compress(content.encode()), "names.tsv.gz")) == want


def test_several_files_come_together_and_a_word_keeps_all_of_its_categories(tmp_path: Path) -> None:
    one, two = written(tmp_path, "北京\n北京\n"), written(tmp_path, "北京\n上海\n", "cities.txt.gz.old")
    assert read_lexicons([one, str(two)]) == [("北京", "places"), ("北京", "cities"), ("上海", "cities")]
    assert read_lexicons(one) == [("北京", "places")]
    assert read_lexicons({"北京": "地名"}) == [("北京", "地名")]


def test_the_dictionary_of_jieba_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "中国 12 ns\nAT&T 3 nz\n", "dict.txt")
    monkeypatch.setattr(lexicon, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    assert read_lexicons("jieba") == [("中国", "ns"), ("AT&T", "nz")]
    assert "jieba" not in sys.modules
    written(tmp_path, "中国 ns\n", "dict.txt")
    message = "line must be a word, its frequency and part of speech, got another. Install it again with: pip install "
    with pytest.raises(DataError, match=message):
        read_lexicons("jieba")
    (tmp_path / "dict.txt").unlink()
    with pytest.raises(DataError, match=r"dict\.txt: lexicon must be a readable file, got No such file or directory\."):
        read_lexicons("jieba")
    monkeypatch.setattr(lexicon, "find_spec", lambda name: None)
    message = r"the lexicon 'jieba' needs the package jieba, which is not installed\. .* pip install 'bigru\[lexicon\]'"
    with pytest.raises(MissingExtraError, match=message):
        read_lexicons(["jieba"])


def test_what_the_card_says() -> None:
    assert name_sources(["jieba", "/a/names.txt"]) == [
        "the dictionary of [jieba](https://github.com/fxsjy/jieba), words and parts of speech; MIT licence, copyright "
        "(c) 2013 Sun Junyi",
        "names.txt; its licence is its owner's matter",
    ]
    assert name_sources({"a": "b"}) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", ": lexicon must be of one word at least, got an empty file."),
        ("北京\n\n上海\n", ":2: line must be a word, got an empty line."),
        ("北京\n  \n", ":2: word must be at least one character, got '  ', of spaces alone."),
        ("\u3000\tLOC\n", ":1: word must be at least one character, got '\\u3000', of spaces alone."),
        ("\tLOC\n", ":1: word must be at least one character, got an empty one."),
        ("北京\t\n", ":1: category must be at least one character, got an empty one."),
        (
            "北京\tLOC\n上海 LOC\n",
            ":2: line must be a word, TAB and a category, as line 1 is, got '上海 LOC'. Separate word and category by "
            "a TAB.",
        ),
        (
            "北京 LOC\n上海  LOC\n",
            ":1: line must be a word, or a word, TAB and a category, got '北京 LOC'. Separate word and category by a "
            "TAB.",
        ),
        ("北京\n上海\tLOC\n", ":2: line must be a word alone, as line 1 is, got '上海\\tLOC'."),
        ("北京\t3\tLOC\n", ":1: line must be a word, TAB and a category, got 3 columns."),
        (" 北京\n", ":1: word must be without spaces around it, got ' 北京'."),
        ("北京\tLOC \n", ":1: category must be without spaces around it, got 'LOC '."),
        ("北\x00京\n", ":1: word must be without control characters, got '北\\x00京'."),
        (
            "一一举 3 i\n",
            ":1: line must be a word, or a word, TAB and a category, got '一一举 3 i'. Leave the number out, and put a "
            "TAB before the category; jieba's own dictionary is --lexicon jieba.",
        ),
        (
            "上海\n北京".encode("gb18030"),
            ":1: lexicon must be UTF-8 text, got byte 0 that is none. If it is GB18030: iconv -f GB18030 -t UTF-8 "
            "places.txt",
        ),
        (
            "北京\n".encode() + b"\xe5\x8c",
            ":2: lexicon must be UTF-8 text, got byte 0 that is none. If it is GB18030: ",
        ),
    ],
)
def test_refusals(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_lexicons(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_file_of_very_many_lines_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicon, "MOST_WORDS", 3)
    path = written(tmp_path, "a\nb\nc\n")
    assert len(read_lexicons(path)) == 3
    path = written(tmp_path, "a\nb\nc\nd\n\xff")
    with pytest.raises(DataError) as caught:
        read_lexicon(path)
    assert (
        str(caught.value) == f"{path}: lexicon must be of at most 3 words, got more lines. Take the words that matter."
    )
    with pytest.raises(ArgumentError, match=r"^train: lexicon must be of at most 3 words, got 4\.$"):
        read_lexicons(dict.fromkeys("abcd", "x"))


def test_a_name_that_is_none(tmp_path: Path) -> None:
    message = r"jeiba: lexicon must be a readable file, got No such file or directory\. These have a name: jieba\. Di"
    with pytest.raises(DataError, match=message):
        read_lexicons("jeiba")
    with pytest.raises(DataError, match="lexicon must be a readable file, got Is a directory"):
        read_lexicons(tmp_path)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "train: lexicon must be a file, several files, or a mapping from words to categories, got 3."),
        ([3], "train: lexicon must be a file, several files, or a mapping from words to categories, got [3]."),
        ([], "train: lexicon must be of one word at least, got none."),
        ({}, "train: lexicon must be of one word at least, got none."),
        ({"a": 1}, "lexicon: category must be a text, got int."),
        ({"": "x"}, "lexicon: word must be at least one character, got an empty one."),
        ({"\ud800": "x"}, "lexicon: word must be without control characters, got '\\ud800'."),
    ],
)
def test_what_is_no_lexicon_is_refused(given: Any, message: str) -> None:
    with pytest.raises((ArgumentError, DataError)) as caught:
        read_lexicons(given)
    assert str(caught.value) == message
