"""What a billion texts cost: `python benchmarks/cost.py` writes it from results/scale.json into docs/guide."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULT = HERE / "results" / "scale.json"
GUIDES = HERE.parent / "docs" / "guide"
PAGES = ("deploy.md", "deploy.zh-CN.md")

BILLION = 1_000_000_000
PRICES = (0.01, 0.03, 0.05)
"""Dollars for an hour of one core: what spot, reserved and listed machines of the large clouds lie around."""

HEADS = {
    "deploy.md": "| model | texts a second on one core | core hours a billion | at $0.01 | $0.03 | $0.05 a core hour |",
    "deploy.zh-CN.md": "| 模型 | 单核每秒文本数 | 十亿条所需核时 | 每核时 0.01 美元 | 0.03 美元 | 0.05 美元 |",
}

CAPTIONS = {
    "deploy.md": "Headlines of {characters} characters on average; {machine}, one thread, {version}, commit {commit}; "
    "median of {least} to {most} texts a second for `{model}`; two workers of Ray answered {ray} a second: "
    "[json](../../benchmarks/results/scale.json).",
    "deploy.zh-CN.md": "新闻标题，平均 {characters} 字；{machine}，单线程，{version}，提交 {commit}；"
    "`{model}` 各次测量每秒 {least} 到 {most} 条，取中位数；Ray 的两个进程每秒 {ray} 条："
    "[json](../../benchmarks/results/scale.json)。",
}


def hours(rate: float) -> float:
    """Return the hours of one core that a billion texts take at a rate in texts per second."""
    return BILLION / rate / 3600


def table(page: str, result: dict[str, Any]) -> str:
    """Return the table of one page and where its figures come from."""
    rows = [HEADS[page], "|---|" + "---:|" * (2 + len(PRICES))]
    for model, row in result["rows"].items():
        rate = row["one_core"]["median"]
        cost = " | ".join(f"${hours(rate) * price:.2f}" for price in PRICES)
        rows.append(f"| {model} | {rate:,} | {hours(rate):.1f} | {cost} |")
    model, row = next(iter(result["rows"].items()))
    caption = CAPTIONS[page].format(
        characters=result["texts"]["mean_characters"],
        machine=result["machine"],
        version=f"bigru {result['versions']['bigru']}",
        commit=result["versions"]["commit"],
        model=model,
        least=f"{row['one_core']['least']:,}",
        most=f"{row['one_core']['most']:,}",
        ray=f"{row['ray_two_workers']['median']:,}",
    )
    return "\n".join([*rows, "", caption])


def rendered(text: str, page: str) -> str:
    """Return a page with the table between its marks."""
    begin, end = "<!-- cost -->", "<!-- /cost -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    made = table(page, json.loads(RESULT.read_text(encoding="utf-8")))
    return f"{before}{begin}\n{made}\n{end}{after}"


def main() -> None:
    for page in PAGES:
        path = GUIDES / page
        path.write_text(rendered(path.read_text(encoding="utf-8"), page), encoding="utf-8")


if __name__ == "__main__":
    main()
