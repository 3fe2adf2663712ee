"""Files as bytes: gzip of bounded size, damage in a sentence, and no devices."""

from __future__ import annotations

import gzip
import io
import os
import threading
from pathlib import Path

import pytest

from bigru.errors import ArgumentError, DataError
from bigru.readers.chunked import parts
from bigru.readers.opening import packed
from bigru.readers.opening.packed import most_bytes, open_unpacked, read_lines, read_whole, unpack_stream
from bigru.readers.reader import read


def test_plain_and_packed_files_say_the_same(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b.gz").write_bytes(gzip.compress(content[:1000]) + gzip.compress(content[1000:]))
    (tmp_path / "c").write_bytes(gzip.compress(content))
    for name in "a", "b.gz", "c":
        assert read_whole(tmp_path / name, name) == content
        with open_unpacked(tmp_path / name) as (stream, _):
            assert stream.read() == content


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "FREE_BYTES", 1 << 20)
    content = b"text,label\n" + b"a" * (1 << 22) + b",x\n"
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(content))
    with pytest.raises(DataError) as caught:
        read(tmp_path / "d.csv.gz")
    assert str(caught.value) == (
        f"{tmp_path}/d.csv.gz: data must be at most 1,048,576 bytes, unpacked, got more. "
        "Divide the file, or allow more with BIGRU_MAX_BYTES=BYTES in the environment."
    )
    monkeypatch.setenv("BIGRU_MAX_BYTES", str(1 << 23))
    assert read_whole(tmp_path / "d.csv.gz", "d") == content


def test_the_bound_follows_the_size_of_the_file_and_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert most_bytes() == most_bytes(1 << 40) == 1 << 32
    assert most_bytes(100) == 1 << 26
    assert most_bytes(1 << 20) == 200 << 20
    for wrong in ("²", "-5", "0", "1" * 5000, "many"):
        monkeypatch.setenv("BIGRU_MAX_BYTES", wrong)
        with pytest.raises(ArgumentError, match=r"^read: BIGRU_MAX_BYTES must be a number of bytes above 0, got '"):
            most_bytes()


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of Linux")
def test_devices_are_refused() -> None:
    for call in (lambda: read("/dev/zero"), lambda: list(parts("/dev/zero")), lambda: read_whole("/dev/full", "f")):
        with pytest.raises(DataError, match=r": data must be a file, got a device\.$"):
            call()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.csv")
    thread = threading.Thread(target=(tmp_path / "p.csv").write_text, args=("text,label\na,x\nb,y\n",))
    thread.start()
    assert read(tmp_path / "p.csv").inputs == ["a", "b"]
    thread.join()


@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz"])
def test_damaged_gzip_is_a_sentence_wherever_it_ends(tmp_path: Path, name: str) -> None:
    whole = gzip.compress(b"text,label\n" + os.urandom(3000).hex().encode() + b",x\nb,y\n")
    cut = [whole[:n] for n in (2, 10, 11, len(whole) // 2, len(whole) - 1)]
    for damaged in (*cut, whole[:-8] + b"\0" * 8, whole + b"rest", whole[:20] + b"\xff" * 20 + whole[40:]):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(DataError, match=r"data must be whole gzip, got "):
            read(tmp_path / name)


def test_a_line_comes_before_the_next_is_there() -> None:
    whole = gzip.compress(b"first\n") + gzip.compress(b"second\n")
    end, start = os.pipe()
    with open(end, "rb") as stream, open(start, "wb", buffering=0) as writer:
        writer.write(whole[: len(gzip.compress(b"first\n"))])
        lines = read_lines(unpack_stream(stream, "stdin"), "stdin")
        assert next(lines) == b"first\n"
        writer.write(whole[len(gzip.compress(b"first\n")) :])
        assert next(lines) == b"second\n"


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "LINE_BYTES", 8)
    assert list(read_lines(io.BytesIO(b"1234567\n12345678"), "s")) == [b"1234567\n", b"12345678"]
    with pytest.raises(DataError, match=r"^s:2: line must be at most 8 bytes, got a longer one\.$"):
        list(read_lines(io.BytesIO(b"1\n12345678\n"), "s"))
