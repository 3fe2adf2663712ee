from __future__ import annotations

import bz2
import io
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bigru.errors import DataError
from bigru.readers.opening.archives import plain_name, unpack
from bigru.readers.opening.encoding import read_bytes
from bigru.readers.reader import read

TABLE = b"text,label\na,x\nb,y\n"


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        bz2.compress(TABLE),
        lzma.compress(TABLE),
        zipped({"a.csv": TABLE}),
        zipped({"d/": b"", "d/a.csv": TABLE, "__MACOSX/d/._a.csv": b"x", "d/.DS_Store": b"x"}),
        TABLE,
    ],
)
def test_what_is_packed_comes_out(data: bytes) -> None:
    assert unpack(data, "f") == TABLE


@pytest.mark.parametrize("suffix", [".bz2", ".xz", ".zip"])
def test_the_name_before_the_packing_says_the_format(tmp_path: Path, suffix: str) -> None:
    pack = {".bz2": bz2.compress, ".xz": lzma.compress, ".zip": lambda data: zipped({"a.csv": data})}[suffix]
    (tmp_path / f"a.csv{suffix}").write_bytes(pack(TABLE))
    assert read(tmp_path / f"a.csv{suffix}").targets == ["x", "y"]
    assert plain_name(f"a.csv{suffix}") == "a.csv"


def test_archives_that_are_documents_or_arrays_stay_as_they_are() -> None:
    arrays = io.BytesIO()
    np.savez(arrays, x=np.zeros((2, 3)))
    assert unpack(arrays.getvalue(), "f") == arrays.getvalue()
    book = zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""})
    assert unpack(book, "f") == book


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bz2.compress(TABLE)[:-9], r"f: data must be whole bzip2, got "),
        (lzma.compress(TABLE)[:-9], r"f: data must be whole xz, got "),
        (zipped({"a.csv": TABLE})[:-9], r"f: data must be a whole zip archive, got "),
        (
            zipped({"train.csv": TABLE, "test.csv": TABLE}),
            r"f: archive must be one data file, got 2 files \(train\.csv, test\.csv\)\. Unpack it and name one",
        ),
        (zipped({}), r"f: archive must be one data file, got an empty archive\."),
        (bz2.compress(b"0" * 1001), r"f: data must be at most 1,000 bytes when unpacked, got more\."),
        (lzma.compress(b"0" * 1001), r"f: data must be at most 1,000 bytes when unpacked, got more\."),
        (zipped({"a.csv": b"0" * 1001}), r"f: data must be at most 1,000 bytes when unpacked, got 1,001\."),
    ],
)
def test_damaged_large_and_ambiguous_archives_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        unpack(data, "f", 1000)


def test_what_a_zip_claims_is_not_believed() -> None:
    data = bytearray(zipped({"a.csv": b"0" * 100_000}))
    for at in (22, data.index(b"PK\x01\x02") + 24):
        data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(DataError, match=r"^f: data must be whole zip, got "):
        unpack(bytes(data), "f", 1000)


@pytest.mark.parametrize(
    ("name", "data", "got"),
    [
        ("a.pkl", b"\x80\x04\x95\x05\x00\x00\x00K\x01.", "a pickle of Python"),
        ("a.csv", b"\x80\x04\x95\x05\x00\x00\x00K\x01.", "a pickle of Python"),
        ("a.joblib", b"x\x9c\x00\xff", "a pickle of Python"),
        ("a.npy", b"\x93NUMPY\x01\x00", r"a single NumPy array \(\.npy\)"),
        ("a.h5", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("a.db", b"SQLite format 3\x00", "an SQLite database"),
        ("a.pdf", b"%PDF-1.7", "a PDF document"),
        ("a.docx", zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), r"a Word document \(\.docx\)"),
        ("a.csv", b"\xef\xbb\xbf \n<!DOCTYPE html><html>", "a web page"),
        ("a.csv", b"<html><body>", "a web page"),
        ("a.csv", b"<?xml version='1.0'?><Error/>", "an XML document"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS, not the file"),
        ("a.csv", b"404: Not Found", "the answer 404 of a web server"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c\x00", "a 7z archive"),
        ("a.rar", b"Rar!\x1a\x07", "a RAR archive"),
        ("a.zst", b"\x28\xb5\x2f\xfd\x00", "a file packed with zstd"),
        ("a.tar", b"a.csv" + b"\0" * 252 + b"ustar\x00", "a tar archive"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "a PNG image"),
        ("a.rds", b"X\n\x00\x00\x00\x03", "an RDS file of R"),
        ("a.sav", b"$FL2@(#)", r"an SPSS file \(\.sav\)"),
        ("a.dta", b"r\x02\x01\x00\xff", r"a Stata file \(\.dta\)"),
        ("a.mat", b"MATLAB 5.0 MAT-file", r"a MATLAB file \(\.mat\)"),
        ("a.avro", b"Obj\x01\x04", "an Avro file"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes, got: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=rf"{name}: data must be a table or a text, got {got}\."):
        read_bytes(tmp_path / name)


def test_a_text_is_a_text_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(TABLE)
    assert read_bytes(tmp_path / "a.pkl") == TABLE


def test_words_about_pages_are_no_page(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"text,label\n<html> is a tag,x\n")
    assert read_bytes(tmp_path / "a.txt").startswith(b"text")
