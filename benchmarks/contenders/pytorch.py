"""bigru and PyTorch, a process each: layers, CRFs, one step of a stream, the tutorial model."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bigru import nn as ours
from bigru.ops.crf.autograd import negative_log_likelihood
from bigru.ops.gru import native
from bigru.ops.library import isa
from bigru.study import engines
from bigru.study.engines import Case

from .cells import ADAM, CHECKED_STEPS, Cell, Make, chain_of, layer_of, tutorial_of

# pytorch-crf gives torch.where bytes for a mask, which torch complains of.
warnings.filterwarnings("ignore", module="torchcrf")


def _layer(cell: Cell, dense: bool) -> engines.TimedLayer:
    given = layer_of(cell)
    return given._replace(lengths=None) if dense else given


def _bigru(cell: Cell, threads: int, precision: str = "fp32", *, dense: bool = False) -> Case:
    if cell.kind == "forward":
        return engines.bigru_forward(_layer(cell, dense), threads, precision)
    if cell.kind == "training":
        return engines.bigru_training(_layer(cell, dense), threads)
    return {"step": _bigru_step, "crf": _bigru_crf, "model": _tutorial("bigru")}[cell.kind](cell, threads)


def _module(package: str, *, autocast: bool = False, dense: bool = False) -> Make:
    def make(cell: Cell, threads: int) -> Case:
        return engines.torch_training(_layer(cell, dense), threads, package, autocast=autocast)

    return make


def _torch(cell: Cell, threads: int) -> Case:
    if cell.kind == "forward":
        return engines.torch_forward(layer_of(cell), threads)
    makers = {"training": _module("torch"), "step": _torch_step, "model": _tutorial("torch")}
    return makers[cell.kind](cell, threads)


def _bigru_step(cell: Cell, threads: int) -> Case:
    given = layer_of(cell)
    prepared = native.Prepared(given.weights[:1], reverse=(False,))
    x, h = np.ascontiguousarray(given.x[:, 0]), np.zeros((cell.size.B, cell.size.H), np.float32)

    def answers() -> engines.Arrays:
        state = np.zeros_like(h)
        prepared.step(x, state)
        return {"h": state}

    return Case(lambda: prepared.step(x, h), answers)


def _torch_step(cell: Cell, threads: int) -> Case:
    given = layer_of(cell)
    torch.set_num_threads(threads)
    module = nn.GRUCell(cell.size.I, cell.size.H)
    _copy(module, given.weights[0])
    x, h = torch.from_numpy(given.x[:, 0]), torch.zeros(cell.size.B, cell.size.H)

    def run() -> Tensor:
        with torch.inference_mode():
            return module(x, h)

    return Case(run, lambda: {"h": run().numpy()})


def _copy(module: nn.Module, values: Any) -> None:
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))


def _chain_case(cell: Cell, loss: Any, leaves: list[Tensor]) -> Case:
    def run() -> Tensor:
        for leaf in leaves:
            leaf.grad = None
        value = loss()
        value.backward()
        return value

    def answers() -> engines.Arrays:
        value = run().detach().numpy()
        names = ("emissions", "transitions", "start", "end")
        return {"loss": value, **{f"d{name}": leaf.grad.numpy() for name, leaf in zip(names, leaves, strict=True)}}

    return Case(run, answers)


def _bigru_crf(cell: Cell, threads: int) -> Case:
    torch.set_num_threads(threads)
    given = chain_of(cell)
    emissions, transitions, start, end = leaves = [
        torch.from_numpy(array).requires_grad_() for array in (given.emissions, *given[2:])
    ]
    tags, lengths = torch.from_numpy(given.tags), torch.full((cell.size.B,), cell.size.T)
    return _chain_case(
        cell, lambda: negative_log_likelihood(emissions, tags, lengths, transitions, start, end).mean(), leaves
    )


def _pytorch_crf(cell: Cell, threads: int) -> Case:
    from torchcrf import CRF

    torch.set_num_threads(threads)
    given = chain_of(cell)
    crf = CRF(cell.size.H, batch_first=True)
    leaves = [torch.from_numpy(given.emissions).requires_grad_(), crf.transitions, crf.start_transitions]
    leaves.append(crf.end_transitions)
    with torch.no_grad():
        for leaf, value in zip(leaves[1:], given[2:], strict=True):
            leaf.copy_(torch.from_numpy(value))
    tags = torch.from_numpy(given.tags)
    return _chain_case(cell, lambda: -crf(leaves[0], tags, reduction="mean"), leaves)


class _Tutorial(nn.Module):
    """Bidirectional GRU and Dense(1); the sigmoid is in the loss."""

    def __init__(self, package: str, cell: Cell) -> None:
        super().__init__()
        gru = {"bigru": ours.GRU, "torch": nn.GRU}[package]
        self.gru = gru(cell.size.I, cell.size.H, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(2 * cell.size.H, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.gru(x)[0])


def _tutorial(package: str) -> Make:
    def make(cell: Cell, threads: int) -> Case:
        torch.set_num_threads(threads)
        given = tutorial_of(cell)
        x, labels = torch.from_numpy(given.layer.x), torch.from_numpy(given.labels)
        values = [*(w for walk in given.layer.weights for w in walk), given.dense.T, np.zeros(1, np.float32)]

        def build() -> Any:
            model = _Tutorial(package, cell)
            _copy(model, values)
            optimiser = torch.optim.Adam(model.parameters(), fused=True, **ADAM)

            def step() -> Tensor:
                optimiser.zero_grad()
                loss = functional.binary_cross_entropy_with_logits(model(x), labels)
                loss.backward()
                optimiser.step()
                return loss

            return step

        def answers() -> engines.Arrays:
            step = build()
            return {"losses": np.array([step().item() for _ in range(CHECKED_STEPS)])}

        return Case(build(), answers)

    return make


def facts() -> dict[str, str]:
    """Return the versions in this process."""
    return {"torch": torch.__version__, "isa": str(isa())}


ENGINES: dict[str, Make] = {
    "bigru": _bigru,
    "bigru-dense": lambda cell, threads: _bigru(cell, threads, dense=True),
    "bigru-bf16": lambda cell, threads: _bigru(cell, threads, "bf16"),
    "bigru-int8": lambda cell, threads: _bigru(cell, threads, "int8"),
    "bigru.nn": _module("bigru"),
    "bigru.nn-dense": _module("bigru", dense=True),
    "bigru.nn-bf16": _module("bigru", autocast=True),
    "torch": _torch,
    "pytorch-crf": _pytorch_crf,
}
