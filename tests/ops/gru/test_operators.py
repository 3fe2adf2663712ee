"""The native GRU as torch sees it: operators that can be traced, differentiated once, and nothing behind one's back."""

from __future__ import annotations

import copy
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.export import Dim, export
from torch.nn.utils.rnn import pack_padded_sequence

from bigru.config import ChannelConfig, EncoderConfig, ModelConfig
from bigru.errors import ArgumentError
from bigru.layout import DIRECTIONS
from bigru.nn import GRU, Recurrent
from bigru.nn.model import SequenceModel
from bigru.ops.gru import autograd, native
from bigru.ops.recurrent import autograd as seam
from tolerances import EXACT, FLOAT32

GRU_OP, TRAINING, BACKWARD = autograd.INFERENCE, autograd.TRAINING, autograd.BACKWARD
needs_compiler = pytest.mark.skipif(shutil.which("c++") is None, reason="inductor needs a C++ compiler")


def layer(walks=("forward", "backward"), bias=True, hidden=16, requires_grad=False, seed=0):
    """Return x, lengths, h0, weights and the settings of one layer, as the operators take them."""
    torch.manual_seed(seed)
    module = GRU(3, hidden, bias=bias, bidirectional=len(walks) == 2)
    weights = [w.detach().requires_grad_(requires_grad) for arrays in module.all_weights for w in arrays]
    x = torch.randn(3, 5, 3, requires_grad=requires_grad)
    h0 = torch.randn(len(walks), 3, hidden, requires_grad=requires_grad)
    return x, torch.tensor([5, 0, 2]), h0, weights, True, [walk == "backward" for walk in walks], "fp32"


@pytest.fixture
def counted(monkeypatch):
    """Count the calls of the kernel; every other engine is taken away."""
    calls = {"forward": 0, "backward": 0, "kept": 0}
    forward, backward = native.forward, native.backward

    def counting_forward(*arguments, keep=False, **options):
        calls["forward"] += 1
        calls["kept"] += keep
        return forward(*arguments, keep=keep, **options)

    def counting_backward(*arguments, **options):
        calls["backward"] += 1
        return backward(*arguments, **options)

    monkeypatch.setattr(native, "forward", counting_forward)
    monkeypatch.setattr(native, "backward", counting_backward)
    for engine in ("run_stepwise", "run_fused"):
        monkeypatch.delattr(seam, engine)
    return calls


