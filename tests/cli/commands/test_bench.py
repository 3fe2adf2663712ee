"""`bigru bench`: a table on stderr, one JSON object on stdout, with torch and without."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bigru.cli.commands import bench as command

Bigru = Callable

SIZES = ("--size", "1,7,3,5", "--size", "3,2,1,4")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "QUICK", 0.01)


@pytest.mark.slow
def test_every_size_is_timed_beside_torch(bigru: Bigru) -> None:
    result = bigru("bench", "--quick", "--threads", 1, *SIZES)
    assert result.code == 0
    rows = result.json["rows"]
    assert [(row["pass"], row["B"], row["T"], row["I"], row["H"]) for row in rows] == [
        (name, *size) for name in ("forward", "forward + backward") for size in [(1, 7, 3, 5), (3, 2, 1, 4)]
    ]
    assert [set(row["milliseconds"]) for row in rows[::2]] == [{"bigru", "torch"}, {"bigru", "bigru.nn", "torch"}]
    for row in rows:
        timing = row["milliseconds"]["bigru"]
        assert 0 < timing["low"] <= timing["median"] <= timing["high"]
        assert 0 < row["gflops"] < row["peak_gflops"]
    assert result.json["threads"] == 1
    assert "1,7,3,5" in result.err
    assert "times torch" in result.err


def test_without_torch_bigru_is_timed_alone(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_torch_version", lambda: None)
    result = bigru("bench", "--quick", *SIZES)
    assert result.code == 0
    assert result.json["torch"] is None
    assert {engine for row in result.json["rows"] for engine in row["milliseconds"]} == {"bigru"}
    assert result.err.startswith("PyTorch is not installed: bigru is timed alone.\n")
    assert "times torch" not in result.err


@pytest.mark.slow
def test_without_sizes_the_grid_is_timed(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.speed, "GRID", (command.speed.Size(1, 1, 1, 1),) * 7)
    assert len(bigru("bench", "--quick").json["rows"]) == 2 * 4


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--size", "1,2,3"), "bigru bench: --size must be B,T,I,H, four integers above 0, got '1,2,3'."),
        (("--size", "1,2,3,0"), "bigru bench: --size must be B,T,I,H, four integers above 0, got '1,2,3,0'."),
        (("--size", "a,2,3,4"), "bigru bench: --size must be B,T,I,H, four integers above 0, got 'a,2,3,4'."),
        (
            ("--size", "100000,10000,30,64"),
            "bigru bench: --size must be a size whose arrays hold at most 268,435,456 numbers, "
            "got 100000,10000,30,64 with 798,000,072,192.",
        ),
        (("--threads", "0"), f"bigru bench: --threads must be within 1..{command.threads()}, got 0."),
    ],
)
def test_what_cannot_be_timed_is_refused_in_one_line(
    refused: Callable[..., str], arguments: tuple[str, ...], line: str
) -> None:
    assert refused("bench", *arguments) == line
