"""Greedy decoding of CTC, until the compiled one is here."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from .labelling import Labelling

__all__ = ["greedy"]


def greedy(logits: np.ndarray, lengths: np.ndarray) -> list[Labelling]:
    """What the likeliest symbols of the frames spell."""
    result = []
    for rows, end in zip(logits, lengths, strict=True):
        x = rows[:end].astype(np.float64)
        p = np.exp(x - x.max(axis=1, keepdims=True, initial=-1e9))
        p /= p.sum(axis=1, keepdims=True)
        path = p.argmax(axis=1)
        runs, at = [], 0
        for symbol, group in groupby(path.tolist()):
            size = len(list(group))
            if symbol:
                runs.append((symbol, at, at + size, p[at : at + size, symbol].max()))
            at += size
        columns = [np.array(c) for c in zip(*runs, strict=True)] or [np.zeros(0, np.int64)] * 4
        total = float(np.log(p.max(axis=1)).sum())
        result.append(Labelling(*columns, total, total))
    return result
