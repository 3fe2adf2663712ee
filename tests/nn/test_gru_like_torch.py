"""GRU where torch's own module is used without a thought: empty batches, views, changes in place, tracing, classes."""

from __future__ import annotations

import copy
import gc
import weakref

import pytest
import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from bigru.errors import ArgumentError
from bigru.nn import GRU
from tolerances import EXACT, FLOAT32

TYPES = [torch.float32, torch.float64]


def pair(inputs=3, hidden=7, **arguments):
    """Return torch's module and ours with the same weights."""
    torch.manual_seed(0)
    oracle = torch.nn.GRU(inputs, hidden, **arguments)
    ours = GRU(inputs, hidden, **arguments)
    ours.load_state_dict(oracle.state_dict())
    return oracle, ours


def assert_same_gradients(ours, oracle):
    for got, want in zip(ours.parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, **FLOAT32)


# -- nothing ---------------------------------------------------------------------------------------

EMPTY = {
    "no sequences": ((5, 0, 3), None),
    "no steps": ((0, 4, 3), None),
    "neither": ((0, 0, 3), None),
    "lengths of zero": ((5, 4, 3), [0, 0, 0, 0]),
    "no lengths": ((5, 0, 3), []),
}


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("merge", ["concat", "gated"])
def test_gradients_of_nothing_are_zero_after_a_full_batch(name, dtype, batch_first, merge):
    shape, lengths = EMPTY[name]
    module = GRU(3, 7, 2, bidirectional=True, batch_first=batch_first, merge=merge, dtype=dtype)
    module(torch.randn(33, 33, 3, dtype=dtype))[0].sum().backward()
    module.zero_grad()
    x = torch.zeros(shape, dtype=dtype, requires_grad=True)
    given = x.transpose(0, 1) if batch_first else x
    output, h_n = module(given, lengths=None if lengths is None else torch.tensor(lengths, dtype=torch.int64))
    (output.sum() * 3 + h_n.sum()).backward()
    assert x.grad.shape == x.shape
    assert not x.grad.any()
    for parameter in module.parameters():
        torch.testing.assert_close(parameter.grad, torch.zeros_like(parameter), **EXACT)


def test_an_empty_batch_adds_nothing_to_the_gradients_of_a_full_one():
    module, x = GRU(3, 7), torch.randn(5, 4, 3)
    module(x)[0].sum().backward()
    want = [parameter.grad.clone() for parameter in module.parameters()]
    module(x[:, :0])[0].sum().backward()
    for parameter, gradient in zip(module.parameters(), want, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, **EXACT)


# -- the output ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("merge", ["concat", "sum", "gated"])
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("lengths", [None, [5, 2]])
def test_the_output_is_contiguous(dtype, merge, batch_first, lengths):
    module = GRU(4, 8, 2, bidirectional=True, batch_first=batch_first, merge=merge, dtype=dtype)
    x = torch.randn(5, 2, 4, dtype=dtype)
    output, h_n = module(x.transpose(0, 1) if batch_first else x, lengths=lengths)
    assert output.view(-1, module.hidden_size).shape[1] == 8
    assert h_n.is_contiguous()


def test_time_first_is_batch_first_with_the_axes_exchanged():
    _, ours = pair(num_layers=2, bidirectional=True)
    _, other = pair(num_layers=2, bidirectional=True, batch_first=True)
    x, lengths, hx = torch.randn(5, 4, 3), [5, 0, 2, 4], torch.randn(4, 4, 7)
    got, want = ours(x, hx, lengths=lengths), other(x.transpose(0, 1), hx, lengths=lengths)
    torch.testing.assert_close(got[0].transpose(0, 1), want[0], **EXACT)
    torch.testing.assert_close(got[1], want[1], **EXACT)
    for output, _ in (got, want):
        output.square().sum().backward()
    for one, two in zip(ours.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, **EXACT)


def add(y, x):
    y += x
    return y


def set_first(y, x):
    y[0] = 0
    return y


def change_a_view(y, x):
    y.view(-1, 14)[3:].mul_(2)
    return y


def drop(y, x):
    torch.manual_seed(5)
    return functional.dropout(y, 0.5, inplace=True)


IN_PLACE = {
    "residual": add,
    "relu_": lambda y, x: y.relu_(),
    "masked_fill_": lambda y, x: y.masked_fill_(x > 0, 0),
    "y[0] = 0": set_first,
    "a view": change_a_view,
    "dropout": drop,
    "twice": lambda y, x: add(y, x).mul_(3),
    "not at all": lambda y, x: y,
}


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("num_layers", [1, 2])
def test_the_output_may_be_changed_in_place_while_training(name, num_layers):
    oracle, ours = pair(14, 7, num_layers=num_layers, bidirectional=True)
    x = torch.randn(5, 4, 14)
    for module in (oracle, ours):
        y, h_n = module(x)
        h_n.mul_(2)
        (IN_PLACE[name](y, x).square().sum() + h_n.sum()).backward()
    assert_same_gradients(ours, oracle)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["residual", "relu_", "a view", "not at all"])
