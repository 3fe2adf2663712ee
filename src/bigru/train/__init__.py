"""Training: from features and targets to weights, and from weights to a saved model.

`bigru.train(data, ...)` is `pipeline.run.train`: from data to a scored model in one call. Below it `loop.fit.fit`
trains, `export.export` checks and packs, `recipes` plans by the `defaults`. `loop.trainer.Trainer` runs the loop;
importing this package does not import torch, its modules do.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """The package `bigru.train`, which is the function `bigru.train` as well: importing a module of a package makes the
    package an attribute of its parent, whatever was there before under that name."""

    def __call__(self, data: Any, **given: Any) -> Any:
        """Train a model: see `bigru.train.pipeline.run.train`."""
        from .pipeline.run import train

        return train(data, **given)


sys.modules[__name__].__class__ = _Callable
