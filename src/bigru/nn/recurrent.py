"""One recurrent layer: its parameters, its walks, and how their outputs are joined.

`LayerSpec` says what a layer is; `register`, `init_parameters`, `run` and `join` act on a module that owns
the layer's parameters. `Recurrent` is such a module with one layer, `bigru.nn.GRU` one with many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..config.merges import MERGE_RULES, MERGES
from ..errors import ArgumentError, check_choice, sentence
from ..layout import CELL_GATES, DIRECTIONS, layer_shapes, weight_names
from ..ops.recurrent import autograd

__all__ = ["LayerSpec", "Recurrent", "apply_weight_dropout", "init_parameters", "join", "register", "run"]


@dataclass(frozen=True)
class LayerSpec:
    """What one recurrent layer is.

    Attributes:
        cell: "gru", "rnn" (tanh) or "lstm".
        inputs, hidden: widths I and H.
        walks: the directions it reads in, in the order their outputs are joined.
        reset_after: equation (3) of docs/math/gru.md when true, (3') when false; only for the GRU.
        merge: how the outputs of two walks are joined, one of `config.MERGES`; without effect on one.
        bias: whether there are bias_ih and bias_hh.
        recurrent_dropout: probability with which each entry of weight_hh is dropped in training,
            once per forward call (DropConnect; Merity et al. 2018, arXiv:1708.02182).
        index: the number k in the parameters' names (`weight_ih_l{k}`).
        names: the names of each walk's weights; made at once, as torch.compile cannot trace what caches itself.
    """

    cell: str
    inputs: int
    hidden: int
    walks: tuple[str, ...]
    reset_after: bool = True
    merge: str = "concat"
    bias: bool = True
    recurrent_dropout: float = 0.0
    index: int = 0
    names: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        where = "LayerSpec"
        check_choice(where, "cell", self.cell, CELL_GATES)
        check_choice(where, "merge", self.merge, MERGES)
        if self.walks not in DIRECTIONS.values():
            raise ArgumentError(sentence(where, "walks", f"one of {list(DIRECTIONS.values())}", repr(self.walks)))
        if not 0.0 <= self.recurrent_dropout < 1.0:
            raise ArgumentError(sentence(where, "recurrent_dropout", "within 0 <= p < 1", self.recurrent_dropout))

        names = {walk: weight_names(self.index, walk, self.bias) for walk in self.walks}
        object.__setattr__(self, "names", names)

    @property
    def outputs(self) -> int:
        """Width of the joined output."""
        return self.hidden * (MERGE_RULES[self.merge].columns if len(self.walks) == 2 else 1)

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return name and shape of every parameter, in torch's order."""
        return layer_shapes(self.cell, self.inputs, self.hidden, self.walks, self.merge, self.bias, self.index)


def register(module: nn.Module, spec: LayerSpec, device: Any = None, dtype: Any = None) -> None:
    """Give `module` the parameters of a layer, not yet initialised."""
    for name, shape in spec.parameters().items():
        module.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))


def init_parameters(module: nn.Module, spec: LayerSpec) -> None:
    """Draw a layer's parameters: uniform within 1/sqrt(H) as in torch; a gated merge begins near the average."""
    for name, shape in spec.parameters().items():
        bound = 1 / math.sqrt(shape[-1] if name.startswith("weight_merge") else spec.hidden)
        nn.init.uniform_(getattr(module, name), -bound, bound)
        if name.startswith("bias_merge"):
            nn.init.zeros_(getattr(module, name))


def apply_weight_dropout(module: nn.Module, spec: LayerSpec) -> dict[str, list[Tensor]]:
    """Return the weights of each walk, entries of weight_hh dropped while the module trains."""
    weights = {walk: [getattr(module, name) for name in names] for walk, names in spec.names.items()}
    if spec.recurrent_dropout:
        for arrays in weights.values():
            arrays[1] = functional.dropout(arrays[1], spec.recurrent_dropout, module.training)
    return weights


