"""Where a figure comes from: the machine, the versions, the commit."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import bigru

__all__ = ["commit", "digest", "machine", "processor", "versions"]


def processor() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = (line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def machine() -> str:
    """Return how many cores of which processor this process may use."""
    return f"{len(os.sched_getaffinity(0))} cores of {processor()}"


def versions(commit: str) -> dict[str, str]:
    """Return the versions of bigru and Python beside the commit."""
    return {"bigru": bigru.__version__, "python": platform.python_version(), "commit": commit}


def commit() -> str:
    """Return the commit that is checked out, marked where the code differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--", "src", "native", "benchmarks/*.py")
    return (git("rev-parse", "--short", "HEAD") or "none") + ("+changes" if changed else "")


def digest(result: Any) -> str:
    """Return the SHA-256 of a JSON value, however its file is laid out."""
    return hashlib.sha256(json.dumps(result, sort_keys=True).encode()).hexdigest()
