"""Resampling: a tone stays the tone, what cannot be kept is gone, and ends are where they must be."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from bigru.features.resample import Resampler, resample

RATES = [(8000, 16000), (16000, 8000), (22050, 16000), (44100, 16000), (48000, 16000), (11025, 16000), (8000, 48000)]


@pytest.mark.parametrize(("source", "target"), [*RATES, (90, 100), (110, 100), (3, 2)])
def test_a_tone_stays_the_tone(source: int, target: int) -> None:
    frequency = 0.05 * min(1.0, target / source)
    x = np.sin(2 * np.pi * frequency * np.arange(5000)).astype(np.float32)
    y = resample(x, source, target)
    expected = np.sin(2 * np.pi * frequency * np.arange(len(y)) * source / target)
    edge = 40 * max(1, -(-target // source))
    np.testing.assert_allclose(y[edge:-edge], expected[edge:-edge], atol=2e-4)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 63, 65, 1000])
@pytest.mark.parametrize(("source", "target"), RATES)
def test_the_length_is_rounded_up(count: int, source: int, target: int) -> None:
    y = resample(np.ones(count, np.float32), source, target)
    assert len(y) == -(-count * target // source)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    x = np.sin(2 * np.pi * 9500 * np.arange(22050) / 22050).astype(np.float32)
    assert np.abs(resample(x, 22050, 16000)[100:-100]).max() < 3e-3


def test_the_same_rate_changes_nothing() -> None:
    x = np.arange(5, dtype=np.float32)
    assert resample(x, 8000, 8000) is x


def test_there_and_back() -> None:
    x = np.convolve(np.random.default_rng(0).standard_normal(4000), np.ones(8) / 8, "same").astype(np.float32)
    y = resample(resample(x, 8000, 44100), 44100, 8000)
    assert np.corrcoef(x[100:3900], y[100:3900])[0, 1] > 0.999


@pytest.mark.parametrize("count", [0, 1, 2, 63, 65, 5000])
@pytest.mark.parametrize(("source", "target"), [*RATES, (110, 100)])
def test_pieces_are_the_whole_to_the_bit(count: int, source: int, target: int) -> None:
    random = np.random.default_rng(count)
    x = random.standard_normal(count).astype(np.float32)
    stream = Resampler(source, target)
    cuts = np.sort(random.integers(0, count + 1, 7))
    parts = [stream.push(part) for part in np.split(x, cuts)]
    np.testing.assert_array_equal(np.concatenate([*parts, stream.finish()]), resample(x, source, target))


ODD = [(191_969, 16000), (191_999, 1000), (44_101, 44_100), (1001, 191_999), (22_051, 16000)]
"""Rates that share no factor: filters for each of their phases would take megabytes."""


@pytest.mark.parametrize(("source", "target"), ODD)
def test_odd_rates_take_little_memory_and_are_as_exact(source: int, target: int) -> None:
    x = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    tracemalloc.start()
    y = Resampler(source, target)
    found = np.concatenate([y.push(x), y.finish()])
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()
    assert len(found) == -(-len(x) * target // source)
    chosen = np.unique(np.linspace(0, len(found) - 1, 500).astype(int))
    times = chosen[:, None] * source / target - np.arange(len(x))
    cutoff = 0.95 * min(1.0, target / source)
    window = np.cos(np.clip(times * cutoff, -12, 12) * np.pi / 24) ** 2
    np.testing.assert_allclose(found[chosen], (np.sinc(times * cutoff) * window * cutoff) @ x, atol=2e-5)


@pytest.mark.parametrize(("source", "target"), ODD)
def test_pieces_at_odd_rates_are_the_whole_to_the_bit(source: int, target: int) -> None:
    random = np.random.default_rng(1)
    x = random.standard_normal(9000).astype(np.float32)
    stream = Resampler(source, target)
    parts = [stream.push(part) for part in np.split(x, np.sort(random.integers(0, len(x) + 1, 20)))]
    np.testing.assert_array_equal(np.concatenate([*parts, stream.finish()]), resample(x, source, target))


def test_a_sample_waits_for_its_filter_alone() -> None:
    stream, received = Resampler(16000, 8000), 0
    for n in range(100):
        received += len(stream.push(np.ones(100, np.float32)))
        assert received >= (100 * (n + 1) - 60) // 2 - 128
