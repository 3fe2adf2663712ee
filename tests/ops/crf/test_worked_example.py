"""The example that `docs/math/crf.md` works by hand: its code is run, its eight paths are counted."""

from __future__ import annotations

import doctest
import itertools
import re
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[3] / "docs" / "math" / "crf.md"


def test_the_page_computes_what_it_says() -> None:
    failed, ran = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert ran > 10


def test_the_eight_paths_of_the_page() -> None:
    emissions, moves = [[1, 3], [3, 1], [1, 4]], [[2, 1], [1, 3]]
    odds = {}
    for path in itertools.product(range(2), repeat=3):
        steps = [emissions[t][k] for t, k in enumerate(path)] + [moves[i][j] for i, j in itertools.pairwise(path)]
        odds["".join("OX"[k] for k in path)] = int(np.prod(steps))
    text = PAGE.read_text(encoding="utf-8")
    said = re.search(r"The eight paths: (.*?)\. They sum to Z = (\d+)", text, re.DOTALL)
    assert said is not None
    claims = dict(re.findall(r"([OX]{3})(?: [\d·]+ =)? (\d+)", said[1]))
    assert {path: int(number) for path, number in claims.items()} == odds
    assert int(said[2]) == sum(odds.values()) == 220
