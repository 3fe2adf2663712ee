"""Saving and loading the folder of a model: all or nothing when written, everything checked when read."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._version import __version__
from ..errors import ArgumentError, BundleError, check_choice, sentence
from ..models import find, shipped
from . import documents
from .card import page
from .configuration import Shape, check_agreement, read_model, read_task, to_documents
from .lock import TakenError, locked
from .metrics import check_metrics
from .quantized import STORAGES, QuantizedWeights
from .weights import WEIGHTS, read_weights, to_safetensors

if TYPE_CHECKING:
    from .configuration import TaskConfig

__all__ = ["ANSWERING", "CARD", "FILES", "FORMAT_VERSION", "NEW", "VERIFIED", "WAIT", "Bundle", "load", "save"]

FORMAT_VERSION = 3
"""Newest version of the folder's format. Older ones stay readable; a change that old readers would misread raises it.

A model is written in the oldest version that can hold it: 1; 2 where its weights are not stored as float32, as the key
"storage" says; 3 where the features say which n-grams are known.
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

KEYS_OF = {1: KEYS, 2: (*KEYS, "storage"), 3: (*KEYS, "storage")}
"""The keys of config.json by version."""

FILES = (
    *("model.safetensors", "vocabulary.json", "tokenizer.json", documents.LEXICON, "metrics.json"),
    *(VERIFIED, CARD, "config.json"),
)
"""Every file of the format. config.json comes last into the folder and leaves it first: without it, no model."""

TRIES, PAUSE = 60, 0.05
"""How often a folder is read again that is replaced meanwhile, and seconds before the next try."""

WAIT = 10.0
"""Seconds that one process which saves a model waits for another that saves one in the same folder."""

Stamp = tuple[tuple[str, int, int, int], ...]
"""Inode, size and time of each file of a folder."""

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
            of 8 bits as they are stored, and give float32 when one is looked up.
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
    """Read a saved model; one that is replaced meanwhile is read again, so that all files belong to one model.

    Args:
        folder: of the model; where nothing lies there, the name of one that comes with the package (`bigru.models`).

    Raises:
        BundleError: the folder is missing, incomplete, damaged, hostile, or newer than this version.
        MissingExtraError: a model of subwords where `tokenizers` is not installed.
    """
    root = find(folder)
    try:
        if not root.is_dir():
            got, remedy = ("a file", "") if root.exists() else ("no such folder", _candidate_paths(root))
            raise BundleError(sentence(str(folder), "model", "the folder of a saved model", got, remedy))
        return _load_whole(root)
    except OSError as error:
        raise BundleError(sentence(str(folder), "model", "readable", error.strerror)) from None
    except MemoryError:
        raise BundleError(sentence(str(folder), "model", "small enough for the memory", "one that is not")) from None


def _load_whole(root: Path) -> Bundle:
    """Read the files until none of them was replaced while they were read."""
    for _ in range(TRIES):
        with _open_stamped(root) as before:
            made: Bundle | None = None
            fault: Exception | None = None
            try:
                made = _load(root)
            except (BundleError, OSError) as error:
                fault = error
            if _stamp(root) == before and (fault is None or not _is_being_replaced(root)):
                break
        time.sleep(PAUSE)
    else:
        made = None
        fault = BundleError(sentence(str(root), "folder", "left alone while it is read", "files that are replaced"))
    if made is None:
        assert fault is not None
        raise fault
    return made


@contextmanager
def _open_stamped(root: Path) -> Iterator[Stamp]:
    """Return the stamp of a folder, and hold its files open: their inodes are not given to other files meanwhile."""
    with ExitStack() as stack:
        for name in FILES:
            # A pipe would wait for a writer; what is no plain file is refused by who reads it.
            if os.name == "posix" and (root / name).is_file():
                with suppress(OSError):
                    descriptor = os.open(root / name, os.O_RDONLY | os.O_NONBLOCK)
                    stack.callback(os.close, descriptor)
        yield _stamp(root)


def _stamp(root: Path) -> Stamp:
    found = []
    for name in FILES:
        with suppress(OSError):
            status = os.stat(root / name)
            found.append((name, status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)


def _is_being_replaced(root: Path) -> bool:
    """Tell whether another process is moving a model into the folder at this moment."""
    if not any(root.glob(f"{OLD}*")):
        return False
    try:
        with locked(root):
            return False
    except TakenError:
        return True


def _candidate_paths(path: Path) -> str:
    """Return what could have been meant by a bare name."""
    return f"These come with bigru: {', '.join(shipped())}." if len(path.parts) == 1 and not path.suffix else ""


def _load(root: Path) -> Bundle:
    values = _configuration(root)
    where = f"{root}/config.json"
    try:
        model = read_model(values["model"], values["task"])
        tokenizer = documents.read(root, "tokenizer.json")
        config = read_task(
            values["task"],
            values["task_config"],
            values["features"],
            _document(root, "vocabulary.json", []),
            None if tokenizer is None else documents.text(f"{root}/tokenizer.json", tokenizer),
            documents.read(root, documents.LEXICON),
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
    to a subfolder first and then moved in, config.json last; other files there are left alone. Of two processes that
    save in one folder one waits for the other.

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
        if not target.exists() and _create(target, contents):
            return
        with locked(target, WAIT):
            _check_target(folder, target, force)
            _replace(target, contents)
    except TakenError:
        remedy = "Wait until it has ended, or choose another folder."
        raise BundleError(
            sentence(str(folder), "folder", "free", "one that another process writes to", remedy)
        ) from None
    except OSError as error:
        remedy = "Nothing was changed."
        raise BundleError(sentence(str(folder), "folder", "writable", error.strerror or error, remedy)) from None


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
    entries, vocabulary, tokenizer, lexicon = to_documents(bundle.task, bundle.model, bundle.config)
    version = 3 if "known" in entries["features"] else 1 if bundle.storage == "fp32" else 2
    head = {"model_type": MODEL_TYPE, "format_version": version, "library_version": __version__}
    if version > 1:
        entries["storage"] = bundle.storage
    contents = {WEIGHTS: to_safetensors("bundle.save", bundle.model, bundle.weights)}
    if vocabulary:
        contents["vocabulary.json"] = documents.dump(vocabulary)
    if tokenizer is not None:
        contents["tokenizer.json"] = tokenizer.encode("utf-8")
    if lexicon is not None:
        contents[documents.LEXICON] = lexicon
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


def _create(target: Path, contents: dict[str, bytes]) -> bool:
    """Put a new folder in its place; return False where another process was there first."""
    # The name of the folder itself may be as long as a name can be.
    beside = target.with_name(f"{NEW}{secrets.token_hex(4)}")
    try:
        _write(beside, contents)
        try:
            beside.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            return False
        return True
    finally:
        shutil.rmtree(beside, ignore_errors=True)


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
