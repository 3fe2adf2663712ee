"""Gestures of different length, with values missing, from a table with a row per step.

The table is made up here: a hand draws a circle one way or the other, or shakes, and the sensor loses a tenth of what
it measures. With files of one's own: `bigru train gestures.csv --out model`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bigru import BiGRUClassifier
from bigru.readers.reader import from_frame

GESTURES = ("left circle", "right circle", "shake")


def table(count: int, seed: int) -> pd.DataFrame:
    """Return `count` gestures as rows: id, time, x, y, label."""
    random = np.random.default_rng(seed)
    parts = []
    for n in range(count):
        gesture, steps = GESTURES[n % 3], int(random.integers(15, 40))
        angle = random.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi, steps) * (1 if n % 3 else -1)
        x, y = np.cos(angle), np.sin(angle)
        if gesture == "shake":
            x, y = np.cos(3 * angle), 0.3 * np.cos(3 * angle)
        values = np.stack([x, y], axis=1) + random.normal(0, 0.3, (steps, 2))
        values[random.random(values.shape) < 0.1] = np.nan
        part = pd.DataFrame(values, columns=["x", "y"])
        parts.append(part.assign(id=n, time=np.arange(steps), label=gesture))
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    """Train on one table, score on another, and look at one answer."""
    train, test = from_frame(table(240, seed=0)), from_frame(table(120, seed=1))
    print(f"{len(train)} gestures; " + ", ".join(f"{name} {value}" for name, value in train.inferred.items()))
    model = BiGRUClassifier(hidden=32, epochs=10, verbose=1).fit(train.inputs, train.targets)
    print(f"accuracy: {model.score(test.inputs, test.targets):.4f} (by chance {1 / len(GESTURES):.2f})")
    shares = dict(zip(model.classes_.tolist(), model.predict_proba(test.inputs[:1])[0].round(2).tolist(), strict=True))
    print(f"the first is a {test.targets[0]}; the model says {shares}")


if __name__ == "__main__":
    main()
