"""A student beside its teacher, a transformer: `python benchmarks/distil.py --data FOLDER --work FOLDER`.

The teacher is the program `contenders/teacher.py`: sentence vectors of MiniLM and logistic regression on 500 labelled
sentences of SST-2. It answers raw texts, which are the training sentences of SST-2 without their labels and sentences
cut from the reviews of IMDB's training part; a student learns from the answers (`bigru.distil`) and, for the 500, from
the labels as well. Dev chooses the epoch, and chose the recipe with `--part dev`; test is scored once.

The answers stay in the work folder, where another run finds them. Speed is counted in CPU seconds of one thread, on the
sentences of test: that of the teacher without its start.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
RESULT = HERE / "results" / "distil.json"
GUIDES = HERE.parent / "docs" / "guide"
PAGES = ("teacher.md", "teacher.zh-CN.md")

LABELS, SEED = 500, 1
"""Labelled sentences of the teacher, and the seed that draws them as `few_labels.py` does."""

TEXTS = 55_000
"""Raw texts that the teacher answers."""

SETTINGS: dict[str, Any] = {"epochs": 4, "seed": SEED}
"""What the student is trained with beside the recipe, chosen on dev."""

SHORTEST, LONGEST = 4, 40
"""Words of a sentence of IMDB."""

TIMED, TIMES = 300, 3
"""Texts by which the teacher is timed, and how often each is."""

CUT = re.compile(r"(?<=[.!?])\s+|<br\s*/?>")
"""Where a review is cut."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BIGRU_THREADS")
"""Variables that say how many threads a library uses."""


def sentences(reviews: Sequence[str]) -> list[str]:
    """Return the sentences of reviews, each once, in an order that is drawn once for all runs."""
    found: dict[str, None] = {}
    for review in reviews:
        for part in CUT.split(review):
            words = part.split()
            if SHORTEST <= len(words) <= LONGEST:
                found[" ".join(words)] = None
    drawn = list(found)
    np.random.default_rng(0).shuffle(drawn)
    return drawn


def prepare(data: Path, work: Path, count: int) -> dict[str, Path]:
    """Write the raw texts and the labelled parts, and return the files by name."""
    from few_labels import rows_of
    from sets import LOADERS

    split, imdb = LOADERS["sst2"](data), LOADERS["imdb"](data)
    rows = rows_of(len(split.train[0]), str(LABELS), SEED)
    parts = {"labelled": ([split.train[0][n] for n in rows], [split.train[1][n] for n in rows])}
    parts |= {"dev": split.dev, "test": split.test}
    work.mkdir(parents=True, exist_ok=True)
    files = {name: work / f"{name}.csv" for name in parts}
    for name, (texts, labels) in parts.items():
        with files[name].open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *zip(texts, labels, strict=True)])
    raw = list(dict.fromkeys([*split.train[0], *sentences([*imdb.train[0], *imdb.dev[0]])]))[:count]
    files["raw"] = work / "raw.txt"
    files["raw"].write_text("\n".join(raw) + "\n", encoding="utf-8")
    return files


def cpu_rate(answer: Callable[[list[str]], Any], texts: list[str]) -> float:
    """Return the texts per CPU second of this process, the median of several passes; a first one warms up."""
    answer(texts)
    seconds = []
    for _ in range(TIMES):
        began = time.process_time()
        answer(texts)
        seconds.append(time.process_time() - began)
    return len(texts) / statistics.median(seconds)


