from __future__ import annotations

import numpy as np

from bigru.train.ensemble.mixing import mix_examples

NUMBERS = [np.arange(10 * n, 10 * n + length)[:, None] for n, length in enumerate((1, 7, 2, 5))]


def test_an_example_is_a_beginning_and_an_end() -> None:
    seen = set()
    for made in mix_examples(NUMBERS, 200, 0):
        flat = made[:, 0].tolist()
        first, last = flat[0] // 10, flat[-1] // 10
        begin, end = NUMBERS[first][:, 0].tolist(), NUMBERS[last][:, 0].tolist()
        seen.add((first, last))
        assert flat[0] == begin[0]
        assert flat[-1] == end[-1]
        assert any(flat == begin[:a] + end[b:] for a in range(1, len(begin) + 1) for b in range(len(end)))
    assert len(seen) == 16


def test_the_seed_decides() -> None:
    one, same, other = (mix_examples(NUMBERS, 20, seed) for seed in (3, 3, 4))
    assert all(map(np.array_equal, one, same))
    assert not all(map(np.array_equal, one, other))


def test_examples_without_a_step_and_none_at_all() -> None:
    empty = np.zeros((0, 2), np.float32)
    assert [made.shape for made in mix_examples([empty], 2, 0)] == [(0, 2), (0, 2)]
    assert mix_examples(NUMBERS, 0, 0) == []
