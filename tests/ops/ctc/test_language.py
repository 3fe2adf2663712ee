"""The language model of symbols: by hand, sums to 1, and refuses what is no model."""

from __future__ import annotations

import json
from collections import Counter
from itertools import product

import numpy as np
import pytest

from bigru.errors import ArgumentError
from bigru.ops.ctc.language import SymbolModel
from tolerances import FLOAT32_STEP, near

TEXTS = [[1, 2, 1], [2, 2], [], [1, 2, 3, 1, 2]]


@pytest.fixture
def model():
    return SymbolModel.fit(TEXTS, 5, 3)


def witten_bell(texts, size, order, context, symbol):
    """(11) as it reads; context begins with `size`, the mark of the beginning, where it reaches so far."""
    marked = [[size, *text, 0] for text in texts]
    follow = Counter()
    for text in marked:
        for i in range(1, len(text)):
            if len(context) <= i and text[i - len(context) : i] == context:
                follow[text[i]] += 1
    lower = witten_bell(texts, size, order, context[1:], symbol) if context else 1 / size
    total, kinds = sum(follow.values()), len(follow)
    return (follow[symbol] + kinds * lower) / (total + kinds) if kinds else lower


@pytest.mark.parametrize("order", [1, 2, 3, 4, 7])
def test_probabilities_are_those_of_witten_and_bell(order):
    fitted = SymbolModel.fit(TEXTS, 5, order)
    for read in [(), *product(range(1, 5), repeat=1), *product(range(1, 5), repeat=3)]:
        context = [5, *read][len(read) + 1 - min(order - 1, len(read) + 1) :]
        state = fitted.start
        for symbol in read:
            _, state = fitted.step(state, symbol)
        for symbol in range(5):
            want = np.log(witten_bell(TEXTS, 5, order, context, symbol))
            np.testing.assert_allclose(fitted.step(state, symbol)[0], want, **FLOAT32_STEP)


def test_they_sum_to_one(model):
    for state in range(len(model.back_off)):
        assert sum(np.exp(model.step(state, k)[0]) for k in range(5)) == near(1, FLOAT32_STEP)


def test_of_a_sequence(model):
    state, total = model.start, 0.0
    for symbol in (3, 4, 1, 0):
        log_p, state = model.step(state, symbol)
        total += log_p
    assert model.log_probability([3, 4, 1]) == total
    assert model.log_probability([]) > model.log_probability([4])
    assert model.log_probability([1], ended=False) > model.log_probability([1])


@pytest.mark.parametrize(("texts", "size"), [([], 3), ([[]], 1), ([], 1), ([[1]], 2)])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_of_next_to_no_transcripts(texts, size, order):
    fitted = SymbolModel.fit(texts, size, order)
    assert fitted.size == size
    assert sum(np.exp(fitted.step(fitted.start, k)[0]) for k in range(size)) == near(1, FLOAT32_STEP)


def test_goes_through_json(model):
    text = json.dumps({name: array.tolist() for name, array in model.arrays().items()})
    again = SymbolModel.load({name: np.array(values) for name, values in json.loads(text).items()})
    for got, want in zip(again, model, strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("start", [99]),
        ("start", [-1]),
        ("start", [0, 0]),
        ("first", lambda a: a[:-1]),
        ("first", lambda a: a[::-1]),
        ("first", lambda a: a + 1),
        ("symbols", lambda a: a[::-1]),
        ("symbols", lambda a: a + 1),
        ("next", lambda a: a + 99),
        ("next", lambda a: a - 99),
        ("log_p", lambda a: a + 99),
        ("log_p", lambda a: a * np.float32(np.nan)),
        ("back_off", lambda a: a - np.float32(np.inf)),
        ("shorter", lambda a: np.arange(len(a))),
        ("shorter", lambda a: a[1:]),
    ],
)
def test_a_damaged_model_is_refused(model, name, change):
    arrays = model.arrays()
    arrays[name] = change(arrays[name]) if callable(change) else np.array(change)
    with pytest.raises(ArgumentError, match=r"ctc\.SymbolModel\.load: arrays must be those of a language model, got"):
        SymbolModel.load(arrays)


def test_errors(model):
    arrays = model.arrays()
    del arrays["next"]
    with pytest.raises(ArgumentError, match="next must be among the arrays, got back_off, first"):
        SymbolModel.load(arrays)
    with pytest.raises(ArgumentError, match=r"symbols must be within 1\.\.2, got 3 in sequence 1\."):
        SymbolModel.fit([[1], [3]], 3)
    with pytest.raises(ArgumentError, match="order must be at least 1, got 0"):
        SymbolModel.fit([[1]], 3, 0)
