"""Every hostile or broken saved model is refused with one sentence that says what is wrong."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bigru import bundle
from bigru.bundle import documents
from bigru.bundle.documents import LIMITS, VALUES
from bigru.errors import BundleError
from bundle.samples import FOLDER, Files, config, samples, sound, tagger, weights, write
from effort import calls

SAMPLES = samples()


def kept(folder: Path) -> Files:
    return {p.name: str(p.readlink()) if p.is_symlink() else p.read_bytes() for p in folder.iterdir()}


def test_the_sound_model_that_all_samples_are_changes_of_loads(tmp_path: Path) -> None:
    write(tmp_path / "model", sound())
    loaded = bundle.load(tmp_path / "model")
    assert loaded.config.labels == ("no", "yes")
    np.testing.assert_array_equal(loaded.weights["head.bias"], np.float32([-1.5]))


def test_the_samples_on_disk_are_those_of_the_script() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} == set(SAMPLES)
    for name, sample in SAMPLES.items():
        assert kept(FOLDER / name) == sample.files, name


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_refused(name: str) -> None:
    with pytest.raises(BundleError) as caught:
        bundle.load(FOLDER / name)
    text = str(caught.value)
    assert text.startswith(f"{FOLDER / name}{SAMPLES[name].message}")
    assert "\n" not in text
    assert len(text) < len(str(FOLDER / name)) + 700


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_file_above_its_limit_is_not_read(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "model", sound())
    monkeypatch.setitem(LIMITS, name, 2)
    (tmp_path / "model" / name).write_bytes(b"[]  ")
    with pytest.raises(BundleError, match=f"/{name}: file must be at most 2 bytes, got 4"):
        (bundle.changed_files if name == "verification.json" else bundle.load)(tmp_path / "model")


def test_a_card_that_is_no_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "model", sound() | {"README.md": b"a\x80"})
    with pytest.raises(BundleError, match=r"/README\.md: file must be UTF-8, got byte 1 that is not\.$"):
        bundle.load(tmp_path / "model")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "model", sound())
    (tmp_path / "model" / "metrics.json").mkdir()
    with pytest.raises(BundleError, match=r"/metrics\.json: file must be a plain file, got something else"):
        bundle.load(tmp_path / "model")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path / "model", sound())
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BundleError, match=r"/config\.json: file must be readable, got Permission denied\.$"):
        bundle.load(tmp_path / "model")


def test_a_folder_that_may_not_be_entered_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(BundleError, match=r": model must be readable, got Permission denied\.$"):
        bundle.load(tmp_path)


def test_a_missing_folder_and_a_file_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"model must be the folder of a saved model, got no such folder\.$"):
        bundle.load(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match=r"model must be the folder of a saved model, got a file\.$"):
        bundle.load(tmp_path / "file")


MANY = 5_000


class TakenForStr(type):
    """The class of `Compared`, which equals str where a type is compared."""

    def __eq__(cls, other: object) -> bool:
        return other is str

    __hash__ = type.__hash__


class Compared(str, metaclass=TakenForStr):
    """A string whose comparisons are calls of a function, so that a search through a list counts as what it costs."""

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return str.__ne__(self, other)

    def __hash__(self) -> int:
        return str.__hash__(self)


def with_compared(value: Any) -> Any:
    """Return a value of a JSON document with its strings as `Compared`, those in lists as well."""
    if isinstance(value, str):
        return Compared(value)
    return [with_compared(entry) for entry in value] if isinstance(value, list) else value


SLOW = {
    "a key twice after many": (
        ("{" + ",".join(f'"{n}":0' for n in range(2 * MANY)) + ',"7":0}').encode(),
        "config.json: file must be valid JSON, got the key '7' twice.",
    ),
    "a label twice after many": (
        config("task_config", "labels", value=[*map(str, range(2 * MANY)), str(MANY)])["config.json"],
        f"config.json: classify.Config: labels must be distinct, got '{MANY}' twice.",
    ),
    "more tags than pairs can be looked at": (
        tagger(labels=["O", *(f"B-{n}" for n in range(MANY))])["config.json"],
        f"config.json: tag.Config: labels must be at most 4096 with a scheme or a CRF, got {MANY + 1}.",
    ),
    "many entity labels": (
        tagger(labels=["O", *(f"B-{n}" for n in range(4000))], entity_labels=[*(["3999"] * MANY), "none"])[
            "config.json"
        ],
        "config.json: tag.Config: entity_labels must be labels of the tags",
    ),
}


@pytest.mark.parametrize("name", SLOW)
def test_refusing_costs_about_as_much_as_reading(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content, message = SLOW[name]
    write(tmp_path / "model", sound() | {"config.json": content})
    loads = json.loads

    def compared(text: str, *, object_pairs_hook: Any, **more: Any) -> Any:
        def hook(pairs: list[tuple[str, Any]]) -> Any:
            return object_pairs_hook([(Compared(key), with_compared(value)) for key, value in pairs])

        return loads(text, object_pairs_hook=hook, **more)

    def refused() -> None:
        with pytest.raises(BundleError) as caught:
            bundle.load(tmp_path / "model")
        assert message in str(caught.value)

    monkeypatch.setattr(documents.json, "loads", compared)
    # A look at every pair of the strings would be 25 million calls.
    assert calls(refused) < 60 * 2 * MANY


@pytest.mark.parametrize("name", sorted(sound()))
def test_damage_anywhere_is_refused_or_harmless(tmp_path: Path, name: str) -> None:
    random = np.random.default_rng(0)
    files = sound()
    for number in range(150):
        content = bytearray(files[name])  # type: ignore[arg-type]
        for place in random.integers(0, len(content), random.integers(1, 4)):
            content[place] = random.integers(0, 256)
        folder = tmp_path / str(number)
        write(folder, files | {name: bytes(content[: random.integers(0, 2 * len(content))])})
        with suppress(BundleError):
            bundle.load(folder)


def test_a_name_that_climbs_out_is_only_a_name(tmp_path: Path) -> None:
    header = {"../../outside": {"dtype": "F32", "shape": [0], "data_offsets": [100, 100]}}
    write(tmp_path / "model", weights(lambda sound: sound.update(header)))
    # Its name is sorted before all others.
    with pytest.raises(
        BundleError, match=r"weights must be those of the configuration, got '\.\./\.\./outside' as well"
    ):
        bundle.load(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_document_of_countless_empty_lists_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "model", sound() | {"metrics.json": b'{"a": [[], [], [], []]}'})
    monkeypatch.setitem(VALUES, b"[", 4)
    with pytest.raises(BundleError, match=r"/metrics\.json: file must be of at most 4 of '\[', got 5\.$"):
        bundle.load(tmp_path / "model")


def test_weights_above_the_limit_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "model", sound())
    monkeypatch.setattr(bundle.weights, "MOST_BYTES", 99)
    with pytest.raises(BundleError, match=r"/model\.safetensors: size must be at most 99 bytes, got \d+\.$"):
        bundle.load(tmp_path / "model")


@pytest.mark.parametrize("content", [b"[]", b"{}", b'{"files": 3}', b'{"files": []}', b"\xff", b"{", b'{"a":1,"a":2}'])
def test_what_a_verification_found_is_read_as_strictly(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "model", sound() | {"verification.json": content})
    bundle.load(tmp_path / "model")
    with pytest.raises(BundleError, match=r"/verification\.json: files? must be "):
        bundle.changed_files(tmp_path / "model")


def test_what_a_verification_found_is_never_written_through_a_link(tmp_path: Path) -> None:
    write(tmp_path / "model", sound())
    (tmp_path / "outside").write_text("mine")
    (tmp_path / "model" / "verification.json").symlink_to("../outside")
    bundle.certify(tmp_path / "model", "Verification", "Alike.", {"passed": True})
    assert (tmp_path / "outside").read_text() == "mine"
    assert not (tmp_path / "model" / "verification.json").is_symlink()
    (tmp_path / "model" / "README.md").unlink()
    (tmp_path / "model" / "README.md").symlink_to("../outside")
    with pytest.raises(
        BundleError, match=r"/README\.md: file must be a file of the folder itself, got a symbolic link"
    ):
        bundle.certify(tmp_path / "model", "Verification", "Alike.", {})
