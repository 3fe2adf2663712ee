"""What `bigru train` says beside its score: a plain model's, and what makes the score doubtful."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru.bundle import load
from bigru.errors import MissingExtraError
from bigru.metrics.score import Report, Score
from bigru.plain.choice import TooLongError
from bigru.readers.examples import Examples
from bigru.train.pipeline import comparison as module
from bigru.train.pipeline.comparison import comparison_line, find_doubts

Bigru = Callable
SMALL = ("--set", "hidden=4", "--epochs", "2", "--set", "channels=unit")
BAG = "a bag of words and pairs with logistic regression"


def part(count: int, **more: Any) -> Examples:
    labels = [("good", "bad")[n % 2] for n in range(count)]
    return Examples([f"text {n}" for n in range(count)], labels, "text", list(range(count)), "x", **more)


def report(value: float, name: str = "accuracy", low: float = 0.4, high: float = 0.9) -> Report:
    return Report((Score(name, value, low, high, f"{name}|"),))


def facts(dev: float, **more: Any) -> dict[str, Any]:
    return {"name": BAG, "where": "there", "score": "accuracy", "dev": dev, "rows": 9, "of": 9, "seconds": 0.1} | more


@pytest.mark.parametrize(
    ("ours", "theirs", "line"),
    [
        (0.8, 0.5, f"dev accuracy 0.800; {BAG}: 0.500"),
        (0.8, 0.75, f"dev accuracy 0.800; {BAG}: 0.750 (ahead by 5.0 points, within the noise of 100 dev rows)"),
        (
            *(0.8, 0.8),
            f"dev accuracy 0.800; {BAG}: 0.800. The BiGRU is not ahead (level, within the noise of 100 dev rows): "
            "label more rows, or predict with the plain model (there)",
        ),
        (
            *(0.8, 0.81),
            f"dev accuracy 0.800; {BAG}: 0.810. The BiGRU is not ahead (1.0 points behind, within the noise of 100 "
            "dev rows): label more rows, or predict with the plain model (there)",
        ),
        (
            *(0.5, 0.8),
            f"dev accuracy 0.500; {BAG}: 0.800. The BiGRU is not ahead (30.0 points behind): label more rows, or "
            "predict with the plain model (there)",
        ),
        (1.0, 1.0, f"dev accuracy 1.000; {BAG}: 1.000 (neither makes a mistake)"),
    ],
)
def test_the_line_says_who_is_ahead_and_whether_that_is_noise(ours: float, theirs: float, line: str) -> None:
    assert comparison_line(facts(theirs), {"dev": report(ours)}, {"dev": part(100)}) == line


def test_test_decides_where_it_is_there_and_fewer_rows_and_reasons_are_said() -> None:
    reports, parts = {"dev": report(0.9), "test": report(0.6)}, {"dev": part(10), "test": part(400)}
    said = comparison_line(facts(0.5, test=0.7, rows=5), reports, parts)
    assert said == (
        f"dev accuracy 0.900, test 0.600; {BAG}, learnt from 5 of 9 rows: 0.500, 0.700. The BiGRU is not ahead "
        "(10.0 points behind): label more rows, or predict with the plain model (there)"
    )
    left = {"name": BAG, "left_out": "it is late"}
    assert comparison_line(left, reports, parts) == f"no plain model beside it: {BAG} is left out, as it is late"
    tags = comparison_line(facts(0.1, score="span_f1"), {"dev": report(0.5, "span_f1")}, {"dev": part(3, task="tag")})
    assert tags.startswith("dev span F1 0.500; ")


def test_few_rows_are_said_to_be_worth_little() -> None:
    learnt = part(90)
    assert find_doubts({"dev": report(0.65)}, {"dev": part(20)}, learnt) == [
        "dev has 20 rows: the score may be off by 22 points"
    ]
    # Where all are right, drawing them again says nothing; one row says hardly more.
    assert find_doubts({"dev": report(1.0, low=1.0, high=1.0)}, {"dev": part(20)}, learnt) == [
        "dev has 20 rows: the score may be off by 16 points"
    ]
    assert "dev has 1 row: the score may be off by 79 points" in find_doubts(
        {"dev": report(1.0)}, {"dev": part(1)}, learnt
    )
    assert find_doubts({"dev": report(0.65)}, {"dev": part(1000)}, learnt) == []
    # Of spans the interval counts that the report has.
    tags = {"dev": part(20, task="tag")}
    assert find_doubts({"dev": report(0.65, "span_f1", 0.55, 0.7)}, tags, part(90, task="tag")) == [
        "dev has 20 rows: the score may be off by 10 points"
    ]
    groups = part(20, groups=["a"] * 12 + ["b"] * 8)
    assert find_doubts({"dev": report(0.65)}, {"dev": groups}, learnt) == [
        "dev has 20 rows of 2 groups: the score may be off by 22 points"
    ]


def test_classes_that_nothing_scores_are_named() -> None:
    learnt = part(100)
    learnt.targets = ["good", "bad"] * 45 + ["rare"] * 4 + ["odd"] + list("abcde")
    assert find_doubts({"dev": report(0.8)}, {"dev": part(1000)}, learnt) == [
        "dev lacks 1 class that is learnt ('rare'): nothing says how well it is found",
        "6 classes have a single row each ('a', 'b', 'c', 'd', 'e' and 1 more), learnt from and never scored: add "
        "rows, or leave such classes out",
    ]
    assert find_doubts({}, {}, part(3)) == [
        "there are no dev rows: no score chose the epoch, and nothing says how good the model is",
        "1 class has a single row ('bad'), learnt from and never scored: add rows, or leave such classes out",
    ]


def test_a_plain_model_stands_beside_and_is_kept(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    result = bigru("train", reviews, "--test", reviews, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    kept = result.json["plain"]
    assert load(tmp_path / "m").metrics["plain"] == kept
    assert {name: kept[name] for name in ("name", "score", "dev", "test", "rows", "of")} == {
        **{"name": BAG, "score": "accuracy", "dev": 1.0, "test": 1.0, "rows": 36, "of": 36},
    }
    lines = [line for line in result.err.splitlines() if re.match(r"dev accuracy [01]\.\d{3}, test ", line)]
    assert len(lines) == 1, result.err
    assert f"; {BAG}: 1.000, 1.000" in lines[0]
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert f"\n- {lines[0]}\n" in card
    assert "\n- dev has 4 rows: the score may be off by " in card
    assert card.index(lines[0]) < card.index("## Verification")


def test_it_is_left_out_where_nobody_wants_it(bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    result = bigru("train", reviews, "--out", tmp_path / "m", "--no-plain", *SMALL)
    assert result.code == 0, result.err
    assert "plain" not in result.json
    assert "bag of words" not in result.err
    assert "dev has 4 rows: the score may be off by " in result.err


def test_tags_of_characters_that_are_read_as_words_have_one_too(bigru: Bigru, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = [{"text": f"we saw Rome {n} times", "spans": [[7, 11, "LOC"]]} for n in range(30)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL[:4])
    assert result.code == 0, result.err
    assert result.json["plain"] | {"seconds": 0} == {
        **{"name": "a linear-chain CRF on plain features", "where": "bigru.plain.chain.Chain", "score": "span_f1"},
        **{"dev": 1.0, "rows": 27, "of": 27, "seconds": 0},
    }


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            MissingExtraError("scikit-learn", "train", "a bag of words"),
            "a bag of words needs the package scikit-learn, which is not installed. Install it with: pip install "
            "'bigru[train]'.",
        ),
        (TooLongError(300.0), "it would take about 300 s (--plain fits it all the same)"),
        (ValueError("empty vocabulary"), "it found nothing to learn from (empty vocabulary)"),
    ],
)
def test_where_it_cannot_be_fitted_the_line_says_why(
    error: Exception, reason: str, bigru: Bigru, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(module, "fit_plain", fail)
    result = bigru("train", reviews, "--out", tmp_path / "m", *SMALL)
    assert result.code == 0, result.err
    assert f"no plain model beside it: {BAG} is left out, as {reason}\n" in result.err
    assert result.json["plain"] == {"name": BAG, "left_out": reason}


@pytest.mark.train
def test_series_and_several_labels_have_one_too(bigru: Bigru, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    drawn = np.random.default_rng(0)
    rows = [{"values": (drawn.random(6) + n % 2).round(3).tolist(), "label": f"c{n % 2}"} for n in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    result = bigru("train", path, "--out", tmp_path / "m", *SMALL[:4])
    assert result.code == 0, result.err
    assert result.json["plain"]["name"] == "a forest on simple statistics"
    assert result.json["plain"]["dev"] == 1.0
    many = tmp_path / "many.csv"
    lines = ["text,labels"]
    for n in range(60):
        said, marks = ["thing", str(n)], []
        for word, holds in (("good", n % 2), ("big", n % 3)):
            said, marks = ([word, *said], [*marks, word]) if holds else (said, marks)
        lines.append(f"{' '.join(said)},{'|'.join(marks)}")
    many.write_text("\n".join(lines), encoding="utf-8")
    result = bigru("train", many, "--out", tmp_path / "n", *SMALL)
    assert result.code == 0, result.err
    assert result.json["plain"]["score"] == "micro_f1"
    assert result.json["plain"]["dev"] > 0.8


def test_inputs_that_are_all_the_same_are_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("text,label\n" + "the same again,a\nthe same again,b\n" * 20, encoding="utf-8")
    assert refused("train", path, "--out", tmp_path / "m") == (
        f"bigru train: {path}: inputs must be different, got the same in all 40 rows. Nothing tells the labels apart."
    )


def test_wilson_s_interval_is_that_of_the_tables() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for right, rows, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        share = right / rows
        off = module._uncertainty(report(share), part(rows))
        assert off == pytest.approx(100 * max(share - low, high - share), abs=0.02)