def test_the_output_may_be_changed_in_place_in_a_compiled_function(name):
    torch._dynamo.reset()
    oracle, ours = pair(14, 7, bidirectional=True)
    x = torch.randn(5, 4, 14)

    def loss(module):
        y, h_n = module(x)
        return IN_PLACE[name](y, x).square().sum() + h_n.sum()

    loss(oracle).backward()
    torch.compile(lambda: loss(ours), backend="aot_eager", fullgraph=True)().backward()
    assert_same_gradients(ours, oracle)


@pytest.mark.parametrize("name", ["residual", "not at all"])
def test_the_output_may_be_changed_in_place_within_a_checkpoint(name):
    oracle, ours = pair(14, 7, bidirectional=True)
    x = torch.randn(5, 4, 14)
    for module in (oracle, ours):
        checkpoint(lambda m: IN_PLACE[name](m(x)[0], x).square().sum(), module, use_reentrant=False).backward()
    assert_same_gradients(ours, oracle)


@pytest.fixture
def no_collector():
    """Switch off what frees cycles: only what holds nothing but its own references goes."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("name", ["residual", "not at all"])
def test_outputs_are_freed_with_the_graph(name):
    module, x = GRU(14, 14), torch.randn(5, 4, 14)
    y, _ = module(x)
    seen = weakref.ref(y)
    loss = IN_PLACE[name](y, x).sum()
    loss.backward()
    del y, loss
    assert seen() is None


def test_what_backward_reads_may_not_be_changed():
    module, x = GRU(3, 7), torch.randn(5, 4, 3)
    output, _ = module(x)
    x.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


# -- shapes, graphs, transforms --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("batch_first", [False, True])
def test_on_the_device_meta_there_are_shapes(dtype, batch_first):
    options = {"num_layers": 2, "bidirectional": True, "batch_first": batch_first, "device": "meta", "dtype": dtype}
    oracle, ours = torch.nn.GRU(3, 7, **options), GRU(3, 7, **options)
    x, hx = torch.empty(5, 4, 3, device="meta", dtype=dtype), None
    for lengths in (None, [1] * (5 if batch_first else 4), torch.empty(5 if batch_first else 4, device="meta").long()):
        got, want = ours(x, hx, lengths=lengths), oracle(x, hx)
        assert [(t.shape, t.dtype, t.device) for t in got] == [(t.shape, t.dtype, t.device) for t in want]
    got[0].sum().backward()
    assert ours.weight_hh_l1.grad.shape == (21, 7)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.head = GRU(3, 7, 2, bidirectional=True), torch.nn.Linear(14, 2)

    def forward(self, x):
        y, _ = self.gru(x)
        return self.head(y)


def test_a_traced_module_is_the_same_at_other_sizes(tmp_path):
    net, other = Net(), torch.randn(9, 2, 3)
    traced = torch.jit.trace(net, torch.randn(4, 5, 3))
    torch.jit.save(traced, tmp_path / "traced.pt")
    for module in (traced, torch.jit.load(tmp_path / "traced.pt")):
        torch.testing.assert_close(module(other), net(other), **EXACT)


def test_a_symbolic_trace_holds_the_module_as_a_leaf():
    net, x = Net(), torch.randn(4, 5, 3)
    traced = torch.fx.symbolic_trace(net)
    assert [node.target for node in traced.graph.nodes if node.op == "call_module"] == ["gru", "head"]
    torch.testing.assert_close(traced(x), net(x), **EXACT)


def test_a_symbolic_trace_of_the_module_itself_is_refused():
    with pytest.raises(ArgumentError) as caught:
        torch.fx.symbolic_trace(GRU(3, 7))
    assert str(caught.value) == (
        "torch.fx: root must be another module, got bigru.nn.GRU. "
        "It is a leaf of a graph: trace a module that holds it."
    )


def test_scripting_is_refused_and_leaves_the_model_as_it_was():
    net = Net()
    with pytest.raises(ArgumentError) as caught:
        torch.jit.script(net)
    assert str(caught.value) == (
        "torch.jit.script: module must be torch.nn.GRU, got bigru.nn.GRU. "
        "Load the state_dict into torch.nn.GRU, or use torch.jit.trace or torch.export."
    )
    assert isinstance(net.gru, GRU)


def test_torchs_onnx_export_is_refused(monkeypatch):
    monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
    text = (
        "torch.onnx.export: module must be torch.nn.GRU, got bigru.nn.GRU. "
        "Load the state_dict into torch.nn.GRU. A saved model: bigru export MODEL --to onnx."
    )
    for export in (torch.jit.trace, torch.export.export):
        with pytest.raises(ArgumentError) as caught:
            export(Net(), (torch.randn(4, 5, 3),))
        assert str(caught.value) == text
    Net()(torch.randn(4, 5, 3))  # what the program around does is its own affair


TRANSFORMS = {
    "vmap": lambda module, x: torch.vmap(lambda x: module(x)[0])(x[None]),
    "grad": lambda module, x: torch.func.grad(lambda x: module(x)[0].sum())(x),
    "jvp": lambda module, x: torch.func.jvp(lambda x: module(x)[0], (x,), (x,)),
    "jacrev": lambda module, x: torch.func.jacrev(lambda x: module(x)[0])(x),
    "jacobian": lambda module, x: torch.autograd.functional.jacobian(lambda x: module(x)[0], x, vectorize=True),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("reset_after", [True, False])
def test_transforms_are_refused_in_one_sentence(name, dtype, reset_after):
    with pytest.raises(ArgumentError) as caught:
        TRANSFORMS[name](GRU(3, 7, dtype=dtype, reset_after=reset_after), torch.randn(5, 2, 3, dtype=dtype))
    assert str(caught.value) == (
        "gru.forward: x must be a plain tensor, got one that is being transformed. Call it outside of torch.func, "
        "torch.vmap and forward mode; it takes a whole batch, x [B, T, I]. "
        "For these, load the state_dict into torch.nn.GRU."
    )


@pytest.mark.parametrize("inputs", [3, 7])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_operations_are_counted_as_torchs_are(inputs, bidirectional, wanted, bias):
    counts = []
    for module in pair(inputs, 7, num_layers=2, bidirectional=bidirectional, bias=bias):
        x = torch.randn(4, 5, inputs, requires_grad=wanted)
        for train in (False, True):
            with FlopCounterMode(display=False) as counter:
                output = module(x)[0].sum()
                if train:
                    output.backward()
            counts.append(counter.get_total_flops())
    assert counts[:2] == counts[2:]
    assert 0 < counts[0] < counts[1]


# -- its class -------------------------------------------------------------------------------------


def test_it_is_one_of_torchs_recurrent_modules():
    oracle, ours = pair(num_layers=2, bidirectional=True)
    assert isinstance(ours, torch.nn.RNNBase)
    assert not isinstance(ours, torch.nn.GRU)  # torch.compile leaves its graph at each of these
    assert (ours.mode, ours.proj_size) == (oracle.mode, oracle.proj_size)
    public = {name for name in dir(oracle) if not name.startswith("_")}
    assert public <= set(dir(ours))
    x, hx = torch.randn(5, 4, 3), torch.randn(4, 4, 7)
    ours.check_forward_args(x, hx, None)
    assert ours.get_expected_hidden_size(x, None) == (4, 4, 7)
    with pytest.raises(RuntimeError, match="Expected 3, got 2"):
        ours.check_input(x[..., :2], None)
    with pytest.raises(RuntimeError, match="Expected hidden size"):
        ours.check_hidden_size(hx[:1], (4, 4, 7))


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ({"reset_after": False}, "GRU(reset_after=False, merge=concat)"),
        ({"bidirectional": True, "merge": "sum"}, "GRU(reset_after=True, merge=sum)"),
    ],
)
def test_a_variant_does_not_pass_for_torchs_gru(options, mode):
    assert GRU(3, 7, **options).mode == mode


def test_weights_are_its_parameters_and_nothing_beside_them():
    module = GRU(3, 7, bidirectional=True)
    module.weight_hh_l0 = torch.nn.Parameter(torch.zeros(21, 7))
    assert module.all_weights[0][1] is module.weight_hh_l0
    torch.nn.utils.parametrizations.weight_norm(module, "weight_ih_l0")
    x = torch.randn(5, 4, 3)
    twin = copy.deepcopy(module)
    torch.testing.assert_close(twin(x)[0], module(x)[0], **EXACT)
    half = GRU(3, 7).double().to("meta")
    assert half.all_weights[0][0].device.type == "meta"


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: GRU(3.0, 7), TypeError),
        (lambda: GRU(3, "7"), TypeError),
        (lambda: GRU(3, 7, bias=1), TypeError),
        (lambda: GRU(3, 7, batch_first=None), TypeError),
        (lambda: GRU(0, 7), ValueError),
        (lambda: GRU(3, 7)([1.0]), TypeError),
        (lambda: GRU(3, 7)(torch.zeros(5, 4, 2)), RuntimeError),
        (lambda: GRU(3, 7)(torch.zeros(5, 4, 3), torch.zeros(1, 5, 7)), RuntimeError),
        (lambda: GRU(3, 7)(torch.zeros(5, 4, 3), [0.0]), TypeError),
        (lambda: GRU(3, 7)(torch.zeros(5, 4, 3, device="meta")), RuntimeError),
        (lambda: GRU(3, 7)(torch.zeros(5, 4, 3).double()), ValueError),
    ],
)
def test_errors_are_caught_as_torchs_are_and_as_ours(call, kind):
    for wanted in (kind, ArgumentError):
        with pytest.raises(wanted):
            call()
