"""`bigru demo vowels` and its picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from bigru.bundle import load
from bigru.cli.demo import data, vowels
from bigru.cli.plots.series import Panel, corners, document, element, sparkline, svg
from bigru.study.dtw import NearestByDtw
from bigru.train.pipeline import run as training
from bigru.train.pipeline.labelled import Parts
from cli.demo.test_texts import part

Bigru = Callable
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def recordings() -> data.DemoData:
    return data.vowel_recordings()


def test_the_recordings_are_those_of_the_archive(recordings: data.DemoData) -> None:
    train, dev, test = recordings.parts[:3]
    assert (len(train), dev, len(test or [])) == (270, None, 370)
    assert train.inputs[0].shape == (20, 12)
    assert set(train.targets or []) == set("123456789")
    assert not {x.tobytes() for x in train.inputs} & {x.tobytes() for x in (test.inputs if test else [])}


def test_the_demo_scores_draws_and_keeps_a_model(
    bigru: Bigru, recordings: data.DemoData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recordings.parts.test is not None
    small = Parts(part(recordings.parts.train, 45), None, part(recordings.parts.test, 20))
    monkeypatch.setattr(data, "vowel_recordings", lambda: data.DemoData(small, recordings.facts))
    monkeypatch.setattr(vowels, "OPTIONS", {"epochs": 1, "hidden": 4})
    monkeypatch.chdir(tmp_path)
    result = bigru("demo", "vowels")
    assert result.code == 0, result.err
    said = result.json
    assert said["picture"] == "runs/demo-vowels/vowels.svg"
    assert said["baseline"]["name"] == "1-NN with DTW"
    for text in (
        *recordings.facts,
        "1-NN with DTW",
        ", right",
        "sequences per second",
        "bigru predict runs/demo-vowels",
    ):
        assert text in result.err
    root = ET.fromstring(Path(said["picture"]).read_text(encoding="utf-8"))
    lines = [node for node in root.iter() if node.tag.endswith("polyline")]
    assert len(lines) == 12 + vowels.SHOWN
    assert recordings.facts[0] in load(tmp_path / "runs" / "demo-vowels").card
    assert bigru("predict", "runs/demo-vowels", "--plain", small.test.source if small.test else "").code == 0


def test_the_baseline_is_one_that_learns(recordings: data.DemoData) -> None:
    train, _, test = recordings.parts[:3]
    assert test is not None
    nearest = NearestByDtw(1.0).fit(train.inputs, train.targets or [])
    sample = part(test, 60)
    right = [a == b for a, b in zip(nearest.predict(sample.inputs), sample.targets or [], strict=True)]
    assert np.mean(right) > 0.85


def test_a_missing_package_is_named(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "find_spec", lambda name: None if name == "sktime" else util.find_spec(name))
    line = "needs the package sktime, which is not installed. Install it with: pip install 'bigru[demo]'."
    assert line in refused("demo", "vowels")


def test_elements_are_escaped_and_numbers_short() -> None:
    words = element("text", 'a < "b"', x=3, y=1.26, text_anchor="<end>")
    assert words == '<text x="3" y="1.3" text-anchor="&lt;end&gt;">a &lt; "b"</text>'
    assert element("line", points=corners([(1, 2.04), (3.06, 4)])) == '<line points="1.0,2.0 3.1,4.0"/>'
    root = ET.fromstring(document(4, 5, [words], fill='"'))
    assert (root.get("viewBox"), root.get("fill"), [node.text for node in root]) == ("0 0 4 5", '"', [None, 'a < "b"'])


def test_lines_are_drawn_where_their_values_are_and_names_are_escaped() -> None:
    panel = Panel("a < b", {"x & y": [0.0, np.nan, 2.0, 1.0]})
    root = ET.fromstring(svg("one & all", [panel, Panel("flat", {"z": [3.0]})]))
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert {"one & all", "a < b", "x & y", "step 4"} <= set(texts)
    points = [node.get("points", "").split() for node in root.iter() if node.tag.endswith("polyline")]
    assert [len(line) for line in points] == [1, 2, 1]
    heights = [float(point.split(",")[1]) for line in points[:2] for point in line]
    assert heights[0] > heights[2] > heights[1]


def test_blocks_rise_with_the_values() -> None:
    assert sparkline([0.0, 0.5, 1.0, np.nan, 7.0, -7.0], 0.0, 1.0) == "▁▅█ █▁"
