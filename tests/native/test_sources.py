"""Rules for the sources of the kernels that no compiler here would notice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[2] / "native"
SOURCES = sorted(path for path in NATIVE.rglob("*") if path.suffix in {".c", ".cc", ".h"})
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)

pytestmark = pytest.mark.any_instruction_set


def code(text: str) -> str:
    """Return a source without its comments and texts."""
    return COMMENT.sub(" ", text)


def test_no_long_which_has_32_bits_on_windows():
    assert re.findall(r"\blong\b", code('long a; // as long as b\nputs("too long"); /* long */ unsigned long c;')) == [
        "long",
        "long",
    ]
    assert len(SOURCES) > 60
    assert [path.name for path in SOURCES if re.search(r"\blong\b", code(path.read_text(encoding="utf-8")))] == []


def test_rooms_stay_small():
    rooms = {path.parent for path in SOURCES}
    assert {room.name for room in rooms} >= {"cpu", "runtime", "matmul", "gru", "crf", "ctc", "embedding", "isa"}
    assert {room.name: count for room in rooms if (count := len(list(room.iterdir()))) > 20} == {}
    assert [path.name for path in (NATIVE / "src").iterdir() if path.is_file()] == []


def test_files_stay_short():
    assert {p.name: n for p in SOURCES if (n := len(p.read_text(encoding="utf-8").splitlines())) >= 400} == {}


def test_every_file_is_built_or_included():
    built = (NATIVE / "CMakeLists.txt").read_text(encoding="utf-8")
    included = {
        (path.parent / name).resolve()
        for path in SOURCES
        for name in re.findall(r'#include "([^"]+)"', path.read_text(encoding="utf-8"))
    }
    for path in SOURCES:
        name = path.relative_to(NATIVE).as_posix()
        body = re.fullmatch(r"src/isa/(\w+)\.cc", name)
        assert (
            name in built
            or path in included
            or name == "include/bigru.h"
            or (body and body[1] in built)
            or (path.parent.name == "test" and path.stem in built)
        ), name
