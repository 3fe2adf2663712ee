"""The table of saved models at work, of docs/benchmarks.md: `render.py` puts it there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"

PAGES = {
    "benchmarks.md": (
        "| in production | measured | wanted / aimed at | result file |",
        {
            "answers": "answers changed between engines and exports, 10,000 reviews, float32",
            "serving": "HTTP, 16 clients, a short text a request: requests per second; 99 % within",
            "overload": "60 s of ten times the capacity: requests accepted and not answered",
            "many": "short texts in a list, in process: texts per second; in int8",
            "one": "one short text from Python: median; in int8",
            "memory": "memory that a million answers leave behind",
            "int8": "a classifier in 8 bits: size; speed; accuracy lost",
            "environment": "without PyTorch: installed; import of the runtime",
        },
    ),
    "benchmarks.zh-CN.md": (
        "| 生产环境 | 实测 | 要求 / 目标 | 结果文件 |",
        {
            "answers": "各引擎与导出之间改变的答案，一万条评论，float32",
            "serving": "HTTP，16 个客户端，每个请求一条短文本：每秒请求数；99 % 不超过",
            "overload": "十倍于能力的请求持续 60 秒：已接受而未回答的请求",
            "many": "进程内一批短文本：每秒条数；int8",
            "one": "从 Python 预测一条短文本：中位数；int8",
            "memory": "一百万次回答后增加的内存",
            "int8": "8 位的分类模型：大小；速度；损失的准确率",
            "environment": "不装 PyTorch：安装大小；导入运行时",
        },
    ),
}


def table(name: str) -> str:
    """Return the table of saved models at work for a page; those of speed are of `zh-sentiment`."""
    head, words = PAGES[name]
    lines = [head, "|---" * 4 + "|"]
    for key, (file, cell, wanted) in _at_work().items():
        lines.append(f"| {words[key]} | **{cell}** | {wanted} | [json](../benchmarks/results/{file}.json) |")
    return "\n".join(lines)


def _at_work() -> dict[str, tuple[str, str, str]]:
    """Return by key of a row its result file, the figures, and what is wanted and aimed at."""
    files = ("answers", "serving", "predict", "quantized")
    answers, serving, predict, quantized = (_result(file) for file in files)
    exact = [row for kind, row in answers["engines"].items() if not kind.endswith(("int8", "bf16"))]
    changed = sum(row["labels_changed"] for row in exact)
    apart = max(row["largest_difference"] for row in exact)
    steady, model, room = serving["steady"], predict["models"]["zh-sentiment"], predict["environment"]
    many, one = ([model[kind][of] for kind in ("fp32", "int8")] for of in ("all_threads", "one"))
    rates = "; ".join(f"{of['texts_per_second']['median']:,.0f}" for of in many)
    times = "; ".join(f"{of['titles_us']['median']:.0f} µs" for of in one)
    grown = "; ".join(f"{model[kind]['million']['growth_mb']:.1f} MB" for kind in ("fp32", "int8"))
    small, whole = quantized["chnsenticorp"]["stored and multiplied in int8"], quantized["chnsenticorp"]
    size, faster = (whole["bytes"]["int8"] / whole["bytes"]["fp32"], "texts_per_second_of_64")
    eight = f"{size:.2f}×; {small[faster] / whole['fp32'][faster]:.2f}×; "
    eight += f"{100 * (whole['fp32']['accuracy'] - small['accuracy']):.2f}"
    start = room["import bigru.runtime.predictor"]["seconds"]["median"]
    return {
        "answers": ("answers", f"{changed}; {apart:.1e}", "0; 1e-5"),
        "serving": (
            "serving",
            f"{steady['requests_per_second']:,}; {steady['p99_ms']:.1f} ms",
            "3,000; 25 ms / 6,000; 10 ms",
        ),
        "overload": ("serving", f"{serving['overload']['without_an_answer']}", "0"),
        "many": ("predict", rates, "30,000 / 100,000"),
        "one": ("predict", times, "150 µs / 60 µs"),
        "memory": ("predict", grown, "0"),
        "int8": ("quantized", eight, "¼; 1×; 0.2 / ¼; 1.5×; 0.2"),
        "environment": ("predict", f"{room['installed_mb']:.0f} MB; {start:.2f} s", "130 MB; 0.3 s / 110 MB; 0.15 s"),
    }


def _result(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return result
