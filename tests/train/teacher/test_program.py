"""A program as a teacher: what it may do, and what is said of one that dies, hangs, miscounts or writes no JSON."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bigru.errors import ArgumentError, BigruError, DataError, TrainingError
from bigru.train.teacher.program import MiscountError, Program, parse_answer

pytestmark = pytest.mark.process

ANSWERS = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"label": line.rstrip("\\n")}))
"""

Asked = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def ask(tmp_path: Path) -> Asked:
    """Run a script as a teacher of three texts and return its answers; what it says on stderr goes to `said`."""
    questions = tmp_path / "questions.txt"
    questions.write_text("one\ntwo 2\n三\n", encoding="utf-8")
    script = tmp_path / "a teacher.py"

    def call(code: str, said: list[str] | None = None, timeout: float = 60.0) -> list[dict[str, Any]]:
        script.write_text(code, encoding="utf-8")
        program = Program(f"{sys.executable} '{script}'", timeout)
        return list(program.ask(questions, 3, (said if said is not None else []).append))

    return call


def refusal(ask: Asked, code: str, **options: Any) -> tuple[type, str]:
    with pytest.raises(BigruError) as error:
        ask(code, **options)
    return type(error.value), str(error.value)


@pytest.mark.parametrize(
    "code",
    [
        ANSWERS,
        # All is read before anything is answered, and what is written waits in a buffer until the end.
        "import json, sys\nfor text in sys.stdin.read().splitlines(): print(json.dumps({'label': text}))",
        # It goes on after its last answer.
        ANSWERS + "sys.stdout.flush(); sys.stdout.close()\nimport time; time.sleep(60)",
    ],
)  # fmt: skip
def test_answers_come_in_order_however_a_program_reads(ask: Asked, code: str) -> None:
    assert ask(code) == [{"label": "one"}, {"label": "two 2"}, {"label": "三"}]


def test_what_it_says_on_stderr_is_passed_on_within_bounds(ask: Asked) -> None:
    said: list[str] = []
    ask("import sys\nprint(*range(30), sep='\\n', file=sys.stderr)\n" + ANSWERS, said)
    assert said == [*(f"teacher: {n}" for n in range(20)), "teacher: 10 more lines on stderr"]


def test_one_that_dies_is_said_with_its_last_words(ask: Asked) -> None:
    code = ANSWERS.replace("    print", "    if line[0] == 't': sys.stdout.flush(); sys.exit('no memory')\n    print")
    want = "teacher: program must be running until it has answered, got exit code 1 after 1 of 3 answers; "
    assert refusal(ask, code) == (TrainingError, want + "it said last: 'no memory'.")
    code = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)"
    want = "teacher: program must be running until it has answered, got signal SIGSEGV after 0 of 3 answers."
    assert refusal(ask, code) == (TrainingError, want)


def test_one_that_hangs_is_ended_with_what_it_started(ask: Asked, tmp_path: Path) -> None:
    child = tmp_path / "child"
    program = Program(f"sh -c 'sleep 60 > /dev/null 2>&1 & echo $! > {child}; wait'", 2.0)
    ask(ANSWERS)
    with pytest.raises(TrainingError) as error:
        list(program.ask(tmp_path / "questions.txt", 3, print))
    want = "teacher: answer 1 must be there within 2 s, got none for 2 s. "
    assert str(error.value) == want + "Let it flush what it writes, or give it longer with --timeout."
    until = time.monotonic() + 20
    while _runs(int(child.read_text())):
        assert time.monotonic() < until


def _runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().split()[2] != "Z"


@pytest.mark.parametrize(("kept", "count"), [("[:2]", "2"), (" + ['more']", "more")])
def test_fewer_or_more_answers_than_lines_are_refused(ask: Asked, kept: str, count: str) -> None:
    code = f"import json, sys\nfor line in list(sys.stdin){kept}: print(json.dumps({{'label': line}}))"
    want = f"teacher: answers must be one per line, 3, got {count}. "
    want += "Nothing of this run is kept, as nobody knows which line an answer belongs to."
    assert refusal(ask, code) == (MiscountError, want)


def test_what_is_no_answer_is_refused(ask: Asked) -> None:
    want = 'teacher: answer 1 must be a JSON object with "scores", "label", "labels" or "tags", got \'loading ...\'. '
    got = refusal(ask, "print('loading ...')\n" + ANSWERS)
    assert got == (DataError, want + "What is for people belongs on stderr.")
    with pytest.raises(DataError) as error:
        parse_answer(b'{"labels": null, "text": "a"}\n', 7)
    want = 'teacher: answer 7 must be a JSON object with "scores", "label", "labels" or "tags", '
    assert str(error.value) == want + 'got {"labels": null, "text": "a"}.'
    assert parse_answer(b'{"text": "a", "label": "x", "confidence": 0.5}', 1) == {"label": "x"}


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (" ", "distil: teacher must be a model or a command, got ' '."),
        (
            "python 'a.py",
            'distil: teacher must be a command with closed quotes, got "python \'a.py" (No closing quotation).',
        ),
    ],
)
def test_commands_that_are_none_are_refused(command: str, refused: str) -> None:
    with pytest.raises(ArgumentError) as error:
        Program(command)
    assert str(error.value) == refused


def test_no_shell_reads_the_command(ask: Asked, tmp_path: Path) -> None:
    with pytest.raises(TrainingError) as error:
        list(Program("no-such-program; echo '{}'").ask(tmp_path / "questions.txt", 3, print))
    want = "teacher: program must be one that can be started, got 'no-such-program;': No such file or directory. "
    want += "Name a program, or the folder of a model."
    assert str(error.value) == want
    with pytest.raises(ArgumentError) as refused:
        Program("cat", 0)
    assert str(refused.value) == "distil: timeout must be seconds above 0, got 0."
