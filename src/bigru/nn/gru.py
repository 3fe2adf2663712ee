"""The GRU module: a drop-in for `torch.nn.GRU`."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.fx import Proxy
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from ..errors import ArgumentError, refusal, sentence
from ..layout import DIRECTIONS
from ..ops.gru.autograd import batch_and_time
from .recurrent import LayerSpec, init_parameters, register, run
from .torch_interface import InputError, TorchRecurrent, TypeArgumentError, refuse_onnx, trace

__all__ = ["GRU"]

WHERE = "GRU"


class GRU(TorchRecurrent):
    """Stacked, uni- or bidirectional GRU with the arguments, names and numbers of `torch.nn.GRU`.

    A state_dict moves both ways as long as `merge` is not "gated", which adds weight_merge_l{k}
    [H, 2H] and bias_merge_l{k} [H] to every layer. What torch's module does not have:

    - `forward(input, hx, lengths=...)` takes padded input and never reads the padding;
    - `reset_after=False` is the published variant of Cho et al. 2014 (arXiv:1406.1078v3), equation
      (3') of docs/math/gru.md: Keras' `reset_after=False`, ONNX' default, Paddle's `dynamic_gru`;
    - `merge` joins the two directions of every layer in another way than side by side;
    - `recurrent_dropout` drops entries of weight_hh (Merity et al. 2018, arXiv:1708.02182).

    It is a `torch.nn.RNNBase`, whose parameters and `mode` it has, but no `torch.nn.GRU`: what converts or compiles
    that class by name knows neither the variants nor the kernel. `mode` is "GRU" only where the numbers are torch's.
    The output is contiguous in either order of axes, and may be changed in place while training, as torch's.

    What torch's module has and this one refuses, in a sentence: gradients of gradients (`create_graph=True`),
    torch.func, torch.vmap and forward mode, torch.jit.script, torch.onnx.export. For these load the state_dict into
    torch.nn.GRU. torch.compile, torch.export, torch.jit.trace, torch.fx (as a leaf) and the device "meta" work.
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
            merge: one of `bigru.config.MERGES`: how the two directions of a layer are joined; every way but
                "concat" gives H columns instead of 2H.
            recurrent_dropout: probability of dropping an entry of weight_hh, in training.

        Raises:
            ArgumentError: an argument is out of its range; a TypeArgumentError where its type is at fault.
        """
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if not isinstance(size, int) or isinstance(size, bool):
                raise TypeArgumentError(sentence(WHERE, name, "an integer above 0", repr(size)))
            if size < 1:
                raise ArgumentError(sentence(WHERE, name, "an integer above 0", size))
        for name, flag in (("bias", bias), ("batch_first", batch_first)):
            if not isinstance(flag, bool):
                raise TypeArgumentError(sentence(WHERE, name, "True or False", repr(flag)))
        if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0.0 <= dropout <= 1.0:
            raise ArgumentError(sentence(WHERE, "dropout", "within 0..1", repr(dropout)))
        if merge != "concat" and not bidirectional:
            raise ArgumentError(refusal(WHERE, "merge", "without bidirectional=True", repr(merge)))
        if dropout and num_layers == 1:
            warnings.warn(
                sentence(WHERE, "dropout", "0 with num_layers=1", dropout, "It acts between layers only."),
                stacklevel=2,
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, float(dropout), bidirectional
        self.reset_after, self.merge, self.recurrent_dropout = reset_after, merge, recurrent_dropout
        self.mode = "GRU" if reset_after and merge == "concat" else f"GRU(reset_after={reset_after}, merge={merge})"
        walks = DIRECTIONS["both" if bidirectional else "forward"]
        width, self._specs = input_size, []
        for index in range(num_layers):
            spec = LayerSpec("gru", width, hidden_size, walks, reset_after, merge, bias, recurrent_dropout, index)
            register(self, spec, device, dtype)
            self._specs.append(spec)
            width = spec.outputs
        self.name_weights([list(names) for spec in self._specs for names in spec.names.values()])
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise all parameters."""
        for spec in self._specs:
            init_parameters(self, spec)

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
            ArgumentError: a dtype or length does not fit; an InputError where a shape or device does not, a
                TypeArgumentError where something else than a tensor is given.
        """
        if isinstance(input, Proxy):
            return trace(self, input, hx, lengths)
        refuse_onnx(input)
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx, lengths)
        want = "a tensor of 2 or 3 axes or a PackedSequence"
        if not isinstance(input, Tensor):
            raise TypeArgumentError(sentence(WHERE, "input", want, type(input).__name__))
        if input.ndim not in (2, 3):
            raise InputError(sentence(WHERE, "input", want, f"shape {list(input.shape)}"))
        single = input.ndim == 2
        if single and lengths is not None:
            raise ArgumentError(refusal(WHERE, "lengths", "for one sequence without a batch axis", lengths))
        x, time_first = (input.unsqueeze(0), False) if single else (input, not self.batch_first)
        if not torch.jit.is_tracing():  # there a comparison of sizes is warned of; the kernel checks them anyway
            self._check(x, hx, single, time_first)
        output, h_n = self._run(x, hx.unsqueeze(1) if single and hx is not None else hx, lengths, time_first)
        return (output.squeeze(0), h_n.squeeze(1)) if single else (output, h_n)

    def _run_packed(self, packed: PackedSequence, hx: Tensor | None, lengths: Any) -> tuple[PackedSequence, Tensor]:
        if lengths is not None:
            raise ArgumentError(sentence(WHERE, "lengths", "None with a PackedSequence, which has its own", lengths))
        data, sizes, order, rank = packed
        x, own = pad_packed_sequence(PackedSequence(data, sizes), batch_first=True)
        self._check(x, hx, False, False)
        if hx is not None and order is not None:
            hx = hx.index_select(1, order)
        output, h_n = self._run(x, hx, own, False)
        again = pack_padded_sequence(output, own, batch_first=True)
        h_n = h_n if rank is None else h_n.index_select(1, rank)
        return PackedSequence(again.data, sizes, order, rank), h_n

    def _run(self, x: Tensor, hx: Tensor | None, lengths: Any, time_first: bool) -> tuple[Tensor, Tensor]:
        """Run all layers over x [B, T, I], or [T, B, I] with `time_first`; hx and h_n are [L*D, B, H]."""
        finals: list[Tensor] = []
        for spec in self._specs:
            if spec.index:
                x = functional.dropout(x, self.dropout, self.training)
            first, walks = spec.index * len(spec.walks), len(spec.walks)
            h0 = None if hx is None else hx[first : first + walks]
            x, h_n = run(self, spec, x, lengths, h0, time_first=time_first)
            finals.append(h_n)
        return x, finals[0] if len(finals) == 1 else torch.cat(finals)

    def _check(self, x: Tensor, hx: Tensor | None, single: bool, time_first: bool) -> None:
        """Check x, which has three axes, and hx as it was given."""
        want, device = self.weight_ih_l0.dtype, self.weight_ih_l0.device
        if x.device != device:
            remedy = f'Move it: input.to("{device}").'
            raise InputError(sentence(WHERE, "input", f"on {device} as the weights are", x.device, remedy))
        if x.dtype != want and not torch.is_autocast_enabled(x.device.type):
            remedy = f"Convert it: input.to({want})."
            raise ArgumentError(sentence(WHERE, "input", f"{want} as the weights are", x.dtype, remedy))
        if x.shape[2] != self.input_size:
            raise InputError(sentence(WHERE, "input", f"input_size={self.input_size} wide", x.shape[2]))
        if hx is not None:
            self._check_state(hx, None if single else batch_and_time(x, time_first)[0])

    def _check_state(self, hx: Tensor, batch: int | None) -> None:
        """Check hx; a batch of None is one sequence."""
        single, want = batch is None, self.weight_ih_l0.dtype
        states = self.num_layers * (2 if self.bidirectional else 1)
        shape = [states, self.hidden_size] if batch is None else [states, batch, self.hidden_size]
        letters = f"{'[L*D, H]' if single else '[L*D, B, H]'} = {shape}"
        if not isinstance(hx, Tensor):
            raise TypeArgumentError(sentence(WHERE, "hx", letters, type(hx).__name__))
        if list(hx.shape) != shape:
            raise InputError(sentence(WHERE, "hx", letters, f"shape {list(hx.shape)}"))
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
