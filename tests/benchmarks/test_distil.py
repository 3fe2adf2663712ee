"""The benchmark of a student beside its teacher: its raw texts, what is timed, and the table made of the result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_reviews_are_cut_into_sentences_that_come_once() -> None:
    from distil import sentences

    reviews = ["What a fine film.  I liked it very much!<br /><br />No.", "It was  so\tvery dull. What a fine film."]
    found = sentences(reviews)
    assert sorted(found) == ["I liked it very much!", "It was so very dull.", "What a fine film."]
    assert sentences(reviews) == found
    assert sentences(["a " * 41]) == []


def test_speed_is_counted_in_processor_time() -> None:
    import distil

    asked: list[int] = []
    rate = distil.cpu_rate(lambda texts: asked.append(len([t * 2000 for t in texts])), ["text"] * 50)
    assert asked == [50] * (1 + distil.TIMES)
    assert rate > 0


def test_a_result_becomes_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import distil

    monkeypatch.setattr(distil, "RESULT", tmp_path / "distil.json")
    assert distil.table("teacher.md").endswith("writes the figures here.")
    scores = {"test": {"teacher": 0.7781, "student": 0.7709}}
    speeds = {"teacher": 41.26, "student": 12345.6}
    result = {"scores": scores, "texts_per_cpu_second": speeds, "raw_texts": 55000}
    distil.RESULT.write_text(json.dumps(result), encoding="utf-8")
    link = "[json](../../benchmarks/results/{}.json)"
    assert distil.table("teacher.md").splitlines()[:4] == [
        "| SST-2, 500 labels | accuracy on test | texts per CPU second |",
        "|---|---|---|",
        "| the teacher, MiniLM + logistic regression | 77.8 | 41 |",
        f"| **the student**, 55,000 raw texts {link.format('distil')} | **77.1** | 12,346 |",
    ]
    last = distil.table("teacher.zh-CN.md").splitlines()[4]
    assert last.startswith(f"| 只用同样的标签 {link.format('few-labels-sst2')} |")


@pytest.mark.parametrize("page", ["teacher.md", "teacher.zh-CN.md"])
def test_figures_of_the_guide_are_those_of_the_result_file(page: str) -> None:
    import distil

    text = (distil.GUIDES / page).read_text(encoding="utf-8")
    assert text == distil.rendered(text, page)
