"""GRU is torch.nn.GRU, value by value, and what it adds keeps the laws."""

from __future__ import annotations

import copy
import io
import itertools
import pickle

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bigru.errors import ArgumentError
from bigru.nn import GRU
from bigru.ops.gru import reference
from tolerances import EXACT, FLOAT32_STEP, FLOAT64

F64 = {"dtype": torch.float64}
SIZES = {"input_size": 3, "hidden_size": 7}
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def pair(**arguments):
    """Return torch's module and ours with the same weights."""
    oracle = torch.nn.GRU(**SIZES, **arguments, **F64)
    ours = GRU(**SIZES, **arguments, **F64)
    ours.load_state_dict(oracle.state_dict())
    return oracle, ours


def assert_equal(got, want):
    torch.testing.assert_close(got, want, **FLOAT64)


def assert_same_gradients(ours, oracle):
    for (name, got), want in zip(ours.named_parameters(), oracle.parameters(), strict=True):
        torch.testing.assert_close(got.grad, want.grad, **FLOAT64, msg=lambda text, name=name: f"{name}: {text}")


def every(**options):
    """Parametrise over the product of the options."""
    return [dict(zip(options, values, strict=True)) for values in itertools.product(*options.values())]


COMBINATIONS = every(
    num_layers=[1, 2], batch_first=[False, True], bidirectional=[False, True], bias=[True, False], hx=[False, True]
)


def identity(case):
    return "-".join(f"{name}={value:d}" for name, value in case.items())


# -- equal to torch --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", COMBINATIONS, ids=identity)
def test_equals_torch_on_padded_input(case):
    arguments = {name: value for name, value in case.items() if name != "hx"}
    oracle, ours = pair(**arguments)
    states = case["num_layers"] * (1 + case["bidirectional"])
    x = torch.randn(4, 5, 3, **F64)
    hx = torch.randn(states, 4 if case["batch_first"] else 5, 7, **F64) if case["hx"] else None
    output, h_n = ours(x, hx)
    want, h_want = oracle(x, hx)
    assert_equal(output, want)
    assert_equal(h_n, h_want)
    torch.manual_seed(0)
    dy = torch.randn_like(want)
    ((output * dy).sum() + h_n.square().sum()).backward()
    ((want * dy).sum() + h_want.square().sum()).backward()
    assert_same_gradients(ours, oracle)


@pytest.mark.parametrize("case", COMBINATIONS, ids=identity)
@pytest.mark.parametrize("sort", [False, True])
def test_equals_torch_on_packed_input(case, sort):
    arguments = {name: value for name, value in case.items() if name != "hx"}
    oracle, ours = pair(**arguments)
    lengths = torch.tensor([5, 4, 4, 1] if sort else [4, 1, 5, 4])
    x = torch.randn(4, 5, 3, **F64)
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=sort)
    hx = torch.randn(case["num_layers"] * (1 + case["bidirectional"]), 4, 7, **F64) if case["hx"] else None
    output, h_n = ours(packed, hx)
    want, h_want = oracle(packed, hx)
    assert_equal(output.data, want.data)
    assert_equal(h_n, h_want)
    assert_equal(pad_packed_sequence(output)[0], pad_packed_sequence(want)[0])
    (output.data.square().sum() + h_n.square().sum()).backward()
    (want.data.square().sum() + h_want.square().sum()).backward()
    assert_same_gradients(ours, oracle)


@pytest.mark.parametrize("case", COMBINATIONS, ids=identity)
def test_padded_input_with_lengths_equals_packed_input(case):
    arguments = {name: value for name, value in case.items() if name != "hx"}
    oracle, ours = pair(**arguments)
    lengths = torch.tensor([4, 1, 5, 4])
    x = torch.randn(4, 5, 3, **F64)
    hx = torch.randn(case["num_layers"] * (1 + case["bidirectional"]), 4, 7, **F64) if case["hx"] else None
    want, h_want = oracle(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False), hx)
    want = pad_packed_sequence(want, batch_first=case["batch_first"])[0]
    x = x.masked_fill((torch.arange(5) >= lengths[:, None])[..., None], torch.nan)
    output, h_n = ours(x if case["batch_first"] else x.transpose(0, 1), hx, lengths=lengths)
    assert_equal(output, want)
    assert_equal(h_n, h_want)
    (output.square().sum() + h_n.square().sum()).backward()
    (want.square().sum() + h_want.square().sum()).backward()
    assert_same_gradients(ours, oracle)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("with_hx", [False, True])
