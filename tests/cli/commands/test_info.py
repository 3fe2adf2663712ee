"""`bigru info`: facts as one JSON object."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bigru.cli.commands import info as command

Bigru = Callable


def test_versions_engines_and_packages(bigru: Bigru) -> None:
    result = bigru("info")
    assert (result.code, result.err) == (0, "")
    facts = json.loads(result.out)
    assert facts["engines"] == {"train": "torch", "predict": "native"}
    assert facts["packages"]["numpy"].startswith("2.")
    assert facts["cpus"] >= 1


def test_the_kernels_say_what_they_are_built_for_and_use(bigru: Bigru) -> None:
    kernels = json.loads(bigru("info").out)["kernels"]
    assert "portable" in kernels["runs_here"]
    assert set(kernels["runs_here"]) <= set(kernels["built"])
    chosen = [name for name in kernels["runs_here"] if name != "amx_emulated"]  # which is for tests
    assert kernels["active"] == os.environ.get("BIGRU_ISA", chosen[0])
    assert 1 <= kernels["threads"] <= 4096


@pytest.mark.process
@pytest.mark.parametrize("command", [["info"], ["predict", "{model}", "aab"]])
@pytest.mark.parametrize(("name", "value"), [("BIGRU_ISA", "mmx"), ("BIGRU_THREADS", "-1")])
def test_an_environment_that_the_kernels_cannot_serve(command: list[str], name: str, value: str, model: Path) -> None:
    arguments = [part.format(model=model) for part in command]
    done = subprocess.run(
        [sys.executable, "-m", "bigru", *arguments],
        env={**os.environ, name: value},
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    sentence = rf"bigru {arguments[0]}: {name} must be [^\n]*, got {value}\. [^\n]*\n"
    assert re.fullmatch(sentence, done.stderr), done.stderr


def test_kernels_that_are_not_built_are_null(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bigru._native", None)
    monkeypatch.delitem(sys.modules, "bigru.ops.gru.native", raising=False)
    monkeypatch.delattr("bigru.ops.gru.native", raising=False)
    assert json.loads(bigru("info").out)["kernels"] is None


def test_a_missing_package_is_null(bigru: Bigru, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise command.PackageNotFoundError

    monkeypatch.setattr(command, "version", missing)
    facts = json.loads(bigru("info").out)
    assert set(facts["packages"].values()) == {None}
    assert facts["engines"]["train"] is None


def test_features_are_none_where_the_system_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.Path, "exists", lambda path: False)
    assert command._features() is None
