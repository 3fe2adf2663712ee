"""Exit codes and the one line on stderr."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import bigru as package
from bigru.cli import streams
from bigru.cli.commands import evaluate as command
from bigru.errors import DataError

Bigru = Callable


def test_without_arguments_the_commands_are_listed(bigru: Bigru) -> None:
    result = bigru()
    assert (result.code, result.err) == (0, "")
    assert all(name in result.out for name in ("train", "evaluate", "predict", "doctor", "import", "demo", "info"))


def test_version(bigru: Bigru) -> None:
    assert bigru("--version") == (0, f"{package.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["trian"], "bigru: No such command 'trian'. Did you mean 'train', 'pretrain'? See: bigru --help.\n"),
        (["train"], "bigru train: Missing argument 'data'. See: bigru train --help.\n"),
        (["info", "--foo"], "bigru info: No such option: --foo See: bigru info --help.\n"),
        (["info", "now"], "bigru info: Got unexpected extra argument(s) (now) See: bigru info --help.\n"),
    ],
)
def test_a_wrong_call_is_one_line(bigru: Bigru, arguments: list[str], line: str) -> None:
    assert bigru(*arguments) == (2, "", line)


def test_a_wrong_number_is_one_line(bigru: Bigru, reviews: Path) -> None:
    result = bigru("train", reviews, "--epochs", "many")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("bigru train: Invalid value for '--epochs'")
    assert result.err.count("\n") == 1


def test_a_fault_of_ours_is_one_line_too(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("gone\nwrong")

    monkeypatch.setattr(command, "evaluate", broken)
    line = "bigru evaluate: a fault of bigru, please report it: RuntimeError: gone wrong "
    assert bigru("evaluate", "m", "d") == (70, "", line + "BIGRU_DEBUG=1 shows where it happened.\n")
    monkeypatch.setenv("BIGRU_DEBUG", "1")
    assert 'raise RuntimeError("gone' in bigru("evaluate", "m", "d").err


def test_ctrl_c_is_130(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "evaluate", interrupted)
    assert bigru("evaluate", "m", "d") == (130, "", "bigru evaluate: stopped.\n")


@pytest.mark.process
def test_a_reader_who_leaves_is_no_error(model: Path) -> None:
    # Head closes the pipe after one line while many times the pipe's capacity is still to come.
    shell = ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m bigru predict {model} - | head -n 1"]
    done = subprocess.run(shell, input="ab\n" * 20_000, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith('{"text": "ab"')


@pytest.mark.process
def test_the_entry_point_passes_the_exit_code_on() -> None:
    done = subprocess.run([sys.executable, "-m", "bigru", "nothing"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "bigru: No such command 'nothing'. See: bigru --help.\n"


def test_waiting_threads_sleep(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    bigru("--version")
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    bigru("--version")
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def shell(command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell command in which `bigru` is this bigru."""
    full = f'bigru() {{ "{sys.executable}" -m bigru "$@"; }}; {command}'
    return subprocess.run(["bash", "-c", full], capture_output=True, timeout=60, env={**os.environ, **environment})


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full exists on Linux alone")
def test_a_full_disk_below_stdout_is_one_line() -> None:
    done = shell("bigru info > /dev/full")
    want = b"bigru info: output must be written to the end, got No space left on device. Make room and run it again.\n"
    assert (done.returncode, done.stderr) == (2, want)


@pytest.mark.process
def test_closed_streams(model: Path, reviews: Path) -> None:
    done = shell("bigru info >&-")
    assert (done.returncode, done.stderr) == (2, b"bigru: stdout must be open, got a closed one.\n")
    done = shell(f"bigru predict {model} <&-")
    assert (done.returncode, done.stderr) == (2, b"bigru predict: stdin must be open, got a closed one.\n")
    done = shell(f"bigru doctor {reviews} 2>&-")
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)


@pytest.mark.process
@pytest.mark.parametrize("stderr", ["2> >(exec true)", "2>&-", "2> /dev/full"])
def test_progress_that_cannot_be_written_neither_ends_nor_falsifies_the_work(
    model: Path, reviews: Path, tmp_path: Path, stderr: str
) -> None:
    # What is read of a file is said first; its reader has gone by then.
    texts = tmp_path / "texts.csv"
    texts.write_text("text\n" + "ab\n" * 3000)
    done = shell(f"sleep 0.2; bigru predict {model} {texts} {stderr}")
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (0, 3000, b"")
    done = shell(f"bigru predict {model} {texts} --out {tmp_path}/a.jsonl {stderr}")
    assert (done.returncode, (tmp_path / "a.jsonl").read_bytes().count(b"\n")) == (0, 3000)
    # A refusal that cannot be said keeps its code.
    assert shell(f"bigru predict {model} {tmp_path}/none.csv {stderr}").returncode == 2
    done = shell(f"bigru doctor {reviews} {stderr}")
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)


@pytest.mark.process
def test_a_training_whose_progress_nobody_reads_saves_its_model(reviews: Path, tmp_path: Path) -> None:
    done = shell(f"bigru train {reviews} --epochs 1 --set hidden=2 --out {tmp_path}/m 2> >(exec true)")
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (0, 1, b"")
    assert (tmp_path / "m" / "config.json").exists()


@pytest.mark.process
def test_the_exit_code_of_a_check_does_not_hang_on_who_reads_its_report(tmp_path: Path) -> None:
    data = tmp_path / "d.csv"
    data.write_text("text,label\n" + "same,a\nsame,b\n" * 20)
    assert shell(f"bigru doctor {data}").returncode == 1
    assert shell(f"set -o pipefail; bigru doctor {data} | true").returncode == 1