def run(files: dict[str, Path], work: Path, part: str) -> dict[str, Any]:
    """Distil, score and time; return the result."""
    import torch
    from contenders.teacher import Teacher, read_labelled
    from provenance import commit, machine, versions

    import bigru

    torch.set_num_threads(1)
    at = commit()
    command = [sys.executable, str(HERE / "contenders" / "teacher.py"), str(files["labelled"])]
    given: dict[str, Any] = {"labelled": files["labelled"], "dev": files["dev"]}
    if part == "test":
        given["test"] = files["test"]
    began = time.perf_counter()
    student = bigru.distil(
        files["raw"],
        teacher=shlex.join(command),
        out=work / "student",
        answers=work / "answers.jsonl",
        force=True,
        say=lambda line: print(line, file=sys.stderr, flush=True),
        progress="plain",
        **given,
        **SETTINGS,
    )
    seconds = time.perf_counter() - began
    facts = student.metrics["distillation"]
    texts, _ = read_labelled(files["test"])
    teacher = Teacher(*read_labelled(files["labelled"]))
    speeds = {
        "teacher": cpu_rate(teacher.probabilities, texts[:TIMED]),
        "student": cpu_rate(lambda some: student.model.predict(some), texts),
    }
    size = sum(file.stat().st_size for file in (work / "student").iterdir() if file.is_file())
    return {
        "set": "sst2",
        "labels": LABELS,
        "raw_texts": facts["texts"],
        "part": part,
        "scores": facts["scores"],
        "agreement": facts["agreement"],
        "agreement_rows": facts["agreement_rows"],
        "texts_per_cpu_second": {name: round(rate, 1) for name, rate in speeds.items()},
        "times": round(speeds["student"] / speeds["teacher"], 1),
        "student_bytes": size,
        "settings": SETTINGS,
        "trained_in": student.metrics["training"]["seconds"],
        "seconds": round(seconds, 1),
        "machine": f"{machine()}, one thread",
        "versions": versions(at),
        "command": "python benchmarks/distil.py --data FOLDER --work FOLDER",
    }


HEADS = {
    "teacher.md": "| SST-2, 500 labels | accuracy on test | texts per CPU second |",
    "teacher.zh-CN.md": "| SST-2，500 个标签 | 测试集准确率 | 每 CPU 秒文本数 |",
}
ROWS = {
    "teacher.md": (
        "the teacher, MiniLM + logistic regression",
        "**the student**, {:,} raw texts",
        "the same labels alone",
    ),
    "teacher.zh-CN.md": ("教师，MiniLM + 逻辑回归", "**学生**，{:,} 条原始文本", "只用同样的标签"),
}
NONE = {
    "teacher.md": "`python benchmarks/distil.py --data FOLDER --work FOLDER` writes the figures here.",
    "teacher.zh-CN.md": "运行 `python benchmarks/distil.py --data FOLDER --work FOLDER` 后，数字写在这里。",
}


def table(name: str) -> str:
    """Return the table for a page; a sentence while there is no result."""
    if not RESULT.exists():
        return NONE[name]
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    score, speed = result["scores"]["test"], result["texts_per_cpu_second"]
    teacher, student, alone = ROWS[name]
    rows = [(teacher, f"{100 * score['teacher']:.1f}", f"{speed['teacher']:,.0f}")]
    link = "[json](../../benchmarks/results/distil.json)"
    title = f"{student.format(result['raw_texts'])} {link}"
    rows.append((title, f"**{100 * score['student']:.1f}**", f"{speed['student']:,.0f}"))
    cell = json.loads((HERE / "results" / "few-labels-sst2.json").read_text(encoding="utf-8"))["cells"][str(LABELS)]
    without = next(run["test"] for run in cell["bigru"]["runs"] if run["seed"] == SEED)
    rows.append((f"{alone} [json](../../benchmarks/results/few-labels-sst2.json)", f"{100 * without:.1f}", ""))
    return "\n".join([HEADS[name], "|---" * 3 + "|", *("| " + " | ".join(row) + " |" for row in rows)])


def rendered(page: str, name: str) -> str:
    """Return the text of the page `name` with the table between its marks."""
    before, rest = page.split("<!-- distil -->")
    after = rest.split("<!-- /distil -->")[1]
    return f"{before}<!-- distil -->\n{table(name)}\n<!-- /distil -->{after}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for texts, answers and student")
    parser.add_argument("--texts", type=int, default=TEXTS, help="raw texts at most")
    parser.add_argument("--part", default="test", choices=("test", "dev"), help="what is scored")
    asked = parser.parse_args()
    os.environ |= dict.fromkeys(THREADS, "1")
    result = run(prepare(asked.data, asked.work, asked.texts), asked.work, asked.part)
    text = json.dumps(result, ensure_ascii=False, indent=1) + "\n"
    if asked.part == "test":
        RESULT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
