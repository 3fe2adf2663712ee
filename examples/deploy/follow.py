"""Follow the steps of a Dockerfile without an engine: `python examples/deploy/follow.py DOCKERFILE ROOT`.

Every stage shares one tree below ROOT, in which the container's own folders (/build, /opt, /models) lie; the Python
that runs this stands in for the base image. What would change the machine itself (apt-get, useradd) is named and left
out.
Prints what the image would run as JSON: {"entrypoint", "health", "environment", "user"}.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OWN = re.compile(r"(?<![\w./])/(build|opt|models)\b")
MACHINE = ("apt-get", "useradd")
SILENT = ("ARG", "FROM", "EXPOSE", "STOPSIGNAL")


@dataclass
class Image:
    """What the steps have made so far."""

    root: Path
    context: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """Return a text with the container's folders below the root."""
        return OWN.sub(lambda found: f"{self.root}{found.group()}", text)


def steps(text: str) -> list[tuple[str, str]]:
    """Return instructions and their arguments, in order."""
    joined = re.sub(r"\\\n", " ", text)
    lines = [line.strip() for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(word.upper(), rest) for word, rest in (line.split(maxsplit=1) for line in lines)]


def run(image: Image, command: str) -> None:
    """Run a shell command where and as the build would; what is the machine's alone is left out."""
    if command.startswith(MACHINE):
        print(f"left out: {command}", file=sys.stderr)
        return
    shim = image.root / "bin"
    path = f"{shim}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **image.environment, "PATH": path}
    # stdout is for the description of the image.
    subprocess.run(
        ["/bin/sh", "-euc", image.here(command)], cwd=image.folder, env=environment, stdout=sys.stderr, check=True
    )


def copy(image: Image, rest: str) -> None:
    """Copy from the context; between stages everything lies there already."""
    *sources, target = shlex.split(rest)
    if sources[0].startswith("--from="):
        if sources[1] != target:
            raise SystemExit(f"follow: COPY between stages must keep the path, got {rest}.")
        return
    for name in sources:
        place = image.folder / target / (name if target.endswith("/") else "")
        if (image.context / name).is_dir():
            shutil.copytree(image.context / name, image.folder / target, dirs_exist_ok=True, ignore=_caches)
        else:
            shutil.copy2(image.context / name, place)


def _caches(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}


def settle(image: Image, word: str, rest: str) -> None:
    """Do what an instruction other than RUN and COPY says."""
    if word == "WORKDIR":
        image.folder = Path(image.here(rest))
        image.folder.mkdir(parents=True, exist_ok=True)
    elif word == "ENV":
        image.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
    elif word == "USER":
        image.made["user"] = rest
    elif word == "ENTRYPOINT":
        image.made["entrypoint"] = json.loads(image.here(rest))
    elif word == "HEALTHCHECK":
        image.made["health"] = json.loads(image.here(rest[rest.index("[") :]))
    elif word not in SILENT:
        raise SystemExit(f"follow: instruction must be one that this script knows, got {word}.")


def follow(dockerfile: Path, root: Path) -> dict[str, Any]:
    """Follow all steps; a failing one ends the run."""
    (root / "bin").mkdir(parents=True, exist_ok=True)
    python = root / "bin" / "python"
    python.unlink(missing_ok=True)
    python.symlink_to(os.path.realpath(sys.executable))
    image = Image(root, Path.cwd(), root)
    for word, rest in steps(dockerfile.read_text(encoding="utf-8")):
        if word == "RUN":
            run(image, rest)
        elif word == "COPY":
            copy(image, rest)
        else:
            settle(image, word, rest)
    return image.made | {"environment": image.environment}


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(json.dumps(follow(Path(sys.argv[1]), Path(sys.argv[2]).absolute()), indent=2))
