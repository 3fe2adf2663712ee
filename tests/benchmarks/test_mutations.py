"""A few hundred of the damaged files of `benchmarks/mutate.py`: each is read or refused in one line."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from bigru.readers import formats
from bigru.readers.opening.encoding import decode, read_bytes


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path) -> None:
    import mutate

    known = [one for one in mutate.seeds() if one.kind != "audio"]
    counts = dict.fromkeys(("done", "refused"), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(300):
            origin, one = mutate.case(number, 7, known)
            mutate.write(one, tmp_path / "case")
            for name, action in mutate.steps(one, tmp_path / "case"):
                found = mutate.outcome(action)
                assert found in counts, (number, origin.name, name)
                counts[found] += 1
    assert min(counts.values()) > 100


def test_every_format_is_changed(tmp_path: Path) -> None:
    import mutate

    found = set()
    for n, one in enumerate(mutate.seeds()):
        if one.kind in ("table", "data", "folder"):
            place = tmp_path / str(n)
            mutate.write(one, place)
            path = place if one.kind == "folder" else place / next(iter(one.files))
            found.add(format_of(path))
    assert found == set(formats.FORMATS)


def format_of(path: Path) -> str:
    folder = next((name for name, one in formats.FORMATS.items() if one.folder and one.folder(path)), None)
    if folder is not None:
        return folder
    data = read_bytes(path)
    named = formats.by_name(str(path), data)
    if named is not None and formats.FORMATS[named].binary:
        return named
    return formats.by_content(decode(data, str(path))[0], str(path), named)


def test_a_fault_is_one(tmp_path: Path) -> None:
    import mutate

    assert mutate.outcome(lambda: int("²")).startswith("ValueError at test_mutations.py:")
    assert mutate.outcome(lambda: None) == "done"

    class Panic(BaseException):
        pass

    def panic() -> None:
        raise Panic("a panic of Rust")

    assert mutate.outcome(panic).endswith(": a panic of Rust")


def test_a_second_fault_of_one_kind_in_one_file_is_another() -> None:
    import mutate

    assert (
        mutate.sort_of("ValueError at times.py:9 in error.pxi:5: odd: 1", "csv", "read") == "ValueError at times.py:9"
    )
    assert mutate.sort_of("ValueError at times.py:80: odd: 2", "csv", "read") == "ValueError at times.py:80"
    assert mutate.sort_of("the process ended with -11", "orc", "read") == "orc, read: the process ended with -11"
