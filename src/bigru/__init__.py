"""Bidirectional GRUs for texts, tags and series: trained on a CPU, used without PyTorch.

    import bigru
    bigru.train("reviews.csv", out="my-model")
    bigru.load("my-model").predict(["..."])

Names are loaded when they are first used: importing the package imports neither NumPy nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import nn
    from .errors import BigruError
    from .estimators import BiGRUClassifier, BiGRUForecaster, BiGRUTagger, BiGRUTranscriber
    from .readers.reader import read
    from .readers.reading import Reading
    from .runtime.evaluation import evaluate
    from .runtime.predictor import Predictor, load
    from .train.pipeline.distil import distil
    from .train.pipeline.run import train
    from .train.pretrain.run import pretrain
    from .train.teacher.program import Program

__all__ = [
    "BiGRUClassifier", "BiGRUForecaster", "BiGRUTagger", "BiGRUTranscriber", "BigruError", "Predictor", "Program",
    "Reading", "__version__", "distil", "evaluate", "load", "nn", "pretrain", "read", "train",
]  # fmt: skip

_HOMES = {
    "BiGRUClassifier": ".estimators",
    "BiGRUForecaster": ".estimators",
    "BiGRUTagger": ".estimators",
    "BiGRUTranscriber": ".estimators",
    "BigruError": ".errors",
    "Predictor": ".runtime.predictor",
    "Program": ".train.teacher.program",
    "Reading": ".readers.reading",
    "distil": ".train.pipeline.distil",
    "pretrain": ".train.pretrain.run",
    "read": ".readers.reader",
    "evaluate": ".runtime.evaluation",
    "load": ".runtime.predictor",
}


_MODULES = ("nn", "train")
"""Packages; `train` is called as the function that is named so."""

_TRAINING = ("torch", "sklearn")


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(_HOMES.get(name, f".{name}"), __name__)
    except ModuleNotFoundError as error:
        package = str(error.name).split(".")[0]
        if package not in _TRAINING:
            raise
        from .errors import MissingExtraError

        raise MissingExtraError(package, "train", f"bigru.{name}") from None
    return module if name in _MODULES else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
