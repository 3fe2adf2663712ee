"""What a pushed step costs: `BIGRU_THREADS=1 python benchmarks/streaming.py` writes its result file.

Taggers of series with drawn weights answer one step per push; microseconds per step, the least of many
repetitions and their median. A whole sequence at once stands beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import provenance

from bigru.bundle import Bundle
from bigru.bundle.weights import shapes
from bigru.config import EncoderConfig, ModelConfig
from bigru.features.series import SeriesFeatures
from bigru.ops.library import threads
from bigru.runtime.predictor import Predictor
from bigru.tasks import tag

RESULT = Path(__file__).parent / "results" / "streaming.json"
STEPS, VALUES = 512, 8
LABELS = tuple("abcde")
WAYS = {
    "forward": ("forward", None, None),
    "both, look-ahead 0": ("both", 0, 1),
    "both, look-ahead 20, chunk 20": ("both", 20, 20),
    "both, look-ahead 20, chunk 1": ("both", 20, 1),
}


def tagger(direction: str, hidden: int, layers: int) -> Predictor:
    """Return a tagger of series with drawn weights."""
    encoder = EncoderConfig(hidden=hidden, layers=layers, direction=direction)
    shape = ModelConfig(len(LABELS), input_size=VALUES, encoder=encoder)
    random = np.random.default_rng(0)
    weights = {name: (random.normal(size=size) * 0.1).astype(np.float32) for name, size in shapes(shape).items()}
    config = tag.Config(LABELS, SeriesFeatures((0.0,) * VALUES, (1.0,) * VALUES))
    return Predictor(Bundle("tag", shape, config, weights))


def timed(run: Callable[[], None], times: int) -> dict[str, float]:
    """Return the microseconds per step of a run over `STEPS` steps."""
    taken = []
    for _ in range(times + 1):
        began = time.perf_counter()
        run()
        taken.append(1e6 * (time.perf_counter() - began) / STEPS)
    return {"least": round(min(taken[1:]), 2), "median": round(statistics.median(taken[1:]), 2)}


def measure(way: str, hidden: int, layers: int, times: int) -> dict[str, dict[str, float]]:
    """Return what a step costs when it is pushed by itself, and among the whole sequence."""
    direction, lookahead, chunk = WAYS[way]
    predictor = tagger(direction, hidden, layers)
    x = np.random.default_rng(1).normal(size=(STEPS, VALUES))

    def push() -> None:
        stream = predictor.stream(lookahead, chunk=chunk)
        for step in x:
            stream.push(step)
        stream.finish()

    return {"pushed": timed(push, times), "whole": timed(lambda: predictor.predict(x) and None, times)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=15)
    times = parser.parse_args().times
    cells = {
        f"{way}; H {hidden}, L {layers}": measure(way, hidden, layers, times)
        for way in WAYS
        for hidden, layers in ((64, 1), (128, 2))
    }
    result = {
        "microseconds per step": cells,
        "steps": STEPS,
        "values": VALUES,
        "threads": threads(),
        "machine": provenance.machine(),
        "load": os.getloadavg()[0],
        "versions": provenance.versions(provenance.commit()),
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
