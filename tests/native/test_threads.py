"""The same bits on any number of threads, from many callers at once, and after a fork."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from cases import TRAINING, backward, forward, output_gradients, random_case

from bigru.ops import library


def everything(case, threads):
    dy, dh_n = output_gradients(case)
    y, h_n, _ = forward(case, threads=threads)
    dx, dh0, gradients = backward(case, dy, dh_n, threads=threads)
    return [y, h_n, dx, dh0, *(g for direction in gradients for g in direction)]


def assert_same_bits(got, want):
    for g, w in zip(got, want, strict=True):
        np.testing.assert_array_equal(g, w)


@pytest.mark.parametrize("reset_after", [True, False])
@pytest.mark.parametrize("B", [1, 16, 40, 150])
@pytest.mark.parametrize("precision", TRAINING)
def test_same_bits_on_any_number_of_threads(precision, B, reset_after):
    case = random_case(B, B, 40, 20, 65, reset_after=reset_after, precision=precision)
    want = everything(case, 1)
    for threads in (2, 3, 8):
        assert_same_bits(everything(case, threads), want)


def test_many_callers_at_once(instruction_set):
    cases = [random_case(i, 20, 30, 9, 33) for i in range(6)]
    want = [everything(case, 1) for case in cases]
    got = [None] * len(cases)

    def call(i):
        with library.use_instruction_set(instruction_set):
            for _ in range(5):
                got[i] = everything(cases[i], 2)

    callers = [threading.Thread(target=call, args=(i,)) for i in range(len(cases))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for g, w in zip(got, want, strict=True):
        assert_same_bits(g, w)


FORK = """
import os, sys
from cases import random_case, forward
case = random_case(0, 40, 60, 20, 64)
y, _, _ = forward(case, threads=2)
child = os.fork()
if child == 0:
    os._exit(0 if (forward(case, threads=2)[0] == y).all() else 1)
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(code or not (forward(case, threads=2)[0] == y).all())
"""


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=os.path.dirname(__file__),
        timeout=60,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.process
def test_fork_after_the_threads_were_made(instruction_set):
    done = run_python(FORK, BIGRU_ISA=instruction_set)
    assert done.returncode == 0, done.stderr


@pytest.mark.any_instruction_set
@pytest.mark.process
def test_environment_chooses_the_threads():
    ask = "from bigru.ops.library import threads; print(threads())"
    assert run_python(ask, BIGRU_THREADS="3").stdout == "3\n"
    assert int(run_python(ask, BIGRU_THREADS="").stdout) <= len(os.sched_getaffinity(0))


@pytest.mark.any_instruction_set
@pytest.mark.process
def test_affinity_is_honoured():
    one = min(os.sched_getaffinity(0))
    ask = f"import os; os.sched_setaffinity(0, {{{one}}}); from bigru.ops.library import threads; print(threads())"
    assert run_python(ask).stdout == "1\n"


@pytest.mark.any_instruction_set
@pytest.mark.process
def test_a_wrong_number_of_threads_is_an_error():
    done = run_python("from cases import *; forward(random_case(0, 1, 1, 1, 1))", BIGRU_THREADS="many")
    assert "bigru: BIGRU_THREADS must be a positive number, got many. Without it" in done.stderr


@pytest.mark.any_instruction_set
@pytest.mark.process
def test_an_unknown_instruction_set_is_an_error():
    done = run_python("from cases import *; forward(random_case(0, 1, 1, 1, 1))", BIGRU_ISA="mmx")
    here = ", ".join(name for name, runs in library.instruction_sets() if runs)
    assert f"bigru: BIGRU_ISA must be one of {here} on this machine, got mmx. Without it" in done.stderr


SLEEP = """
import re, time
from pathlib import Path
from cases import *

def others():
    states = [path.read_text() for path in Path("/proc/self/task").glob("*/status")]
    main = Path("/proc/self/status").read_text().split("Pid:")[1].split()[0]
    return {pid: state for state in states if (pid := state.split("Pid:")[1].split()[0]) != main}

before = set(others())
forward(random_case(1, 40, 60, 20, 64), threads=2)
pool = set(others()) - before
for _ in range(2000):
    if all("State:\tS" in others()[pid] for pid in pool):
        break
    time.sleep(0.01)
woken = lambda: [re.findall("ctxt_switches:\t(\\d+)", others()[pid]) for pid in sorted(pool)]
first = woken()
time.sleep(0.1)
print(len(pool), ["State:\tS" in others()[pid] for pid in sorted(pool)], woken() == first)
"""


@pytest.mark.any_instruction_set
@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are looked at in /proc, which Linux has")
def test_idle_threads_sleep():
    # The kernel counts how often a thread was given a processor: one that sleeps until it is woken never is.
    assert run_python(SLEEP).stdout == "1 [True] True\n"


def test_the_active_set_runs_here():
    assert dict(library.instruction_sets())[library.isa()]
