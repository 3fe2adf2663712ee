"""Saving and loading: what goes in comes out, all of it or nothing of it."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drawn
from bigru import bundle
from bigru.bundle import Bundle
from bigru.config import EncoderConfig
from bigru.errors import ArgumentError, BundleError
from bigru.features.series import SeriesFeatures
from bigru.features.text import TextFeatures
from bigru.tasks import classify, tag

TEXT = TextFeatures.fit(["好电影，真好", "坏电影"], unit="char", replace={"，": ","}, lowercase=True)
TOKENS = TextFeatures.fit([["Ada", "in", "York"]], unit="token", channels=("unit", "suffix3", "shape"))
SERIES = SeriesFeatures((0.5, 0.1), (1.0, 0.3))
SUBWORDS = TextFeatures.fit(["low lower lowest"] * 3, unit="subword", channels=("unit",), max_size=20)
SMALL = EncoderConfig(hidden=2, merge="gated", layer_norm=True)


def made(task: str, config: Any, **shape: Any) -> Bundle:
    metrics = {"dev": {"accuracy": 0.5, "signature": {"accuracy": "accuracy|n:2"}}, "seconds": 1.5}
    one = drawn.made(task, config, encoder=SMALL, **shape)
    return replace(one, metrics=metrics, card="Two reviews of films.")


CLASSIFIER = made("classify", classify.Config(("坏", "好"), TEXT, threshold=0.25), pooling=("max", "attention"))
BUNDLES = {
    "classifier": CLASSIFIER,
    "labels": made("classify", classify.Config(("a", "b", "c"), SUBWORDS, multi_label=True), pooling=("sqrt_n",)),
    "tagger": made("tag", tag.Config(("O", "B-X", "I-X", "B-Y"), TOKENS, "BIO", True, ("X",)), crf=True, skip=True),
    "steps": made("tag", tag.Config(("0", "1"), SERIES)),
}


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", BUNDLES)
def test_what_goes_in_comes_out(tmp_path: Path, name: str) -> None:
    one = BUNDLES[name]
    bundle.save(one, tmp_path / "deep" / "model")
    other = bundle.load(tmp_path / "deep" / "model")
    assert (other.task, other.model, other.config, other.metrics) == (one.task, one.model, one.config, one.metrics)
    assert other.weights.keys() == one.weights.keys()
    for key, array in one.weights.items():
        assert other.weights[key].dtype == np.float32
        np.testing.assert_array_equal(other.weights[key], array)


def test_the_folder_holds_the_hugging_face_files_and_nothing_else(tmp_path: Path) -> None:
    bundle.save(CLASSIFIER, tmp_path / "text")
    bundle.save(BUNDLES["labels"], tmp_path / "subwords")
    bundle.save(BUNDLES["steps"], tmp_path / "series")
    common = {"config.json", "metrics.json", "model.safetensors", "README.md"}
    assert set(files(tmp_path / "text")) == common | {"vocabulary.json"}
    assert set(files(tmp_path / "subwords")) == common | {"vocabulary.json", "tokenizer.json"}
    assert set(files(tmp_path / "series")) == common
    assert sorted(os.listdir(tmp_path)) == ["series", "subwords", "text"]


def test_saving_is_deterministic_and_a_loaded_model_saves_the_same(tmp_path: Path) -> None:
    bundle.save(CLASSIFIER, tmp_path / "one")
    bundle.save(CLASSIFIER, tmp_path / "two")
    bundle.save(bundle.load(tmp_path / "one"), tmp_path / "three")
    assert files(tmp_path / "one") == files(tmp_path / "two") == files(tmp_path / "three")


def test_arrays_are_saved_by_value_whatever_their_strides(tmp_path: Path) -> None:
    turned = {name: np.asfortranarray(array) for name, array in CLASSIFIER.weights.items()}
    bundle.save(dataclasses.replace(CLASSIFIER, weights=turned), tmp_path / "model")
    for name, array in bundle.load(tmp_path / "model").weights.items():
        np.testing.assert_array_equal(array, CLASSIFIER.weights[name])


def test_the_format_of_version_1(tmp_path: Path) -> None:
    config = replace(CLASSIFIER.config, features=replace(TEXT, known={}))
    bundle.save(replace(CLASSIFIER, config=config), tmp_path / "model")
    config = json.loads((tmp_path / "model" / "config.json").read_text(encoding="utf-8"))
    assert list(config) == [
        "model_type",
        "format_version",
        "library_version",
        "task",
        "task_config",
        "features",
        "model",
    ]
    assert (config["model_type"], config["format_version"], config["task"]) == ("bigru", 1, "classify")
    assert config["task_config"] == {"labels": ["坏", "好"], "multi_label": False, "threshold": 0.25}
    assert config["features"]["kind"] == "text"
    vocabulary = json.loads((tmp_path / "model" / "vocabulary.json").read_text(encoding="utf-8"))
    assert vocabulary == list(TEXT.vocabulary)


def test_a_model_is_never_overwritten_without_force(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    bundle.save(CLASSIFIER, folder)
    before = files(folder)
    with pytest.raises(BundleError) as caught:
        bundle.save(BUNDLES["steps"], folder)
    assert str(caught.value) == (
        f"{folder}: folder must be free for the model, got one with config.json. "
        "Choose another folder, or replace the model with --force (force=True)."
    )
    assert files(folder) == before


def test_force_replaces_the_model_and_keeps_all_else(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    bundle.save(CLASSIFIER, folder)
    (folder / "notes.txt").write_text("mine")
    bundle.save(BUNDLES["steps"], folder, force=True)
    assert bundle.load(folder).config == BUNDLES["steps"].config
    assert set(files(folder)) == {"config.json", "metrics.json", "model.safetensors", "README.md", "notes.txt"}


def test_a_folder_with_other_files_takes_a_model_in(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "train.csv").write_text("1")
    bundle.save(CLASSIFIER, tmp_path)
    assert bundle.load(tmp_path).config == CLASSIFIER.config
    assert (tmp_path / "logs" / "train.csv").read_text() == "1"


def test_foreign_files_are_never_replaced_not_even_with_force(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("my project")
    with pytest.raises(BundleError) as caught:
        bundle.save(CLASSIFIER, tmp_path, force=True)
    assert str(caught.value) == (
        f"{tmp_path}: folder must be free or a saved model, got one with README.md. "
        "It is no saved model and is not replaced. Choose another folder."
    )
    assert files(tmp_path) == {"README.md": b"my project"}
    (tmp_path / "config.json").write_text("broken")
    with pytest.raises(BundleError, match=r"got one with config\.json"):
        bundle.save(CLASSIFIER, tmp_path, force=True)


def test_a_file_is_no_place_for_a_model(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match=r"/file: folder must be a folder or new, got a file\.$"):
        bundle.save(CLASSIFIER, tmp_path / "file", force=True)


def failing(call: int, error: BaseException) -> Any:
    """Return a function that raises at its `call`-th call and does what os.rename does before."""
    calls: Iterator[int] = iter(range(1000))
    real = os.rename

    def rename(source: Any, target: Any, **rest: Any) -> None:
        if next(calls) == call:
            raise error
        real(source, target, **rest)

    return rename


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("existing", [False, True])
def test_a_full_disk_leaves_everything_as_it_was(
    tmp_path: Path, existing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise FULL

    folder = tmp_path / "model"
    if existing:
        bundle.save(CLASSIFIER, folder)
    before = files(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BundleError) as caught:
        bundle.save(BUNDLES["steps"], folder, force=True)
    assert str(caught.value) == (
        f"{folder}: folder must be writable, got No space left on device. Nothing was changed."
    )
    assert files(tmp_path) == before
    assert folder.exists() == existing


@pytest.mark.parametrize("call", range(9))
@pytest.mark.parametrize(("one", "other"), [("classifier", "steps"), ("steps", "classifier")])
@pytest.mark.parametrize("error", [FULL, KeyboardInterrupt()])
def test_a_replacement_that_fails_at_any_move_puts_everything_back(
    tmp_path: Path, call: int, one: str, other: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    bundle.save(BUNDLES[one], folder)
    (folder / "notes.txt").write_text("mine")
    before = files(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", failing(call, error))
        with pytest.raises((BundleError, KeyboardInterrupt)):
            bundle.save(BUNDLES[other], folder, force=True)
    assert files(tmp_path) == before


KILLED = """
import os, sys
from bigru import bundle

