"""One layer of any cell: its names, its walks, and how they are joined."""

from __future__ import annotations

import pytest
import torch

from bigru.errors import ArgumentError
from bigru.layout import DIRECTIONS
from bigru.nn import GRU, Recurrent
from bigru.nn.recurrent import LayerSpec
from tolerances import EXACT, FLOAT64

MODULES = {"gru": torch.nn.GRU, "rnn": torch.nn.RNN, "lstm": torch.nn.LSTM}


@pytest.mark.parametrize("cell", MODULES)
def test_both_directions_equal_torch(cell):
    ours = Recurrent(cell, 3, 7, DIRECTIONS["both"]).double()
    oracle = MODULES[cell](3, 7, batch_first=True, bidirectional=True, dtype=torch.float64)
    oracle.load_state_dict(ours.state_dict())
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    y, finals = ours(x)
    want, h_want = oracle(x)
    torch.testing.assert_close(y, want, **FLOAT64)
    h_want = h_want[0] if cell == "lstm" else h_want
    torch.testing.assert_close(torch.stack(list(finals.values())), h_want, **FLOAT64)


@pytest.mark.parametrize("cell", MODULES)
def test_one_direction_is_that_half_of_both(cell):
    both = Recurrent(cell, 3, 7, DIRECTIONS["both"]).double()
    x, lengths = torch.randn(3, 5, 3, dtype=torch.float64), torch.tensor([5, 0, 2])
    want, finals = both(x, lengths)
    for half, walk in enumerate(("forward", "backward")):
        one = Recurrent(cell, 3, 7, DIRECTIONS[walk], merge="gated").double()
        assert [name.endswith("_reverse") for name in one.state_dict()] == [walk == "backward"] * 4
        one.load_state_dict({name: both.state_dict()[name] for name in one.state_dict()})
        y, final = one(x, lengths)
        torch.testing.assert_close(y, want[..., 7 * half : 7 * (half + 1)], **FLOAT64)
        torch.testing.assert_close(final[walk], finals[walk], **FLOAT64)
        torch.testing.assert_close(one.join(final), finals[walk], **FLOAT64)


def test_final_states_are_joined_as_the_outputs_are():
    layer = Recurrent("gru", 3, 7, DIRECTIONS["both"], merge="gated").double()
    x = torch.randn(2, 1, 3, dtype=torch.float64)
    y, finals = layer(x)
    torch.testing.assert_close(layer.join(finals), y[:, 0], **FLOAT64)


def test_the_layer_is_the_gru_module_of_one_layer():
    layer = Recurrent("gru", 3, 7, DIRECTIONS["both"], reset_after=False, merge="gated")
    module = GRU(3, 7, bidirectional=True, batch_first=True, reset_after=False, merge="gated")
    module.load_state_dict(layer.state_dict())
    x = torch.randn(2, 5, 3)
    torch.testing.assert_close(layer(x)[0], module(x)[0], **EXACT)


def test_a_gated_merge_begins_near_the_average():
    torch.manual_seed(0)
    layer = Recurrent("gru", 3, 63, DIRECTIONS["both"], merge="gated")
    assert layer.weight_merge_l0.abs().max() <= 126**-0.5
    assert layer.weight_merge_l0.std() > 0.04
    torch.testing.assert_close(layer.bias_merge_l0, torch.zeros(63), **EXACT)


def test_recurrent_dropout_acts_in_training_only():
    layer = Recurrent("lstm", 3, 7, DIRECTIONS["both"], recurrent_dropout=0.5)
    x = torch.randn(2, 5, 3)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    torch.testing.assert_close(layer(x)[0], layer(x)[0], **EXACT)


def test_says_what_it_is():
    layer = Recurrent("gru", 3, 7, ("backward",))
    assert repr(layer) == "Recurrent(gru, 3, 7, walks=('backward',), reset_after=True, merge='concat')"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"cell": "gry"}, "LayerSpec: cell must be one of rnn, gru, lstm, got 'gry'. Did you mean 'gru'?"),
        ({"merge": "max"}, "LayerSpec: merge must be one of concat, sum, mul, average, gated, got 'max'."),
        (
            {"walks": ("backward", "forward")},
            "LayerSpec: walks must be one of [('forward',), ('backward',), ('forward', 'backward')], "
            "got ('backward', 'forward').",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, text):
    with pytest.raises(ArgumentError) as caught:
        LayerSpec(**{"cell": "gru", "inputs": 3, "hidden": 7, "walks": ("forward",), **arguments})
    assert str(caught.value) == text