def test_equals_torch_on_one_sequence_without_a_batch_axis(batch_first, with_hx):
    oracle, ours = pair(num_layers=2, bidirectional=True, batch_first=batch_first)
    x = torch.randn(5, 3, **F64)
    hx = torch.randn(4, 7, **F64) if with_hx else None
    for got, want in zip(ours(x, hx), oracle(x, hx), strict=True):
        assert_equal(got, want)


@pytest.mark.parametrize(("batch", "time", "inputs", "hidden"), [(1, 1, 1, 1), (2, 63, 7, 2), (63, 2, 1, 63)])
def test_equals_torch_at_odd_sizes(batch, time, inputs, hidden):
    oracle = torch.nn.GRU(inputs, hidden, 2, batch_first=True, bidirectional=True, **F64)
    ours = GRU(inputs, hidden, 2, batch_first=True, bidirectional=True, **F64)
    ours.load_state_dict(oracle.state_dict())
    x = torch.randn(batch, time, inputs, **F64)
    for got, want in zip(ours(x), oracle(x), strict=True):
        assert_equal(got, want)


@pytest.mark.parametrize(
    "case", every(num_layers=[1, 2], bidirectional=[False, True], bias=[True, False]), ids=identity
)
def test_starts_from_the_same_weights_as_torch_and_trades_state_dicts(case):
    torch.manual_seed(7)
    oracle = torch.nn.GRU(3, 7, **case)
    torch.manual_seed(7)
    ours = GRU(3, 7, **case)
    assert list(ours.state_dict()) == list(oracle.state_dict())
    for name, value in oracle.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, **EXACT)
    oracle.load_state_dict(GRU(3, 7, **case).state_dict())


def test_says_what_it_is_as_torch_does():
    arguments = {"num_layers": 2, "bias": False, "batch_first": True, "dropout": 0.25, "bidirectional": True}
    assert repr(GRU(3, 7, **arguments)) == repr(torch.nn.GRU(3, 7, **arguments))
    assert repr(GRU(3, 7)) == repr(torch.nn.GRU(3, 7))
    extended = GRU(3, 7, bidirectional=True, reset_after=False, merge="sum", recurrent_dropout=0.5)
    assert repr(extended) == "GRU(3, 7, bidirectional=True, reset_after=False, merge=sum, recurrent_dropout=0.5)"


def test_all_weights_are_torchs_and_flatten_parameters_is_there():
    oracle, ours = pair(num_layers=2, bidirectional=True)
    ours.flatten_parameters()
    for got, want in zip(ours.all_weights, oracle.all_weights, strict=True):
        assert [w.shape for w in got] == [w.shape for w in want]
        assert_equal(got[1], want[1])


