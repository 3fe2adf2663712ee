"""`bigru predict --out`: files larger than memory, and going on after whatever stopped it."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.cli.commands import predict
from bigru.readers import chunked as large

Bigru = Callable
Refused = Callable[..., str]

TEXTS = [("ab"[n % 2] * (n % 7 + 1)) + str(n) for n in range(3000)]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in parts what is more than a few lines."""
    monkeypatch.setattr(large, "WHOLE_BYTES", 1000)
    monkeypatch.setattr(large, "PART", 700)
    monkeypatch.setattr(predict, "AHEAD", 2)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "big.txt"
    path.write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    return path


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("packed", [False, True])
def test_answers_go_to_a_file(bigru: Bigru, model: Path, tmp_path: Path, lines: Path, packed: bool) -> None:
    if packed:
        (tmp_path / "big.txt.gz").write_bytes(gzip.compress(lines.read_bytes()))
        lines = tmp_path / "big.txt.gz"
    result = bigru("predict", model, lines, "--out", tmp_path / "answers.jsonl")
    assert (result.code, result.out) == (0, "")
    assert texts(tmp_path / "answers.jsonl") == TEXTS
    assert sorted(path.name for path in tmp_path.glob("answers*")) == ["answers.jsonl"]
    assert [row["text"] for row in bigru("predict", model, lines).rows] == TEXTS


@pytest.mark.slow
@pytest.mark.parametrize("stop", [0, 1, 127, 128, 1000, 2999, 3000])
@pytest.mark.parametrize("torn", [b"", b'{"text": "a', "好".encode()[:2]])
def test_it_goes_on_behind_the_last_whole_line(
    bigru: Bigru, model: Path, tmp_path: Path, lines: Path, stop: int, torn: bytes
) -> None:
    out = tmp_path / "answers.jsonl"
    bigru("predict", model, lines, "--out", out)
    whole = out.read_bytes()
    bigru("predict", model, lines, "--out", tmp_path / "other.jsonl")
    out.write_bytes(b"".join(whole.splitlines(keepends=True)[:stop]) + torn)
    unfinished(bigru, model, lines, out)
    result = bigru("predict", model, lines, "--out", out, "--resume")
    assert result.code == 0, result.err
    assert out.read_bytes() == whole
    assert not out.with_name("answers.jsonl.run").exists()


