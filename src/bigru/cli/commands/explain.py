"""`bigru explain`: which characters of a text spoke for its label, and which direction read them so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...runtime.answers import round_floats
from ...runtime.explain import PARTS
from ...runtime.explain import explain as explained
from ...runtime.predictor import load
from ..show import print_note
from ..streams import answer_json

__all__ = ["explain"]

SHADES = ((0.6, "bold "), (0.25, ""), (0.08, "dim "))
"""From which share of the greatest weight on a character is printed how."""


def explain(model: Path, text: str, label: str | None, precision: str) -> None:
    """Print the explanation as one JSON object; for people, the text in colours on stderr."""
    predictor: Any = load(model, precision)
    found = explained(predictor, text, label)
    _draw(found)
    print(answer_json({"text": text} | round_floats(found)), flush=True)


def _draw(found: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.text import Text

    parts = ", ".join(f"{name} {value:+.2f}" for name, value in found["parts"].items())
    print_note(f"{found['label']}: score {found['score']:+.2f} = {parts}")
    greatest = max((abs(entry[part]) for entry in found["characters"] for part in ("total", *PARTS)), default=0.0)
    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    for part in ("total", "forward", "backward"):
        line = Text(f"{part:>9}  ")
        for entry in found["characters"]:
            line.append(entry["text"], _style(entry[part], greatest))
        console.print(line)
    together = f", {found['together']} at a time" if found["together"] > 1 else ""
    print_note(
        f"green spoke for {found['label']}, red against it: what the score loses without the character{together}"
    )


def _style(weight: float, greatest: float) -> str:
    colour = "green" if weight > 0 else "red"
    share = abs(weight) / greatest if greatest else 0.0
    return next((shade + colour for least, shade in SHADES if share >= least), "dim")
