"""The forecaster in torch: the runtime computes the same, and both follow the equations written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bigru.bundle.weights import shapes
from bigru.config import EncoderConfig, ForecastModelConfig
from bigru.nn.forecast import ForecastModel
from bigru.ops.gru import reference
from bigru.runtime.network.forecast import ForecastNetwork
from tolerances import FIT, FLOAT32

FORWARD = EncoderConfig(hidden=7, direction="forward")

SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "one target": {"targets": 1},
    "one row": {"lookback": 1, "segment": 1, "horizon": 1},
    "one segment": {"lookback": 5, "segment": 5, "horizon": 63},
    "joint": {"joint": True},
    "covariates": {"past": 2, "known": 3},
    "joint, known": {"known": 2, "joint": True, "normalise": "revin"},
    "quantiles, both ways": {
        "quantiles": (0.1, 0.5, 0.9),
        "levels": (0.9,),
        "encoder": EncoderConfig(hidden=7, direction="both", layers=2, layer_norm=True),
    },
    "before": {"encoder": EncoderConfig(hidden=6, direction="both", merge="gated", reset_after=False)},
    "linear": {"linear": "shared"},
    "linear, own": {"linear": "own", "normalise": "revin", "quantiles": (0.1, 0.5, 0.9)},
    "linear, all": {"linear": "all", "past": 2, "known": 3},
    "linear, all, joint": {"linear": "all", "joint": True, "normalise": "none"},
    "no level": {"normalise": "none", "encoder": EncoderConfig(hidden=2, direction="backward")},
}


def model_of(kind: str) -> ForecastModel:
    torch.manual_seed(0)
    usual: dict[str, Any] = {"lookback": 21, "horizon": 10, "segment": 3, "targets": 3, "encoder": FORWARD}
    model = ForecastModel(ForecastModelConfig(**(usual | SHAPES[kind]))).eval()
    if model.linear is not None:
        model.linear.map.normal_(0, 0.2)
        model.linear.bias.normal_()
        model.linear.share.fill_(0.3)
    return model


def weights_of(model: ForecastModel) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in model.state_dict().items()}


def inputs_of(config: ForecastModelConfig, batch: int = 5) -> np.ndarray:
    """Return inputs whose targets and past covariates are not there in the future."""
    x = np.random.default_rng(0).normal(size=(batch, config.rows, config.inputs)).astype(np.float32)
    x[:, config.lookback :, : config.targets + config.past] = np.nan
    return x


def run(model: ForecastModel, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(x), torch.full((len(x),), x.shape[1])).numpy()


@pytest.mark.parametrize("kind", SHAPES)
def test_the_runtime_computes_the_same(kind: str) -> None:
    model = model_of(kind)
    weights = weights_of(model)
    assert {name: value.shape for name, value in weights.items()} == shapes(model.config)
    x = inputs_of(model.config)
    ours = run(model, x)
    assert ours.shape == (5, model.config.horizon, model.config.targets, model.config.heads)
    np.testing.assert_allclose(ForecastNetwork(model.config, weights)(x), ours, **FLOAT32)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_window_is_answered_alike_alone_and_in_a_batch(kind: str) -> None:
    model = model_of(kind)
    network, x = ForecastNetwork(model.config, weights_of(model)), inputs_of(model.config)
    np.testing.assert_array_equal(network(x)[2:3], network(x[2:3]))


def test_the_equations() -> None:
    """One target at a time, one segment of the future after the other, by the reference GRU."""
    model = model_of("covariates")
    config, w = model.config, {name: value.astype(np.float64) for name, value in weights_of(model).items()}
    x = inputs_of(config, batch=2).astype(np.float64)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    gru = tuple(w[f"encoder.layers.0.{name}"] for name in names)
    found = np.empty((2, config.ahead * config.segment, config.targets))
    for b in range(2):
        for c in range(config.targets):
            last = x[b, config.lookback - 1, c]
            segments = (x[b, : config.lookback, c] - last).reshape(-1, config.segment)
            beside = x[b, : config.lookback, config.targets :].reshape(len(segments), -1)
            read = segments @ w["embed.weight"].T + w["embed.bias"] + beside @ w["covariates.weight"].T
            h = reference.forward(np.maximum(read, 0)[None], gru)[1]
            known = np.zeros((config.ahead * config.segment, config.known))
            known[: config.horizon] = x[b, config.lookback :, config.targets + config.past :]
            for k, future in enumerate(known.reshape(config.ahead, -1)):
                columns = np.concatenate([w["position"][k], w["channel"][c]]) + w["future.weight"] @ future
                state = reference.forward(columns[None, None], gru, h)[1]
                rows = slice(k * config.segment, (k + 1) * config.segment)
                found[b, rows, c] = state[0] @ w["head.weight"].T + w["head.bias"] + last
    np.testing.assert_allclose(run(model, x.astype(np.float32))[..., 0], found[:, : config.horizon], **FLOAT32)


@pytest.mark.parametrize("kind", ["plain", "joint", "quantiles, both ways"])
def test_a_level_that_is_added_is_added_to_the_forecast(kind: str) -> None:
    model = model_of(kind)
    x = inputs_of(model.config)
    np.testing.assert_allclose(run(model, x + 3), run(model, x) + 3, **FIT)


def test_revin_follows_the_scale_too() -> None:
    model = ForecastModel(ForecastModelConfig(12, 5, 3, 2, normalise="revin", encoder=FORWARD)).eval()
    x = 100 * inputs_of(model.config)
    np.testing.assert_allclose(run(model, 2 * x) / 200, run(model, x) / 100, **FIT)


def test_gradients_reach_every_parameter() -> None:
    for kind in SHAPES:
        model = model_of(kind).train()
        model(torch.from_numpy(inputs_of(model.config)), torch.zeros(5)).square().sum().backward()
        idle = [
            name for name, value in model.named_parameters() if value.grad is None or not value.grad.isfinite().all()
        ]
        assert idle == [], kind


@pytest.mark.parametrize("joint", [True, False])
def test_what_the_head_says_of_segments_becomes_steps(joint: bool) -> None:
    """Every number says in its digits the window, step, target and head that it belongs to."""
    config = ForecastModelConfig(4, 3, 2, 2, joint=joint, quantiles=(0.1, 0.5, 0.9))
    digits = 1000 * np.arange(2)[:, None, None, None] + 100 * np.arange(4)[:, None, None]
    whole = digits + 10 * np.arange(2)[:, None] + np.arange(3)
    said = whole if joint else whole.swapaxes(1, 2)
    given = said.reshape(-1, 2, 12) if joint else said.reshape(-1, 2, 6)
    np.testing.assert_array_equal(config.of_horizon(given), whole[:, :3])
    assert torch.equal(config.of_horizon(torch.tensor(given)), torch.tensor(whole[:, :3]))