def run(
    module: nn.Module,
    spec: LayerSpec,
    x: Tensor,
    lengths: Any = None,
    h0: Tensor | None = None,
    *,
    time_first: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run a layer over a padded batch.

    Args:
        module: the owner of the parameters; dropout acts while it trains.
        spec: the layer.
        x: [B, T, I]; what lies past a length is never read.
        lengths: [B] int within 0..T, None for T everywhere.
        h0: [D, B, H] the walks' initial states, None for zeros.
        time_first: whether x and the outputs are [T, B, ...].

    Returns:
        The joined outputs [B, T, C], zero past a length, and the walks' final states [D, B, H].
    """
    weights, reset_after = apply_weight_dropout(module, spec), spec.reset_after
    y, h_n = autograd.forward(
        x, weights, lengths, cell=spec.cell, reset_after=reset_after, h0=h0, time_first=time_first
    )
    if spec.merge == "concat" or len(spec.walks) == 1:
        return y, h_n
    return join(module, spec, dict(zip(spec.walks, y.chunk(2, dim=2), strict=True))), h_n


def join(module: nn.Module, spec: LayerSpec, views: Mapping[str, Tensor]) -> Tensor:
    """Join what each walk gives, [..., H] each, into [..., C]: equations (14) to (18) of docs/math/gru.md."""
    if len(views) == 1:
        return next(iter(views.values()))
    f, b = views.values()
    if spec.merge == "concat":
        return torch.cat([f, b], dim=-1)
    formula = MERGE_RULES[spec.merge].formula
    if formula is not None:
        return cast(Tensor, formula(f, b))
    weight, bias = (getattr(module, f"{kind}_merge_l{spec.index}") for kind in ("weight", "bias"))
    g = torch.sigmoid(functional.linear(torch.cat([f, b], dim=-1), weight, bias))
    return torch.lerp(b, f, g)


class Recurrent(nn.Module):
    """One recurrent layer of any cell, in one or both directions, over padded batches.

    Parameters bear torch's names with layer number 0, the walk backward those with `_reverse`; a
    gated merge adds weight_merge_l0 [H, 2H] and bias_merge_l0 [H].
    """

    def __init__(
        self,
        cell: str,
        inputs: int,
        hidden: int,
        walks: tuple[str, ...],
        *,
        reset_after: bool = True,
        merge: str = "concat",
        recurrent_dropout: float = 0.0,
    ) -> None:
        """Build and initialise the layer; the arguments are the attributes of `LayerSpec`.

        Raises:
            ArgumentError: a choice is unknown or the dropout is no fraction.
        """
        super().__init__()
        self.spec = LayerSpec(cell, inputs, hidden, walks, reset_after, merge, True, recurrent_dropout)
        register(self, self.spec)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise all parameters: each gate's weight_hh orthogonal (Saxe et al. 2014, arXiv:1312.6120), each
        gate's weight_ih uniform by its fans (Glorot & Bengio 2010), biases zero; a merge as `init_parameters` has it.
        """
        init_parameters(self, self.spec)
        for name, parameter in self.named_parameters():
            if name.startswith("bias"):
                nn.init.zeros_(parameter)
            elif not name.startswith("weight_merge"):
                draw = nn.init.orthogonal_ if name.startswith("weight_hh") else nn.init.xavier_uniform_
                for gate in parameter.data.split(self.spec.hidden):
                    draw(gate)

    def forward(self, x: Tensor, lengths: Any = None) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the joined outputs [B, T, C] and each walk's final state [B, H]; arguments as for `run`."""
        y, h_n = run(self, self.spec, x, lengths)
        return y, dict(zip(self.spec.walks, h_n.unbind(), strict=True))

    def join(self, views: Mapping[str, Tensor]) -> Tensor:
        """Join one view per walk, [..., H] each, the way the outputs are joined: [..., C]."""
        return join(self, self.spec, views)

    def extra_repr(self) -> str:
        s = self.spec
        return f"{s.cell}, {s.inputs}, {s.hidden}, walks={s.walks}, reset_after={s.reset_after}, merge={s.merge!r}"
