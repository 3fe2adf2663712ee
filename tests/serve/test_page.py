"""The page in headless Chromium, at the width of a phone and of a desk, in both languages, light and dark."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .browser import CHROMIUM, Browser
from .conftest import Server

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on PATH (Debian: apt install chromium), nor named by BIGRU_CHROMIUM"
)

SENTENCES = "document.querySelectorAll('button.example')"
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
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth")
    if PICTURES:
        browser.picture(Path(PICTURES) / f"{name}-{browser.run('window.innerWidth')}.png")


def ready(browser: Browser, server: Server) -> None:
    browser.open(f"http://127.0.0.1:{server.port}/")
    browser.until("document.querySelectorAll('#model option').length > 0 && document.querySelector('#work form')")


def test_the_two_sentences_are_one_click_away(browser: Browser, shipped: Server) -> None:
    ready(browser, shipped)
    browser.run(f"{SENTENCES}[1].click()")
    browser.until("document.querySelectorAll('mark.entity').length == 2")
    found = browser.run("Array.from(document.querySelectorAll('mark.entity'), e => e.innerText.replace(/\\s+/g, ' '))")
    assert found[0].startswith("苹果公司 ORG")
    assert found[1].startswith("加利福尼亚州 LOC")
    look(browser, "entities")
    browser.run(f"{SENTENCES}[0].click()")
    assert browser.until("document.querySelector('[data-role=label]')?.innerText") == "positive"
    browser.until("document.querySelector('#answer').innerText.includes('棒')")
    look(browser, "sentiment")


def test_both_languages_are_spoken(browser: Browser, shipped: Server) -> None:
    ready(browser, shipped)
    browser.run("document.querySelector('[data-language=zh]').click()")
    assert "从两端读过" in browser.run("document.querySelector('footer').innerText") or browser.run(
        "/[\\u4e00-\\u9fff]/.test(document.querySelector('#work button.act').innerText)"
    )
    assert browser.run("document.documentElement.lang").startswith("zh")
    look(browser, "chinese")
    browser.run("document.querySelector('[data-language=en]').click()")
    assert browser.run("document.documentElement.lang") == "en"
    assert browser.run("document.querySelector('#work button.act').innerText") == "Read"


def test_refusals_are_shown_in_the_servers_words(browser: Browser, start: Callable[..., Server], models: Path) -> None:
    ready(browser, start(str(models / "films"), "--max-length", "5"))
    browser.run(
        "document.querySelector('textarea').value = '这部电影太棒了'; document.querySelector('#work button.act').click()"
    )
    told = browser.until("!document.querySelector('#error').hidden && document.querySelector('#error').innerText")
    assert told.endswith(".")
    assert "7" in told
    browser.faults = [fault for fault in browser.faults if "413" not in fault]


def test_a_series_is_drawn_and_answered(browser: Browser, start: Callable[..., Server], models: Path) -> None:
    ready(browser, start(str(models / "states")))
    browser.run(
        "(() => { const area = document.querySelector('textarea'); area.value = '1,2\\n3,4\\n5,1\\n';"
        "area.dispatchEvent(new Event('input', {bubbles: true})); document.querySelector('#work button.act').click(); })()"
    )
    browser.until("document.querySelectorAll('#answer svg path.line').length == 2")
    browser.until("document.querySelector('#answer').innerText.length > 0")
    look(browser, "series")
