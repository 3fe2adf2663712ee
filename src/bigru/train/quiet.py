"""Lightning without its chatter: its loggers and warnings are off while one of our trainings runs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]

LOGGERS = ("lightning", "lightning.pytorch", "lightning.fabric", "lightning_utilities")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's own messages inside the block and restore everything after it."""
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning(\.|$)")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
