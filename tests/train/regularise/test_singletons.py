from __future__ import annotations

import numpy as np
import torch

from bigru.config import ChannelConfig
from bigru.train.data.loader import Batch
from bigru.train.regularise.singletons import singleton_dropout

CHANNELS = (ChannelConfig("lower", 9, 2), ChannelConfig("unit", 5, 2))
FEATURES = [np.array([[1, 1], [2, 1], [3, 2]], np.int32), np.array([[4, 3], [5, 3]], np.int32)]


def batch() -> Batch:
    inputs = torch.tensor([[[1, 1], [3, 2]]]).repeat(400, 1, 1)
    return Batch(inputs, torch.full((400,), 2), torch.zeros(400, 2, dtype=torch.int64))


def test_only_units_seen_once_are_shown_as_unknown_and_by_their_share() -> None:
    made = singleton_dropout(FEATURES, CHANNELS, 0.25)
    assert made is not None
    given = batch()
    shown = made(given, 7)
    assert torch.equal(given.inputs, batch().inputs)
    assert torch.equal(shown.inputs[:, 0], given.inputs[:, 0])
    assert torch.equal(shown.inputs[..., 0], given.inputs[..., 0])
    assert set(shown.inputs[:, 1, 1].tolist()) == {0, 2}
    assert abs((shown.inputs[:, 1, 1] == 0).float().mean().item() - 0.25) < 0.06
    assert torch.equal(made(batch(), 7).inputs, shown.inputs)
    assert not torch.equal(made(batch(), 8).inputs, shown.inputs)
    assert shown[1:] == given[1:]


def test_nothing_is_made_where_nothing_is_to_do() -> None:
    assert singleton_dropout(FEATURES, CHANNELS, 0.0) is None
    assert singleton_dropout(FEATURES, CHANNELS[:1], 0.5) is None