one, other = (bundle.load(path) for path in sys.argv[1:3])
rename = os.rename
for move in range(10):
    folder = f"{sys.argv[3]}/{move}"
    bundle.save(one, folder)
    child = os.fork()
    if not child:
        left = iter(range(move))
        os.rename = lambda *paths: rename(*paths) if next(left, None) is not None else os._exit(0)
        bundle.save(other, folder, force=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_a_kill_at_any_move_never_leaves_a_mixture(tmp_path: Path) -> None:
    other = BUNDLES["steps"]
    bundle.save(CLASSIFIER, tmp_path / "one")
    bundle.save(other, tmp_path / "other")
    arguments = [str(tmp_path / name) for name in ("one", "other", "killed")]
    subprocess.run([sys.executable, "-c", KILLED, *arguments], check=True)
    # The classifier's five files leave, then the four of the other model come in.
    assert bundle.load(tmp_path / "killed" / "0").config == CLASSIFIER.config
    assert bundle.load(tmp_path / "killed" / "9").config == other.config
    for move in range(1, 9):
        folder = tmp_path / "killed" / str(move)
        (old,) = folder.glob(".bigru-old-*")
        with pytest.raises(BundleError) as caught:
            bundle.load(folder)
        assert str(caught.value) == (
            f"{folder}: folder must be a saved model, with config.json, got none. "
            f"A replacement was cut short: move the files of {old.name!r} back."
        )
        bundle.save(other, folder, force=True)
        assert bundle.load(folder).config == other.config
        assert set(files(folder)) == {"config.json", "metrics.json", "model.safetensors", "README.md"}


def test_an_unwritable_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(BundleError, match=r"folder must be writable, got Permission denied\. Nothing was changed\."):
        bundle.save(CLASSIFIER, tmp_path / "model")


def test_the_umask_holds(tmp_path: Path) -> None:
    before = os.umask(0o022)
    bundle.save(CLASSIFIER, tmp_path / "model")
    os.umask(before)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "model" / "config.json").stat().st_mode & 0o777 == 0o644


