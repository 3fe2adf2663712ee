"""What the scripts of the shipped models share: 8 bits, a card that stands by itself, a folder in the package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bigru.bundle import Bundle, save
from bigru.bundle.card import page
from bigru.bundle.quantized import QuantizedWeights

__all__ = ["SHIPPED", "ship"]

SHIPPED = Path(__file__).resolve().parent.parent / "src" / "bigru" / "models"


def ship(bundle: Bundle, name: str, licence: str, first: str, about: str, out: Path = SHIPPED) -> Path:
    """Save a model in 8 bits under its name, replacing the one that lies there.

    Args:
        bundle: the model.
        name: of the model and of its folder.
        licence: what the head of the card says of the licence.
        first: the sentence that the card begins with and `bigru models` shows.
        about: Markdown on data and training.
        out: where the folder goes.
    """
    card = page(bundle.task, bundle.model, bundle.config, bundle.metrics, about)
    head, body = card.removeprefix("---\n").split("\n# ", 1)
    body = body.split("\n", 1)[1].replace("path/of/this/folder", name)
    if "### Scores" in about:
        body = body.replace("## Scores\n\nIt was not scored.\n\n", "")
    whole = f"---\nlicense: {licence}\n{head}\n# {name}\n\n{first}\n{body}"
    save(replace(bundle, weights=QuantizedWeights.of(bundle.weights), card=whole), out / name, force=True)
    return out / name
