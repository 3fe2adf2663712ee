"""The convolution front end, in torch and in NumPy: equal to a loop over its definition, and blind to padding."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from bigru import bundle
from bigru.bundle.weights import shapes
from bigru.config import ConvConfig, EncoderConfig, ModelConfig, TrainConfig, from_dict, to_dict
from bigru.errors import ArgumentError
from bigru.features.series import SeriesFeatures
from bigru.nn.conv import ConvFrontEnd
from bigru.nn.model import SequenceModel
from bigru.runtime.network.sequence import Network
from bigru.tasks import classify, tag
from bigru.train.export import export
from bigru.train.loop.checks import check
from bigru.train.loop.job import TrainingJob
from bigru.train.recipes import plan
from tolerances import FLOAT32

SMALL = EncoderConfig(hidden=3)

FRONTS = {
    "one": (ConvConfig(4, 1),),
    "three": (ConvConfig(5, 3),),
    "even": (ConvConfig(5, 4, layer_norm=False),),
    "wide": (ConvConfig(2, 9),),
    "strided": (ConvConfig(5, 3, stride=2), ConvConfig(3, 4, stride=3)),
    "stride of the kernel": (ConvConfig(5, 3, stride=3, layer_norm=False),),
}

LENGTHS = [0, 1, 2, 7, 63, 65]


def reference(layers: tuple[ConvConfig, ...], weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return [ceil(T / stride), F] of one sequence [T, I] in float64, step by step and tap by tap."""
    x = x.astype(np.float64)
    for n, layer in enumerate(layers):
        weight, bias = (weights[f"{n}.{name}"].astype(np.float64) for name in ("weight", "bias"))
        rows = []
        for step in range(0, len(x), layer.stride):
            row = bias.copy()
            for tap in range(layer.kernel):
                at = step - (layer.kernel - layer.stride) // 2 + tap
                if 0 <= at < len(x):
                    row += weight[:, :, tap] @ x[at]
            if layer.layer_norm:
                row = (row - row.mean()) / np.sqrt(row.var() + 1e-5)
                row = row * weights[f"{n}.norm.weight"] + weights[f"{n}.norm.bias"]
            rows.append(np.maximum(row, 0))
        x = np.array(rows).reshape(-1, layer.filters)
    return x


def model_of(layers: tuple[ConvConfig, ...], inputs: int = 3, **shape: object) -> ModelConfig:
    return ModelConfig(2, input_size=inputs, encoder=SMALL, conv=layers, **{"pooling": ("mean", "sqrt_n"), **shape})


def drawn(model: ModelConfig) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    return {name: (random.normal(size=shape) * 0.5).astype(np.float32) for name, shape in shapes(model).items()}


def front_of(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix("front."): w for name, w in weights.items() if name.startswith("front.")}


def padded(rows: list[np.ndarray], time: int) -> np.ndarray:
    batch = np.full((len(rows), time, rows[0].shape[1]), np.nan, np.float32)
    for row, values in zip(batch, rows, strict=True):
        row[: len(values)] = values
    return batch


def series(width: int) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.normal(size=(t, width)).astype(np.float32) for t in LENGTHS]


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("width", [1, 7])
@pytest.mark.parametrize("spare", [0, 3])
def test_both_are_the_loop_whatever_stands_in_the_padding(name: str, width: int, spare: int) -> None:
    layers = FRONTS[name]
    model = model_of(layers, width)
    weights, rows = drawn(model), series(width)
    batch, lengths = padded(rows, max(LENGTHS) + spare), np.array(LENGTHS)
    front = ConvFrontEnd(layers, width)
    front.load_state_dict({key: torch.from_numpy(w) for key, w in front_of(weights).items()})
    with torch.no_grad():
        ours, left = front(torch.from_numpy(batch), torch.from_numpy(lengths))
    assert ours.isfinite().all()
    np.testing.assert_array_equal(left.numpy(), model.steps(lengths))
    theirs, ends = np.where(np.isnan(batch), 0, batch), lengths
    for convolution in Network(model, weights).front:
        theirs, ends = convolution(np.where(np.arange(theirs.shape[1])[:, None] < ends[:, None, None], theirs, 0), ends)
    np.testing.assert_array_equal(ends, model.steps(lengths))
    for n, row in enumerate(rows):
        want = reference(layers, front_of(weights), row)
        assert len(want) == model.steps(len(row)) == ends[n]
        np.testing.assert_allclose(ours[n, : len(want)].numpy(), want, **FLOAT32)
        np.testing.assert_allclose(theirs[n, : len(want)], want, **FLOAT32)


@pytest.mark.parametrize("name", FRONTS)
def test_no_step_goes_unread(name: str) -> None:
    layers = tuple(dataclasses.replace(layer, layer_norm=False) for layer in FRONTS[name])
    front = ConvFrontEnd(layers, 1)
    for parameter in front.parameters():
        torch.nn.init.ones_(parameter)
    for time in range(1, 20):
        x = torch.ones(1, time, 1, requires_grad=True)
        front(x, torch.tensor([time]))[0].sum().backward()
        assert x.grad is not None
        assert (x.grad > 0).all(), time


@pytest.mark.parametrize("name", FRONTS)
@pytest.mark.parametrize("pooling", [("last", "max", "mean", "attention", "sqrt_n"), ()])
def test_models_with_it_are_blind_to_padding_and_batch_mates_and_equal_in_both(
    name: str, pooling: tuple[str, ...]
) -> None:
    model = model_of(FRONTS[name], pooling=pooling, skip=not pooling)
    weights, rows = drawn(model), series(3)
    network, lengths = Network(model, weights), np.array(LENGTHS)
    batch = padded(rows, 70)
    together = network(batch, lengths)
    twin = SequenceModel(model).eval()
    twin.load_state_dict({key: torch.from_numpy(w) for key, w in weights.items()})
    with torch.no_grad():
        np.testing.assert_allclose(
            together, twin(torch.from_numpy(batch), torch.from_numpy(lengths)).numpy(), **FLOAT32
        )
    for n, row in enumerate(rows):
        alone = network(row[None], lengths[n : n + 1])[0]
        end = None if pooling else model.steps(len(row))
        np.testing.assert_allclose(together[n, :end], alone, **FLOAT32)
        assert pooling or not together[n, end:].any()


