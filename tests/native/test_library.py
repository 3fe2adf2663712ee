"""The library without Python: an example in C builds against its header alone and gives the reference's numbers."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bigru.ops.gru import reference
from bigru.ops.library import instruction_sets

NATIVE = Path(__file__).parents[2] / "native"
B, T, I, H = 2, 3, 2, 4

pytestmark = [pytest.mark.any_instruction_set, pytest.mark.process]


def run(*command, **environment):
    done = subprocess.run(
        [*map(str, command)], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Without optimisation, which would take minutes; a warning ends the build."""
    build, beside = tmp_path_factory.mktemp("library"), Path(sys.executable).parent
    cmake, ninja = (shutil.which(name, path=str(beside)) or shutil.which(name) for name in ("cmake", "ninja"))
    run(
        *(cmake, "-S", NATIVE, "-B", build, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"),
        *("-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON"),
    )
    run(cmake, "--build", build, "--target", "gru_example")
    return build / "gru_example"


def fill(scale, *shape):
    return scale * np.sin(np.arange(1.0, np.prod(shape) + 1)).reshape(shape)


@pytest.mark.parametrize("isa", [name for name, runs in instruction_sets() if runs])
def test_the_example_in_c_gives_the_numbers_of_the_reference(example, isa):
    first, *rows = run(example, BIGRU_ISA=isa, BIGRU_THREADS="2").splitlines()
    assert first == f"{isa}, 2 threads"
    x, biases = fill(1.0, B, T, I), np.zeros(3 * H)
    weights = fill(0.5, 3 * H, I), fill(0.5, 3 * H, H), biases, biases
    walks = [reference.forward(x, weights, lengths=np.array([3, 1]), reverse=back)[0] for back in (False, True)]
    want = np.concatenate(walks, axis=2).reshape(B * T, 2 * H)
    np.testing.assert_allclose([[float(x) for x in row.split()] for row in rows], want, atol=6e-5)


def test_the_library_needs_the_system_alone(example):
    needed = run("ldd", example.parent / "libbigru.so")
    names = {Path(line.split()[0]).name for line in needed.splitlines()}
    system = r"linux-vdso|linux-gate|libstdc\+\+|libm|libgcc_s|libc|libpthread|ld-.*"
    assert not [name for name in names if not re.fullmatch(rf"({system})\.so(\.\d+)*", name)]


@pytest.fixture(scope="module")
def objects(example):
    found = {
        f"{path.parent.name}/{path.name.removesuffix('.cc.o')}": path
        for path in example.parent.glob("CMakeFiles/bigru_*.dir/src/*/*.cc.o")
    }
    assert {"cpu/dispatch", "gru/training", "isa/baseline"} < found.keys()
    return found


@pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("objdump"), reason="reads x86-64 machine code")
@pytest.mark.parametrize(
    ("register", "bodies"),
    [("tmm", r"isa/amx"), ("zmm", r"isa/(avx512|amx).*"), ("ymm", r"isa/(avx|amx).*")],
)
def test_wide_registers_stay_in_the_bodies_of_their_sets(objects, register, bodies):
    code = {name: run("objdump", "-d", "--no-show-raw-insn", path) for name, path in objects.items()}
    names = {name for name in objects if f"%{register}" in code[name]}
    assert names == {name for name in objects if re.fullmatch(bodies, name)}


@pytest.mark.skipif(not shutil.which("nm"), reason="reads object files")
def test_bodies_share_no_inline_function(objects):
    # The linker keeps one of several copies: that of a set which this processor may lack.
    shared = {
        name: re.findall(r" [VWu] (\w+)", run("nm", path)) for name, path in objects.items() if name.startswith("isa/")
    }
    assert {name: found for name, found in shared.items() if found} == {}
