"""The queue before a model: what is answered together, in which order, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bigru.errors import DataError
from bigru.serve.engine import batcher
from bigru.serve.engine.batcher import BUDGET, Batcher
from bigru.serve.engine.errors import RefusedError
from bigru.serve.engine.inputs import INLINE
from bigru.serve.engine.limits import Limits
from bigru.serve.engine.metrics import BatchMeter, Metrics
from bigru.serve.engine.worker import Worker


class Bench:
    """A queue whose model says what it is given, and notes the batches."""

    def __init__(self, limits: Limits) -> None:
        self.batches: list[list[Any]] = []
        self.queue = Batcher(self._run, limits, Worker("bench"), BatchMeter(Metrics(), "m"))

    def _run(self, inputs: list[Any]) -> list[Any]:
        self.batches.append(inputs)
        if "bad" in inputs:
            raise ValueError("planted")
        if "refused" in inputs:
            raise DataError("planted: x must be y, got z.")
        if "large" in inputs:
            raise MemoryError
        return [{"said": x} for x in inputs]


def play(scene: Callable[[Bench], Coroutine[Any, Any, None]], **limits: Any) -> Bench:
    async def whole() -> Bench:
        made = Bench(Limits(**limits))
        await scene(made)
        assert len(made.queue) == 0
        return made

    return asyncio.run(whole())


def test_what_comes_together_is_answered_together_and_nothing_waits_for_company() -> None:
    async def scene(bench: Bench) -> None:
        futures = [bench.queue.submit([n], [10]) for n in range(5)]
        assert [await future for future in futures] == [[{"said": n}] for n in range(5)]
        assert await bench.queue.submit(["alone"], [0]) == [{"said": "alone"}]
        await asyncio.sleep(0)

    assert play(scene).batches == [[0, 1, 2, 3, 4], ["alone"]]


def test_a_large_request_lets_others_in_between() -> None:
    async def scene(bench: Bench) -> None:
        large = bench.queue.submit(["l"] * 4, [BUDGET // 2] * 4)
        small = bench.queue.submit(["s"], [1])
        await small
        assert not large.done()
        assert await large == [{"said": "l"}] * 4
        await asyncio.sleep(0)

    assert play(scene).batches == [["l", "l"], ["s", "l"], ["l"]]


def test_a_request_that_is_cut_goes_on_first() -> None:
    async def scene(bench: Bench) -> None:
        third = BUDGET // 3
        futures = [bench.queue.submit([f"{name}{n}" for n in range(2)], [third, third]) for name in "abc"]
        await asyncio.gather(*futures)

    assert play(scene).batches == [["a0", "a1", "b0"], ["b1", "c0", "c1"]]


def test_what_was_given_up_is_not_run() -> None:
    async def scene(bench: Bench) -> None:
        kept, gone = bench.queue.submit(["kept"], [1]), bench.queue.submit(["gone"], [1])
        gone.cancel()
        await kept
        await asyncio.sleep(0)

    assert play(scene).batches == [["kept"]]


def test_what_was_given_up_does_not_have_others_refused() -> None:
    async def scene(bench: Bench) -> None:
        first = bench.queue.submit(["first"], [BUDGET])
        bench.queue.submit(["gone"] * 3, [BUDGET] * 3).cancel()
        await asyncio.sleep(0)
        assert len(bench.queue) == 1
        assert await bench.queue.submit(["next"] * 3, [BUDGET] * 3) == [{"said": "next"}] * 3
        await first
        await asyncio.sleep(0)

    assert play(scene, queued=4 * BUDGET).batches == [["first"], *[["next"]] * 3]


def test_a_guilty_input_is_alone_in_its_error(caplog: pytest.LogCaptureFixture) -> None:
    async def scene(bench: Bench) -> None:
        asked = ["a", "bad", "b", "refused", "c", "large", "d"]
        futures = [bench.queue.submit([x], [1]) for x in asked]
        outcomes = [(await future)[0] for future in futures]
        assert [outcome for outcome in outcomes if isinstance(outcome, dict)] == [{"said": x} for x in "abcd"]
        fault, refused, large = outcomes[1::2]
        assert (fault.status, str(fault)[:24]) == (500, "serve: a fault of bigru,")
        assert str(refused) == "planted: x must be y, got z."
        want = "serve: input must be small enough for the memory that the server has left, got a larger one."
        assert (large.status, str(large)) == (503, f"{want} Send it in parts, or try again later.")
        await asyncio.sleep(0)

    bench = play(scene)
    assert bench.batches[0] == ["a", "bad", "b", "refused", "c", "large", "d"]
    assert [record.getMessage() for record in caplog.records] == ["an input failed"]


def test_a_large_request_that_waits_does_not_have_small_ones_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100_000))
    monkeypatch.setattr(batcher.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(batcher, "MEMORY", 0.0)

    async def scene(bench: Bench) -> None:
        # A batch seems to take a second; a hundred of them wait in one request, and the bound is five seconds.
        await bench.queue.submit(["first"], [BUDGET])
        large = bench.queue.submit(["l"] * 100, [BUDGET] * 100)
        small = bench.queue.submit(["s"], [1])
        await small
        assert not large.done()
        large.cancel()
        await asyncio.sleep(0.1)

    play(scene, wait=5.0)


def test_too_many_requests_are_refused() -> None:
    async def scene(bench: Bench) -> None:
        futures = [bench.queue.submit(["x"], [1]) for _ in range(2)]
        with pytest.raises(RefusedError, match="requests must be fewer, got 2 that wait") as found:
            bench.queue.submit(["x"], [1])
        assert (found.value.status, found.value.headers) == (503, {"retry-after": "1"})
        await asyncio.gather(*futures)
        await bench.queue.submit(["x"], [1])
        await asyncio.sleep(0)

    play(scene, waiting=2)


def test_small_batches_say_nothing_of_how_long_large_ones_take(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each batch seems to take a second, be it of a thousand steps or of one.
    clock = iter(range(100_000))
    monkeypatch.setattr(batcher.time, "perf_counter", lambda: float(next(clock)))

    async def scene(bench: Bench) -> None:
        for steps in [BUDGET, *[1] * 8]:
            await bench.queue.submit(["x"], [steps])
        futures = [bench.queue.submit(["y"], [BUDGET]) for _ in range(2)]
        assert bench.queue.seconds() < 40
        await asyncio.gather(*futures)
        await asyncio.sleep(0)

    play(scene, wait=1000.0)


def test_work_that_would_wait_too_long_is_refused_but_nothing_is_where_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Between two looks at the clock passes a second, so a batch seems to take one.
    clock = iter(range(1000))
    monkeypatch.setattr(batcher.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(batcher, "MEMORY", 0.0)

    async def scene(bench: Bench) -> None:
        steps = INLINE // 2
        await bench.queue.submit(["first"], [steps])
        futures = [bench.queue.submit(["x"], [100 * steps])]
        with pytest.raises(RefusedError) as found:
            bench.queue.submit(["y"], [1])
        assert found.value.status == 503
        assert found.value.headers == {"retry-after": "60"}
        await asyncio.gather(*futures)
        await asyncio.sleep(0)

    play(scene)