def test_numbers_that_are_not_finite_never_become_json() -> None:
    assert streams.answer_json({"a": [1.5, {"b": 0}]}) == '{"a": [1.5, {"b": 0}]}'
    with pytest.raises(DataError) as caught:
        streams.answer_json({"forecast": {"a": [1.0, float("inf")]}})
    assert str(caught.value) == (
        "predict: answer forecast a 2 must be a finite number, got inf. "
        "The input lies too far from what the model was trained on."
    )


def test_an_undefined_score_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    streams.print_json({"f1": float("nan"), "ci": (0.5, float("inf"))})
    assert capsys.readouterr().out == '{"f1": null, "ci": [0.5, null]}\n'


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes. Error code 12"),
        RuntimeError("[ONNXRuntimeError] : 1 : FAIL : /core/framework/bfc_arena.cc:360 Failed to allocate memory"),
        SystemError("error return without exception set"),
        KeyError("a"),
    ],
)
def test_too_little_memory_is_a_sentence(bigru: Bigru, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def exhausted(*arguments: object, **options: object) -> None:
        if isinstance(error, KeyError):
            raise error from MemoryError()
        raise error

    monkeypatch.setattr(command, "evaluate", exhausted)
    assert bigru("evaluate", "m", "d") == (
        2,
        "",
        "bigru evaluate: memory must be enough for what was asked, got none left. "
        "Read less at once, or take a smaller model or a larger machine.\n",
    )


LONG = "n" * 256


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "DATA", "--out", LONG),
        ("train", "DATA", "--dev", LONG),
        ("train", "DATA", "--config", LONG),
        ("train", "DATA", "--vectors", LONG),
        ("train", LONG),
        ("evaluate", "MODEL", LONG),
        ("evaluate", LONG, "DATA"),
        ("predict", "MODEL", "DATA", "--out", LONG),
        ("predict", LONG, "DATA"),
        ("doctor", LONG),
        ("verify", LONG),
        ("verify", "MODEL", LONG),
        ("explain", LONG, "a"),
        ("quantize", "MODEL", LONG),
        ("quantize", LONG, "x"),
        ("export", "MODEL", "--out", LONG),
        ("export", LONG),
        ("serve", LONG),
    ],
)
def test_a_name_too_long_for_a_file_is_refused(
    refused: Callable[..., str], model: Path, reviews: Path, arguments: tuple[str, ...]
) -> None:
    line = refused(*({"DATA": str(reviews), "MODEL": str(model)}.get(one, one) for one in arguments))
    assert "File name too long" in line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("train", "DATA", "--out", ""), "bigru train: --out must be given, got an empty text."),
        (("train", "DATA", "--out="), "bigru train: --out must be given, got an empty text."),
        (("train", ""), "bigru train: argument must be given, got an empty text."),
        (("quantize", "m", ""), "bigru quantize: argument must be given, got an empty text."),
        (("predict", "m", "a", "--out", ""), "bigru predict: --out must be given, got an empty text."),
    ],
)
def test_an_empty_path_is_not_the_current_folder(
    refused: Callable[..., str], reviews: Path, arguments: tuple[str, ...], line: str
) -> None:
    assert refused(*(str(reviews) if one == "DATA" else one for one in arguments)) == line


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments", ["train REVIEWS --out m", "verify MODEL", "bench", "export MODEL --out x", "demo"]
)
def test_a_deleted_working_folder_is_a_sentence(model: Path, reviews: Path, tmp_path: Path, arguments: str) -> None:
    call = arguments.replace("REVIEWS", str(reviews)).replace("MODEL", str(model))
    done = shell(f"mkdir {tmp_path}/gone; cd {tmp_path}/gone; rmdir ../gone; bigru {call}")
    name = arguments.split()[0].encode()
    want = b"bigru " + name + b": working folder must be there, got one that was deleted. Change to another folder.\n"
    assert (done.returncode, done.stderr.splitlines(keepends=True)[-1]) == (2, want)


def test_a_call_with_escape_sequences_is_one_harmless_line(bigru: Bigru) -> None:
    assert bigru("a\x1b[2Jb\n") == (
        2,
        "",
        "bigru: No such command 'a\\x1b[2Jb\\n'. See: bigru --help.\n",
    )


@pytest.mark.process
def test_json_is_utf8_in_every_locale(model: Path) -> None:
    done = shell(f"bigru predict {model} 好b $'\\xff'", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["text"] for line in done.stdout.decode("utf-8").splitlines()] == ["好b", "\udcff"]


@pytest.mark.process
def test_ctrl_c_while_packages_load_is_130_too() -> None:
    code = """if True:
        import sys, bigru.cli
        class Press:
            def find_spec(self, name, *rest):
                if name == "typer":
                    raise KeyboardInterrupt
        sys.meta_path.insert(0, Press())
        sys.exit(bigru.cli.run(["info"]))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "bigru info: stopped.\n")


def test_no_note_holds_a_line_end_which_would_be_shown_as_an_escape() -> None:
    folder = Path(package.__file__).parent / "cli"
    several = re.compile(r"(?:note|say)\(f?\"[^\"\n]*\\n")
    assert [path.name for path in folder.rglob("*.py") if several.search(path.read_text(encoding="utf-8"))] == []
