"""The tables of docs/guide/how-good.md from benchmarks/results/few-labels-*.json: `render.py` puts them there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from few_labels import RESULTS, SETS, SIZES

__all__ = ["CURVES", "GUIDES", "PAGES", "order", "rendered", "results"]

GUIDES = Path(__file__).parents[1] / "docs" / "guide"
PAGES = ("how-good.md", "how-good.zh-CN.md")

CURVES = ("sst2", "chnsenticorp", "tnews", "r8", "online-shopping", "imdb")
"""The sets of texts, in the order of tables and pictures."""

NAMES = {
    "how-good.md": {
        "sst2": "SST-2, opinions on films (en)",
        "chnsenticorp": "ChnSentiCorp, opinions (zh)",
        "tnews": "TNEWS, 15 topics of titles (zh)",
        "r8": "R8, 8 topics of news (en)",
        "online-shopping": "online_shopping, 10 kinds of goods (zh)",
        "imdb": "IMDB, opinions on films (en)",
        "conll2003": "CoNLL-2003, entities (en): F1",
        "resume": "Resume NER, entities (zh): F1",
        "msra": "MSRA NER, entities (zh): F1",
        "conll2000": "CoNLL-2000, chunks (en): F1",
        "ewt": "EWT, parts of speech (en): accuracy",
        "pfr": "People's Daily, parts of speech (zh): accuracy",
    },
    "how-good.zh-CN.md": {
        "sst2": "SST-2，影评情感（英）",
        "chnsenticorp": "ChnSentiCorp，评论情感（中）",
        "tnews": "TNEWS，15 类新闻标题（中）",
        "r8": "R8，8 类新闻（英）",
        "online-shopping": "online_shopping，10 类商品（中）",
        "imdb": "IMDB，影评情感（英）",
        "conll2003": "CoNLL-2003，实体（英）：F1",
        "resume": "Resume NER，实体（中）：F1",
        "msra": "MSRA NER，实体（中）：F1",
        "conll2000": "CoNLL-2000，组块（英）：F1",
        "ewt": "EWT，词性（英）：准确率",
        "pfr": "人民日报，词性（中）：准确率",
    },
}

WORDS = {
    "how-good.md": {
        "head": "| data | labels | bigru | {plain} | ahead by | seconds |{more}",
        "classify": "TF-IDF + logistic regression",
        "tag": "CRF on plain features",
        "more": " MiniLM + logistic regression | bigru from raw texts |",
        "all": "all {:,}",
        "none": "`python benchmarks/few_labels.py --data FOLDER` writes the figures here.",
        "link": "[json](../../benchmarks/results/few-labels-{}.json)",
    },
    "how-good.zh-CN.md": {
        "head": "| 数据 | 标注数 | bigru | {plain} | 领先 | 秒 |{more}",
        "classify": "TF-IDF + 逻辑回归",
        "tag": "普通特征的 CRF",
        "more": " MiniLM + 逻辑回归 | bigru 加原始文本 |",
        "all": "全部 {:,}",
        "none": "运行 `python benchmarks/few_labels.py --data FOLDER` 后，数字写在这里。",
        "link": "[json](../../benchmarks/results/few-labels-{}.json)",
    },
}


def results(task: str) -> dict[str, dict[str, Any]]:
    """Return the result files of a task by set, in the order of the table; those that are missing are left out."""
    names = CURVES if task == "classify" else [name for name, one in SETS.items() if one.task == task]
    files = {name: RESULTS / f"few-labels-{name}.json" for name in names}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.exists()}


def order(size: str) -> int:
    """Return what numbers of labels are sorted by."""
    return int(size) if size.isdecimal() else sys.maxsize


def table(name: str, task: str) -> str:
    """Return the table of a task for a page; a sentence while there are no results."""
    words, found = WORDS[name], results(task)
    more = words["more"] if task == "classify" else ""
    head = words["head"].format(plain=words[task], more=more)
    rows = [row for data, result in found.items() for row in _rows(data, result, name, task)]
    return "\n".join([head, "|---" * head.count("|", 1) + "|", *rows]) if rows else words["none"]


def _rows(data: str, result: dict[str, Any], name: str, task: str) -> list[str]:
    lines, label = [], f"{NAMES[name][data]} {WORDS[name]['link'].format(data)}"
    for size in sorted(result["cells"], key=order):
        cell = result["cells"][size]
        if size not in SIZES[task] or "bigru" not in cell:
            continue
        count = cell["bigru"]["runs"][0]["rows"]
        shown = [label, WORDS[name]["all"].format(count) if size == "all" else f"{count:,}"]
        shown += [f"**{_figure(cell['bigru'])}**", _figure(cell.get("plain")), _lead(cell)]
        shown.append(f"{cell['bigru']['seconds']:.0f}")
        shown += [_figure(cell.get("minilm")), _figure(cell.get("raw"))] if task == "classify" else []
        lines.append("| " + " | ".join(shown) + " |")
        label = ""
    return lines


def _figure(summary: dict[str, Any] | None) -> str:
    """Return a mean in percent, with its deviation where there are several seeds."""
    if summary is None:
        return "–"
    spread = f" ± {100 * summary['std']:.1f}" if len(summary["runs"]) > 1 else ""
    return f"{100 * summary['mean']:.1f}{spread}"


def _lead(cell: dict[str, Any]) -> str:
    """Return how far bigru is ahead of the plain model: in the draws that both have, where rows were drawn."""
    if "plain" not in cell:
        return "–"
    means = {name: cell[name]["mean"] for name in ("bigru", "plain")}
    scores = {name: {run["seed"]: run["test"] for run in cell[name].get("runs", ())} for name in means}
    common = scores["bigru"].keys() & scores["plain"].keys()
    if common:
        means = {name: sum(found[seed] for seed in common) / len(common) for name, found in scores.items()}
    points = round(100 * (means["bigru"] - means["plain"]), 1)
    return f"{points:+.1f}" if points else "0.0"


def rendered(page: str, name: str) -> str:
    """Return the text of the page `name` with the tables between their marks."""
    for task in SIZES:
        before, rest = page.split(f"<!-- {task} -->")
        after = rest.split(f"<!-- /{task} -->")[1]
        page = f"{before}<!-- {task} -->\n{table(name, task)}\n<!-- /{task} -->{after}"
    return page
