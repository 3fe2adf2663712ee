from __future__ import annotations

import io

import pytest

from bigru.errors import ArgumentError
from bigru.train.loop import display
from bigru.train.loop.display import Display, Update, clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_away_from_a_terminal_lines_are_plain() -> None:
    stream = io.StringIO()
    with Display("auto", stream) as shown:
        shown.say("held out 10")
        shown.show("epoch 1/3", "loss 0.5000", "0:10 left", 0.256)
    assert stream.getvalue() == "held out 10\nepoch 1/3  26 %  loss 0.5000  0:10 left\n"


def test_in_a_terminal_one_line_lives_and_what_is_said_stays() -> None:
    stream = Terminal()
    with Display("auto", stream) as shown:
        assert shown.mode == "live"
        shown.show("epoch 1/3", "loss 0.5000", "0:10 left", 0.25)
        shown.say("[held] out 10")
    assert "epoch 1/3" in stream.getvalue()
    assert "loss 0.5000" in stream.getvalue()
    assert "0:10 left" in stream.getvalue()
    assert "[held] out 10\n" in stream.getvalue()
    shown.say("after the end")
    assert stream.getvalue().endswith("after the end\n")


def test_a_function_gets_updates_and_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    found: list[Update] = []
    with Display(found.append) as shown:
        shown.say("held out 10")
        shown.show("epoch 1/3", "loss 0.5000", "0:10 left", 0.256)
        shown.finish("epoch 1/3  loss 0.4000", {"epoch": 1, "loss": 0.4})
    assert found == [
        Update("held out 10"),
        Update("epoch 1/3  26 %  loss 0.5000  0:10 left", 0.256),
        Update("epoch 1/3  loss 0.4000", None, {"epoch": 1, "loss": 0.4}),
    ]
    assert capsys.readouterr() == ("", "")


def test_silent_is_silent() -> None:
    stream = Terminal()
    with Display("silent", stream) as shown:
        shown.say("held out 10")
        shown.show("epoch 1/3", "", "", 0.25)
        assert not shown.due()
    assert stream.getvalue() == ""


def test_a_view_is_due_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(display.time, "perf_counter", lambda: now[0])
    with Display("plain", io.StringIO()) as shown:
        assert not shown.due()
        now[0] = 31.0
        assert shown.due()
        shown.show("epoch 1/3", "", "", 0.1)
        assert not shown.due()


@pytest.mark.parametrize(
    ("seconds", "want"), [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (3599, "59:59"), (3725, "1:02:05")]
)
def test_clock(seconds: float, want: str) -> None:
    assert clock(seconds) == want


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ArgumentError, match="progress must be one of auto, live, plain, silent, got 'slient'"):
        Display("slient")
