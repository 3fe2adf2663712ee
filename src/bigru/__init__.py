"""Bidirectional GRUs for texts, tags and series: trained on a CPU, used without PyTorch.

    import bigru
    bigru.load("my-model").predict(["..."])

Names are loaded when they are first used: importing the package imports neither NumPy nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import nn
    from .estimators import BiGRUClassifier, BiGRUTagger
    from .runtime.predictor import Predictor, load

__version__ = "0.1.0"

__all__ = ["BiGRUClassifier", "BiGRUTagger", "Predictor", "__version__", "load", "nn"]

_HOMES = {
    "BiGRUClassifier": ".estimators",
    "BiGRUTagger": ".estimators",
    "Predictor": ".runtime.predictor",
    "load": ".runtime.predictor",
}


def __getattr__(name: str) -> Any:
    if name == "nn":
        return import_module(".nn", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