@pytest.mark.parametrize("copy_of", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_copies_and_pickles(copy_of):
    ours = GRU(3, 7, 2, bidirectional=True, merge="gated", reset_after=False, **F64)
    twin = copy_of(ours)
    x = torch.randn(4, 5, 3, **F64)
    assert_equal(twin(x)[0], ours(x)[0])
    with torch.no_grad():
        twin.weight_hh_l1.zero_()
    assert ours.weight_hh_l1.abs().sum() > 0


def test_state_dict_survives_a_file():
    ours, other = (GRU(3, 7, bidirectional=True, merge="gated", **F64) for _ in range(2))
    file = io.BytesIO()
    torch.save(ours.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = torch.randn(4, 5, 3, **F64)
    assert_equal(other(x)[0], ours(x)[0])


def test_sees_weights_that_are_replaced_from_outside():
    ours = GRU(3, 7, **F64)
    x = torch.randn(4, 5, 3, **F64)
    zeros = {name: torch.zeros_like(value) for name, value in ours.state_dict().items()}
    output, _ = torch.func.functional_call(ours, zeros, (x,))
    assert_equal(output, torch.zeros_like(output))
    torch.nn.utils.parametrizations.weight_norm(ours, "weight_hh_l0")
    output, _ = ours(x)
    output.sum().backward()
    assert ours.parametrizations.weight_hh_l0.original1.grad.abs().sum() > 0


# -- what it adds ----------------------------------------------------------------------------------


def arrays_of(module, suffix=""):
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return tuple(getattr(module, f"{kind}_l0{suffix}").detach().numpy() for kind in kinds)


def test_reset_before_equals_the_reference():
    ours = GRU(3, 7, bidirectional=True, batch_first=True, reset_after=False, **F64)
    x, lengths = torch.randn(3, 5, 3, **F64), np.array([5, 0, 2])
    output, h_n = ours(x, lengths=lengths)
    walks = [("", False), ("_reverse", True)]
    wants = [
        reference.forward(x.numpy(), arrays_of(ours, suffix), None, lengths, reverse=reverse, reset_after=False)
        for suffix, reverse in walks
    ]
    assert_equal(output.detach(), torch.from_numpy(np.concatenate([want[0] for want in wants], axis=2)))
    assert_equal(h_n.detach(), torch.from_numpy(np.stack([want[1] for want in wants])))


MERGED = {
    "concat": lambda f, b, _: np.concatenate([f, b], axis=2),
    "sum": lambda f, b, _: f + b,
    "mul": lambda f, b, _: f * b,
    "average": lambda f, b, _: (f + b) / 2,
    "gated": lambda f, b, g: g * f + (1 - g) * b,
}


@pytest.mark.parametrize("merge", MERGED)
def test_directions_are_merged_by_the_formula(merge):
    ours = GRU(3, 7, bidirectional=True, batch_first=True, merge=merge, **F64)
    x, lengths = torch.randn(3, 5, 3, **F64), np.array([5, 0, 2])
    f, _, _ = reference.forward(x.numpy(), arrays_of(ours), None, lengths)
    b, _, _ = reference.forward(x.numpy(), arrays_of(ours, "_reverse"), None, lengths, reverse=True)
    gate = None
    if merge == "gated":
        torch.nn.init.normal_(ours.bias_merge_l0)
        W, c = ours.weight_merge_l0.detach().numpy(), ours.bias_merge_l0.detach().numpy()
        gate = 1 / (1 + np.exp(-(np.concatenate([f, b], axis=2) @ W.T + c)))
    output, h_n = ours(x, lengths=lengths)
    assert_equal(output.detach(), torch.from_numpy(MERGED[merge](f, b, gate)))
    assert h_n.shape == (2, 3, 7)


@pytest.mark.slow
@pytest.mark.parametrize(("merge", "reset_after"), [*itertools.product(MERGED, [True]), ("concat", False)])
def test_gradients_equal_finite_differences(merge, reset_after):
    ours = GRU(1, 2, 2, bidirectional=True, merge=merge, reset_after=reset_after, **F64)
    names, values = zip(*ours.named_parameters(), strict=True)
    x = torch.randn(3, 2, 1, **F64, requires_grad=True)
    hx = torch.randn(4, 2, 2, **F64, requires_grad=True)

    def call(x, hx, *values):
        parameters = dict(zip(names, values, strict=True))
        return torch.func.functional_call(ours, parameters, (x, hx), {"lengths": [3, 1]})

    assert torch.autograd.gradcheck(call, (x, hx, *values))


def test_an_empty_sequence_in_a_batch_keeps_its_state():
    ours = GRU(3, 7, 2, bidirectional=True, batch_first=True, **F64)
    hx = torch.randn(4, 2, 7, **F64)
    output, h_n = ours(torch.full((2, 4, 3), torch.nan, **F64), hx, lengths=[0, 0])
    assert_equal(h_n, hx)
    assert_equal(output, torch.zeros(2, 4, 14, **F64))


def test_dropout_acts_between_layers_in_training_only():
    ours = GRU(3, 7, 2, dropout=1.0, **F64)
    x = torch.randn(5, 4, 3, **F64)
    trained, h_trained = ours(x)
    evaluated, h_evaluated = ours.eval()(x)
    assert not torch.allclose(trained, evaluated)
    assert_equal(h_trained[0], h_evaluated[0])
    second = torch.nn.GRU(7, 7, **F64)
    second.load_state_dict({f"{n.removesuffix('1')}0": v for n, v in ours.state_dict().items() if n.endswith("l1")})
    assert_equal(trained, second(torch.zeros(5, 4, 7, **F64))[0])


def test_recurrent_dropout_drops_weights_once_per_call():
    ours = GRU(3, 63, recurrent_dropout=0.5, **F64)
    plain = GRU(3, 63, **F64)
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(5, 4, 3, **F64)
    torch.manual_seed(3)
    dropped, _ = ours(x)
    torch.manual_seed(3)
    with torch.no_grad():
        plain.weight_hh_l0.copy_(torch.nn.functional.dropout(plain.weight_hh_l0, 0.5))
    assert_equal(dropped, plain(x)[0])
    plain.load_state_dict(ours.state_dict())
    assert_equal(ours.eval()(x)[0], plain(x)[0])


def test_mixed_precision_takes_halves():
    ours = GRU(3, 7, bidirectional=True)
    x, hx = torch.randn(5, 4, 3).bfloat16(), torch.randn(2, 4, 7).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = ours(x, hx)
    assert output.dtype == torch.float32  # rounded factors, a precise state
    walks = []
    for number, suffix in enumerate(("", "_reverse")):
        weights = [getattr(ours, f"{name}_l0{suffix}").detach().numpy() for name in NAMES]
        start = x.float().numpy().transpose(1, 0, 2), weights, hx[number].float().numpy()
        walks.append(reference.forward(*start, reverse=bool(number), precision="bf16")[0].transpose(1, 0, 2))
    np.testing.assert_allclose(output.detach(), np.concatenate(walks, axis=2), **FLOAT32_STEP)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_of_gradients_are_refused_rather_than_lost(dtype):
    x = torch.randn(5, 4, 3, dtype=dtype, requires_grad=True)
    output, _ = GRU(3, 7, dtype=dtype)(x)
    with pytest.raises(
        ArgumentError, match=r"^gru\.backward: create_graph must be False, got True\. Its gradient cannot"
    ):
        torch.autograd.grad(output.sum(), x, create_graph=True)


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"input_size": 0}, "GRU: input_size must be an integer above 0, got 0."),
        ({"hidden_size": 2.5}, "GRU: hidden_size must be an integer above 0, got 2.5."),
        ({"num_layers": True}, "GRU: num_layers must be an integer above 0, got True."),
        ({"num_layers": 2, "dropout": 1.5}, "GRU: dropout must be within 0..1, got 1.5."),
        ({"num_layers": 2, "dropout": True}, "GRU: dropout must be within 0..1, got True."),
        ({"num_layers": 2, "dropout": "a half"}, "GRU: dropout must be within 0..1, got 'a half'."),
        ({"merge": "sum"}, "GRU: merge is not allowed without bidirectional=True (got 'sum')."),
        (
            {"merge": "gate", "bidirectional": True},
            "LayerSpec: merge must be one of concat, sum, mul, average, gated, got 'gate'. Did you mean 'gated'?",
        ),
        ({"recurrent_dropout": 1.0}, "LayerSpec: recurrent_dropout must be within 0 <= p < 1, got 1.0."),
    ],
)
def test_bad_constructor_arguments_are_refused(arguments, text):
    with pytest.raises(ArgumentError) as caught:
        GRU(**{**SIZES, **arguments})
    assert str(caught.value) == text


