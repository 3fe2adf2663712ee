"""Write the tables of READMEs, benchmarks.md and pages of the guide from results/: `python benchmarks/render.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import distil
import front
import how_good
import production

HERE = Path(__file__).parent
PAGES = ("benchmarks.md", "benchmarks.zh-CN.md")

NAMES = {
    "chnsenticorp": "ChnSentiCorp, sentiment (zh)",
    "resume": "Resume NER, entities (zh)",
    "resume-vectors": "Resume NER, with character vectors",
    "msra": "MSRA NER, entities (zh)",
    "r8": "R8, news topics (en)",
    "imdb": "IMDB, sentiment (en)",
}

HEADS = {
    "benchmarks.md": "| data | score | bigru | seeds | knows no order | published, recurrent | result file |",
    "benchmarks.zh-CN.md": "| 数据 | 指标 | bigru | 种子数 | 不看词序的基线 | 已发表的循环网络 | 结果文件 |",
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
    link = f"[json](../benchmarks/results/accuracy-{name}.json)"
    cells = [NAMES[name], result["metric"], score, len(result["runs"]), _baseline(result["baseline"])]
    return "| " + " | ".join(map(str, [*cells, result["published"], link])) + " |"


def _baseline(baseline: dict[str, Any]) -> str:
    pairs = f", with pairs {_percent(baseline['with_pairs'])}" if "with_pairs" in baseline else ""
    return f"{baseline['kind']} {_percent(baseline['test'])}{pairs}"


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}"


SPEED_HEADS = {
    "benchmarks.md": [
        "| one layer: B, T, I, H | forward: bigru | PyTorch | onnxruntime | OpenVINO | share of peak "
        "| and backward: bigru | PyTorch | times | share of peak |",
        "| | bigru | beside it | times |",
    ],
    "benchmarks.zh-CN.md": [
        "| 一层：B, T, I, H | 前向：bigru | PyTorch | onnxruntime | OpenVINO | 占峰值 "
        "| 前向加反向：bigru | PyTorch | 倍数 | 占峰值 |",
        "| | bigru | 对照 | 倍数 |",
    ],
}

SPEED_WORDS = {
    "benchmarks.md": {
        "caption": "Milliseconds, medians; {processor}, {isa}, {threads} threads, {date}, commit {commit}; "
        "quartiles, versions and all other cells: [json](../benchmarks/results/kernels.json).",
        "none": "A whole run of `make bench-peers` writes the figures here.",
        "plot": "Time against batch, time and hidden size",
        "model": "tutorial model, one training step",
        "forward": "{} forward, lengths 1..T, beside packed",
        "training": "{} forward and backward, lengths 1..T, beside packed",
        "bf16": "{} forward in bf16",
        "bf16-training": "{} forward and backward in bf16, beside fp32",
        "int8": "{} forward with int8 weights, beside fp32",
        "crf": "CRF, forward and backward: B, T, K = {}",
        "step": "one step of a stream from Python: I, H = {}",
    },
    "benchmarks.zh-CN.md": {
        "caption": "单位毫秒，取中位数；{processor}，{isa}，{threads} 线程，{date}，提交 {commit}；"
        "四分位数、版本和其余全部测量见 [json](../benchmarks/results/kernels.json)。",
        "none": "完整运行一次 `make bench-peers` 后，数字写在这里。",
        "plot": "耗时与批量、时间步数、隐藏单元数的关系",
        "model": "教程里的模型，训练一步",
        "forward": "{} 前向，长度 1..T，对照 packed",
        "training": "{} 前向加反向，长度 1..T，对照 packed",
        "bf16": "{} 前向，bf16",
        "bf16-training": "{} 前向加反向，bf16，对照 fp32",
        "int8": "{} 前向，int8 权重，对照 fp32",
        "crf": "CRF 前向加反向：B, T, K = {}",
        "step": "从 Python 调用的流式一步：I, H = {}",
    },
}

ENGINES = {
    "torch": "PyTorch",
    "onnxruntime": "onnxruntime",
    "openvino-bf16": "OpenVINO bf16",
    "pytorch-crf": "pytorch-crf",
    "keras-tensorflow": "Keras/TensorFlow",
    "keras-jax": "Keras/JAX",
    "bigru": "bigru",
    "bigru.nn": "bigru",
}

# Part, who is ours in it, and the letters of a size that its rows name.
MORE = (
    ("model", "bigru", ""),
    ("ragged", "bigru", "BTIH"),
    ("bf16", "bigru-bf16", "BTIH"),
    ("bf16-training", "bigru.nn-bf16", "BTIH"),
    ("int8", "bigru-int8", "BTIH"),
    ("crf", "bigru", "BTH"),
    ("step", "bigru", "IH"),
)


SERIES_HEADS = {
    "benchmarks.md": "| data | accuracy | seeds | forest | 1-NN with DTW | trained per s | predicted | result file |",
    "benchmarks.zh-CN.md": "| 数据 | 准确率 | 种子数 | 随机森林 | 1-NN DTW | 每秒序列数：训练 | 预测 | 结果文件 |",
}


def series(name: str) -> str:
    """Return the table of series for a page."""
    results = json.loads((HERE / "results" / "series.json").read_text(encoding="utf-8"))
    rows = []
    for key, result in results.items():
        runs, beside = result["runs"], result["baseline"]
        spread = f" ± {_percent(result['std'])}" if len(runs) > 1 else ""
        score = f"**{_percent(result['mean'])}{spread}**"
        rates = [sorted(run[rate] for run in runs)[len(runs) // 2] for rate in RATES]
        rivals = ["–" if one is None else _percent(one["test"]) for one in (result.get("forest"), beside)]
        cells = [key, score, len(runs), *rivals]
        cells += [f"{rate:,}" for rate in rates] + ["[json](../benchmarks/results/series.json)"]
        rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join([SERIES_HEADS[name], "|---" * 8 + "|", *rows])


RATES = ("trained_per_second", "predicted_per_second")
FORECAST_HEADS = {
    "benchmarks.md": "| data, look-back | MSE | seeds | naive | seasonal naive | published | in the 90 % interval |",
    "benchmarks.zh-CN.md": "| 数据，回看长度 | MSE | 种子数 | 沿用末值 | 沿用上一周期 | 已发表 | 落入 90 % 区间 |",
}


def forecasts(name: str) -> str:
    """Return the table of forecasts for a page: the means over the horizons, then what has no other horizons."""
    result = json.loads((HERE / "results" / "forecast.json").read_text(encoding="utf-8"))
    groups, single, lines = result["groups"], dict(result["rows"]), []
    for key, group in groups.items():
        # Until all four horizons are there, each stands for itself.
        if group["seeds"]:
            own = [single.pop(row) for row in list(single) if row.rsplit("-", 1)[0] == key]
            score = _of_seeds(group["mse"], group["std"], len(group["seeds"]))
            lines.append(_forecast_row(key, score, len(group["seeds"]), own, group["published"]))
    for key, row in single.items():
        score = _of_seeds(*row["mse"], len(row["seeds"]))
        lines.append(_forecast_row(key, score, len(row["seeds"]), [row], "–"))
    return "\n".join([FORECAST_HEADS[name], "|---" * 7 + "|", *lines])


SPEECH = {
    "benchmarks.md": (
        "| recordings | score | seeds | wanted, aimed at | times real time |",
        {
            "digits-official": "spoken digits, official split: accuracy",
            "digits-new-speaker": "spoken digits, of a speaker never heard: accuracy",
            "digits-connected": "3 to 7 digits in a row, CTC: word errors",
            "mandarin-words": "Mandarin words, toned syllables, CTC: syllable errors",
        },
    ),
    "benchmarks.zh-CN.md": (
        "| 录音 | 得分 | 种子数 | 要求，目标 | 实时倍数 |",
        {
            "digits-official": "英语数字，官方划分：准确率",
            "digits-new-speaker": "英语数字，从未听过的说话人：准确率",
            "digits-connected": "连说 3 至 7 个数字，CTC：词错误率",
            "mandarin-words": "汉语词，带调音节，CTC：音节错误率",
        },
    ),
}


def speech(name: str) -> str:
    """Return the table of recordings for a page; speed is that of the slowest run."""
    rows = json.loads((HERE / "results" / "speech.json").read_text(encoding="utf-8"))["rows"]
    head, names = SPEECH[name]
    lines = [head, "|---" * 5 + "|"]
    for key, shown in names.items():
        if key not in rows:
            continue
        row, runs = rows[key], rows[key]["runs"]
        spread = f" ± {_percent(row['std'])}" if len(runs) > 1 else ""
        wanted = ", ".join("–" if row[goal] is None else _percent(row[goal]) for goal in ("must", "aim"))
        rate = f"{min(run['audio_seconds_per_second'] for run in runs):,.0f}"
        cells = [shown, f"**{_percent(row['mean'])}{spread}**", str(len(runs)), wanted, rate]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _of_seeds(mean: float, std: float, seeds: int) -> str:
    """Return a score; one seed has no deviation."""
    return f"**{mean:.3f} ± {std:.3f}**" if seeds > 1 else f"**{mean:.3f}**"


def _forecast_row(key: str, score: str, seeds: int, rows: list[dict[str, Any]], published: str) -> str:
    """Return a line of the table; figures of several horizons are averaged."""

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    rules = [f"{mean([row['beside'][f'{rule}_mse'] for row in rows]):.3f}" for rule in ("naive", "seasonal_naive")]
    held = f"{_percent(mean([row['coverage_90'][0] for row in rows]))} %"
    return "| " + " | ".join([key, score, str(seeds), *rules, published, held]) + " |"


def speed(name: str) -> str:
    """Return the tables of speed for a page; a sentence while there is no whole run."""
    words, file = SPEED_WORDS[name], HERE / "results" / "kernels.json"
    result = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if result is None or not result["signature"]["whole"]:
        return words["none"]
    parts, (layers, more) = result["parts"], SPEED_HEADS[name]
    rows = [_layer_row(*pair) for pair in zip(parts["forward"], parts["training"], strict=True)]
    others = [line for part, ours, letters in MORE for line in _more_rows(parts[part], part, ours, letters, words)]
    caption = words["caption"].format(**result["signature"], threads=parts["forward"][0]["threads"])
    picture = f"![{words['plot']}](speed.svg)"
    tables = [layers, "|---" * 10 + "|", *rows, "", more, "|---" * 4 + "|", *others]
    return "\n".join([caption, "", *tables, "", picture])


def _layer_row(forward: dict[str, Any], training: dict[str, Any]) -> str:
    size = ", ".join(str(forward[letter]) for letter in "BTIH")
    cells = [size, *(_ms(forward, e) for e in ("bigru", "torch", "onnxruntime", "openvino")), _share(forward, "bigru")]
    cells += [_ms(training, "bigru.nn"), _ms(training, "torch"), _times(training, "torch", "bigru.nn")]
    return "| " + " | ".join([*cells, _share(training, "bigru.nn")]) + " |"


def _more_rows(rows: list[dict[str, Any]], part: str, ours: str, letters: str, words: dict[str, str]) -> list[str]:
    lines = []
    for row in rows:
        mine = ours if ours in row["milliseconds"] else f"{ours}.nn"
        if mine not in row["milliseconds"]:  # absent: this build has no such precision
            continue
        label = words[row["kind"] if part == "ragged" else part]
        label = label.format(", ".join(str(row[letter]) for letter in letters))
        rivals = _fastest(row, mine)
        beside = ", ".join(f"{ENGINES[group]} {_ms(row, engine)}" for group, engine in rivals.items())
        times = ", ".join(_times(row, engine, mine) for engine in rivals.values())
        lines.append(f"| {label} | **{_ms(row, mine)}** | {beside} | {times} |")
    return lines


def _fastest(row: dict[str, Any], mine: str) -> dict[str, str]:
    """Return who is shown beside ours: of Keras' ways to train the fastest per backend, of ours only fp32."""
    groups: dict[str, str] = {}
    times = row["milliseconds"]
    for engine in times:
        group = next((backend for backend in ("keras-tensorflow", "keras-jax") if engine.startswith(backend)), engine)
        if engine == mine or engine.endswith("-dense") or group not in ENGINES:
            continue
        if group not in groups or times[engine]["median"] < times[groups[group]]["median"]:
            groups[group] = engine
    others = {group: engine for group, engine in groups.items() if not group.startswith("bigru")}
    return others or groups


