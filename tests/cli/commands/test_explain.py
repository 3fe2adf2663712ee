"""`bigru explain`: JSON for programs, colours for people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Bigru = Callable
Refused = Callable[..., str]


def test_each_character_is_weighed(bigru: Bigru, model: Path) -> None:
    result = bigru("explain", model, "aab")
    found = result.json
    assert list(found) == ["text", "answer", "label", "score", "parts", "together", "characters"]
    assert found["answer"] == {name: v for name, v in bigru("predict", model, "aab").json.items() if name != "text"}
    assert (found["text"], found["label"], found["together"]) == ("aab", "a", 1)
    assert abs(sum(found["parts"].values()) - found["score"]) < 1e-5
    assert [entry["text"] for entry in found["characters"]] == ["a", "a", "b"]
    head, total, forward, backward, legend = result.err.splitlines()
    assert head.startswith(f"a: score {found['score']:+.2f} = forward ")
    assert [total, forward, backward] == ["    total  aab", "  forward  aab", " backward  aab"]
    assert legend == "green spoke for a, red against it: what the score loses without the character"


def test_a_terminal_sees_colours(bigru: Bigru, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = bigru("explain", model, "aab").err
    assert "\x1b[" in shown
    assert "32m" in shown


def test_another_label_can_be_explained(bigru: Bigru, model: Path) -> None:
    one, other = (bigru("explain", model, "aab", "--label", label).json for label in "ab")
    assert one["answer"] == other["answer"]
    assert abs(one["score"] + other["score"]) < 1e-5


def test_an_empty_text_has_no_characters(bigru: Bigru, model: Path) -> None:
    found = bigru("explain", model, "").json
    assert found["characters"] == []
    assert found["score"] == found["parts"]["bias"]


def test_an_unknown_label_is_refused(refused: Refused, model: Path) -> None:
    assert refused("explain", model, "a", "--label", "c").startswith(
        "bigru explain: label must be one of a, b, got 'c'."
    )
