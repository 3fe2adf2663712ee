"""Training in chunks: the same numbers as the runtime's, and the gradients of what is computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bigru.bundle.weights import shapes
from bigru.config import MERGES, POOLINGS, ChannelConfig, ConvConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.nn.encoder import Encoder
from bigru.nn.model import SequenceModel
from bigru.ops.recurrent.chunking import Chunking
from bigru.runtime.network.sequence import Network
from tolerances import DIFFERENCES, EXACT, FLOAT32, SPECTRUM

LENGTHS = [65, 1, 0, 7, 2]
WINDOWS = [Chunking(1, 0), Chunking(1, 3), Chunking(7, 2), Chunking(4, 64), Chunking(65, 1), Chunking(100, 100)]
DRY = {"dropout": 0.0, "input_dropout": 0.0, "embedding_dropout": 0.0, "ngram_dropout": 0.0}


def encoders() -> list[EncoderConfig]:
    deep = {"hidden": 5, "layers": 3, "layer_norm": True}
    return [
        *[EncoderConfig(merge=merge, **deep) for merge in MERGES],  # type: ignore[arg-type]
        EncoderConfig(direction="backward", **deep),  # type: ignore[arg-type]
        EncoderConfig(cell="rnn", hidden=5, layers=2),
        EncoderConfig(hidden=5, reset_after=False),
    ]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("encoder", encoders(), ids=str)
def test_it_equals_the_runtime(window: Chunking, encoder: EncoderConfig) -> None:
    channels = (ChannelConfig("unit", 9, 3),)
    for shape in ({"skip": True}, {"pooling": POOLINGS, "wide_linear": True, "conv": (ConvConfig(4, 3, 2),)}):
        model = ModelConfig(3, channels, encoder=encoder, **shape)  # type: ignore[arg-type]
        random = np.random.default_rng(0)
        weights = {name: (random.normal(size=size) * 0.5).astype(np.float32) for name, size in shapes(model).items()}
        twin = SequenceModel(model).eval()
        twin.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        ids, lengths = random.integers(0, 9, (len(LENGTHS), 65, 1)), np.array(LENGTHS)
        with torch.no_grad():
            ours = twin(torch.from_numpy(ids), torch.from_numpy(lengths), window).numpy()
        np.testing.assert_allclose(ours, Network(model, weights)(ids, lengths, window), **FLOAT32)


@pytest.mark.slow
@pytest.mark.parametrize("window", [Chunking(1, 0), Chunking(2, 1), Chunking(3, 4), Chunking(7, 7)], ids=str)
@pytest.mark.parametrize("merge", ["concat", "gated"])
def test_gradients_are_those_of_central_differences(window: Chunking, merge: str) -> None:
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(hidden=2, layers=2, merge=merge, **DRY), 2).double()  # type: ignore[arg-type]
    lengths, x = torch.tensor([7, 3, 0]), torch.randn(3, 7, 2, dtype=torch.float64, requires_grad=True)

    def pair(x: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        named = dict(zip(dict(encoder.named_parameters()), weights, strict=True))
        states, last = torch.func.functional_call(encoder, named, (x, lengths, window))
        return states * (torch.arange(7) < lengths[:, None])[..., None], last

    parameters = [p.detach().clone().requires_grad_() for p in encoder.parameters()]
    assert torch.autograd.gradcheck(pair, (x, *parameters), eps=1e-6, **DIFFERENCES)


def test_gradients_of_the_compiled_kernel_are_those_of_torch() -> None:
    torch.manual_seed(0)
    encoder = Encoder(EncoderConfig(hidden=5, layers=3, **DRY), 3)  # type: ignore[arg-type]
    x, lengths, window = torch.randn(4, 20, 3), torch.tensor([20, 1, 0, 13]), Chunking(4, 3)
    found = []
    for dtype in (torch.float32, torch.float64):
        twin = Encoder(encoder.config, 3).to(dtype)
        twin.load_state_dict(encoder.state_dict())
        states, last = twin(x.to(dtype), lengths, window)
        real = (torch.arange(20) < lengths[:, None])[..., None]
        ((states * real).square().sum() + last.sum()).backward()
        found.append([p.grad.float() for p in twin.parameters() if p.grad is not None])
    assert len(found[0]) == len(list(encoder.parameters()))
    torch.testing.assert_close(*found, **SPECTRUM)


@pytest.mark.parametrize("window", [Chunking(1, 2), Chunking(3, 2)], ids=str)
def test_dropout_is_one_mask_per_sequence_whatever_the_chunks(window: Chunking) -> None:
    config = EncoderConfig(hidden=4, layers=3, dropout=0.5, recurrent_dropout=0.3, direction="both")
    torch.manual_seed(0)
    encoder = Encoder(config, 2).train()
    x, lengths = torch.randn(3, 9, 2), torch.tensor([9, 9, 5])
    runs = []
    for chunks in (Chunking(window.chunk, 9), Chunking(9, 9), None):
        torch.manual_seed(1)
        runs.append(encoder(x, lengths, chunks)[1])
    torch.testing.assert_close(runs[0], runs[1], **FLOAT32)
    torch.testing.assert_close(runs[1], runs[2], **FLOAT32)


def test_padding_is_never_read() -> None:
    torch.manual_seed(0)
    encoder, lengths = Encoder(EncoderConfig(hidden=4, layers=2), 2).eval(), torch.tensor([9, 2, 0])
    x = torch.randn(3, 9, 2)
    blank = torch.where((torch.arange(9) < lengths[:, None])[..., None], x, torch.nan).requires_grad_()
    states, last = encoder(blank, lengths, Chunking(2, 3))
    torch.testing.assert_close(last, encoder(x, lengths, Chunking(2, 3))[1], **EXACT)
    (states[0].sum() + states[1, :2].sum() + last.sum()).backward()
    assert blank.grad is not None
    assert torch.isfinite(blank.grad).all()


@pytest.mark.parametrize("options", [{"direction": "forward"}, {"cell": "lstm"}])
def test_encoders_that_cannot_be_run_in_chunks_are_refused(options: dict[str, str]) -> None:
    encoder = Encoder(EncoderConfig(hidden=3, **options), 2)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match=r"window|cell"):
        encoder(torch.zeros(1, 2, 2), torch.tensor([2]), Chunking(1, 1))
