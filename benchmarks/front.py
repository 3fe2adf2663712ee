"""The short tables of the READMEs from benchmarks/results/; docs/benchmarks.md has all rows. `render.py` runs this."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from few_labels import RESULTS, SETS

__all__ = ["PAGES", "ROOT", "rendered"]

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "README.zh-CN.md")

LABELS = {
    "texts": (("sst2", "SST-2"), ("chnsenticorp", "ChnSentiCorp"), ("tnews", "TNEWS"), ("r8", "R8")),
    "tags": (("conll2003", "CoNLL-2003"), ("resume", "Resume"), ("msra", "MSRA"), ("ewt", "EWT")),
}
"""Sets and their names by table."""

COLUMNS = {
    "texts": {"1000": ("bigru", "raw", "plain", "minilm"), "all": ("bigru", "raw", "plain")},
    "tags": {"500": ("bigru", "plain"), "all": ("bigru", "plain")},
}
"""The numbers of labels and the contenders that are shown."""

SERIES = ("JapaneseVowels", "PenDigits", "RacketSports", "PLAID")
FORECASTS = ("etth1-96", "etth2-96", "etth1-720", "etth2-720")

HEADS = {
    "README.md": {
        "texts": "| texts: accuracy | 1,000 labels | and raw texts | TF-IDF + regression | MiniLM + regression "
        "| all labels | and raw texts | TF-IDF + regression |",
        "tags": "| tags | 500 sentences | CRF on plain features | all sentences | CRF on plain features |",
        "series": "| series: accuracy | bigru | random forest | 1-NN with DTW |",
        "forecast": "| forecasts: MSE | bigru | seasonal naive | published |",
        "speed": "| speed, two cores | bigru | others | times |",
    },
    "README.zh-CN.md": {
        "texts": "| 文本：准确率 | 1,000 条标注 | 加原始文本 | TF-IDF + 逻辑回归 | MiniLM + 逻辑回归 "
        "| 全部标注 | 加原始文本 | TF-IDF + 逻辑回归 |",
        "tags": "| 逐词标注 | 500 句 | 普通特征的 CRF | 全部句子 | 普通特征的 CRF |",
        "series": "| 数值序列：准确率 | bigru | 随机森林 | 1-NN DTW |",
        "forecast": "| 预测：MSE | bigru | 沿用上一周期 | 已发表 |",
        "speed": "| 速度，两个核 | bigru | 对照 | 倍数 |",
    },
}

SPEED = {
    "README.md": {
        "model": "one training step of the tutorial model, (32, 100, 30), H = 64",
        "forward": "forward of one layer, (32, 100, 256), H = 256",
        "training": "forward and backward of it",
        "ragged": "forward and backward of it, lengths 1 to 100",
        "crf": "forward and backward of a CRF, (64, 128), 57 tags",
    },
    "README.zh-CN.md": {
        "model": "教程模型训练一步，(32, 100, 30)，H = 64",
        "forward": "一层前向，(32, 100, 256)，H = 256",
        "training": "同一层前向加反向",
        "ragged": "同一层前向加反向，长度 1 至 100",
        "crf": "CRF 前向加反向，(64, 128)，57 种标注",
    },
}

METRICS = {"accuracy": "", "span_f1": " (F1)"}


def _labels(name: str, table: str) -> list[str]:
    """Return the rows of sets at two numbers of labels, with the contenders of each."""
    rows = []
    for data, shown in LABELS[table]:
        cells = [shown + (METRICS[SETS[data].metric] if table == "tags" else "")]
        found = _result(f"few-labels-{data}")["cells"]
        for size, contenders in COLUMNS[table].items():
            cell = found.get(size, {})
            cells += [_mean(cell.get(one), "**" if one == "bigru" else "") for one in contenders]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def _mean(summary: dict[str, Any] | None, mark: str = "") -> str:
    return "–" if summary is None else f"{mark}{100 * summary['mean']:.1f}{mark}"


def _series(name: str, table: str) -> list[str]:
    results = _result("series")
    rows = []
    for key in SERIES:
        result = results[key]
        others = ["–" if one is None else f"{100 * one['test']:.1f}" for one in (result["forest"], result["baseline"])]
        rows.append(f"| {key} | **{100 * result['mean']:.1f}** | {others[0]} | {others[1]} |")
    return rows


def _forecasts(name: str, table: str) -> list[str]:
    result = _result("forecast")
    rows = []
    for key in FORECASTS:
        group, parts = result["groups"][key], [row for part, row in result["rows"].items() if part.startswith(key)]
        naive = sum(row["beside"]["seasonal_naive_mse"] for row in parts) / len(parts)
        data, lookback = key.split("-")
        shown = f"{data[:3].upper()}{data[3:]}, {lookback} rows → 96 to 720"
        rows.append(f"| {shown} | **{group['mse']:.3f}** | {naive:.3f} | {group['published']} |")
    return rows


def _speed(name: str, table: str) -> list[str]:
    """Return the rows of layers against the fastest of others, from the same run."""
    parts = _result("kernels")["parts"]
    picked = {
        "model": (parts["model"][0], "bigru"),
        "forward": (_sized(parts["forward"]), "bigru"),
        "training": (_sized(parts["training"]), "bigru.nn"),
        "ragged": (_sized(parts["ragged"], "training"), "bigru.nn"),
        "crf": (parts["crf"][-1], "bigru"),
    }
    return [_timed(SPEED[name][key], row, ours) for key, (row, ours) in picked.items()]


def _sized(rows: list[dict[str, Any]], kind: str | None = None) -> dict[str, Any]:
    """Return the row of a layer of 256 units that reads 256."""
    return next(row for row in rows if (row["I"], row["H"]) == (256, 256) and kind in (None, row["kind"]))


ENGINES = {
    "torch": "PyTorch",
    "onnxruntime": "onnxruntime",
    "openvino": "OpenVINO",
    "pytorch-crf": "pytorch-crf",
}


def _timed(label: str, row: dict[str, Any], ours: str) -> str:
    times = {engine: found["median"] for engine, found in row["milliseconds"].items()}
    mine = times[ours]
    others = {shown: times[engine] for engine, shown in ENGINES.items() if engine in times}
    keras = [times[engine] for engine in times if engine.startswith("keras")]
    others |= {"Keras": min(keras)} if keras else {}
    names = ", ".join(f"{shown} {time:.3g} ms" for shown, time in others.items())
    rates = ", ".join(f"{time / mine:.1f}×" for time in others.values())
    return f"| {label} | **{mine:.3g} ms** | {names} | {rates} |"


def _result(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return result


TABLES: dict[str, Callable[[str, str], list[str]]] = {
    "texts": _labels,
    "tags": _labels,
    "series": _series,
    "forecast": _forecasts,
    "speed": _speed,
}


def rendered(page: str, name: str) -> str:
    """Return the text of a README with the tables between their marks."""
    for mark, tables in {"scores": ("texts", "tags", "series", "forecast"), "speed": ("speed",)}.items():
        text = "\n\n".join(_table(name, table) for table in tables)
        before, rest = page.split(f"<!-- {mark} -->")
        after = rest.split(f"<!-- /{mark} -->")[1]
        page = f"{before}<!-- {mark} -->\n{text}\n<!-- /{mark} -->{after}"
    return page


def _table(name: str, table: str) -> str:
    head = HEADS[name][table]
    return "\n".join([head, "|---" * head.count("|", 1) + "|", *TABLES[table](name, table)])