# -- what torch asks of an operator ----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("walks", DIRECTIONS.values())
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_the_operator_is_sound(walks, bias, requires_grad):
    arguments = layer(walks, bias, requires_grad=requires_grad)
    torch.library.opcheck(GRU_OP, arguments)
    torch.library.opcheck(GRU_OP, (arguments[0], None, None, *arguments[3:]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "needs", [[True, True, True], [False, False, True], [True, False, False], [False, True, False]]
)
def test_the_operators_of_training_are_sound(needs):
    x, lengths, h0, weights, *settings = layer()
    # Full lengths fill the gates to the last one: what lies past the others is not written, so it cannot be compared.
    torch.library.opcheck(TRAINING, (x, None, h0, weights, *settings))
    y, h_n, gates = TRAINING(x, lengths, h0, weights, *settings)
    dy, dh_n = torch.randn_like(y), torch.randn_like(h_n)
    torch.library.opcheck(BACKWARD, (dy, dh_n, y, gates, needs, x, lengths, h0, weights, *settings))
    torch.library.opcheck(BACKWARD, (dy, None, y, gates, needs, x, lengths, None, weights, *settings))


def test_what_is_not_wanted_is_not_computed(counted, monkeypatch):
    asked = []
    backward = native.backward
    monkeypatch.setattr(
        native, "backward", lambda *a, needs, **o: asked.append(list(needs)) or backward(*a, needs=needs, **o)
    )
    x, lengths, h0, weights, *settings = layer()
    for wanted in ([x], [h0], [weights[1]], [x, h0, *weights]):
        for tensor in (x, h0, *weights):
            tensor.requires_grad_(any(tensor is other for other in wanted))
        GRU_OP(x, lengths, h0, weights, *settings)[0].sum().backward()
        assert [t.grad is not None for t in (x, h0, weights[1])] == [
            any(t is w for w in wanted) for t in (x, h0, weights[1])
        ]
        for tensor in (x, h0, *weights):
            tensor.grad = None
    assert asked == [[True, False, False], [False, True, False], [False, False, True], [True, True, True]]
    assert counted["backward"] == counted["kept"] == 4


# -- tracing ---------------------------------------------------------------------------------------


def modules():
    torch.manual_seed(0)
    channels = (ChannelConfig("unit", 9, 3), ChannelConfig("bigram", 11, 2))
    pooled = ModelConfig(3, channels, encoder=EncoderConfig(hidden=4, layers=2), pooling=("max", "mean", "attention"))
    tagger = ModelConfig(3, channels, encoder=EncoderConfig(hidden=4, merge="gated"))
    return {"pooled": SequenceModel(pooled).eval(), "tagger": SequenceModel(tagger).eval()}


def ids(batch, time):
    return torch.randint(0, 9, (batch, time, 2)), torch.randint(1, time + 1, (batch,))


def assert_same_gradients(one, other):
    for got, want in zip(one.parameters(), other.parameters(), strict=True):
        if want.grad is not None:
            torch.testing.assert_close(got.grad, want.grad, **FLOAT32)


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend", ["aot_eager", pytest.param("inductor", marks=[needs_compiler, pytest.mark.process])]
)
def test_a_compiled_gru_is_the_same_without_a_graph_break(backend, counted):
    torch._dynamo.reset()
    module = GRU(3, 7, 2, bidirectional=True, batch_first=True)
    twin = copy.deepcopy(module)
    compiled = torch.compile(module, fullgraph=True, backend=backend, dynamic=True)
    for batch, time in ((2, 4), (3, 7), (5, 2)):
        x, lengths, hx = torch.randn(batch, time, 3), torch.randint(0, time + 1, (batch,)), torch.randn(4, batch, 7)
        got, want = compiled(x, hx, lengths=lengths), twin(x, hx, lengths=lengths)
        torch.testing.assert_close(got, want, **EXACT)
        for results in (got, want):
            (results[0].square().sum() + results[1].sum()).backward()
        assert_same_gradients(module, twin)
    with torch.no_grad():
        torch.testing.assert_close(compiled(x), twin(x), **EXACT)
    assert counted["forward"] == 2 * 2 * 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pooled", "tagger"])
def test_a_compiled_model_is_the_same_without_a_graph_break(name):
    torch._dynamo.reset()
    module = modules()[name]
    twin = copy.deepcopy(module)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager", dynamic=True)
    for batch, time in ((2, 4), (3, 7)):
        got, want = (model(*batch_of) for model, batch_of in zip((compiled, twin), [ids(batch, time)] * 2, strict=True))
        torch.testing.assert_close(got, want, **FLOAT32)
        got.square().sum().backward()
        want.square().sum().backward()
        assert_same_gradients(module, twin)


@pytest.mark.slow
def test_the_lengths_are_still_checked_when_compiled():
    torch._dynamo.reset()
    compiled = torch.compile(GRU(3, 7, batch_first=True), fullgraph=True, backend="aot_eager")
    compiled(torch.zeros(2, 5, 3), lengths=torch.tensor([5, 1]))
    with pytest.raises(ArgumentError, match=r"^gru\.forward: lengths must be within 0\.\.T=5, got 6\.$"):
        compiled(torch.zeros(2, 5, 3), lengths=torch.tensor([6, 1]))


