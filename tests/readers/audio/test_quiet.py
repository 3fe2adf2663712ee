"""What C code prints is silent inside the block, and nothing else is."""

from __future__ import annotations

import ctypes
import os

import pytest

from bigru.readers.audio.quiet import quiet


def puts(text: bytes) -> None:
    libc = ctypes.CDLL(None)
    libc.puts(text)
    libc.fflush(None)


def test_only_c_is_quiet_and_only_inside(capfd: pytest.CaptureFixture[str]) -> None:
    puts(b"before")
    with quiet():
        with quiet():
            puts(b"inside both")
        puts(b"inside")
        os.write(2, b"not of C\n")
    puts(b"after")
    assert capfd.readouterr() == ("before\nafter\n", "not of C\n")
