"""The tutorial model in Keras; KERAS_BACKEND, set before this file is imported, says on what."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from bigru.study.engines import Arrays, Case

from .cells import ADAM, CHECKED_STEPS, Cell, Make, Tutorial, tutorial_of

BATCHES = 10
"""Batches of one call of fit, so that what a call costs besides its steps is spread."""


def _model(given: Tutorial, **compiled: Any) -> Any:
    T, inputs = given.layer.x.shape[1:]
    H = given.dense.shape[0] // 2
    model = keras.Sequential(
        [
            keras.Input((T, inputs)),
            keras.layers.Bidirectional(keras.layers.GRU(H, return_sequences=True)),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    beta_1, beta_2 = ADAM["betas"]
    adam = keras.optimizers.Adam(ADAM["lr"], beta_1=beta_1, beta_2=beta_2, epsilon=ADAM["eps"])
    model.compile(adam, "binary_crossentropy", **compiled)
    walks = [
        [_z_first(w_ih).T, _z_first(w_hh).T, np.stack([_z_first(b_ih), _z_first(b_hh)])]
        for w_ih, w_hh, b_ih, b_hh in given.layer.weights
    ]
    model.set_weights([array for walk in walks for array in walk] + [given.dense, np.zeros(1, np.float32)])
    return model


def _z_first(array: np.ndarray) -> np.ndarray:
    r, z, n = np.split(array, 3)
    return np.concatenate([z, r, n])


def _on_batch(**compiled: Any) -> Make:
    """A call of train_on_batch per step."""

    def make(cell: Cell, threads: int) -> Case:
        given = tutorial_of(cell)
        model = _model(given, **compiled)

        def answers() -> Arrays:
            losses = []
            for _ in range(CHECKED_STEPS):
                model.reset_metrics()
                losses.append(float(model.train_on_batch(given.layer.x, given.labels)))
            return {"losses": np.array(losses)}

        return Case(lambda: model.train_on_batch(given.layer.x, given.labels), answers)

    return make


def _fit(**compiled: Any) -> Make:
    """A call of fit over many batches."""

    def make(cell: Cell, threads: int) -> Case:
        given = tutorial_of(cell)
        model = _model(given, **compiled)
        x, labels = (np.concatenate([array] * BATCHES) for array in (given.layer.x, given.labels))
        options = {"batch_size": cell.size.B, "shuffle": False, "verbose": 0}

        def answers() -> Arrays:
            history = _model(given).fit(given.layer.x, given.labels, epochs=CHECKED_STEPS, **options)
            return {"losses": np.array(history.history["loss"])}

        return Case(lambda: model.fit(x, labels, **options), answers, BATCHES)

    return make


def facts() -> dict[str, str]:
    """Return the versions in this process."""
    backend = keras.config.backend()
    module = __import__(backend)
    return {"keras": keras.__version__, backend: module.__version__}


# TensorFlow on a CPU is often faster without XLA, which is what Keras chooses; JAX without it is no contender.
_WAYS: dict[str, Make] = {"batch": _on_batch(), "fit": _fit()} | (
    {"batch-plain": _on_batch(jit_compile=False), "fit-plain": _fit(jit_compile=False)}
    if keras.config.backend() == "tensorflow"
    else {"fit-many": _fit(steps_per_execution=BATCHES)}
)
ENGINES: dict[str, Make] = {f"keras-{keras.config.backend()}-{way}": make for way, make in _WAYS.items()}