def test_dropout_without_a_second_layer_is_warned_of():
    text = r"^GRU: dropout must be 0 with num_layers=1, got 0\.5\. It acts between layers only\.$"
    with pytest.warns(UserWarning, match=text):
        GRU(3, 7, dropout=0.5)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (([[1.0]],), "GRU: input must be a tensor of 2 or 3 axes or a PackedSequence, got list."),
        ((torch.zeros(3),), "GRU: input must be a tensor of 2 or 3 axes or a PackedSequence, got shape [3]."),
        ((torch.zeros(5, 4, 2),), "GRU: input must be input_size=3 wide, got 2."),
        (
            (torch.zeros(5, 4, 3, device="meta"),),
            'GRU: input must be on cpu as the weights are, got meta. Move it: input.to("cpu").',
        ),
        (
            (torch.zeros(5, 4, 3, **F64),),
            "GRU: input must be torch.float32 as the weights are, got torch.float64. "
            "Convert it: input.to(torch.float32).",
        ),
        (
            (torch.zeros(5, 4, 3), torch.zeros(2, 5, 7)),
            "GRU: hx must be [L*D, B, H] = [2, 4, 7], got shape [2, 5, 7].",
        ),
        ((torch.zeros(5, 4, 3), [0.0]), "GRU: hx must be [L*D, B, H] = [2, 4, 7], got list."),
        (
            (torch.zeros(5, 4, 3), torch.zeros(2, 4, 7, **F64)),
            "GRU: hx must be torch.float32 as the weights are, got torch.float64. Convert it: hx.to(torch.float32).",
        ),
        ((torch.zeros(5, 3), torch.zeros(2, 1, 7)), "GRU: hx must be [L*D, H] = [2, 7], got shape [2, 1, 7]."),
    ],
)
def test_bad_input_is_refused(arguments, text):
    with pytest.raises(ArgumentError) as caught:
        GRU(3, 7, bidirectional=True)(*arguments)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("input", "lengths", "text"),
    [
        (torch.zeros(5, 4, 3), [5, 5, 5, 6], "gru.forward: lengths must be within 0..T=5, got 6."),
        (torch.zeros(5, 4, 3), [5.0] * 4, "gru.forward: lengths must be int [4], got dtype float64."),
        (torch.zeros(5, 3), [5], "GRU: lengths is not allowed for one sequence without a batch axis (got [5])."),
        (
            pack_padded_sequence(torch.zeros(5, 1, 3), [5]),
            [5],
            "GRU: lengths must be None with a PackedSequence, which has its own, got [5].",
        ),
    ],
)
def test_bad_lengths_are_refused(input, lengths, text):
    with pytest.raises(ArgumentError) as caught:
        GRU(3, 7)(input, lengths=lengths)
    assert str(caught.value) == text
