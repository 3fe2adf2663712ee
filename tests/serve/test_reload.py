"""Folders that cannot be read now are read when they can; those that hold no model only when they change."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bigru.bundle import Bundle
from bigru.errors import BundleError
from bigru.serve.engine import models as serving
from bigru.serve.engine.limits import Limits
from bigru.serve.engine.models import ReloadableModel
from bigru.serve.http import service as services
from bigru.serve.http.service import Service

from .conftest import classifier


class Disk:
    """Reads folders as `bigru.load` does, or fails on request."""

    def __init__(self, load: Callable[..., Any]) -> None:
        self.load, self.errors, self.count = load, list[Exception](), 0

    def __call__(self, folder: Path, precision: str) -> Any:
        self.count += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.load(folder, precision)


def wrapped(cause: Exception) -> BundleError:
    """Return an error as the readers of a folder raise it, from an error of the system."""
    found = BundleError("model: files must be readable, got another.")
    found.__context__ = cause
    return found


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(serving.load)
    monkeypatch.setattr(serving, "load", made)
    monkeypatch.setattr(services, "POLL_SECONDS", 0.02)
    return made


def watch(folder: Path, scene: Callable[[Service, ReloadableModel], Any]) -> None:
    async def whole() -> None:
        model = ReloadableModel("films", folder)
        service = Service([model], Limits())
        await service.start()
        try:
            await scene(service, model)
        finally:
            await service.stop()

    asyncio.run(whole())


async def until(condition: Callable[[], bool]) -> bool:
    for _ in range(1000):
        if condition():
            return True
        await asyncio.sleep(0.01)
    return False


PASSING = [
    MemoryError(),
    OSError(errno.EMFILE, "Too many open files"),
    wrapped(OSError(errno.EIO, "Input/output error")),
    wrapped(PermissionError(errno.EACCES, "Permission denied")),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_an_error_that_may_pass_is_tried_again(
    tmp_path: Path, disk: Disk, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    folder = classifier(tmp_path / "films", 0)

    async def scene(service: Service, model: ReloadableModel) -> None:
        first = model.loaded
        disk.errors = [error] * 3
        classifier(folder, 1)
        assert await until(lambda: model.loaded is not first)
        assert disk.count == 5

    watch(folder, scene)
    # The same error is logged once.
    assert [record.getMessage()[:22] for record in caplog.records] == [
        "films stays as it was:",
        "films was read again.",
    ]


def test_a_folder_without_a_model_is_read_once(tmp_path: Path, disk: Disk) -> None:
    folder = classifier(tmp_path / "films", 0)

    async def scene(service: Service, model: ReloadableModel) -> None:
        first = model.loaded
        (folder / "config.json").write_text("{", encoding="utf-8")
        assert await until(lambda: disk.count == 2)
        await asyncio.sleep(0.5)
        assert disk.count == 2
        assert model.loaded is first
        # SIGHUP reads it whatever it looks like, and an error of another kind does not end the watching.
        service.reload()
        assert await until(lambda: disk.count == 3)
        disk.errors = [RuntimeError("planted\x1b[31m")]
        service.reload()
        await asyncio.sleep(0.2)
        shutil.rmtree(folder)
        classifier(folder, 1)
        assert await until(lambda: model.loaded is not first)

    watch(folder, scene)


def test_reasons_to_read_never_meet(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = classifier(tmp_path / "films", 0)
    inside, most = 0, 0

    def slow(path: Path, precision: str, load: Callable[..., Any] = serving.load) -> Bundle:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        found = load(path, precision)
        inside -= 1
        return found

    monkeypatch.setattr(serving, "load", slow)

    async def scene(service: Service, model: ReloadableModel) -> None:
        before = disk.count
        for n in range(5):
            classifier(folder, n)
            for _ in range(20):
                service.reload()
            await asyncio.sleep(0.1)
        assert await until(lambda: model.stamp == serving.stamp(folder))
        assert before < disk.count < before + 100
        assert most == 1

    watch(folder, scene)
