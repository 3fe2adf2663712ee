"""The files of a folder belong to one model, whichever processes write and read it at the same time."""

from __future__ import annotations

import errno
import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from bigru import bundle
from bigru.bundle import Bundle, documents, folder
from bigru.bundle.lock import TakenError, locked
from bigru.errors import BundleError
from bigru.features.text import TextFeatures
from bigru.tasks import classify
from holder import HOLD

TEXT = TextFeatures.fit(["ab"], unit="char")


def classifier(labels: tuple[str, str], seed: int) -> Bundle:
    return drawn.made("classify", classify.Config(labels, TEXT), seed, pooling=("max",))


ONE, OTHER = classifier(("no", "yes"), 1), classifier(("yes", "no"), 2)


def is_whole(found: Bundle) -> bool:
    want = ONE if found.config.labels == ONE.config.labels else OTHER
    return all(np.array_equal(found.weights[name], array) for name, array in want.weights.items())


def test_a_model_that_is_replaced_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.save(ONE, tmp_path / "m")
    read, left = folder.read_weights, iter([OTHER])

    def replaced_before(*arguments: Any) -> Any:
        for other in left:
            bundle.save(other, tmp_path / "m", force=True)
        return read(*arguments)

    monkeypatch.setattr(folder, "read_weights", replaced_before)
    found = bundle.load(tmp_path / "m")
    assert found.config.labels == ("yes", "no")
    assert is_whole(found)


def test_a_refusal_of_files_that_are_replaced_is_not_final(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle.save(ONE, tmp_path / "m")
    read, left = folder.read_weights, iter([OTHER])

    def fails_once(*arguments: Any) -> Any:
        for other in left:
            bundle.save(other, tmp_path / "m", force=True)
            raise BundleError("weights of another shape")
        return read(*arguments)

    monkeypatch.setattr(folder, "read_weights", fails_once)
    assert is_whole(bundle.load(tmp_path / "m"))


def test_a_folder_that_changes_all_the_time_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle.save(ONE, tmp_path / "m")
    monkeypatch.setattr(folder, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(folder, "check_metrics", lambda *_: os.utime(tmp_path / "m" / "config.json") or {})
    with pytest.raises(BundleError) as caught:
        bundle.load(tmp_path / "m")
    assert str(caught.value) == (
        f"{tmp_path}/m: folder must be left alone while it is read, got files that are replaced."
    )


def save_by_turns(place: Path, turns: int, first: int) -> None:
    for n in range(turns):
        bundle.save((ONE, OTHER)[(n + first) % 2], place, force=True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_two_writers_and_a_reader_never_mix_models(tmp_path: Path) -> None:
    place = tmp_path / "m"
    bundle.save(ONE, place)
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=save_by_turns, args=(place, 40, first)) for first in (0, 1)]
    for writer in writers:
        writer.start()
    loaded = [bundle.load(place)]
    while any(writer.is_alive() for writer in writers):
        loaded.append(bundle.load(place))
    assert all(map(is_whole, loaded))
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sorted(path.name for path in place.iterdir()) == [
        "README.md",
        "config.json",
        "metrics.json",
        "model.safetensors",
        "vocabulary.json",
    ]


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_a_folder_that_another_process_holds_is_refused_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.save(ONE, tmp_path / "m")
    monkeypatch.setattr(folder, "LOCK_SECONDS", 0.0)
    command = [sys.executable, "-c", HOLD, str(tmp_path / "m")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BundleError) as caught:
            bundle.save(OTHER, tmp_path / "m", force=True)
        assert str(caught.value) == (
            f"{tmp_path}/m: folder must be free, got one that another process writes to. "
            "Wait until it has ended, or choose another folder."
        )
        holder.kill()
    bundle.save(OTHER, tmp_path / "m", force=True)
    assert bundle.load(tmp_path / "m").config.labels == ("yes", "no")


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_a_lock_is_entered_again_by_its_thread_alone(tmp_path: Path) -> None:
    refused = []

    def enter() -> None:
        with pytest.raises(TakenError), locked(tmp_path):
            pass
        refused.append(True)

    with locked(tmp_path), locked(tmp_path):
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    assert refused == [True]
    with locked(tmp_path):
        pass


def test_a_new_folder_that_another_process_made_first_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = folder._write, iter([OTHER])

    def slow(place: Path, contents: dict[str, bytes]) -> None:
        write(place, contents)
        for other in left:
            bundle.save(other, tmp_path / "m")

    monkeypatch.setattr(folder, "_write", slow)
    with pytest.raises(BundleError, match=r"/m: folder must be free for the model, got one with config\.json\."):
        bundle.save(ONE, tmp_path / "m")
    assert bundle.load(tmp_path / "m").config.labels == ("yes", "no")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_what_was_found_of_one_model_is_not_written_beside_another(tmp_path: Path) -> None:
    bundle.save(ONE, tmp_path / "m")
    before = bundle.hashes(tmp_path / "m")
    bundle.save(OTHER, tmp_path / "m", force=True)
    card = (tmp_path / "m" / "README.md").read_bytes()
    with pytest.raises(BundleError) as caught:
        bundle.certify(tmp_path / "m", "Verification", "fine", {}, before)
    assert str(caught.value) == (
        f"{tmp_path}/m: model must be the one that was verified, got another one by now. "
        "Nothing was written. Verify it again."
    )
    assert (tmp_path / "m" / "README.md").read_bytes() == card
    assert not (tmp_path / "m" / "verification.json").exists()


def cached(root: Path) -> Path:
    """Save a model as the cache of the hub has it: links of a revision into blobs."""
    bundle.save(ONE, root / "plain")
    blobs, revision = root / "models--a--b" / "blobs", root / "models--a--b" / "snapshots" / "0f1e"
    blobs.mkdir(parents=True)
    revision.mkdir(parents=True)
    for n, path in enumerate(sorted((root / "plain").iterdir())):
        path.rename(blobs / f"{n:040x}")
        (revision / path.name).symlink_to(f"../../blobs/{n:040x}")
    return revision


def test_a_model_in_the_cache_of_the_hub_loads(tmp_path: Path) -> None:
    found = bundle.load(cached(tmp_path))
    assert found.config == ONE.config
    assert is_whole(found)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_links_out_of_the_cache_are_refused(tmp_path: Path, name: str) -> None:
    revision = cached(tmp_path)
    blob = (revision / name).resolve()
    blob.rename(tmp_path / "elsewhere")
    (revision / name).unlink()
    (revision / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="got a symbolic link"):
        bundle.load(revision)
    # A blob that is itself a link leads out of the cache as well.
    (revision / name).unlink()
    (revision / name).symlink_to(f"../../blobs/{blob.name}")
    blob.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="got a symbolic link"):
        bundle.load(revision)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_that_may_not_be_read_is_said_to_be_there(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.save(ONE, tmp_path / "m")
    real = Path.open

    def guarded(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", guarded)
    with pytest.raises(BundleError) as caught:
        bundle.load(tmp_path / "m")
    assert str(caught.value) == f"{tmp_path}/m/{name}: file must be readable, got Permission denied."


def test_a_model_too_large_for_the_memory_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: Any) -> None:
        raise MemoryError

    bundle.save(ONE, tmp_path / "m")
    monkeypatch.setattr(folder, "read_weights", exhausted)
    with pytest.raises(BundleError, match=r"/m: model must be small enough for the memory, got one that is not\.$"):
        bundle.load(tmp_path / "m")


def test_documents_know_their_own_links(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    assert not documents.is_foreign_link(tmp_path / "a")
    assert documents.is_foreign_link(tmp_path / "b")
