"""A merge or a pooling is declared once: every engine has what is declared, and reads the formula of a new one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bigru.bundle.weights import shapes
from bigru.config import EncoderConfig, ModelConfig, merges, poolings
from bigru.export.onnx import sequence
from bigru.export.onnx.graph import Graph
from bigru.export.onnx.session import OnnxSession
from bigru.export.torch import torch_model
from bigru.nn.model import SequenceModel
from bigru.ops.embedding.native import NATIVE_POOLINGS
from bigru.runtime.network.sequence import Network
from bigru.runtime.streaming.pooling import RunningPool
from bigru.verify import reference
from drawn import drawn_weights
from tolerances import FLOAT32

LENGTHS = np.array([7, 1, 0, 2])


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pooling of the inputs and a merge that no model has."""
    rule = poolings.PoolingRule(
        ("largest", "sum", "steps"), lambda largest, total, steps: largest - total / steps, inputs=True
    )
    monkeypatch.setitem(poolings.POOLING_RULES, "peak", rule)
    monkeypatch.setitem(poolings.POOLING_RULES, "sum", poolings.PoolingRule(("sum",), lambda total: total))
    monkeypatch.setitem(
        merges.MERGE_RULES, "distance", merges.MergeRule(lambda forward, backward: abs(forward - backward))
    )
    monkeypatch.setattr("bigru.config.model.POOLINGS", tuple(poolings.POOLING_RULES))
    monkeypatch.setattr("bigru.config.model.MERGES", tuple(merges.MERGE_RULES))
    monkeypatch.setattr("bigru.nn.recurrent.MERGES", tuple(merges.MERGE_RULES))


def model() -> ModelConfig:
    encoder = EncoderConfig(hidden=3, merge="distance")
    return ModelConfig(2, input_size=4, encoder=encoder, pooling=("peak", "last", "sum", "attention"))


def batch() -> np.ndarray:
    x = np.random.default_rng(2).normal(size=(4, 7, 4)).astype(np.float32)
    for row, length in enumerate(LENGTHS):
        x[row, length:] = 0
    return x


def test_each_engine_has_what_is_declared() -> None:
    assert merges.MERGES == ("concat", "sum", "mul", "average", "gated")
    assert poolings.POOLINGS == ("last", "mean", "max", "attention", "sqrt_n")
    assert reference.JOINED.keys() == merges.MERGE_RULES.keys()
    assert reference.POOLED.keys() == poolings.POOLING_RULES.keys()
    assert torch_model.JOINED.keys() | {"gated"} == merges.MERGE_RULES.keys()
    assert torch_model.POOLED.keys() | {"last", "attention"} == poolings.POOLING_RULES.keys()
    assert {kind for kind in poolings.POOLINGS if poolings.pools_inputs(kind)} == torch_model.OF_INPUTS
    assert poolings.POOLING_RULES.keys() >= set(NATIVE_POOLINGS)


def test_rules_read_only_what_every_engine_has() -> None:
    for kind, rule in poolings.POOLING_RULES.items():
        assert set(rule.reads) <= set(poolings.STATISTICS), kind
        assert not (rule.inputs and set(rule.reads) & set(poolings.OF_STATES)), kind


def test_a_new_rule_reaches_torch_the_runtime_and_a_graph(spread: None) -> None:
    config, x = model(), batch()
    weights = drawn_weights(config, 0, 0.5)
    assert weights.keys() == shapes(config).keys()
    network = SequenceModel(config).eval()
    network.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()})
    with torch.no_grad():
        expected = network(torch.from_numpy(x), torch.from_numpy(LENGTHS)).numpy()
    runtime = Network(config, weights)
    np.testing.assert_allclose(runtime(x, LENGTHS), expected, **FLOAT32)
    g = Graph()
    g.output(sequence.logits(g, config, weights).values, "logits", np.float32, ("B", 2))
    found = OnnxSession(g.model({}).SerializeToString()).run(x, LENGTHS)["logits"]
    np.testing.assert_allclose(found, expected, **FLOAT32)


def test_a_new_pooling_runs_along_a_stream(spread: None) -> None:
    config, x = model(), batch()[0]
    states = np.random.default_rng(3).normal(size=(7, 3)).astype(np.float32)
    pool = RunningPool(config, lambda given: np.zeros((*given.shape[:2], 1), np.float32))
    for part in (slice(0, 3), slice(3, 4), slice(4, 7)):
        pool.add(x[part], states[part])
    expected = np.concatenate([x.max(0) - x.mean(0), states[-1], states.sum(0), states.mean(0)])
    np.testing.assert_allclose(pool.value(states[-1])[0], expected, **FLOAT32)
