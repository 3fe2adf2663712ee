"""The GRU module: a drop-in for `torch.nn.GRU`."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from ..errors import ArgumentError, sentence
from ..layout import DIRECTIONS
from .recurrent import LayerSpec, register, reset, run

__all__ = ["GRU"]

WHERE = "GRU"


class GRU(nn.Module):
    """Stacked, uni- or bidirectional GRU with the arguments, names and numbers of `torch.nn.GRU`.

    A state_dict moves both ways as long as `merge` is not "gated", which adds weight_merge_l{k}
    [H, 2H] and bias_merge_l{k} [H] to every layer. What torch's module does not have:

    - `forward(input, hx, lengths=...)` takes padded input and never reads the padding;
    - `reset_after=False` is the published variant of Cho et al. 2014 (arXiv:1406.1078v3), equation
      (3') of docs/math/gru.md: Keras' `reset_after=False`, ONNX' default, Paddle's `dynamic_gru`;
    - `merge` joins the two directions of every layer in another way than side by side;
    - `recurrent_dropout` drops entries of weight_hh (Merity et al. 2018, arXiv:1708.02182).

    What torch's module has and this one refuses: gradients of gradients (`create_graph=True`).
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        reset_after: bool = True,
        merge: str = "concat",
        recurrent_dropout: float = 0.0,
    ) -> None:
        """Build and initialise the module as `torch.nn.GRU` does: the same seed gives the same weights.

        Args:
            input_size: width I of the input.
            hidden_size: width H of the state.
            num_layers: number of stacked layers L.
            bias: whether there are bias_ih and bias_hh.
            batch_first: whether input and output are [B, T, ...] instead of [T, B, ...].
            dropout: probability of dropping an output between two layers, in training.
            bidirectional: whether every layer walks both ways (D = 2).
            device, dtype: of the parameters.
            reset_after: whether the reset gate acts after the recurrent product.
            merge: "concat", "sum", "mul", "average" or "gated": how the two directions of a layer
                are joined; every way but "concat" gives H columns instead of 2H.
            recurrent_dropout: probability of dropping an entry of weight_hh, in training.

        Raises:
            ArgumentError: an argument is out of its range.
        """
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise ArgumentError(sentence(WHERE, name, "an integer above 0", repr(size)))
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0.0 <= dropout <= 1.0:
            raise ArgumentError(sentence(WHERE, "dropout", "within 0..1", repr(dropout)))
        if merge != "concat" and not bidirectional:
            raise ArgumentError(sentence(WHERE, "merge", "concat without bidirectional=True", repr(merge)))
        if dropout and num_layers == 1:
            warnings.warn(
                sentence(WHERE, "dropout", "0 with num_layers=1", dropout, "It acts between layers only."),
                stacklevel=2,
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, float(dropout), bidirectional
        self.reset_after, self.merge, self.recurrent_dropout = reset_after, merge, recurrent_dropout
        walks = DIRECTIONS["both" if bidirectional else "forward"]
        width, self._specs = input_size, []
        for index in range(num_layers):
            spec = LayerSpec("gru", width, hidden_size, walks, reset_after, merge, bias, recurrent_dropout, index)
            register(self, spec, device, dtype)
            self._specs.append(spec)
            width = spec.outputs
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for spec in self._specs:
            reset(self, spec)

    def flatten_parameters(self) -> None:
        """Do nothing; here for callers of `torch.nn.GRU`."""

    @property
    def all_weights(self) -> list[list[nn.Parameter]]:
        """The weights of every layer and direction, in torch's order."""
        return [[getattr(self, name) for name in spec.weights(walk)] for spec in self._specs for walk in spec.walks]

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None, *, lengths: Any = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Run the module.

        Args:
            input: [T, B, I], or [B, T, I] with `batch_first`, or [T, I] for one sequence, or a
                PackedSequence.
            hx: [L*D, B, H] ([L*D, H] for one sequence) initial states, None for zeros.
            lengths: [B] int (tensor, array or list) within 0..T: how many steps of each sequence
                are real. What lies past them is never read and may be NaN.

        Returns:
            output shaped like the input, D*H wide (H unless `merge` is "concat"), zero past a
            length; h_n shaped like hx, every direction's state where its walk ends.

        Raises:
            ArgumentError: a shape, dtype or length does not fit.
        """
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx, lengths)
        if not isinstance(input, Tensor) or input.ndim not in (2, 3):
            got = f"shape {list(input.shape)}" if isinstance(input, Tensor) else type(input).__name__
            raise ArgumentError(sentence(WHERE, "input", "a tensor of 2 or 3 axes or a PackedSequence", got))
        single = input.ndim == 2
        if single and lengths is not None:
            raise ArgumentError(sentence(WHERE, "lengths", "None for one sequence without a batch axis", lengths))
        x = input.unsqueeze(0) if single else input if self.batch_first else input.transpose(0, 1)
        self._check(x, hx, single)
        output, h_n = self._run(x, hx.unsqueeze(1) if single and hx is not None else hx, lengths)
        if single:
            return output.squeeze(0), h_n.squeeze(1)
        return output if self.batch_first else output.transpose(0, 1), h_n

    def _run_packed(self, packed: PackedSequence, hx: Tensor | None, lengths: Any) -> tuple[PackedSequence, Tensor]:
        if lengths is not None:
            raise ArgumentError(sentence(WHERE, "lengths", "None with a PackedSequence, which has its own", lengths))
        data, sizes, order, rank = packed
        x, own = pad_packed_sequence(PackedSequence(data, sizes), batch_first=True)
        self._check(x, hx, False)
        if hx is not None and order is not None:
            hx = hx.index_select(1, order)
        output, h_n = self._run(x, hx, own)
        again = pack_padded_sequence(output, own, batch_first=True)
        h_n = h_n if rank is None else h_n.index_select(1, rank)
        return PackedSequence(again.data, sizes, order, rank), h_n

    def _run(self, x: Tensor, hx: Tensor | None, lengths: Any) -> tuple[Tensor, Tensor]:
        """Run all layers over x [B, T, I]; hx and h_n are [L*D, B, H]."""
        finals: list[Tensor] = []
        for spec in self._specs:
            if spec.index:
                x = functional.dropout(x, self.dropout, self.training)
            first, walks = spec.index * len(spec.walks), len(spec.walks)
            x, h_n = run(self, spec, x, lengths, None if hx is None else hx[first : first + walks])
            finals.append(h_n)
        return x, finals[0] if len(finals) == 1 else torch.cat(finals)

    def _check(self, x: Tensor, hx: Tensor | None, single: bool) -> None:
        """Check x, already [B, T, I], and hx as it was given."""
        want, device = self.weight_ih_l0.dtype, self.weight_ih_l0.device
        if x.device != device:
            remedy = f'Move it: input.to("{device}").'
            raise ArgumentError(sentence(WHERE, "input", f"on {device} as the weights are", x.device, remedy))
        if x.dtype != want and not torch.is_autocast_enabled(x.device.type):
            remedy = f"Convert it: input.to({want})."
            raise ArgumentError(sentence(WHERE, "input", f"{want} as the weights are", x.dtype, remedy))
        if x.shape[2] != self.input_size:
            raise ArgumentError(sentence(WHERE, "input", f"input_size={self.input_size} wide", x.shape[2]))
        states = self.num_layers * (2 if self.bidirectional else 1)
        shape = [states, self.hidden_size] if single else [states, x.shape[0], self.hidden_size]
        if hx is None:
            return
        letters = f"{'[L*D, H]' if single else '[L*D, B, H]'} = {shape}"
        if not isinstance(hx, Tensor) or list(hx.shape) != shape:
            got = f"shape {list(hx.shape)}" if isinstance(hx, Tensor) else type(hx).__name__
            raise ArgumentError(sentence(WHERE, "hx", letters, got))
        if hx.dtype != want and not torch.is_autocast_enabled(hx.device.type):
            remedy = f"Convert it: hx.to({want})."
            raise ArgumentError(sentence(WHERE, "hx", f"{want} as the weights are", hx.dtype, remedy))

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        plain = {
            "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False,
            "reset_after": True, "merge": "concat", "recurrent_dropout": 0.0,
        }  # fmt: skip
        shown += [f"{name}={getattr(self, name)}" for name, usual in plain.items() if getattr(self, name) != usual]
        return ", ".join(shown)
