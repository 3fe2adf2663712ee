"""Draw the pictures of results: `.venv-peers/bin/python benchmarks/plot.py [speed] [labels]`.

`speed` draws time against size from benchmarks/results/kernels.json: log-log, a panel per letter and pass, a line per
engine; the rest of the size is said in the title. `labels` draws scores against numbers of labels from
benchmarks/results/few-labels-*.json: a panel per set, a line per contender, with a band of one deviation to each side.
Each picture names the digest of what it was drawn from, so that a test can tell whether it is out of date.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from how_good import CURVES, order, results
from matplotlib import pyplot
from provenance import digest

HERE = Path(__file__).parent
RESULT = HERE / "results" / "kernels.json"
DOCS = HERE.parent / "docs"

# Colours that people who see few of them can tell apart (Okabe and Ito), and a mark each.
ENGINES = {
    "bigru": ("bigru", "#D55E00", "o"),
    "bigru.nn": ("bigru", "#D55E00", "o"),
    "torch": ("PyTorch", "#0072B2", "s"),
    "onnxruntime": ("onnxruntime", "#009E73", "^"),
    "openvino": ("OpenVINO", "#CC79A7", "D"),
}
CONTENDERS = {
    "bigru": ("bigru train", "#D55E00", "o"),
    "plain": ("TF-IDF + logistic regression", "#0072B2", "s"),
    "minilm": ("MiniLM + logistic regression", "#009E73", "^"),
    "raw": ("bigru train --from raw texts", "#CC79A7", "D"),
}
TITLES = {
    "sst2": "SST-2: opinions, English",
    "chnsenticorp": "ChnSentiCorp: opinions, Chinese",
    "tnews": "TNEWS: 15 topics, Chinese",
    "r8": "R8: 8 topics, English",
    "online-shopping": "online_shopping: 10 kinds, Chinese",
    "imdb": "IMDB: opinions, English",
}
PASSES = {"forward": "forward", "training": "forward and backward"}
LETTERS = {"T": "time steps T", "B": "batch B", "H": "hidden units H"}


def series(rows: list[dict[str, Any]], kind: str, letter: str) -> dict[str, list[tuple[int, float]]]:
    """Return per engine the points (size, milliseconds) of one pass along one letter, sorted."""
    middle = _middle(rows)
    chosen = [row for row in rows if row["kind"] == kind and all(row[x] == middle[x] for x in "BTIH" if x != letter)]
    points: dict[str, list[tuple[int, float]]] = {}
    for row in sorted(chosen, key=lambda row: row[letter]):
        for engine, timing in row["milliseconds"].items():
            points.setdefault(engine, []).append((row[letter], timing["median"]))
    return points


def _middle(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return the size that the three walks share: its entries are the most frequent ones."""
    return {x: max({row[x] for row in rows}, key=[row[x] for row in rows].count) for x in "BTIH"}


def draw(result: dict[str, Any], source: str, path: Path) -> None:
    """Draw the scaling part of a result into an SVG file."""
    rows, signature = result["parts"]["scaling"], result["signature"]
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bigru", "font.size": 9})
    figure, axes = pyplot.subplots(len(PASSES), len(LETTERS), figsize=(9, 5.6), sharey="row", layout="constrained")
    for line, kind in zip(axes, PASSES, strict=True):
        for axis, letter in zip(line, LETTERS, strict=True):
            _panel(axis, series(rows, kind, letter), LETTERS[letter])
        line[0].set_ylabel(f"{PASSES[kind]}, ms")
    middle = ", ".join(f"{letter} = {value}" for letter, value in _middle(rows).items())
    trial = "" if signature["whole"] else " (a trial run)"
    figure.suptitle(f"One bidirectional GRU layer around {middle}; {signature['processor']}, 2 threads{trial}")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=len(ENGINES))
    figure.savefig(path, metadata={"Date": None, "Source": source})


def _panel(axis: Any, points: dict[str, list[tuple[int, float]]], label: str) -> None:
    for engine, values in points.items():
        name, colour, mark = ENGINES[engine]
        axis.loglog(*zip(*values, strict=True), color=colour, marker=mark, markersize=4, label=name)
    sizes = sorted({size for values in points.values() for size, _ in values})
    axis.set_xticks(sizes, [str(size) for size in sizes])
    axis.minorticks_off()
    axis.set_xlabel(label)
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def curves(result: dict[str, Any], contender: str) -> list[tuple[int, float, float]]:
    """Return the points of a contender in a panel: labels, mean and deviation of the score in percent; sorted."""
    cells = [
        result["cells"][size][contender]
        for size in sorted(result["cells"], key=order)
        if contender in result["cells"][size]
    ]
    return [(one["runs"][0]["rows"], 100 * one["mean"], 100 * one["std"]) for one in cells]


def draw_labels(found: dict[str, dict[str, Any]], source: str, path: Path) -> None:
    """Draw the results of the sets of texts into an SVG file; panels without results are left empty."""
    pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bigru", "font.size": 9})
    figure, axes = pyplot.subplots(2, 3, figsize=(9, 5), layout="constrained")
    shown: dict[str, Any] = {}
    for axis, name in zip(axes.flat, CURVES, strict=True):
        for contender, (label, colour, mark) in CONTENDERS.items():
            points = curves(found[name], contender) if name in found else []
            if not points:
                continue
            labels, means, spreads = zip(*points, strict=True)
            (line,) = axis.plot(labels, means, color=colour, marker=mark, markersize=4)
            band = [[m + side * s for m, s in zip(means, spreads, strict=True)] for side in (-1, 1)]
            axis.fill_between(labels, *band, color=colour, alpha=0.15, linewidth=0)
            shown.setdefault(label, line)
        _label_axis(axis, TITLES[name])
    for row in axes:
        row[0].set_ylabel("test accuracy, %")
    figure.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=len(CONTENDERS))
    figure.savefig(path, metadata={"Date": None, "Source": source})


def _label_axis(axis: Any, title: str) -> None:
    axis.set_xscale("log")
    axis.set_xticks([100, 1000, 10000], ["100", "1,000", "10,000"])
    axis.minorticks_off()
    axis.set_title(title, fontsize=9)
    axis.set_xlabel("labelled texts")
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the pictures of results.")
    parser.add_argument("pictures", nargs="*", default=["speed", "labels"], metavar="PICTURE", help="speed or labels")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the pictures")
    asked = parser.parse_args()
    if "speed" in asked.pictures:
        text = RESULT.read_bytes()
        draw(json.loads(text), f"sha256 {hashlib.sha256(text).hexdigest()}", asked.out / "speed.svg")
    if "labels" in asked.pictures:
        found = results("classify")
        draw_labels(found, f"sha256 {digest(found)}", asked.out / "few-labels.svg")


if __name__ == "__main__":
    main()
