"""The units of many inputs as numbers, where there is no vocabulary yet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from .channels import fold
from .inputs import Input
from .text import TextFeatures

__all__ = ["NumberedUnits", "number_units"]


class NumberedUnits(NamedTuple):
    """The units of B inputs end to end.

    Attributes:
        distinct: the different ones, folded as a vocabulary has them.
        inverse: which of them every unit is, int64 [N].
        lengths: of the inputs, int64 [B].
    """

    distinct: list[str]
    inverse: np.ndarray
    lengths: np.ndarray


def number_units(features: TextFeatures, inputs: Sequence[Input]) -> NumberedUnits:
    """Return the units of inputs, cut as `features` cut them.

    Raises:
        ArgumentError: an input is neither text nor tokens.
    """
    if features.unit == "char":
        points, lengths = features._joined(inputs)
        found, inverse = np.unique(points, return_inverse=True)
        return NumberedUnits(list(map(chr, found.tolist())), inverse, lengths)
    strings = features._strings(inputs)
    lengths = np.fromiter(map(len, strings), np.int64, len(strings))
    places: dict[str, int] = {}
    rows = {unit: places.setdefault(fold(unit, features.lowercase), len(places)) for unit in chain(*strings)}
    inverse = np.fromiter(map(rows.__getitem__, chain(*strings)), np.int64, int(lengths.sum()))
    return NumberedUnits(list(places), inverse, lengths)
