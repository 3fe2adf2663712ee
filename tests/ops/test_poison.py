"""What the other tests here rely on: an element that nobody writes is seen."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bigru.ops import library
from bigru.ops.crf import native
from bigru.ops.crf.weights import CrfWeights
from poison import INTEGER


def test_empty_memory_holds_what_no_result_may_hold() -> None:
    for array in (np.empty((2, 3)), np.empty_like(np.zeros(4, np.float32))):
        assert np.isnan(array).all()
    assert (np.empty(3, np.int64) == INTEGER).all()
    for tensor in (torch.empty(2, 3), torch.empty_like(torch.zeros(4)), torch.zeros(1).new_empty(5)):
        assert tensor.isnan().all()
    assert (torch.empty(3, dtype=torch.int32) == INTEGER).all()


def test_a_kernel_that_leaves_an_element_out_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    emissions = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    weights = CrfWeights(np.zeros((3, 3), np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32))
    assert np.isfinite(native.marginals(emissions, weights, np.array([4, 2]))).all()

    def forgetful(*arguments: Any) -> None:
        *batch, shares, log_z = arguments
        whole = np.zeros_like(shares)
        library.native.crf_marginals(*batch, whole, log_z)
        shares[:, :-1] = whole[:, :-1]

    monkeypatch.setattr(native, "_native", SimpleNamespace(crf_marginals=forgetful))
    assert np.isnan(native.marginals(emissions, weights, np.array([4, 2]))).any()
