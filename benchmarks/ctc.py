"""Decoding of CTC: `python benchmarks/ctc.py` writes benchmarks/results/ctc.json.

Outputs as a trained model's are made up: a step every 40 ms, in which the blank or one symbol stands out by so many
logits, four symbols a second. Seconds of audio per second of decoding, on one thread, the best of several runs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from provenance import commit, machine, versions

from bigru.ops.ctc import native
from bigru.ops.ctc.language import SymbolModel

RESULT = Path(__file__).parent / "results" / "ctc.json"

STEP = 0.04
"""Seconds per step."""

PACE = 4.0
"""Symbols per second."""

SYMBOLS = (28, 400, 2000)
"""K with the blank: English letters, syllables without their tones, Chinese characters."""

SECONDS = (5, 30)

STANDS_OUT = {"sure": 12.0, "unsure": 5.0}
"""Logits by which a symbol exceeds noise of deviation 1. With 5 and many symbols, decoders must search."""

WIDTH, ROUNDS = 16, 7


def outputs(seconds: float, symbols: int, above: float) -> np.ndarray:
    """Return logits [1, T, K]."""
    random = np.random.default_rng(0)
    x = random.standard_normal((1, round(seconds / STEP), symbols)).astype(np.float32)
    spoken = random.choice(x.shape[1], round(seconds * PACE), replace=False)
    x[0, :, 0] += above
    x[0, spoken, 0] -= above
    x[0, spoken, random.integers(1, symbols, len(spoken))] += above
    return x


def language(symbols: int) -> SymbolModel:
    """Return a model of three symbols' memory, of transcripts whose symbols are as uneven as words are."""
    random = np.random.default_rng(1)
    return SymbolModel.fit([random.zipf(1.3, 30) % (symbols - 1) + 1 for _ in range(1000)], symbols, 3)


def decoders(model: SymbolModel) -> dict[str, Callable[[np.ndarray], Any]]:
    """Return what is timed, by name."""
    return {
        "greedy": lambda x: native.greedy(x, threads=1),
        "beam": lambda x: native.beam(x, width=WIDTH, threads=1),
        "beam with language model": lambda x: native.beam(
            x, width=WIDTH, model=model, weight=0.5, bonus=1.0, threads=1
        ),
        "beam, 16 best": lambda x: native.beam(x, width=WIDTH, n=WIDTH, threads=1),
    }


def least(call: Callable[[], Any]) -> float:
    """Return the seconds that the fastest of several calls takes."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return min(taken)


def measure() -> list[dict[str, Any]]:
    """Time every decoder on all outputs."""
    rows = []
    for symbols in SYMBOLS:
        timed = decoders(language(symbols))
        for seconds in SECONDS:
            for name, above in STANDS_OUT.items():
                x = outputs(seconds, symbols, above)
                rates = {key: round(seconds / least(lambda: decode(x)), 0) for key, decode in timed.items()}  # noqa: B023
                rows.append({"symbols": symbols, "seconds": seconds, "outputs": name, "times_real_time": rates})
                print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    at = commit()
    result = {
        "rows": measure(),
        "width": WIDTH,
        "step_seconds": STEP,
        "symbols_per_second": PACE,
        "machine": machine(),
        "versions": versions(at),
        "command": "python benchmarks/ctc.py",
    }
    RESULT.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