@pytest.mark.parametrize("strict", [False, True])
def test_an_exported_gru_is_the_operator_and_the_same_at_other_sizes(strict):
    module = GRU(3, 7, bidirectional=True, batch_first=True)
    batch, time = Dim("batch", min=2), Dim("time", min=2)
    given = (torch.randn(2, 4, 3),), {"lengths": torch.tensor([4, 2])}
    program = export(
        module, *given, dynamic_shapes={"input": {0: batch, 1: time}, "lengths": {0: batch}}, strict=strict
    )
    assert [node.target for node in program.graph.nodes if "bigru" in str(node.target)] == [GRU_OP]
    x, lengths = torch.randn(5, 9, 3), torch.tensor([9, 1, 0, 3, 4])
    for traced in (program, program.run_decompositions()):
        torch.testing.assert_close(traced.module()(x, lengths=lengths), module(x, lengths=lengths), **EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pooled", "tagger"])
@pytest.mark.parametrize("strict", [False, True])
def test_an_exported_model_is_the_same(name, strict):
    module, given = modules()[name], ids(3, 5)
    program = export(module, given, strict=strict)
    torch.testing.assert_close(program.module()(*given), module(*given), **EXACT)


# -- what is refused -------------------------------------------------------------------------------


def test_forward_mode_is_refused_rather_than_wrong():
    x = torch.randn(5, 2, 3)
    with (
        torch.autograd.forward_ad.dual_level(),
        pytest.raises(ArgumentError, match=r"^gru\.forward: x must be a plain"),
    ):
        GRU(3, 7)(torch.autograd.forward_ad.make_dual(x, x))


def test_a_precision_that_is_not_there_is_refused():
    *arguments, _ = layer()
    with pytest.raises(ArgumentError, match=r"^gru\.forward: precision must be one of fp32, bf16, got 'int3'\."):
        GRU_OP(*arguments, "int3")


@pytest.mark.parametrize(
    ("lengths", "text"),
    [
        (torch.tensor([5, 6, 2]), "gru.forward: lengths must be within 0..T=5, got 6."),
        (torch.tensor([5, -1, 2]), "gru.forward: lengths must be within 0..T=5, got -1."),
        (torch.tensor([5, 1]), "gru.forward: lengths must be int [3], got shape [2]."),
        (torch.tensor([5.0, 1.0, 2.0]), "gru.forward: lengths must be int [3], got dtype float32."),
        (torch.tensor([5, 6, 2], dtype=torch.int32), "gru.forward: lengths must be within 0..T=5, got 6."),
    ],
)
def test_bad_lengths_are_refused_in_the_operator(lengths, text):
    x, _, *rest = layer()
    with pytest.raises(ArgumentError, match=rf"^{re.escape(text)}$"):
        GRU_OP(x, lengths, *rest)


@pytest.mark.parametrize("kind", [torch.int32, torch.int16, torch.uint8])
def test_lengths_may_be_any_integers(kind):
    x, lengths, *rest = layer()
    want = GRU_OP(x, lengths, *rest)
    torch.testing.assert_close(GRU_OP(x, lengths.to(kind), *rest), want, **EXACT)
    strided = torch.stack([lengths, lengths], dim=1)[:, 0]
    torch.testing.assert_close(GRU_OP(x, strided, *rest), want, **EXACT)


# -- tensors as the kernel reads them --------------------------------------------------------------


def test_an_older_torch_takes_numpys_way_to_the_same_numbers(monkeypatch):
    arguments = layer(requires_grad=True)
    x, weights = arguments[0], arguments[3]
    results = []
    for readable in (True, False):
        monkeypatch.setattr(autograd, "READABLE", readable)
        y, h_n = GRU_OP(*arguments)
        results.append((y, h_n, *torch.autograd.grad(y.square().sum() + h_n.sum(), [x, *weights])))
    torch.testing.assert_close(*results, **EXACT)


def test_a_tensor_is_read_where_it_lies():
    x, lengths, _, weights, *_ = layer(("forward",))
    shifted = torch.cat([torch.full((1, 5, 3), torch.nan), x])[1:]
    prepared = native.Prepared([tuple(weights)], reverse=(False,))
    want = prepared.forward(x.numpy(), lengths=lengths.numpy())
    for got, expected in zip(prepared.forward(shifted, lengths=lengths), want, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (lambda x: x.to("meta"), TypeError),
        (lambda x: x.to_sparse(), TypeError),
        (lambda x: x.double(), ValueError),
        (lambda x: x[:, ::2], ValueError),
        (lambda x: x[0], ValueError),
    ],
)
def test_a_tensor_that_cannot_be_read_is_refused(wrong, kind):
    x, _, _, weights, *_ = layer(("forward",))
    with pytest.raises(kind):
        native.Prepared([tuple(weights)], reverse=(False,)).forward(wrong(x))


# -- no silent way round ---------------------------------------------------------------------------


def module_calls(module):
    """Every way in which a float32 GRU on a CPU may be called."""
    x, lengths, hx = torch.randn(4, 5, 3), torch.tensor([5, 0, 2, 4]), torch.randn(2, 4, 7)
    packed = pack_padded_sequence(x, torch.tensor([5, 1, 2, 4]), batch_first=True, enforce_sorted=False)
    return {
        "padded": lambda: module(x),
        "lengths": lambda: module(x, lengths=lengths),
        "hx": lambda: module(x, hx, lengths=lengths),
        "packed": lambda: module(packed),
        "packed with hx": lambda: module(packed, hx),
        "one sequence": lambda: module(x[0]),
        "strided": lambda: module(torch.randn(4, 3, 5).transpose(1, 2)),
    }