def _ms(row: dict[str, Any], engine: str) -> str:
    return f"{row['milliseconds'][engine]['median']:.3g}"


def _times(row: dict[str, Any], engine: str, ours: str) -> str:
    times = row["milliseconds"]
    return f"{times[engine]['median'] / times[ours]['median']:.1f}×"


def _share(row: dict[str, Any], engine: str) -> str:
    reached = row["gflop"] / row["milliseconds"][engine]["median"] * 1e3
    return f"{100 * reached / row['peak_gflops']:.0f} %"


CONTEST = {
    "benchmarks.md": (
        "| engine | an epoch | 92.0 % on dev | best on dev |",
        "{} s",
        "after {}",
        "not within {} s ({} epochs)",
    ),
    "benchmarks.zh-CN.md": (
        "| 引擎 | 每轮 | 开发集达到 92.0 % | 开发集最好 |",
        "{} 秒",
        "{}后",
        "{} 秒内未达到（{} 轮）",
    ),
}
RUNNERS = {"bigru": "bigru", "torch": "PyTorch", "keras": "Keras (JAX)"}


def contest(name: str) -> str:
    """Return the table of the contest against the clock for a page; several seeds stand side by side."""
    head, seconds, after, missed = CONTEST[name]
    runs = json.loads((HERE / "results" / "wallclock.json").read_text(encoding="utf-8"))["runs"]
    lines = [head, "|---" * 4 + "|"]
    for engine, shown in RUNNERS.items():
        own = [run for run in runs if run["engine"] == engine]
        if not own:
            continue
        epoch = " / ".join(f"{run['seconds_per_epoch']:.1f}" for run in own)
        reached = all(run["seconds_to_goal"] for run in own)
        times = " / ".join(f"{run['seconds']:.0f}" for run in own)
        goal = after.format(seconds.format(times)) if reached else missed.format(times, len(own[0]["epochs"]))
        best = " / ".join(f"{100 * run['best_dev']:.1f}" for run in own)
        lines.append(f"| {shown} | {seconds.format(epoch)} | {goal} | {best} % |")
    return "\n".join(lines)


def rendered(page: str, name: str) -> str:
    """Return the text of the page `name` with the tables between their marks."""
    for mark, text in (
        ("accuracy", table(HEADS[name])),
        ("series", series(name)),
        ("forecast", forecasts(name)),
        ("speech", speech(name)),
        ("speed", speed(name)),
        ("contest", contest(name)),
        ("production", production.table(name)),
    ):
        before, rest = page.split(f"<!-- {mark} -->")
        after = rest.split(f"<!-- /{mark} -->")[1]
        page = f"{before}<!-- {mark} -->\n{text}\n<!-- /{mark} -->{after}"
    return page


def main() -> None:
    for folder, names, fill in (
        (HERE.parent / "docs", PAGES, rendered),
        (front.ROOT, front.PAGES, front.rendered),
        (how_good.GUIDES, how_good.PAGES, how_good.rendered),
        (distil.GUIDES, distil.PAGES, distil.rendered),
    ):
        for name in names:
            path = folder / name
            path.write_text(fill(path.read_text(encoding="utf-8"), name), encoding="utf-8")


if __name__ == "__main__":
    main()
