"""`bigru info`: facts as one JSON object."""

from __future__ import annotations

import json
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
