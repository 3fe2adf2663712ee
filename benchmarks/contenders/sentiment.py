"""The classifier of bigru's recipe for texts, in Keras; what is equal and what is not says `wallclock.py`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from bigru.features.batching import batches
from bigru.train.data.loader import Batch, Collator
from bigru.train.objective.evaluator import SIZE

ROUND = sorted({int(2**power * part) for power in range(4, 14) for part in (1, 1.25, 1.5, 1.75)})
"""Lengths that batches are padded to: four per doubling, so that few shapes are compiled."""


class Hide(layers.Layer):
    """Sets the vectors of random positions to zero in training, without scaling the others."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share, self.seeds = share, keras.random.SeedGenerator(0)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training or not self.share:
            return x
        return x * (keras.random.uniform(ops.shape(x)[:2], seed=self.seeds) >= self.share)[..., None]


class Rate(keras.optimizers.schedules.LearningRateSchedule):
    """Up in a line, down in a line, as `rate_factor`."""

    def __init__(self, peak: float, warmup: float, steps: int) -> None:
        self.peak, self.warmup, self.steps = peak, warmup, steps

    def __call__(self, step: Any) -> Any:
        done = (ops.cast(step, "float32") + 0.5) / self.steps
        return self.peak * ops.minimum(done / self.warmup, (1 - done) / (1 - self.warmup))

    def get_config(self) -> dict[str, Any]:
        return {"peak": self.peak, "warmup": self.warmup, "steps": self.steps}


def build(given: Any) -> keras.Model:
    """Return the model with the first weights; it reads ids [B, T, C] and a mask [B, T], and gives a logit."""
    shape, encoder = given.model, given.model.encoder
    ids = keras.Input((None, len(shape.channels)), dtype="int32")
    real = keras.Input((None,), dtype="bool")
    weight = ops.cast(real, "float32")[..., None]
    steps = ops.sum(weight, 1)
    shares = [encoder.embedding_dropout if c.name == "unit" else encoder.ngram_dropout for c in shape.channels]

    def vectors(widths: list[int], kind: str) -> list[Any]:
        tables = [layers.Embedding(c.size, w, name=f"{kind}_{n}")
                  for n, (c, w) in enumerate(zip(shape.channels, widths, strict=True))]  # fmt: skip
        return [Hide(share)(table(ids[..., n])) for n, (table, share) in enumerate(zip(tables, shares, strict=True))]

    def total(values: Any) -> Any:
        return ops.sum(values * weight, 1) / ops.sqrt(ops.maximum(steps, 1.0))

    x = layers.Concatenate()(vectors([c.dim for c in shape.channels], "embedding"))
    x = layers.SpatialDropout1D(encoder.input_dropout)(x)
    gru = layers.Bidirectional(layers.GRU(encoder.hidden, return_sequences=True), name="encoder")
    states = gru(x, mask=real) * weight
    pools = {
        "max": lambda: ops.max(ops.where(weight > 0, states, -1e9), 1),
        "mean": lambda: ops.sum(states, 1) / ops.maximum(steps, 1.0),
        "sqrt_n": lambda: total(x),
    }
    pooled = layers.Concatenate()([pools[kind]() for kind in shape.pooling])
    logits = layers.Dense(1, name="head")(layers.Dropout(encoder.dropout)(pooled))
    logits = logits + total(layers.Add()(vectors([1] * len(shape.channels), "wide")))
    model = keras.Model([ids, real], logits)
    _set_weights(model, given)
    return model


def _set_weights(model: keras.Model, given: Any) -> None:
    weights, layer = given.weights, "encoder.layers.0"
    for kind in ("embedding", "wide"):
        for n in range(len(given.model.channels)):
            model.get_layer(f"{kind}_{n}").set_weights([weights[f"{kind}.{n}.weight"]])
    walks = []
    for end in ("", "_reverse"):
        w_ih, w_hh, b_ih, b_hh = (
            np.concatenate([array[1], array[0], array[2]])
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            for array in [np.split(weights[f"{layer}.{name}_l0{end}"], 3)]
        )
        walks += [w_ih.T, w_hh.T, np.stack([b_ih, b_hh])]
    model.get_layer("encoder").set_weights(walks)
    model.get_layer("head").set_weights([weights["head.weight"].T, weights["head.bias"]])


def arrays(batch: Batch, times: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Return a batch's ids, mask and labels [B, 1], its sequences `times` times, its length rounded up."""
    ids, lengths, gold = (tensor.numpy() for tensor in batch)
    T = next(n for n in ROUND if n >= ids.shape[1])
    ids = np.pad(ids, ((0, 0), (0, T - ids.shape[1]), (0, 0))).astype(np.int32)
    real = np.arange(T) < lengths[:, None]
    doubled = [np.concatenate([array] * times) for array in (ids, real, gold[:, None].astype(np.float32))]
    return doubled[:2], doubled[2]


def loss_of(smoothing: float, consistency: float) -> Any:
    """Return binary cross entropy with R-Drop over a batch that holds every sequence twice."""

    def loss(gold: Any, logits: Any) -> Any:
        wanted = gold * (1 - smoothing) + 0.5 * smoothing
        each = ops.maximum(logits, 0) - logits * wanted + ops.log1p(ops.exp(-ops.abs(logits)))
        a, b = ops.split(logits, 2)
        apart = 0.5 * ops.mean((ops.sigmoid(a) - ops.sigmoid(b)) * (a - b))
        return each[:, 0] + consistency * apart

    return loss


def train(given: Any) -> Iterator[tuple[float, float]]:
    """Train; yield seconds and dev accuracy of each epoch."""
    training, stream = given.training, given.stream()
    keras.utils.set_random_seed(training.seed)
    model = build(given)
    adamw = keras.optimizers.AdamW(
        Rate(training.learning_rate, training.warmup_fraction, stream.steps), weight_decay=training.weight_decay,
        global_clipnorm=training.max_grad_norm, use_ema=True, ema_momentum=training.ema_decay,
    )  # fmt: skip
    adamw.exclude_from_weight_decay(var_names=["bias", "embeddings"])
    model.compile(adamw, loss_of(training.label_smoothing, training.r_drop))
    averaged = build(given)
    collate = Collator(*given.dev)
    dev = [(indices, *arrays(collate(indices), 1)) for indices in batches(given.dev[0], SIZE)]
    given.check("keras", averaged.predict_on_batch(dev[0][1]))
    start = time.perf_counter()
    for number, batch in enumerate(stream, 1):
        model.train_on_batch(*arrays(batch, 2))
        if number % stream.per_epoch == 0:
            model.jax_state_sync()
            for target, value in zip(averaged.trainable_variables, adamw._model_variables_moving_average, strict=True):
                target.assign(np.array(value))  # a copy: the next step gives the buffer of the average away
            right = sum(int(((averaged.predict_on_batch(x) > 0) == gold).sum()) for _, x, gold in dev)
            now = time.perf_counter()
            yield now - start, right / len(given.dev[0])
            start = time.perf_counter()
