from __future__ import annotations

from poison import poisoned

__all__ = ["poisoned"]
