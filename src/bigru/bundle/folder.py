"""Saving and loading the folder of a model: all or nothing when written, everything checked when read."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..errors import ArgumentError, BundleError, check_choice, sentence
from ..models import find, shipped
from . import documents
from .card import page, with_section
from .configuration import Shape, check_agreement, model_of, task_of, written
from .metrics import check_metrics
from .quantized import STORAGES, QuantizedWeights
from .weights import WEIGHTS, packed, read_weights

if TYPE_CHECKING:
    from .configuration import TaskConfig

__all__ = ["ANSWERING", "FORMAT_VERSION", "Bundle", "certify", "changed", "load", "save"]

FORMAT_VERSION = 2
"""Newest version of the folder's format. Older ones stay readable; a change that old readers would misread raises it.

A model is written in the oldest version that can hold it: 1, or 2 where its weights are not stored as float32, as the
key "storage" says.
"""

MODEL_TYPE = "bigru"

VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,39}")
"""What is repeated of the version that a folder says it was written by."""

NEW, OLD = ".bigru-new-", ".bigru-old-"
"""Begin the names of the subfolders where the new and the old model lie while one replaces the other.

Only a killed process leaves them behind; the next model that is saved there clears them away.
"""

CARD = "README.md"

VERIFIED = "verification.json"
"""What a verification found, and the hashes of the files that it is about. Loading a model never reads it."""

KEYS = ("model_type", "format_version", "library_version", "task", "task_config", "features", "model")

KEYS_OF = {1: KEYS, 2: (*KEYS, "storage")}
"""The keys of config.json by version."""

FILES = ("model.safetensors", "vocabulary.json", "tokenizer.json", "metrics.json", VERIFIED, CARD, "config.json")
"""Every file of the format. config.json comes last into the folder and leaves it first: without it, no model."""

ANSWERING = tuple(name for name in FILES if name not in (CARD, VERIFIED))
"""The files that a model is loaded from; the others are about it."""


@dataclass(frozen=True)
class Bundle:
    """A trained model with everything that running and judging it takes.

    Attributes:
        task: "classify", "tag", "forecast" or "transcribe".
        model: the shape of the network.
        config: the task's configuration, features included.
        weights: the arrays by name, float32, as `bigru.bundle.weights.shapes` lists them; `QuantizedWeights` keep those
            of 8 bits as they are stored, and give float32 to whoever looks one up.
        metrics: scores and facts of the training, plain JSON values.
        card: Markdown for the model card, on the data above all; a text that begins with `---` is a whole card and
            is written as it is.
    """

    task: str
    model: Shape
    config: TaskConfig
    weights: Mapping[str, np.ndarray]
    metrics: dict[str, Any] = field(default_factory=dict)
    card: str = ""

    def __post_init__(self) -> None:
        check_agreement(self.task, self.model, self.config)

    @property
    def storage(self) -> str:
        """How the weights are stored: "fp32" or "int8"."""
        return "int8" if isinstance(self.weights, QuantizedWeights) else "fp32"


def load(folder: str | os.PathLike[str]) -> Bundle:
    """Read a saved model.

    Args:
        folder: of the model; where nothing lies there, the name of one that comes with the package (`bigru.models`).

    Raises:
        BundleError: the folder is missing, incomplete, damaged, hostile, or newer than this version.
        MissingExtraError: a model of subwords where `tokenizers` is not installed.
    """
    root = find(folder)
    try:
        if not root.is_dir():
            got, remedy = ("a file", "") if root.exists() else ("no such folder", _names(root))
            raise BundleError(sentence(str(folder), "model", "the folder of a saved model", got, remedy))
        return _load(root)
    except OSError as error:
        raise BundleError(sentence(str(folder), "model", "readable", error.strerror)) from None


def _names(path: Path) -> str:
    """Return what could have been meant by a bare name."""
    return f"These come with bigru: {', '.join(shipped())}." if len(path.parts) == 1 and not path.suffix else ""


def _load(root: Path) -> Bundle:
    values = _configuration(root)
    where = f"{root}/config.json"
    try:
        model = model_of(values["model"], values["task"])
        tokenizer = documents.read(root, "tokenizer.json")
        config = task_of(
            values["task"],
            values["task_config"],
            values["features"],
            _document(root, "vocabulary.json", []),
            None if tokenizer is None else documents.text(f"{root}/tokenizer.json", tokenizer),
        )
        check_agreement(values["task"], model, config)
        storage = values.get("storage", "fp32")
        check_choice("Bundle", "storage", storage, STORAGES)
    except ArgumentError as error:
        raise BundleError(f"{where}: {str(error)[:400]}") from None
    metrics = check_metrics(f"{root}/metrics.json", _document(root, "metrics.json", {}))
    card = documents.text(f"{root}/{CARD}", documents.read(root, CARD) or b"")
    return Bundle(values["task"], model, config, read_weights(root, model, storage), metrics, card)


def _document(root: Path, name: str, default: Any) -> Any:
    content = documents.read(root, name)
    return default if content is None else documents.parse(f"{root}/{name}", content)


def _configuration(root: Path) -> dict[str, Any]:
    """Return config.json, its keys and its version checked."""
    where = f"{root}/config.json"
    values = _document(root, "config.json", None)
    if values is None:
        cut_short = [path.name for path in root.glob(f"{OLD}*")]
        remedy = f"A replacement was cut short: move the files of {cut_short[0]!r} back." if cut_short else ""
        raise BundleError(sentence(str(root), "folder", "a saved model, with config.json", "none", remedy))
    if not isinstance(values, dict) or values.get("model_type") != MODEL_TYPE:
        got = repr(values.get("model_type"))[:80] if isinstance(values, dict) else type(values).__name__
        raise BundleError(sentence(where, "model_type", repr(MODEL_TYPE), got))
    version = values.get("format_version")
    if type(version) is not int or version < 1:
        raise BundleError(sentence(where, "format_version", "a whole number from 1", repr(version)[:80]))
    if version > FORMAT_VERSION:
        writer = str(values.get("library_version"))
        named = writer if VERSION.fullmatch(writer) else "of no known version"
        remedy = f"The model was saved by bigru {named}; this is {__version__}. Install a newer bigru."
        raise BundleError(sentence(where, "format_version", f"at most {FORMAT_VERSION}", version, remedy))
    keys = KEYS_OF[version]
    odd = sorted(set(values) ^ set(keys))
    if odd:
        got = f"{odd[0][:80]!r} {'missing' if odd[0] in keys else 'as well'}"
        raise BundleError(sentence(where, "keys", ", ".join(keys), got))
    return values


def save(bundle: Bundle, folder: str | os.PathLike[str], force: bool = False) -> None:
    """Write a model so that the folder holds all of it or nothing of it, whatever happens meanwhile.

    A new folder is written beside its place and renamed. In a folder that exists, the files are written
    to a subfolder first and then moved in, config.json last; other files there are left alone.

    Args:
        bundle: the model.
        folder: where to; missing parents are made.
        force: replace the model that lies there. Files that are no saved model are never replaced.

    Raises:
        BundleError: the folder holds a model (without `force`) or files in its way, it cannot be written, or the
            weights are not those of the configuration.
    """
    target = Path(os.path.abspath(folder))
    _check_target(folder, target, force)
    contents = _contents(bundle)
    try:
        if target.exists():
            _replace(target, contents)
        else:
            _create(target, contents)
    except OSError as error:
        remedy = "Nothing was changed."
        raise BundleError(sentence(str(folder), "folder", "writable", error.strerror or error, remedy)) from None


def certify(folder: str | os.PathLike[str], heading: str, body: str, found: Mapping[str, Any]) -> None:
    """Write what a verification found into the folder of a saved model.

    A section of the card says it, in place of the one of that heading if there is one, and `verification.json` holds
    all of it, with the SHA-256 of every file that it is about: who changes the model afterwards is found out. Each is
    written beside its place and renamed: whoever reads it meanwhile sees the old one or the new one.

    Raises:
        BundleError: the card is no text, too large, or a link, or it cannot be written.
    """
    root = Path(folder)
    where = f"{folder}/{CARD}"
    card = with_section(documents.text(where, documents.read(root, CARD) or b""), heading, body).encode("utf-8")
    if len(card) > documents.LIMITS[CARD]:
        raise BundleError(sentence(where, "file", f"at most {documents.LIMITS[CARD]} bytes", len(card)))
    fresh = root / f"{NEW}{secrets.token_hex(4)}"
    try:
        document = {"library_version": __version__, **found, "files": _hashes(root)}
        contents = {CARD: card, VERIFIED: documents.dump(document)}
        _write(fresh, contents)
        for name in contents:
            (fresh / name).replace(root / name)
    except OSError as error:
        raise BundleError(sentence(where, "file", "writable", error.strerror or error)) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def changed(folder: str | os.PathLike[str]) -> list[str]:
    """Return the files that are not what the last verification was about: changed, new or gone since.

    None are returned where there was no verification.

    Raises:
        BundleError: `verification.json` is no such document, or a file cannot be read.
    """
    root = find(folder)
    where = f"{folder}/{VERIFIED}"
    document = _document(root, VERIFIED, None)
    if document is None:
        return []
    told = document.get("files") if isinstance(document, dict) else None
    if not isinstance(told, dict):
        raise BundleError(sentence(where, "files", "hashes by name", type(told).__name__, "Remove the file."))
    try:
        found = _hashes(root)
    except OSError as error:
        raise BundleError(sentence(str(folder), "files", "readable", error.strerror)) from None
    return [name for name in FILES if found.get(name) != told.get(name)]


def _hashes(root: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that a model is loaded from."""
    found = {}
    for name in ANSWERING:
        if (root / name).is_file():
            with (root / name).open("rb") as stream:
                found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _check_target(folder: str | os.PathLike[str], target: Path, force: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise BundleError(sentence(str(folder), "folder", "a folder or new", "a file"))
    taken = [name for name in FILES if os.path.lexists(target / name)]
    if taken and not force:
        remedy = "Choose another folder, or replace the model with --force (force=True)."
        raise BundleError(sentence(str(folder), "folder", "free for the model", f"one with {taken[-1]}", remedy))
    if taken and not _ours(target):
        remedy = "It is no saved model and is not replaced. Choose another folder."
        raise BundleError(sentence(str(folder), "folder", "free or a saved model", f"one with {taken[-1]}", remedy))


def _ours(target: Path) -> bool:
    """Tell whether a model lies in the folder, or lay there when a replacement was cut short."""
    for place in (target, *target.glob(f"{OLD}*")):
        with suppress(BundleError):
            values = _document(place, "config.json", None)
            if isinstance(values, dict) and values.get("model_type") == MODEL_TYPE:
                return True
    return False


def _contents(bundle: Bundle) -> dict[str, bytes]:
    """Return the bytes of every file, config.json last."""
    entries, vocabulary, tokenizer = written(bundle.task, bundle.model, bundle.config)
    version = 1 if bundle.storage == "fp32" else FORMAT_VERSION
    head = {"model_type": MODEL_TYPE, "format_version": version, "library_version": __version__}
    if version > 1:
        entries["storage"] = bundle.storage
    contents = {WEIGHTS: packed("bundle.save", bundle.model, bundle.weights)}
    if vocabulary:
        contents["vocabulary.json"] = documents.dump(vocabulary)
    if tokenizer is not None:
        contents["tokenizer.json"] = tokenizer.encode("utf-8")
    contents["metrics.json"] = documents.dump(bundle.metrics)
    whole = bundle.card.startswith("---")
    card = bundle.card if whole else page(bundle.task, bundle.model, bundle.config, bundle.metrics, bundle.card)
    contents[CARD] = card.encode("utf-8")
    contents["config.json"] = documents.dump(head | entries)
    return contents


def _write(folder: Path, contents: dict[str, bytes]) -> None:
    """Write the files into a new folder, down to the disk."""
    folder.mkdir(parents=True)
    for name, content in contents.items():
        with (folder / name).open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())


def _create(target: Path, contents: dict[str, bytes]) -> None:
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        _write(beside, contents)
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _replace(target: Path, contents: dict[str, bytes]) -> None:
    token = secrets.token_hex(4)
    fresh = target / f"{NEW}{token}"
    try:
        _write(fresh, contents)
        _swap(target, fresh, target / f"{OLD}{token}", list(contents))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    for left in (*target.glob(f"{NEW}*"), *target.glob(f"{OLD}*")):
        shutil.rmtree(left, ignore_errors=True)


def _swap(target: Path, fresh: Path, old: Path, names: list[str]) -> None:
    """Move the old files out and the new ones in; on any error the old ones come back."""
    old.mkdir()
    placed: list[Path] = []
    try:
        for name in reversed(FILES):
            if (target / name).exists():
                (target / name).rename(old / name)
        for name in names:
            (fresh / name).rename(target / name)
            placed.append(target / name)
    except BaseException:
        for path in reversed(placed):
            path.unlink()
        for name in FILES:
            if (old / name).exists():
                (old / name).rename(target / name)
        old.rmdir()
        raise
