"""`bigru models`: what comes with the package; and what is said where a folder hides one of them."""

from __future__ import annotations

from pathlib import Path

from ...models import about, shadowed, shipped
from ..show import print_note
from ..streams import print_json

__all__ = ["models", "warn_if_shadowed"]


def models() -> None:
    """Print name, folder, size and what the card says first of every shipped model."""
    for name, folder in shipped().items():
        size = sum(path.stat().st_size for path in folder.iterdir())
        print_json({"name": name, "folder": str(folder), "bytes": size, "about": about(folder)})
        print_note(f"{name}, {size / 1e6:.1f} MB: {about(folder)}")


def warn_if_shadowed(model: Path) -> None:
    """Say that a path is taken for itself although a shipped model has its name."""
    if shadowed(model):
        print_note(f"{model} is what lies here, not the model of this name that comes with bigru.")
