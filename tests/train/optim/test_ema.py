from __future__ import annotations

import torch

from bigru.train.optim.ema import DENSE, STRIDE, ExponentialMovingAverage
from bigru.train.optim.flat_parameters import FlatParameters
from tolerances import FLOAT32


def model(value: float) -> torch.nn.Linear:
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, value)
    return layer


def test_early_steps_are_forgotten_fast_and_late_ones_at_the_decay() -> None:
    layer = model(0.0)
    average = ExponentialMovingAverage(FlatParameters(layer), 0.5)
    want = 0.0
    for step in range(1, 31):
        torch.nn.init.constant_(layer.weight, float(step))
        average.update(step)
        decay = min(0.5, step / (step + 9))
        want = decay * want + (1 - decay) * step
    torch.testing.assert_close(average.state_dict()["weight"], torch.full((1, 1), want), **FLOAT32)


def test_late_steps_are_taken_in_by_strides_that_weigh_as_much() -> None:
    layer = model(0.0)
    average = ExponentialMovingAverage(FlatParameters(layer), 0.5)
    for step in range(1, DENSE + 1):
        average.update(step)
    torch.nn.init.constant_(layer.weight, 1.0)
    for step in range(DENSE + 1, DENSE + STRIDE):
        average.update(step)
    assert average.state_dict()["weight"].item() == 0.0
    average.update(DENSE + STRIDE)
    torch.testing.assert_close(average.state_dict()["weight"], torch.full((1, 1), 1 - 0.5**STRIDE), **FLOAT32)


def test_the_start_has_nearly_left_the_average_after_ten_steps_at_any_decay() -> None:
    layer = model(1000.0)
    average = ExponentialMovingAverage(FlatParameters(layer), 0.9999)
    torch.nn.init.constant_(layer.weight, 1.0)
    for step in range(1, 11):
        average.update(step)
    assert 1.0 < average.state_dict()["weight"].item() < 1.1


def test_swapping_twice_changes_nothing() -> None:
    layer = model(0.0)
    average = ExponentialMovingAverage(FlatParameters(layer), 0.9)
    torch.nn.init.constant_(layer.weight, 1.0)
    average.update(1)
    held = average.state_dict()["weight"].clone()
    average.swap()
    assert torch.equal(layer.weight.detach(), held)
    average.swap()
    assert layer.weight.item() == 1.0
    assert torch.equal(average.state_dict()["weight"], held)


def test_decay_zero_means_the_weights_themselves() -> None:
    layer = model(3.0)
    average = ExponentialMovingAverage(FlatParameters(layer), 0.0)
    average.update(1)
    average.swap()
    average.load_state_dict({})
    assert layer.weight.item() == 3.0
    assert average.state_dict() == {}


def test_state_survives_a_checkpoint() -> None:
    layer = model(2.0)
    one, two = (
        ExponentialMovingAverage(FlatParameters(layer), 0.9),
        ExponentialMovingAverage(FlatParameters(model(7.0)), 0.9),
    )
    one.update(1)
    two.load_state_dict(one.state_dict())
    assert torch.equal(two.values[0], one.values[0])
