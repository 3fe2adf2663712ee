"""The public names of the package."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import bigru


def test_the_version_is_that_of_the_project() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"] == bigru.__version__


def test_public_names_are_listed_and_found() -> None:
    assert set(bigru.__all__) <= set(dir(bigru))
    assert bigru.nn.__name__ == "bigru.nn"
    assert bigru.load.__module__ == "bigru.runtime.predictor"
    with pytest.raises(AttributeError, match="module 'bigru' has no attribute 'lode'"):
        _ = bigru.lode  # type: ignore[attr-defined]
