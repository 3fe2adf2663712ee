from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from bigru.config import ChannelConfig, EncoderConfig, ModelConfig, TrainConfig
from bigru.train.data.fingerprint import changes, configuration, digest_arrays

ARRAYS = [np.array([[1, 2]], np.int32), np.array([[3, 4], [5, 6]], np.int32)]


def test_the_same_data_has_the_same_digest() -> None:
    assert digest_arrays(ARRAYS) == digest_arrays([array.copy() for array in ARRAYS])
    assert digest_arrays(np.array([1, 2])) == digest_arrays(np.array([1, 2]))


@pytest.mark.parametrize(
    "other",
    [
        ARRAYS[:1],
        ARRAYS[::-1],
        [ARRAYS[0], ARRAYS[1] + 1],
        [ARRAYS[0], ARRAYS[1].reshape(1, 4)],
        [ARRAYS[0], ARRAYS[1].astype(np.uint32)],
    ],
)
def test_any_other_data_has_another(other: list[np.ndarray]) -> None:
    assert digest_arrays(other) != digest_arrays(ARRAYS)


def test_changes_are_named_by_their_keys() -> None:
    model = ModelConfig(outputs=2, input_size=3)
    wider = dataclasses.replace(model, encoder=EncoderConfig(hidden=64))
    found = changes(configuration("model", model), configuration("model", wider))
    assert found == ["model.encoder.hidden (was 128, is 64)"]
    assert changes(configuration("model", model), configuration("model", model)) == []


def test_a_key_that_is_gone_is_named() -> None:
    assert changes({"a": "1"}, {"b": "2"}) == ["a (was 1, is absent)", "b (was absent, is 2)"]


def test_the_older_name_of_fp32_is_no_change() -> None:
    now = configuration("training", TrainConfig())
    older = now | {"training.precision": '"32"'}
    assert changes(older, now) == []
    assert changes(older, configuration("training", TrainConfig(precision="bf16"))) == [
        'training.precision (was "fp32", is "bf16")'
    ]


def test_digests_are_not_shown() -> None:
    before, now = ({"training features": digest_arrays([array]), "seed": "1"} for array in ARRAYS)
    assert changes(before, now) == ["training features"]
    assert changes(before, before | {"training features": "held out"})[0].endswith(", is held out)")


def test_long_values_are_kept_as_digests() -> None:
    channels = tuple(ChannelConfig(f"channel{n}", 5, 5) for n in range(50))
    values = configuration("model", ModelConfig(outputs=2, channels=channels)).values()
    assert max(map(len, values)) <= 60
    assert configuration("training", TrainConfig())["training.max_seconds"] == "null"
