"""What a server counts, in the format of Prometheus."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

__all__ = ["BatchMeter", "Metrics"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
INPUTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


class BatchMeter:
    """Counts the batches of one model."""

    def __init__(self, metrics: Metrics, model: str) -> None:
        self._inputs = metrics.batch_inputs.labels(model)
        self._seconds = metrics.batch_seconds.labels(model)

    def batch(self, inputs: int, seconds: float) -> None:
        """Count one batch."""
        self._inputs.observe(inputs)
        self._seconds.observe(seconds)


class Metrics:
    """The counters of one server."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        labels = ("route", "model", "code")
        self.requests = Counter("bigru_requests", "Requests by route, model and status.", labels, registry=registry)
        self.seconds = Histogram(
            "bigru_request_seconds",
            "From the head of a request to its answer.",
            labels[:2],
            buckets=SECONDS,
            registry=registry,
        )
        self.batch_inputs = Histogram(
            "bigru_batch_inputs", "Inputs answered together.", ("model",), buckets=INPUTS, registry=registry
        )
        self.batch_seconds = Histogram(
            "bigru_batch_seconds", "Time of a batch in the model.", ("model",), buckets=SECONDS, registry=registry
        )
        self.waiting = Gauge(
            "bigru_waiting_requests", "Requests that wait or are being answered.", ("model",), registry=registry
        )
        self.reloads = Counter("bigru_reloads", "Folders read again.", ("model", "result"), registry=registry)
        self.draining = Gauge("bigru_draining", "1 while the server finishes what it accepted.", registry=registry)
        self._children: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[tuple[str, str], Histogram] = {}

    def request(self, route: str, model: str, code: int, seconds: float) -> None:
        """Count one request; `route` and `model` must be names of which there are few."""
        counter = self._children.get((route, model, code))
        if counter is None:
            counter = self._children[route, model, code] = self.requests.labels(route, model, code)
        counter.inc()
        timer = self._timers.get((route, model))
        if timer is None:
            timer = self._timers[route, model] = self.seconds.labels(route, model)
        timer.observe(seconds)

    def text(self) -> bytes:
        """Return all of it as Prometheus reads it."""
        return generate_latest(self.registry)