CALLS = list(module_calls(None))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_float32_on_a_cpu_runs_in_the_kernel_however_it_is_called(name, mode, counted):
    with mode():
        module_calls(GRU(3, 7, bidirectional=True, batch_first=True, recurrent_dropout=0.5))[name]()
    assert counted["forward"] == 1
    assert counted["kept"] == (mode is torch.enable_grad)


def test_gates_are_kept_only_where_a_gradient_is_wanted(counted):
    module = GRU(3, 7).requires_grad_(False)
    module(torch.randn(5, 4, 3))
    assert counted["kept"] == 0
    module(torch.randn(5, 4, 3, requires_grad=True))
    assert counted["kept"] == 1


def test_dropped_weights_and_variational_masks_stay_in_the_kernel(counted):
    encoder = EncoderConfig(hidden=4, layers=2, recurrent_dropout=0.5, dropout=0.5, input_dropout=0.5)
    module = SequenceModel(ModelConfig(3, input_size=2, encoder=encoder, pooling=("mean",))).train()
    module(torch.randn(3, 5, 2), torch.tensor([5, 1, 2])).sum().backward()
    assert counted == {"forward": 2, "backward": 2, "kept": 2}


def test_autocast_stays_in_the_kernel_and_gives_float32(counted):
    module, x = GRU(3, 7, bidirectional=True), torch.randn(5, 4, 3)
    with torch.autocast("cpu", torch.bfloat16):
        output, h_n = module(x.bfloat16(), torch.zeros(2, 4, 7).bfloat16())
    assert counted["forward"] == 1
    assert output.dtype == h_n.dtype == torch.float32


def test_autocast_chooses_the_precision():
    assert autograd.precision() == "fp32"
    with torch.autocast("cpu", torch.bfloat16):
        assert autograd.precision() == "bf16"
    assert autograd.precision() == "fp32"


def test_autocast_trains_in_bfloat16():
    torch.manual_seed(0)
    module, x = GRU(30, 64, bidirectional=True), torch.randn(9, 4, 30)
    exact, _ = module(x)
    want = torch.autograd.grad(exact.square().sum(), list(module.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = module(x)
    got = torch.autograd.grad(output.square().sum(), list(module.parameters()))
    assert 0 < (output - exact).abs().max() < 0.01  # rounded, and no more than that
    for g, w in zip(got, want, strict=True):
        assert g.dtype == torch.float32
        assert 0 < (g - w).abs().max() < 0.02 * (1 + w.abs().max())


def test_another_dtype_is_refused_rather_than_slow():
    mixed = Recurrent("gru", 3, 7, DIRECTIONS["both"])
    mixed.bias_hh_l0 = torch.nn.Parameter(mixed.bias_hh_l0.double())
    with pytest.raises(
        ArgumentError,
        match=r"^gru\.forward: weights must be torch\.float32 on cpu, all alike, got torch\.float64 on cpu\. Convert",
    ):
        mixed(torch.randn(2, 5, 3))
    with pytest.raises(
        ArgumentError, match=r"^gru\.forward: x must be torch\.float64 on cpu, all alike, got torch\.fl"
    ):
        Recurrent("gru", 3, 7, DIRECTIONS["both"]).double()(torch.randn(2, 5, 3))


def test_float64_runs_step_by_step(monkeypatch):
    monkeypatch.delattr(native, "forward")
    y, _ = Recurrent("gru", 3, 7, DIRECTIONS["both"]).double()(torch.randn(2, 5, 3, dtype=torch.float64))
    assert y.dtype == torch.float64


# -- memory ----------------------------------------------------------------------------------------


def resident():
    """Return this process's resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_training_steps_do_not_pile_up_memory():
    module = GRU(16, 64, bidirectional=True, batch_first=True)
    rng = np.random.default_rng(0)

    def step():
        lengths = torch.from_numpy(rng.integers(0, 41, 16))
        module(torch.randn(16, 40, 16), lengths=lengths)[0].square().sum().backward()
        module.zero_grad()

    for _ in range(50):
        step()
    before = resident()
    for _ in range(300):
        step()
    # One step's gates alone take 1.3 MB: a leak of one array per step would be far above this.
    assert resident() - before < 64e6