def changed(name: str, array: np.ndarray | None) -> Bundle:
    weights = {key: value for key, value in CLASSIFIER.weights.items() if key != name}
    return dataclasses.replace(CLASSIFIER, weights=weights if array is None else {**weights, name: array})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (changed("head.bias", None), "weights must be complete, with head.bias, got none of that name."),
        (changed("extra", np.zeros(1, np.float32)), "weights must be those of the configuration, got 'extra' as well."),
        (changed("head.bias", np.zeros(1)), "head.bias must be F32, got float64."),
        (changed("head.bias", np.zeros(2, np.float32)), "head.bias must be of shape [1], got [2]."),
        (changed("head.bias", np.float32([np.nan])), "head.bias must be finite, got nan."),
    ],
)
def test_a_model_that_could_not_be_loaded_is_not_saved(tmp_path: Path, wrong: Bundle, message: str) -> None:
    with pytest.raises(BundleError) as caught:
        bundle.save(wrong, tmp_path / "model")
    assert str(caught.value) == f"bundle.save: {message}"
    assert not (tmp_path / "model").exists()


def test_a_bundle_whose_parts_disagree_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"^Bundle: config must be a tag\.Config, got Config\.$"):
        dataclasses.replace(CLASSIFIER, task="tag")
    with pytest.raises(ArgumentError, match=r"^Bundle: outputs of the model must be 1, as the task says, got 3\.$"):
        dataclasses.replace(CLASSIFIER, model=dataclasses.replace(CLASSIFIER.model, outputs=3))
    steps = BUNDLES["steps"]
    with pytest.raises(ArgumentError, match=r"^Bundle: crf of the model must be False, as the task says, got True\.$"):
        dataclasses.replace(steps, model=dataclasses.replace(steps.model, crf=True))


def test_a_moved_folder_loads(tmp_path: Path) -> None:
    bundle.save(CLASSIFIER, tmp_path / "model")
    shutil.move(tmp_path / "model", tmp_path / "elsewhere")
    (tmp_path / "link").symlink_to("elsewhere")
    assert bundle.load(tmp_path / "link").config == CLASSIFIER.config


def test_what_predicting_does_not_need_may_be_missing(tmp_path: Path) -> None:
    bundle.save(CLASSIFIER, tmp_path / "model")
    (tmp_path / "model" / "README.md").unlink()
    (tmp_path / "model" / "metrics.json").unlink()
    loaded = bundle.load(tmp_path / "model")
    assert (loaded.card, loaded.metrics) == ("", {})
