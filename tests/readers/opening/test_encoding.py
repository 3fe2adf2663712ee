from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigru.errors import ArgumentError, DataError
from bigru.readers.opening.encoding import decode, read_bytes
from bigru.readers.reader import read
from bigru.readers.reading import Reading

WHOLE = gzip.compress(b"text" * 99, mtime=0)

CHINESE = "这部电影太棒了，情节扣人心弦。\n演员演技精湛\n"


@given(st.text())
def test_utf8_comes_back_as_it_was(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    found, name = decode(data, "f", None if data.count(0) * 10 <= len(data) else "utf-8")
    assert found == data.decode("utf-8-sig" if name == "utf-8-sig" else "utf-8")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (CHINESE.encode(), "utf-8"),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig"),
        (CHINESE.encode("gb18030"), "gb18030"),
        (CHINESE.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "utf-16"),
        (CHINESE.encode("utf-32"), "utf-32"),
        (CHINESE.encode("utf-16-le"), "utf-16-le"),
        (CHINESE.encode("utf-16-be"), "utf-16-be"),
        (CHINESE.encode("utf-32-le"), "utf-32-le"),
        (CHINESE.encode("utf-32-be"), "utf-32-be"),
        ("text,label\n안녕하세요,1\n".encode("iso2022_kr"), "iso2022_kr"),
        ("この映画はとても退屈で\n".encode("iso2022_jp"), "iso2022_jp_2"),
    ],
)
def test_encodings_are_detected(data: bytes, encoding: str) -> None:
    text, found = decode(data, "f")
    assert found == encoding
    assert text == data.decode("utf-8-sig" if found == "utf-8-sig" else encoding)


def test_traditional_and_four_byte_characters_in_gb18030() -> None:
    text = "這間酒店環境不錯😀\u00e9\n"
    assert decode(text.encode("gb18030"), "f") == (text, "gb18030")


def test_an_encoding_given_is_used() -> None:
    assert decode("naïve".encode("latin-1"), "f", "latin-1") == ("naïve", "latin-1")


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (
            b"good\n" + "好".encode() * 4 + b"\xff\n",
            None,
            r"f:2: text must be valid utf-8, got byte 0xff at offset 17\.",
        ),
        ("好好好好".encode() + b"\xb0\xa1", None, r"f:1: text must be valid utf-8, got byte 0xb0 at offset 12\."),
        (
            b"good\n\xfe\x7f \x81a\xff\xff \x90 \xc0\x20\n",
            None,
            r"f:2: text must be valid utf-8, got byte 0xfe at offset 5\. Save the file as UTF-8, or name its encoding "
            r"with --encoding\.",
        ),
        (
            "good\nCittà stupenda\n".encode("latin-1"),
            None,
            r"f:2: text must be in UTF-8 or clearly in one other encoding, got bytes that could be cp1252 or cp1257 or "
            r"cp1250\. Name it with --encoding cp1252 or --encoding cp1257 or --encoding cp1250\.",
        ),
        ("好\n".encode() + b"\xe5\xa5", None, r"f:2: text must be valid utf-8, got byte 0xe5 at offset 4\."),
        ("好\n\xe9".encode(), "ascii", r"f:1: text must be valid ascii, got byte 0xe5 at offset 0\. Save the file as"),
        (b"\xff\xfea", None, r"f:1: text must be valid utf-16, got byte 0x61 at offset"),
        (
            b"\x00\x01\x02text",
            None,
            r"f: data must be text, got binary data\. Text in UTF-16 without a byte-order mark",
        ),
        (b"plain\0\1\2\0\0\3", None, r"f: data must be text, got binary data"),
    ],
)
def test_broken_text_is_refused_with_line_and_byte(data: bytes, encoding: str | None, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        decode(data, "f", encoding)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r"^read: encoding must be a codec of Python, got 'gb18003'\. Did you mean 'gb"
    ):
        decode(b"a", "f", "gb18003")


def test_gzip_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    for name in ("a.csv.gz", "a.csv"):
        (tmp_path / name).write_bytes(gzip.compress(b"text"))
        assert read_bytes(tmp_path / name) == b"text"


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_bytes(b"x")
    with pytest.raises(
        DataError, match=r"review\.csv: data must be a file, got no such file\. Did you mean 'reviews\.csv'"
    ):
        read_bytes(tmp_path / "review.csv")
    with pytest.raises(DataError, match=r"got no such file\.$"):
        read_bytes(tmp_path / "nowhere" / "review.csv")


def test_a_folder_is_refused_and_its_files_named(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with pytest.raises(DataError, match=r"data: data must be a file, got a folder\.$"):
        read_bytes(folder)
    (folder / "b.csv").touch()
    (folder / "a.csv").touch()
    with pytest.raises(DataError, match=r"got a folder\. Name one file in it: a\.csv, b\.csv\.$"):
        read_bytes(folder)


@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0)], ids=["empty", "gzip"])
def test_an_empty_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.csv: data must be at least one example, got an empty file\.$"):
        read_bytes(tmp_path / "a.csv")


@pytest.mark.parametrize("data", [b"text", WHOLE[:-9], WHOLE[:14] + b"\0" * 30], ids=["none", "cut", "overwritten"])
def test_damaged_gzip_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv.gz").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.csv\.gz: data must be whole gzip, got "):
        read_bytes(tmp_path / "a.csv.gz")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data must be a readable file, got File name too long"):
        read_bytes(tmp_path / ("a" * 300))


def test_a_codec_of_python_that_names_no_byte_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("text,label\na,x\n")
    with pytest.raises(DataError, match=r"^d: text must be valid undefined, got .*undefined encoding"):
        decode(path.read_bytes(), "d", "undefined")
    with pytest.raises(DataError, match="text must be valid undefined, got"):
        read(path, Reading(encoding="undefined"))
