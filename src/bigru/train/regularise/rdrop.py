"""R-Drop: two passes over a batch under different dropout are asked to agree.

Liang et al. 2021, "R-Drop: Regularized Dropout for Neural Networks", arXiv:2106.14448. Dropout trains many thinned
networks and uses their mean; where two of them disagree on a training example, that mean is not to be trusted on a
new one. The loss grows by how far their answers are apart, so a step costs two passes, taken as one batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..data.loader import Batch

__all__ = ["duplicate", "symmetric_kl"]


def duplicate(batch: Batch) -> Batch:
    """Return the batch with every sequence once more, in the same order, behind the first."""
    return batch.each(lambda part: torch.cat([part, part]))


def symmetric_kl(logits: Tensor, batch: Batch, per_step: bool) -> Tensor:
    """Return the mean of both Kullback-Leibler divergences between the answers of the two passes.

    The mean of KL(p, q) and KL(q, p) is half the sum over answers of (p - q) (a - b) for logits a and b, softmax
    or independent sigmoids alike: what normalises them cancels.

    Args:
        logits: [2B, K] or [2B, T, K], zero past each length, of `duplicate(batch)`.
        batch: that doubled batch; targets that are numbers mean independent labels.
        per_step: whether the loss beside it is a mean over steps, else over sequences.

    Returns:
        A scalar: the mean per step or per sequence, for independent labels also per label, as their losses are.
    """
    independent = batch.targets.is_floating_point()
    shares = torch.sigmoid(logits) if independent or logits.shape[-1] == 1 else torch.softmax(logits, dim=-1)
    (a, b), (p, q) = logits.chunk(2), shares.chunk(2)
    count = batch.lengths.sum() / 2 if per_step else len(a)
    return 0.5 * ((p - q) * (a - b)).sum() / (count * (logits.shape[-1] if independent else 1))