def unfinished(bigru: Bigru, model: Path, lines: Path, out: Path, *options: str) -> None:
    """Lay beside answers what a run leaves that is stopped before the first."""
    stopped = out.with_name("stopped.jsonl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predict, "_answer_lines", interrupted)
        assert bigru("predict", model, lines, "--out", stopped, "--force", *options).code == 130
    stopped.with_name("stopped.jsonl.run").rename(out.with_name(out.name + ".run"))


def interrupted(*_arguments: object) -> None:
    raise KeyboardInterrupt


def wait_for(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.process
@pytest.mark.parametrize("signalled", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_lost_or_doubled_when_it_is_stopped(model: Path, tmp_path: Path, signalled: int) -> None:
    path, out = tmp_path / "big.txt", tmp_path / "answers.jsonl"
    asked = [text * 20 for text in TEXTS * 20]
    path.write_text("".join(f"{text}\n" for text in asked), encoding="utf-8")
    command = [sys.executable, "-m", "bigru", "predict", str(model), str(path), "--out", str(out), "--resume"]
    stops = 0
    for size in (1, 1_000_000, 3_000_000):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, preexec_fn=take_interrupts)
        wait_for(lambda size=size, process=process: process.poll() is not None or grown(out, size))
        process.send_signal(signalled)
        if process.wait() == 0:
            break
        stops += 1
    else:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert stops > 0
    assert texts(out) == asked


def take_interrupts() -> None:
    # Whatever runs in the background of a shell is born deaf to SIGINT.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def grown(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size >= size


@pytest.mark.process
def test_a_full_disk_is_said_and_gone_on_from(model: Path, tmp_path: Path, lines: Path) -> None:
    out = tmp_path / "answers.jsonl"
    command = [sys.executable, "-m", "bigru", "predict", str(model), str(lines), "--out", str(out), "--resume"]
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$@"', "bash", *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("bigru predict: output must be written to the end, got ")
    assert 0 < out.stat().st_size <= 100 * 1024
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    assert texts(out) == TEXTS


def test_a_file_that_is_there_is_not_written_over(bigru: Bigru, refused: Refused, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    assert bigru("predict", model, "a", "b", "--out", out).code == 0
    assert "--out must be a new file" in refused("predict", model, "a", "--out", out)
    assert "left unfinished" in refused("predict", model, "a", "b", "--out", out, "--resume")
    assert texts(out) == ["a", "b"]
    assert bigru("predict", model, "aa", "--out", out, "--force").code == 0
    assert texts(out) == ["aa"]


def test_another_model_or_input_is_refused(
    bigru: Bigru, refused: Refused, model: Path, fine: Path, tmp_path: Path, lines: Path
) -> None:
    out = tmp_path / "answers.jsonl"
    out.write_text('{"text": "x"}\n', encoding="utf-8")
    unfinished(bigru, model, lines, out)
    assert "model must be the same" in refused("predict", fine, lines, "--out", out, "--resume")
    assert "options must be the same" in refused("predict", model, lines, "--out", out, "--resume", "--plain")
    assert "input 1 must be that of answer 1" in refused("predict", model, lines, "--out", out, "--resume")
    lines.write_text("a\n", encoding="utf-8")
    assert "input must be the same" in refused("predict", model, lines, "--out", out, "--resume")
    out.write_text('{"text": "a"}\n' * 2, encoding="utf-8")
    unfinished(bigru, model, lines, out)
    assert "inputs must be at least as many" in refused("predict", model, lines, "--out", out, "--resume")


@pytest.mark.parametrize("options", [["--resume"], ["--force"]])
def test_options_that_need_a_file_are_refused_without_one(refused: Refused, model: Path, options: list[str]) -> None:
    assert "must be given with --out" in refused("predict", model, "a", *options)
    assert "--out is not allowed with --stream (got x)." in refused("predict", model, "a", "--stream", "--out", "x")


def test_a_folder_that_is_not_there_is_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    assert "a file that can be written" in refused("predict", model, "a", "--out", tmp_path / "no" / "x.jsonl")


@pytest.mark.parametrize("packed", [False, True])
def test_stdin_is_gone_on_with(
    bigru: Bigru, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    data = "".join(f"{text}\n" for text in TEXTS).encode()
    data = gzip.compress(data) if packed else data
    out = tmp_path / "answers.jsonl"
    for _ in range(2):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert bigru("predict", model, "-", "--out", out, "--force").code == 0
        assert texts(out) == TEXTS
    torn = gzip.compress("".join(f"{text}\n" for text in TEXTS).encode())[:-900]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(torn)))
    assert "stdin: data must be whole gzip" in bigru("predict", model, "-", "--out", out, "--force").err
    kept = texts(out)
    assert kept == TEXTS[: len(kept)]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert bigru("predict", model, "-", "--out", out, "--resume").code == 0
    assert texts(out) == TEXTS


def test_plain_answers_stay_on_their_lines(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    odd = "a\nb\r\tb\x0b\u2028\x85"
    assert bigru("predict", model, odd, "--plain").out == "a\\nb\\r\\tb\\x0b\\u2028\\x85\tb\n"
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps({"text": odd}) + "\n" + json.dumps({"text": "a"}) + "\n", encoding="utf-8")
    out = tmp_path / "answers.txt"
    bigru("predict", model, file, "--plain", "--out", out)
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2
    out.write_bytes(out.read_bytes().splitlines(keepends=True)[0])
    unfinished(bigru, model, file, out, "--plain")
    assert bigru("predict", model, file, "--plain", "--out", out, "--resume").code == 0
    assert out.read_text(encoding="utf-8").splitlines()[1] == "a\ta"


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_in_a_folder_is_read_once(model: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "bigru", "predict", str(model), str(pipe), "--format", "txt"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pipe.write_bytes(b"a\nb\n")
    out, _ = process.communicate(timeout=60)
    assert [json.loads(line)["label"] for line in out.splitlines()] == ["a", "b"]


@pytest.mark.parametrize("name", ["/", ".", "..", "folder"])
def test_answers_do_not_go_to_a_folder(refused: Refused, model: Path, tmp_path: Path, name: str) -> None:
    place = tmp_path / "folder" if name == "folder" else Path(name)
    (tmp_path / "folder").mkdir()
    for option in ("--force", "--resume"):
        line = refused("predict", model, "a", "--out", place, option)
        assert line == f"bigru predict: --out must be a file, got {place}, a folder."
