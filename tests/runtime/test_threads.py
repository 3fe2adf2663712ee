"""Predictors in threads and in other processes, and an answer's bits wherever it is computed."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import drawn
from bigru.bundle import Bundle
from bigru.config import ChannelConfig, EncoderConfig
from bigru.features.text import TextFeatures
from bigru.runtime import predictor
from bigru.runtime.predictor import Predictor
from bigru.runtime.threads import parallel_for
from bigru.tasks import classify, tag

RANDOM = np.random.default_rng(5)
TEXTS = ["".join(RANDOM.choice(list("好坏电影太棒了Σσ情节X\n\U0001f600"), n)) for n in RANDOM.integers(0, 40, 300)]
CHANNELS = [ChannelConfig("unit", 1, 7), ChannelConfig("bigram", 64, 5), ChannelConfig("trigram", 64, 3)]
FEATURES = TextFeatures.fit(TEXTS, unit="char", channels=CHANNELS, lowercase=True)


def made(task: str, config: Any, **shape: Any) -> Bundle:
    return drawn.made(task, config, encoder=EncoderConfig(hidden=17), **shape)


POOLING = ("max", "mean", "sqrt_n", "last")
BUNDLES = {
    "two labels": made("classify", classify.Config(("bad", "good"), FEATURES), pooling=POOLING, wide_linear=True),
    "three labels": made("classify", classify.Config(("a", "b", "c"), FEATURES), pooling=POOLING),
    "tags": made("tag", tag.Config(("O", "B-X", "I-X"), FEATURES, "BIO", True), crf=True, wide_linear=True),
    "plain tags": made("tag", tag.Config(("O", "B-X", "I-X"), FEATURES), skip=True),
}


@pytest.fixture(params=BUNDLES)
def model(request: pytest.FixtureRequest) -> Predictor:
    return Predictor(BUNDLES[request.param])


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have batches shared out among three threads, whatever the machine has."""
    monkeypatch.setattr(predictor, "threads", lambda: 3)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_answers_are_the_same_bits_alone_and_in_any_batch(model: Predictor, precision: str, shared: None) -> None:
    model = Predictor(model.bundle, precision)
    alone = [model.predict(text) for text in TEXTS]
    for size in (1, 7, 64):
        assert model.predict(TEXTS, batch_size=size) == alone
    assert model.predict(TEXTS[::-1], batch_size=3) == alone[::-1]
    assert list(model.predict_iter(iter(TEXTS), batch_size=2)) == alone


def test_many_threads_may_ask_at_once(model: Predictor, shared: None) -> None:
    expected = model.predict(TEXTS)
    with ThreadPoolExecutor(8) as pool:
        together = [pool.submit(model.predict, TEXTS, 8) for _ in range(8)]
        singles = list(pool.map(model.predict, TEXTS))
        assert all(one.result() == expected for one in together)
    assert singles == expected


def test_a_predictor_can_be_pickled(model: Predictor) -> None:
    model = Predictor(model.bundle, "int8")
    packed = pickle.dumps(model)
    again = pickle.loads(packed)
    assert again.predict(TEXTS) == model.predict(TEXTS)
    assert (again.task, again.labels, again.metrics) == (model.task, model.labels, model.metrics)
    weights = sum(array.nbytes for array in model.bundle.weights.values())
    assert len(packed) < weights + 20_000


def _answers(model: Predictor) -> list[Any]:
    return model.predict(TEXTS)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_answer_alike(method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    model = Predictor(BUNDLES["tags"])
    expected = model.predict(TEXTS)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(_answers, [model] * 4) == [expected] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_fork_in_the_middle_of_answers_answers_as_well() -> None:
    model = Predictor(BUNDLES["two labels"])
    expected = model.predict(TEXTS)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            model.predict(TEXTS)

    asking = threading.Thread(target=busy)
    asking.start()
    try:
        for _ in range(5):
            child = os.fork()
            if not child:
                os._exit(0 if model.predict(TEXTS) == expected else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        asking.join()


def test_every_job_is_done_once() -> None:
    done: list[int] = []
    parallel_for(done.append, range(1000), 4)
    assert sorted(done) == list(range(1000))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_what_a_job_raises_is_raised_and_ends_the_work(workers: int) -> None:
    done: list[int] = []

    def work(job: int) -> None:
        if job == 5:
            raise KeyboardInterrupt
        done.append(job)

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        parallel_for(work, range(100_000), workers)
    assert len(done) < 100_000
    assert threading.active_count() == before
