"""The page in headless Chromium, at the width of a phone and of a desk, in both languages, light and dark."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bigru import bundle
from exports import transcriber
from sounds import melody, write
from tables import forecaster, hourly

from .browser import CHROMIUM, Browser
from .conftest import Server, classifier

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium), nor named by BIGRU_CHROMIUM"
    ),
]

FILMS = "这部电影太棒了，情节扣人心弦，演员演技精湛。"
PLACES = "苹果公司在加利福尼亚州发布了新款 iPhone。"
PICTURES = os.environ.get("BIGRU_PICTURES")
"""Folder for pictures of what the tests saw."""


@pytest.fixture(scope="module")
def shipped() -> Iterator[Server]:
    """Serve what comes with bigru, as `bigru serve` without argument does."""
    made = Server()
    yield made
    made.stop()


@pytest.fixture(params=[(390, 844, True), (1100, 800, False)], ids=["phone, dark", "desk, light"])
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    width, height, dark = request.param
    made = Browser(width, height, dark=dark)
    yield made
    made.close()
    assert not made.faults


def look(browser: Browser, name: str) -> None:
    """Check that nothing is wider than the screen."""
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
    if PICTURES:
        browser.picture(Path(PICTURES) / f"{name}-{browser.run('window.innerWidth')}.png")


def ready(browser: Browser, server: Server) -> None:
    browser.open(f"http://127.0.0.1:{server.port}/")
    browser.until("document.querySelectorAll('#model option').length > 0 && !!document.querySelector('#work form')")


def press(browser: Browser, example: str) -> None:
    browser.run(
        f"[...document.querySelectorAll('button.example')].find(e => e.innerText == {json.dumps(example)}).click()"
    )


def send(browser: Browser, text: str) -> None:
    """Write into the area and press the button under it."""
    browser.run(f"document.querySelector('textarea').value = {json.dumps(text)}")
    browser.run("document.querySelector('#work button.act').click()")


def drop(browser: Browser, content: bytes, name: str) -> None:
    """Let go of a file over the input."""
    browser.run(
        f"""(() => {{
        const bytes = Uint8Array.from(atob("{base64.b64encode(content).decode()}"), c => c.charCodeAt(0));
        const carried = new DataTransfer();
        carried.items.add(new File([bytes], "{name}"));
        document.querySelector("#work form").dispatchEvent(new DragEvent("drop", {{ dataTransfer: carried }}));
        }})()"""
    )


def test_the_entities_of_the_sentence_are_marked(browser: Browser, shipped: Server) -> None:
    ready(browser, shipped)
    assert browser.run("[...document.querySelectorAll('#model option')].map(e => e.value).sort()") == [
        "zh-entities",
        "zh-sentiment",
    ]
    press(browser, PLACES)
    browser.until("document.querySelectorAll('mark.entity').length == 2")
    found = browser.run("[...document.querySelectorAll('mark.entity')].map(e => e.innerText.split(/\\s+/))")
    assert [mark[:2] for mark in found] == [["苹果公司", "ORG"], ["加利福尼亚州", "LOC"]]
    assert all(0 < float(mark[2]) <= 100 for mark in found)
    assert browser.run("document.querySelector('.entities').innerText.replace(/(ORG|LOC) [\\d.]+ %|\\s/g, '')") == (
        PLACES.replace(" ", "")
    )
    look(browser, "entities")


def test_each_character_shows_what_both_readers_made_of_it(browser: Browser, shipped: Server) -> None:
    ready(browser, shipped)
    press(browser, FILMS)
    assert browser.until("document.querySelector('[data-role=label]')?.innerText") == "positive"
    browser.until("!!document.querySelector('[data-role=why]')")
    words = browser.run("[...document.querySelectorAll('.weight .words')].map(e => e.innerText).join('')")
    assert words == FILMS
    for reader in ("forward", "backward"):
        assert browser.run(f"document.querySelectorAll('.weight .bar.{reader}').length") == len(FILMS)
    browser.run("document.querySelectorAll('.weight')[5].click()")
    answer = browser.run("document.querySelector('[data-role=detail]').innerText").replace("−", "-").split()
    number = {
        word: float(answer[n + 1]) for n, word in enumerate(answer[:-1]) if word in ("forward", "backward", "inputs")
    }
    assert answer[0] == "「棒」"
    assert float(answer[1]) == pytest.approx(sum(number.values()), abs=0.02)
    parts = browser.run("[...document.querySelectorAll('.part .number')].map(e => e.innerText.replace('−', '-'))")
    score = browser.run("document.querySelector('[data-role=score]').innerText.replace('−', '-')")
    assert float(score) == pytest.approx(sum(map(float, parts)), abs=0.03)
    assert not browser.faults
    look(browser, "sentiment")


def test_both_languages_are_spoken(browser: Browser, shipped: Server) -> None:
    ready(browser, shipped)
    press(browser, FILMS)
    browser.until("!!document.querySelector('[data-role=why]')")
    browser.run("document.querySelector('[data-language=zh]').click()")
    assert browser.run("document.documentElement.lang") == "zh-CN"
    assert browser.run("document.querySelector('#work button.act').innerText") == "阅读"
    assert browser.run("document.querySelector('[data-role=label]').innerText") == "正面 positive"
    assert "每个字的作用" in browser.run("document.querySelector('[data-role=why]').innerText")
    look(browser, "sentiment-chinese")
    press(browser, PLACES)
    browser.until("document.querySelectorAll('mark.entity').length == 2")
    look(browser, "entities-chinese")
    browser.run("document.querySelector('[data-language=en]').click()")
    assert browser.run("document.documentElement.lang") == "en"
    assert browser.run("document.querySelector('#work button.act').innerText") == "Read"


def test_refusals_are_shown_in_the_servers_words(browser: Browser, start: Callable[..., Server], models: Path) -> None:
    ready(browser, start(str(models / "films"), "--max-length", "5"))
    send(browser, "这部电影太棒了")
    answer = browser.until("!document.querySelector('#error').hidden && document.querySelector('#error').innerText")
    assert answer == "serve: inputs[0] must be at most 5 characters long, got 7. Send it in parts."
    look(browser, "refused")
    browser.faults = [fault for fault in browser.faults if "413" not in fault]


def test_a_key_is_asked_for_and_used(browser: Browser, start: Callable[..., Server], models: Path) -> None:
    kept = start(str(models / "films"), BIGRU_API_KEY="ours")
    browser.open(f"http://127.0.0.1:{kept.port}/")
    browser.until("document.querySelector('#key')?.hidden === false")
    look(browser, "key")
    browser.run("document.querySelector('#secret').value = 'ours'; document.querySelector('#key button').click()")
    browser.until("!!document.querySelector('#work form') && document.querySelector('#key').hidden")
    send(browser, "好电影")
    assert browser.until("document.querySelector('[data-role=label]')?.innerText") in ("good", "bad")
    browser.faults = [fault for fault in browser.faults if "401" not in fault]


def test_a_series_is_drawn_and_answered(browser: Browser, start: Callable[..., Server], models: Path) -> None:
    ready(browser, start(str(models / "states")))
    random = np.random.default_rng(0).normal(size=(40, 2)).cumsum(0)
    send(browser, "\n".join(["speed,load", *(f"{a:.3f},{b:.3f}" for a, b in random)]))
    browser.until(
        "document.querySelectorAll('#answer svg path.line').length == 2 && !!document.querySelector('.strip')"
    )
    browser.run("document.querySelector('.frame').dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowLeft'}))")
    assert browser.run("document.querySelector('[data-role=reading]').innerText").startswith("step 39")
    look(browser, "series")


def test_a_table_is_forecast(browser: Browser, start: Callable[..., Server], tmp_path: Path) -> None:
    table = hourly(120)
    options = {"levels": (0.8, 0.95), "quantiles": (0.1, 0.5, 0.9), "normalise": "revin"}
    bundle.save(forecaster(table, {"targets": ("a", "b")}, **options), tmp_path / "load")
    ready(browser, start(str(tmp_path / "load")))
    series = table.series[0]
    rows = [f"{time},{a:.4f},{b:.4f}" for time, (a, b) in zip(series.times, series.values, strict=True)]
    drop(browser, "\n".join(["time,a,b", *rows]).encode(), "load.csv")
    browser.until("!!document.querySelector('#answer svg path.line.ahead')")
    assert browser.run("document.querySelectorAll('#answer svg path.line.past').length") == 1
    assert browser.run("document.querySelectorAll('#answer svg path.band').length") >= 2
    assert not browser.run("/NaN/.test(document.querySelector('#answer svg').outerHTML)")
    assert browser.run("document.querySelector('[data-role=reading]').innerText").startswith("2020-01-06")
    look(browser, "forecast")


def test_a_recording_is_heard(browser: Browser, start: Callable[..., Server], tmp_path: Path) -> None:
    bundle.save(transcriber(), tmp_path / "heard")
    recording = write(tmp_path / "tones.wav", melody(["low", "high", "middle"]))
    ready(browser, start(str(tmp_path / "heard")))
    drop(browser, recording.read_bytes(), "tones.wav")
    browser.until("!!document.querySelector('#answer [data-role=transcript]')")
    assert browser.run("document.querySelectorAll('#answer svg.wave rect').length") > 100
    assert browser.run("document.querySelector('#answer audio').src").startswith("blob:")
    look(browser, "recording")


def test_two_models_of_a_kind_are_told_apart(browser: Browser, start: Callable[..., Server], tmp_path: Path) -> None:
    ready(browser, start(str(classifier(tmp_path / "one")), str(classifier(tmp_path / "two", 1))))
    send(browser, "好电影")
    first = browser.until("document.querySelector('.shares')?.innerText")
    browser.run(
        "(() => { const one = document.querySelector('#model'); one.value = 'two';"
        "one.dispatchEvent(new Event('change')); })()"
    )
    browser.until(f"![null, undefined, {json.dumps(first)}].includes(document.querySelector('.shares')?.innerText)")
