"""The model card: README.md of a saved model, for the Hugging Face hub and for people."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import first_names
from ..readers.token_features import SEPARATOR
from ..tasks import task_named
from .configuration import Shape, features_kind, token_features
from .documents import LEXICON
from .weights import shapes

if TYPE_CHECKING:
    from .configuration import TaskConfig

__all__ = ["VERIFICATION", "language", "page", "with_section"]

PIPELINES = {
    ("classify", "text"): "text-classification",
    ("tag", "text"): "token-classification",
    ("classify", "audio"): "audio-classification",
    ("transcribe", "audio"): "automatic-speech-recognition",
}

CELLS = {"gru": "GRU", "rnn": "RNN", "lstm": "LSTM"}

DIRECTIONS = {"both": "bidirectional", "forward": "forward", "backward": "backward"}

VERIFICATION = "Verification"
"""The heading under which a card says how the model was verified."""

FENCE = re.compile(r" {0,3}(```|~~~)")

SHOWN = 20
"""Labels that a card lists before it says how many more there are."""

HAN = re.compile("[\u4e00-\u9fff]")

ENGLISH = {"the", "of", "and", "to", "is"}


def language(config: TaskConfig) -> str | None:
    """Return "zh" or "en" where the vocabulary leaves no doubt, else None."""
    read: Any = config.features
    if features_kind(read) != "text":
        return None
    letters = [unit for unit in read.vocabulary if unit.isalpha()]
    if sum(bool(HAN.search(unit)) for unit in letters) * 2 > len(letters):
        return "zh"
    return "en" if {unit.lower() for unit in letters} >= ENGLISH else None


def page(task: str, model: Shape, config: TaskConfig, metrics: Mapping[str, Any], about: str) -> str:
    """Return the whole card.

    Args:
        task: "classify", "tag", "forecast" or "transcribe".
        model: the network's shape.
        config: the task's configuration.
        metrics: per data set ("dev", "test", ...) what `bigru.metrics.Report.to_json` returns; other entries are
            not shown.
        about: Markdown on the data and the training, as it goes there.
    """
    rows = list(_rows(metrics))
    table = ["| data | score | value | 95 % interval | signature |", "|---|---|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(
        [
            *_header(task, config, dict.fromkeys(row[1] for row in rows)),
            f"# {task_named(task).NAME} saved by bigru\n",
            _sentence(model, config) + "\n",
            "## Data and training\n",
            (about.strip() or "Nothing was written down about them.") + "\n",
            "## Scores\n",
            "\n".join(table) + "\n" if rows else "It was not scored.\n",
            "## Use\n",
            '```python\nimport bigru\n\nmodel = bigru.load("path/of/this/folder")\nprint(model.predict([...]))\n```\n',
            "Predicting needs NumPy and bigru's compiled kernels; PyTorch is not imported.\n",
        ]
    )


def with_section(card: str, heading: str, body: str) -> str:
    """Return a card whose section of that heading holds `body`; all else stays as it is, to the character.

    The section reaches to the next heading of its level or a higher one. Where there is none, it comes at the end; of
    several of that name the first is replaced. What looks like a heading within fenced code is none.
    """
    lines = card.splitlines(keepends=True)
    places = list(_headings(lines))
    begin = next((n for n, level, text in places if level == 2 and text == heading), None)
    section = f"## {heading}\n\n{body.strip()}\n"
    if begin is None:
        gap = "" if not card else "\n" if card.endswith("\n") else "\n\n"
        return card + gap + section
    end = next((n for n, level, _ in places if n > begin and level <= 2), len(lines))
    rest = "".join(lines[end:])
    return "".join(lines[:begin]) + section + ("\n" + rest if rest else "")


def _headings(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield line, level and text of every heading outside of fenced code."""
    fence = ""
    for n, line in enumerate(lines):
        mark = FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
        found = None if fence else re.match(r" {0,3}(#{1,6})\s+(.*?)[\s#]*$", line)
        if found:
            yield n, len(found[1]), found[2]


def _header(task: str, config: TaskConfig, names: Iterable[str]) -> list[str]:
    """Return the YAML front matter; JSON strings are YAML strings."""
    spoken, pipeline = language(config), PIPELINES.get((task, features_kind(config.features)))
    entries = {
        "library_name": ["bigru"],
        "pipeline_tag": [pipeline] if pipeline else [],
        "language": [spoken] if spoken else [],
    }
    lines = [f"{key}: {json.dumps(value)}" for key, values in entries.items() for value in values]
    for key, items in (("tags", ["bigru", "gru", "sequence-labelling"]), ("metrics", list(names))):
        lines += [f"{key}:", *(f"- {json.dumps(item)}" for item in items)] if items else []
    return ["---", *lines, "---", ""]


def _sentence(model: Shape, config: TaskConfig) -> str:
    encoder = model.encoder
    count = sum(math.prod(shape) for shape in shapes(model).values())
    labels = first_names([f"`{label}`" for label in config.labels], SHOWN)
    layers = f"{encoder.layers} layer{'s' if encoder.layers > 1 else ''} of {encoder.hidden} units per direction"
    crf = " with a CRF" if model.crf else ""
    if model.head == "window":
        own: Any = model
        return (
            f"A {DIRECTIONS[encoder.direction]} {CELLS[encoder.cell]} over segments of {own.segment} rows, {layers}, "
            f"{count:,} weights. From {own.lookback} rows it forecasts {own.horizon}: {labels}."
        )
    names = token_features(config.features)
    form = SEPARATOR.join(["word", *names])
    reads = f" It reads tokens with features, as `{form}` (U+FFE8 between them)." if names else ""
    lexicon = getattr(config.features, "lexicon", None)
    knows = "" if lexicon is None else f" It knows a lexicon, `{LEXICON}`: {lexicon.describe()}."
    return (
        f"A {DIRECTIONS[encoder.direction]} {CELLS[encoder.cell]}{crf}, {layers}, {count:,} weights. "
        f"Its labels: {labels}.{reads}{knows}"
    )


def _rows(metrics: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield data set, score, value, interval and signature of every score."""
    for data, report in metrics.items():
        signatures = report.get("signature") if isinstance(report, dict) else None
        for name, signature in signatures.items() if isinstance(signatures, dict) else ():
            low, high = report.get("intervals", {}).get(name, (None, None))
            interval = "" if low is None else f"{low:.4f} to {high:.4f}"
            # A bar would end the cell, even between backticks.
            escaped = signature.replace("|", "\\|")
            yield data, name, f"{report[name]:.4f}", interval, f"`{escaped}`"
