"""What a server bears, for seconds here, longer in `benchmarks/serving.py`: nothing that was accepted is lost."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.process

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TEXTS = ["这部电影太棒了", "情节拖沓，看到一半就睡着了", "房间干净，早餐一般", "书的内容很好，就是印刷差了一点"] * 256


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Import the benchmark as its own folder lets it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import serving

    yield serving
    for name in ("serving", "provenance"):
        sys.modules.pop(name, None)


@pytest.fixture
def live(serving: Any) -> Iterator[Any]:
    made = serving.Server()
    yield made
    if made.process.poll() is None:
        made.stop()


def test_many_clients_are_answered_as_python_answers(serving: Any, live: Any) -> None:
    found = serving.steady(live, TEXTS[:4], 1.0, 0.2)
    assert set(found["statuses"]) == {"200"}
    assert (found["lost"], found["labels_that_differ"], found["texts_compared"]) == (0, 0, 4)


def test_what_is_too_much_is_refused_and_the_rest_answered(serving: Any, live: Any) -> None:
    found = serving.overload(live, TEXTS, 4.0, 30.0)
    assert set(found["statuses"]) == {"200", "503"}
    assert sum(found["statuses"].values()) == found["asked"]
    assert found["without_an_answer"] == found["refused_without_retry_after"] == 0
    assert found["next_request"]["status"] == 200
    assert found["memory_mib"]["most"] < found["memory_mib"]["before"] + 200


def test_clients_that_are_killed_leave_nothing_behind(serving: Any, live: Any) -> None:
    found = serving.beside(live, TEXTS, 3.0, "killed", 50)
    assert found["they"]["killed"] > 100
    assert set(found["beside_them"]["statuses"]) == {"200"}
    assert found["beside_them"]["lost"] == 0
    assert found["seconds_until_nothing_waits"] < 10


def test_clients_that_are_slow_are_let_go(serving: Any, live: Any) -> None:
    found = serving.beside(live, TEXTS, 14.0, "slow", 100)
    assert found["they"] == {"refused": {"408": 100}, "closed": 0, "open": 0}
    assert set(found["beside_them"]["statuses"]) == {"200"}
    assert found["beside_them"]["lost"] == 0


def test_a_server_that_is_told_to_stop_answers_what_it_accepted(serving: Any, live: Any) -> None:
    found = serving.terminated(live, TEXTS, 1.0)
    assert found["exit_code"] == 0
    assert set(found["statuses"]) == {"200"}
    assert found["without_an_answer"] == 0
