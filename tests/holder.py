"""A process that holds the lock of a folder or file until it is killed."""

from __future__ import annotations

__all__ = ["HOLD"]

HOLD = """
import sys
from bigru.bundle.lock import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
"""Code for `python -c`, with the path as its argument; it says "held" once it holds the lock."""
