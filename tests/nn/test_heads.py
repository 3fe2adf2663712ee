"""A linear layer behind variational dropout: what it is by definition, gradients included."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from bigru.nn.encoder import dropout_mask
from bigru.nn.heads import project
from tolerances import FLOAT32


@pytest.mark.parametrize(("B", "T", "C", "K"), [(1, 1, 1, 1), (2, 7, 63, 1), (7, 2, 65, 13), (3, 0, 4, 2)])
def test_the_mask_may_stand_on_the_weights(B: int, T: int, C: int, K: int) -> None:
    torch.manual_seed(0)
    x, weight, bias = torch.randn(B, T, C), torch.randn(K, C), torch.randn(K)
    kept, back = dropout_mask(x, 0.4), torch.randn(B, T, K)
    found = []
    for compute in (project, lambda x, kept, *linear: F.linear(x * kept, *linear)):
        leaves = [tensor.clone().requires_grad_() for tensor in (x, weight, bias)]
        logits = compute(leaves[0], kept, *leaves[1:])
        logits.backward(back)
        found.append([logits, *(leaf.grad for leaf in leaves)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, **FLOAT32)
