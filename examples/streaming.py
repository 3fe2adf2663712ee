"""Answers while a signal is still coming, and what it is worth to wait a little.

A machine is in one of two states, and a noisy gauge hints at which. What the gauge says next tells as much about the
state now as what it said before; how many steps may an answer wait for?
"""

from __future__ import annotations

import numpy as np

from bigru import BiGRUTagger
from bigru.runtime.predictor import Predictor

STEPS = 200


def data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return readings [N, T, 1] and the state at each step [N, T], which changes every 25 steps or so."""
    random = np.random.default_rng(seed)
    state = (random.random((count, STEPS)) < 0.04).cumsum(axis=1) % 2
    return (state + random.normal(size=state.shape))[..., None].astype(np.float32), state


def accuracies(predictor: Predictor, X: np.ndarray, y: np.ndarray) -> list[float]:
    """Return the share of right states with a look-ahead of 0, 2, 5, 10 and 20 steps, and of whole series."""
    found = [predictor.predict_streamed(X, steps, chunk=1) for steps in (0, 2, 5, 10, 20)]
    found.append(predictor.predict(X))
    return [float(np.mean(np.array([answer["tags"] for answer in answers]).astype(int) == y)) for answers in found]


def main() -> None:
    """Train on whole series and in chunks, compare, then follow one signal step by step."""
    X, y = data(400, seed=0)
    X_test, y_test = data(200, seed=1)
    print("look-ahead              0      2      5     10     20    all")
    for name, lookahead in (("whole series", None), ("chunks", (0, 20))):
        model = BiGRUTagger(hidden=24, epochs=15, lookahead=lookahead).fit(X, y)
        predictor = Predictor(model.bundle_)
        print(f"trained on {name:12} " + " ".join(f"{a:.4f}" for a in accuracies(predictor, X_test, y_test)))

    stream = predictor.stream(lookahead=5, chunk=1)
    for step, reading in enumerate(X_test[0, :12]):
        for answer in stream.push(reading):
            print(f"step {answer['step']}, known at {step}: state {answer['tag']} ({answer['confidence']:.2f})")
    print(f"{len(stream.finish())} steps were left at the end")


if __name__ == "__main__":
    main()
