"""`bigru models`: what comes with the package; and what is said where a folder hides one of them."""

from __future__ import annotations

from pathlib import Path

from ...models import about, shadowed, shipped
from ..show import note
from ..streams import emit

__all__ = ["models", "say_if_shadowed"]


def models() -> None:
    """Print name, folder, size and what the card says first of every shipped model."""
    for name, folder in shipped().items():
        size = sum(path.stat().st_size for path in folder.iterdir())
        emit({"name": name, "folder": str(folder), "bytes": size, "about": about(folder)})
        note(f"{name}, {size / 1e6:.1f} MB: {about(folder)}")


def say_if_shadowed(model: Path) -> None:
    """Say that a path is taken for itself although a shipped model has its name."""
    if shadowed(model):
        note(f"{model} is what lies here, not the model of this name that comes with bigru.")
