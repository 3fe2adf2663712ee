"""What makes `GRU` one of torch's recurrent modules: its class, its errors, and how torch traces it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Proxy

from ..errors import ArgumentError, sentence

__all__ = ["InputError", "TorchRecurrent", "TypeArgumentError"]

WHERE = "GRU"


class InputError(ArgumentError, RuntimeError):
    """An input or a state has another shape or device: a RuntimeError too, as torch raises there."""


class TypeArgumentError(ArgumentError, TypeError):
    """An argument has another type: a TypeError too, as torch raises there."""


class TorchRecurrent(nn.RNNBase):
    """A `torch.nn.RNNBase` whose weights are its parameters and nothing else.

    torch's own keeps a second list of them for cuDNN, which has to follow each change of a parameter. Here the list is
    read off the parameters whenever somebody asks for it.
    """

    proj_size = 0

    def __init__(self) -> None:
        nn.Module.__init__(self)  # RNNBase's own would register parameters

    def name_weights(self, names: list[list[str]]) -> None:
        """Say what the weights of each layer and direction are called, in torch's order."""
        self._all_weights = names
        self._flat_weights_names = [name for walk in names for name in walk]

    @property
    def _flat_weights(self) -> list[Tensor]:  # type: ignore[override]
        return [getattr(self, name) for name in self._flat_weights_names]

    def _init_flat_weights(self) -> None:
        pass

    def _update_flat_weights(self) -> None:
        pass

    def __setattr__(self, name: str, value: Any) -> None:
        nn.Module.__setattr__(self, name, value)

    def _apply(self, fn: Any, recurse: bool = True) -> nn.Module:
        return nn.Module._apply(self, fn, recurse)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        nn.Module.__setstate__(self, state)

    def flatten_parameters(self) -> None:
        """Do nothing; here for callers of `torch.nn.GRU`."""

    def __prepare_scriptable__(self) -> nn.Module:
        remedy = "Load the state_dict into torch.nn.GRU, or use torch.jit.trace or torch.export."
        raise ArgumentError(sentence("torch.jit.script", "module", "torch.nn.GRU", "bigru.nn.GRU", remedy))


def trace(module: nn.Module, input: Proxy, hx: Any, lengths: Any) -> Any:
    """Record a call of the module in a graph of torch.fx, which records one of torch's own modules so.

    Raises:
        ArgumentError: the module itself is what is traced.
    """
    tracer: Any = input.tracer
    if tracer.root is module:
        remedy = "It is a leaf of a graph: trace a module that holds it."
        raise ArgumentError(sentence("torch.fx", "root", "another module", "bigru.nn.GRU", remedy))
    keywords = {} if lengths is None else {"lengths": lengths}
    return tracer.create_proxy("call_module", tracer.path_of_module(module), (input, hx), keywords)


def refuse_onnx(input: Any) -> None:
    """Refuse torch.onnx.export, which knows no operator of ours.

    Raises:
        ArgumentError: such an export is under way.
    """
    traced = type(input) is not Tensor or torch.jit.is_tracing()  # asked first: the question below takes microseconds
    if traced and torch.onnx.is_in_onnx_export():
        remedy = "Load the state_dict into torch.nn.GRU. A saved model: bigru export MODEL --to onnx."
        raise ArgumentError(sentence("torch.onnx.export", "module", "torch.nn.GRU", "bigru.nn.GRU", remedy))
