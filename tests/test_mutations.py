"""A few hundred of the damaged files of `benchmarks/mutate.py`: each is read or refused in one line."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_read_or_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import mutate

    known = [one for one in mutate.seeds() if one.kind != "audio"]
    counts = dict.fromkeys(("done", "refused"), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number in range(300):
            origin, one = mutate.case(number, 7, known)
            mutate.write(one, tmp_path / "case")
            for name, action in mutate.steps(one, tmp_path / "case"):
                found = mutate.outcome(action)
                assert found in counts, (number, origin.name, name)
                counts[found] += 1
    assert min(counts.values()) > 100
    for name in ("mutate", "mutation_seeds", "provenance"):
        del sys.modules[name]


def test_a_fault_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import mutate

    assert mutate.outcome(lambda: int("²")).startswith("ValueError at test_mutations.py:")
    assert mutate.outcome(lambda: None) == "done"
    for name in ("mutate", "mutation_seeds", "provenance"):
        del sys.modules[name]
