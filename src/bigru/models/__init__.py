"""The models that come with the package: folders beside this file, one for each name, as `bigru.bundle` saves them.

`models/` at the top of the repository holds the scripts that make them. Nothing is imported here but the standard
library, so that a name is looked up before anything is loaded.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["about", "find", "shadowed", "shipped"]

HERE = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """Return the folders of the models that come with the package by their names, in order."""
    return {folder.name: folder for folder in sorted(HERE.iterdir()) if (folder / "config.json").is_file()}


def find(name: str | os.PathLike[str]) -> Path:
    """Return the folder that a user means: what lies there, else the shipped model of this name, else the path."""
    path = Path(name)
    return path if os.path.lexists(path) else shipped().get(os.fspath(name), path)


def shadowed(name: str | os.PathLike[str]) -> bool:
    """Tell whether a shipped model has this name, but something else lies there, which `find` prefers."""
    return os.path.lexists(name) and os.fspath(name) in shipped()


def about(folder: Path) -> str:
    """Return the first sentence of a model's card below its title."""
    lines = (folder / "README.md").read_text(encoding="utf-8").split("\n# ", 1)[-1].splitlines()[1:]
    return next((line for line in lines if line.strip()), "")
