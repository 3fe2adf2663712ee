"""Write the accuracy table of the READMEs from benchmarks/results/: `python benchmarks/render.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MARKS = ("<!-- accuracy -->", "<!-- /accuracy -->")

NAMES = {
    "chnsenticorp": "ChnSentiCorp, sentiment (zh)",
    "resume": "Resume NER, entities (zh)",
    "resume-vectors": "Resume NER, with character vectors",
    "msra": "MSRA NER, entities (zh)",
    "r8": "R8, news topics (en)",
    "imdb": "IMDB, sentiment (en)",
}

HEADS = {
    "README.md": "| data | score | bigru | seeds | knows no order | published, recurrent | result file |",
    "README.zh-CN.md": "| 数据 | 指标 | bigru | 种子数 | 不看词序的基线 | 已发表的循环网络 | 结果文件 |",
}


def table(head: str) -> str:
    """Return the table under a heading, a row per result file."""
    files = [HERE / "results" / f"accuracy-{name}.json" for name in NAMES]
    rows = [_row(json.loads(file.read_text(encoding="utf-8"))) for file in files if file.exists()]
    return "\n".join([head, "|---" * 7 + "|", *rows])


def _row(result: dict[str, Any]) -> str:
    name = result["row"]
    score = f"**{_percent(result['mean'])} ± {_percent(result['std'])}**"
    clean = [run["deleaked_test"] for run in result["runs"] if "deleaked_test" in run]
    if name == "chnsenticorp" and clean:
        score += f"; de-leaked {_percent(sum(clean) / len(clean))}"
    link = f"[json](benchmarks/results/accuracy-{name}.json)"
    cells = [NAMES[name], result["metric"], score, len(result["runs"]), _baseline(result["baseline"])]
    return "| " + " | ".join(map(str, [*cells, result["published"], link])) + " |"


def _baseline(baseline: dict[str, Any]) -> str:
    pairs = f", with pairs {_percent(baseline['with_pairs'])}" if "with_pairs" in baseline else ""
    return f"{baseline['kind']} {_percent(baseline['test'])}{pairs}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


def rendered(page: str, head: str) -> str:
    """Return a page with the table between its marks."""
    before, rest = page.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    return f"{before}{MARKS[0]}\n{table(head)}\n{MARKS[1]}{after}"


def main() -> None:
    for name, head in HEADS.items():
        path = HERE.parent / name
        path.write_text(rendered(path.read_text(encoding="utf-8"), head), encoding="utf-8")


if __name__ == "__main__":
    main()
