"""The model every BiGRU tutorial starts from, in one call.

In Keras:

    model = Sequential([
        Input((100, 30)),
        Bidirectional(GRU(64, return_sequences=True)),
        Dense(1, activation="sigmoid"),
    ])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    model.fit(X, y)

Here it tells at every step whether a signal has been stronger before than it will be afterwards: a
question that nobody can answer who reads in one direction only.
"""

from __future__ import annotations

import numpy as np

from bigru import BiGRUTagger

STEPS, VALUES, UNITS = 100, 30, 64


def data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy series [N, 100, 30] and a label per step [N, 100]: 1 where the past outweighs the future."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((count, STEPS, VALUES)).astype(np.float32)
    signal = X[:, :, 0].cumsum(axis=1)
    return X, (signal > signal[:, -1:] / 2).astype(int)


def main() -> None:
    """Train, score on series that were not trained on, and count the weights."""
    X, y = data(2000, seed=0)
    X_test, y_test = data(500, seed=1)

    model = BiGRUTagger(hidden=UNITS, epochs=10, verbose=1).fit(X, y)

    weights = sum(weight.size for weight in model.bundle_.weights.values())
    keras = 2 * (3 * UNITS * VALUES + 3 * UNITS * UNITS + 2 * 3 * UNITS) + 2 * UNITS + 1
    print(f"accuracy per step: {model.score(X_test, y_test):.4f} (always 1: {y_test.mean():.4f})")
    print(f"weights: {weights:,} (the Keras model: {keras:,})")
    print(f"probability of a 1 at each step of the first series:\n{model.predict_proba(X_test[:1])[0, :, 1].round(2)}")


if __name__ == "__main__":
    main()
