"""Memory that nothing was written to holds NaN in the tests of computations, as inputs do behind their lengths.

What a kernel, or code of ours, has to fill comes from `empty` arrays: an element that is never written is then no
leftover of an earlier call that happens to be right, but a NaN (a number far below any id in integers) that no law
passes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

__all__ = ["INTEGER", "poisoned"]

INTEGER = -77
"""Stands in integers that were not written; signed types of any width have it."""


@pytest.fixture(autouse=True)
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every array and tensor that is created empty hold what no result may hold."""
    for name in ("empty", "empty_like"):
        monkeypatch.setattr(np, name, _poisoned(getattr(np, name), _spoil_array))
        monkeypatch.setattr(torch, name, _poisoned(getattr(torch, name), _spoil_tensor))
    monkeypatch.setattr(torch.Tensor, "new_empty", _poisoned(torch.Tensor.new_empty, _spoil_tensor))


def _poisoned(create: Callable[..., Any], spoil: Callable[[Any], None]) -> Callable[..., Any]:
    def created(*args: Any, **kwargs: Any) -> Any:
        made = create(*args, **kwargs)
        spoil(made)
        return made

    return created


def _spoil_array(made: np.ndarray) -> None:
    if made.dtype.kind in "fc":
        made.fill(np.nan)
    elif made.dtype.kind == "i":
        made.fill(INTEGER)


@torch.no_grad()
def _spoil_tensor(made: torch.Tensor) -> None:
    if made.device.type == "meta" or torch.compiler.is_compiling():
        return
    if made.is_floating_point():
        made.fill_(torch.nan)
    elif made.dtype in (torch.int8, torch.int16, torch.int32, torch.int64):
        made.fill_(INTEGER)
