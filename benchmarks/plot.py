"""Draw time against size from benchmarks/results/kernels.json: `.venv-peers/bin/python benchmarks/plot.py`.

Log-log, a panel per letter and pass, a line per engine; the rest of the size is said in the title. The picture names
the digest of the file it was drawn from, so that a test can tell whether it is out of date.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

HERE = Path(__file__).parent
RESULT = HERE / "results" / "kernels.json"
PICTURE = HERE.parent / "docs" / "speed.svg"

# Colours that people who see few of them can tell apart (Okabe and Ito), and a mark each.
ENGINES = {
    "bigru": ("bigru", "#D55E00", "o"),
    "bigru.nn": ("bigru", "#D55E00", "o"),
    "torch": ("PyTorch", "#0072B2", "s"),
    "onnxruntime": ("onnxruntime", "#009E73", "^"),
    "openvino": ("OpenVINO", "#CC79A7", "D"),
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw time against size.")
    parser.add_argument("--result", type=Path, default=RESULT)
    parser.add_argument("--out", type=Path, default=PICTURE)
    arguments = parser.parse_args()
    text = arguments.result.read_bytes()
    draw(json.loads(text), f"sha256 {hashlib.sha256(text).hexdigest()}", arguments.out)


if __name__ == "__main__":
    main()
