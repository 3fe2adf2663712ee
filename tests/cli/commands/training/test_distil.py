"""`bigru distil`: a table that compares, one JSON object, and one line where something stands in the way."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.bundle import load

Bigru = Callable
SMALL = ("--set", "hidden=4", "--epochs", "2", "--set", "channels=unit")

TEACHER = """
import json, sys
for n, line in enumerate(sys.stdin):
    p = 0.9 if "good" in line else 0.2
    print(json.dumps({"scores": {"bad": 1 - p, "good": p}}), flush=True)
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Sixty texts in a column of a gzipped CSV file; one is empty, one stands twice, one has a line end within."""
    path = tmp_path / "raw.csv.gz"
    rows = [f"{n},a {'good' if n % 2 else 'bad'} film number {n}" for n in range(60)]
    rows += ["60,", "61,a bad film number 0", '62,"a good\nfilm"']
    path.write_bytes(gzip.compress(("\n".join(["id,text", *rows]) + "\n").encode()))
    return path


@pytest.fixture
def teacher(tmp_path: Path) -> str:
    """The command of a program that answers."""
    script = tmp_path / "my teacher.py"
    script.write_text(TEACHER, encoding="utf-8")
    return f"{sys.executable} '{script}'"


@pytest.mark.train
@pytest.mark.process
def test_raw_texts_become_a_student(bigru: Bigru, raw: Path, teacher: str, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text("text,label\nwhat a good day it was,good\nwhat a bad day it was,bad\n", encoding="utf-8")
    out = tmp_path / "student"
    result = bigru("distil", raw, "--teacher", teacher, "--test", test, "--out", out, "--timeout", "60s", *SMALL)
    assert result.code == 0, result.err
    facts = result.json["distillation"]
    assert (facts["teacher"], facts["texts"], facts["scores"]["test"]["teacher"]) == (teacher, 61, 1.0)
    assert load(out).metrics["distillation"] == facts
    assert set(result.json) == {"model", "distillation", "dev", "test"}
    for line in (
        "1 texts are empty and left out",
        "1 texts came before and are learnt once",
        "1 texts had line ends within, which became spaces",
        "accuracy on test, 2 rows",
        "texts per second",
    ):
        assert line in result.err
    answers = [json.loads(line) for line in (tmp_path / "student.answers.jsonl").read_text().splitlines()]
    assert len(answers) == 63
    assert "a good film" in {answer["text"] for answer in answers}


@pytest.mark.process
def test_a_teacher_that_fails_is_one_line(refused: Callable[..., str], raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "student"
    line = refused("distil", raw, "--teacher", "no-such-program", "--out", out)
    want = "teacher: program must be one that can be started, got 'no-such-program': No such file or directory. "
    want += "Name a program, or the folder of a model."
    assert line == f"bigru distil: {want}"
    line = refused("distil", raw, "--teacher", "head -n 3", "--out", out, "--format", "csv")
    assert line.startswith("bigru distil: teacher: answer 1 must be a JSON object with")
    line = refused("distil", raw, "--teacher", "sleep 30", "--out", out, "--timeout", "1s")
    want = "teacher: answer 1 must be there within 1 s, got none for 1 s. "
    assert line == f"bigru distil: {want}Let it flush what it writes, or give it longer with --timeout."
    line = refused("distil", raw, "--teacher", "true", "--out", out, "--timeout", "soon")
    assert line == "bigru distil: --timeout must be a duration above 0, as 90s, 10m or 1h, got 'soon'."
    assert not out.exists()


@pytest.mark.process
def test_ctrl_c_keeps_the_answers(raw: Path, tmp_path: Path) -> None:
    script, tenth = tmp_path / "slow.py", tmp_path / "tenth"
    pause = f"    if n == 9: import time; open({str(tenth)!r}, 'w').close(); time.sleep(60)"
    script.write_text(f"{TEACHER}{pause}\n", encoding="utf-8")
    answers = tmp_path / "answers.jsonl"
    # Where tests run in the background Ctrl-C may be ignored, and what they start ignores it too.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}; from bigru.cli import main; main()"]
    command += ["distil", str(raw), "--teacher", f"{sys.executable} {script}"]
    command += ["--out", str(tmp_path / "student"), "--answers", str(answers)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        until = time.monotonic() + 60
        while not tenth.exists():
            assert time.monotonic() < until
        os.kill(running.pid, signal.SIGINT)
        line = running.communicate(timeout=60)[1].splitlines()[-1]
    kept = len(answers.read_text(encoding="utf-8").splitlines())
    assert (running.returncode, kept <= 10) == (130, True)
    where = f"they are kept in {str(answers)!r}. Go on with the same command."
    assert line == f"bigru distil: stopped after {kept} of 61 answers; {where}"