def test_gradients_are_finite_beside_nan_in_the_padding_and_empty_sequences() -> None:
    model = model_of(FRONTS["strided"])
    network = SequenceModel(model).train()
    for lengths in ([5, 0, 1], [0, 0]):
        network.zero_grad()
        rows = [np.ones((t, 3), np.float32) for t in lengths]
        network(torch.from_numpy(padded(rows, max(lengths))), torch.tensor(lengths)).sum().backward()
        for key, parameter in network.named_parameters():
            if key.startswith("front."):
                assert parameter.grad is not None, key
                assert parameter.grad.isfinite().all(), key


def test_ids_are_embedded_before_it_and_the_linear_part_passes_it_by() -> None:
    from bigru.config import ChannelConfig

    channels = (ChannelConfig("unit", 9, 3),)
    model = ModelConfig(
        2, channels, encoder=SMALL, pooling=("max",), wide_linear=True, conv=(ConvConfig(4, 3, stride=2),)
    )
    weights, ids = drawn(model), np.array([[[1], [2], [3], [8]], [[4], [5], [99], [99]]])
    twin = SequenceModel(model).eval()
    twin.load_state_dict({key: torch.from_numpy(w) for key, w in weights.items()})
    with torch.no_grad():
        want = twin(torch.from_numpy(ids), torch.tensor([4, 2])).numpy()
    got = Network(model, weights)(ids, np.array([4, 2]))
    np.testing.assert_allclose(got, want, **FLOAT32)
    zero = {key: w if key.startswith("wide") else np.zeros_like(w) for key, w in weights.items()}
    linear = weights["wide.0.weight"][[4, 5]].sum(0) / np.sqrt(np.float32(2))
    np.testing.assert_allclose(Network(model, zero)(ids, np.array([4, 2]))[1], linear, **FLOAT32)


def test_a_model_with_it_is_compared_saved_and_read(tmp_path: Path) -> None:
    features = SeriesFeatures((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    model = ModelConfig(3, input_size=3, encoder=SMALL, pooling=("mean",), conv=FRONTS["strided"])
    config = classify.Config(("a", "b", "c"), features)
    made = export(classify, config, model, drawn(model), series(3))
    bundle.save(made, tmp_path / "model")
    read = bundle.load(tmp_path / "model")
    assert read.model == model == from_dict(ModelConfig, to_dict(model))
    assert read.weights.keys() == made.weights.keys()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"filters": 0, "kernel": 3}, "ConvConfig: filters must be greater than 0, got 0."),
        ({"filters": 4, "kernel": 0}, "ConvConfig: kernel must be greater than 0, got 0."),
        ({"filters": 4, "kernel": 2, "stride": 3}, "ConvConfig: stride must be within 1..2, the kernel, so that no"),
        ({"filters": 4, "kernel": 2, "stride": 0}, "ConvConfig: stride must be within 1..2, the kernel, so that no"),
        ({"filters": 4, "kernel": "3"}, "ConvConfig: kernel must be of type int, got '3'."),
        ({"filters": 4}, "ConvConfig: kernel must be given, got nothing."),
        ("64x5", "ConvConfig: configuration must be an object, got str."),
    ],
)
def test_layers_that_cannot_be_are_refused(values: object, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        plan("classify", [np.ones((4, 1))] * 2, ["a", "b"], "series", options={"conv": [values]})
    assert str(error.value).startswith(message)


def test_a_front_end_that_is_no_list_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^train: conv must be a list of layers, .*, got '64x5'\.$"):
        plan("classify", [np.ones((4, 1))] * 2, ["a", "b"], "series", options={"conv": "64x5"})


def test_strides_are_refused_where_every_step_has_a_label_a_crf_or_a_linear_part() -> None:
    strided = (ConvConfig(4, 3, stride=2), ConvConfig(4, 3, stride=3))
    for name in ("crf", "wide_linear"):
        with pytest.raises(
            ArgumentError, match=rf"^ModelConfig: {name} is not allowed where steps are merged \(got stride 6 of the"
        ):
            from_dict(ModelConfig, to_dict(model_of(strided, pooling=())) | {name: True} | CHANNELS)
    with pytest.raises(
        ArgumentError, match=r"^train: stride of the front end must be 1 for a label per step, got 3\.$"
    ):
        plan("tag", [np.ones((2, 1))] * 2, [["a", "b"]] * 2, "series", options={"conv": strided})
    config = tag.Config(("a", "b", "c"), SeriesFeatures((0.0,) * 3, (1.0,) * 3), None, crf=False)
    model = dataclasses.replace(model_of(strided, pooling=()), outputs=3)
    data = ([np.ones((2, 3), np.float32)], [np.array([0, 1])])
    with pytest.raises(ArgumentError, match=r"^train: stride of the front end must be 1 for a label per step, got 6"):
        check(TrainingJob(tag, config, model, data, None, TrainConfig()))
    with pytest.raises(ArgumentError, match=r"^Bundle: stride of the model must be 1, as the task says, got 6\.$"):
        bundle.configuration.check_agreement("tag", model, config)


CHANNELS = {"input_size": 0, "channels": [{"name": "unit", "size": 3, "dim": 3}]}
