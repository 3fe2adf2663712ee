"""`bigru info`: facts as one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from bigru.cli import info as command

Bigru = Callable


def test_versions_engines_and_packages(bigru: Bigru) -> None:
    result = bigru("info")
    assert (result.code, result.err) == (0, "")
    facts = json.loads(result.out)
    assert facts["engines"] == {"train": "torch", "predict": "numpy"}
    assert facts["packages"]["numpy"].startswith("2.")
    assert facts["cpus"] >= 1


def test_the_kernels_say_what_they_are_built_for_and_use(bigru: Bigru) -> None:
    kernels = json.loads(bigru("info").out)["kernels"]
    assert kernels["built"][-1] == kernels["runs_here"][-1] == "portable"
    assert set(kernels["runs_here"]) <= set(kernels["built"])
    assert kernels["active"] == os.environ.get("BIGRU_ISA", kernels["runs_here"][0])
    assert 1 <= kernels["threads"] <= 4096


def test_a_set_that_is_missing_and_threads_that_are_no_number_are_shown() -> None:
    wrong = {"BIGRU_ISA": "mmx", "BIGRU_THREADS": "many"}
    done = subprocess.run(
        [sys.executable, "-m", "bigru", "info"], env={**os.environ, **wrong}, capture_output=True, text=True, check=True
    )
    facts = json.loads(done.stdout)
    assert (facts["kernels"]["active"], facts["kernels"]["threads"]) == (None, 0)
    assert facts["threads"]["BIGRU_THREADS"] == "many"


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
