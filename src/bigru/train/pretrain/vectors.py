"""Vectors of units that others or raw texts taught, in a folder of their own: saved, loaded, refused."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..._version import __version__
from ...bundle import documents
from ...errors import ArgumentError, BundleError, sentence
from ...features.channels import configure
from ...features.text import TextFeatures

__all__ = [
    "MANIFEST",
    "MODEL_TYPE",
    "MOST_WIDTH",
    "PRETRAINED_UNITS",
    "PretrainedVectors",
    "is_pretrained",
    "load_vectors",
]

MANIFEST, VOCABULARY, ARRAYS = "config.json", "vocabulary.json", "vectors.safetensors"

FORMAT_VERSION = 1

MODEL_TYPE = "bigru-pretrained"

PRETRAINED_UNITS = ("char", "word")
"""What can be pre-trained; words are those of lists of tokens too."""

KEYS = (
    *("model_type", "format_version", "library_version", "unit", "lowercase", "segmenter", "units", "size"),
    *("sha256", "training"),
)
"""Every entry of the manifest."""

MOST_ROWS, MOST_WIDTH = 2_000_000, 4096
"""Units and numbers of a vector at most."""

HEADER = 512
"""Bytes that the header of the arrays may take."""


@dataclass(frozen=True)
class PretrainedVectors:
    """Vectors of units, and how texts become such units.

    Attributes:
        unit: "char" or "word".
        lowercase: whether units are folded to lower case.
        segmenter: what cuts a text into units; see `bigru.features.text.TextFeatures`.
        vocabulary: the V units, the most frequent first.
        table: their vectors, float32 [V, D].
        counts: how often each came, int64 [V].
        training: facts of the training, plain JSON values.
    """

    unit: str
    lowercase: bool
    segmenter: str | None
    vocabulary: tuple[str, ...]
    table: np.ndarray
    counts: np.ndarray
    training: dict[str, Any] = field(default_factory=dict)

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file, the manifest last."""
        arrays: dict[str, np.ndarray] = {
            "vectors": np.ascontiguousarray(self.table, np.float32),
            "counts": self.counts.astype(np.int64),
        }
        stored = save(arrays, {"format": "np"})
        entries = {"model_type": MODEL_TYPE, "format_version": FORMAT_VERSION, "library_version": __version__}
        entries |= {"unit": self.unit, "lowercase": self.lowercase, "segmenter": self.segmenter}
        entries |= {"units": len(self.vocabulary), "size": self.table.shape[1]}
        entries |= {"sha256": hashlib.sha256(stored).hexdigest(), "training": self.training}
        vocabulary = documents.dump(list(self.vocabulary))
        return {ARRAYS: stored, VOCABULARY: vocabulary, MANIFEST: documents.dump(entries)}


def is_pretrained(folder: str | os.PathLike[str]) -> bool:
    """Tell whether a folder is one that `bigru pretrain` wrote."""
    return (Path(folder) / MANIFEST).is_file()


def load_vectors(folder: str | os.PathLike[str]) -> PretrainedVectors:
    """Read a folder that `bigru pretrain` wrote; every size is checked before anything is allocated.

    Raises:
        BundleError: the folder is missing, incomplete, damaged, or newer than this version.
    """
    root = Path(folder)
    values = _manifest(root)
    content = documents.read(root, VOCABULARY)
    if content is None:
        raise BundleError(sentence(str(root), "folder", f"complete, with {VOCABULARY}", "none of that name"))
    vocabulary = documents.parse(f"{root}/{VOCABULARY}", content)
    if not isinstance(vocabulary, list) or not all(isinstance(unit, str) for unit in vocabulary):
        raise BundleError(sentence(f"{root}/{VOCABULARY}", "vocabulary", "a list of strings", "something else"))
    if len(vocabulary) != values["units"]:
        raise BundleError(sentence(f"{root}/{VOCABULARY}", "units", str(values["units"]), len(vocabulary)))
    read = (values["unit"], values["lowercase"], values["segmenter"])
    try:
        TextFeatures(values["unit"], tuple(vocabulary), configure(("unit",), len(vocabulary)), read[1], {}, read[2])
    except ArgumentError as error:
        raise BundleError(f"{root}/{MANIFEST}: {str(error)[:400]}") from None
    table, counts = _arrays(root, values)
    return PretrainedVectors(*read, tuple(vocabulary), table, counts, values["training"])


def _manifest(root: Path) -> dict[str, Any]:
    where = f"{root}/{MANIFEST}"
    content = documents.read(root, MANIFEST)
    if content is None:
        got = "none" if root.is_dir() else "no such folder"
        raise BundleError(sentence(str(root), "folder", f"one of bigru pretrain, with {MANIFEST}", got))
    values = documents.parse(where, content)
    if not isinstance(values, dict) or values.get("model_type") != MODEL_TYPE:
        got = repr(values.get("model_type"))[:80] if isinstance(values, dict) else type(values).__name__
        raise BundleError(sentence(where, "model_type", repr(MODEL_TYPE), got))
    version = values.get("format_version")
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        want = f"within 1..{FORMAT_VERSION}"
        raise BundleError(sentence(where, "format_version", want, repr(version)[:80], "Install a newer bigru."))
    odd = sorted(set(values) ^ set(KEYS))
    if odd:
        got = f"{odd[0][:80]!r} {'missing' if odd[0] in KEYS else 'as well'}"
        raise BundleError(sentence(where, "keys", ", ".join(KEYS), got))
    if values["unit"] not in PRETRAINED_UNITS:
        raise BundleError(sentence(where, "unit", "char or word", repr(values["unit"])[:80]))
    for name, most in (("units", MOST_ROWS), ("size", MOST_WIDTH)):
        if type(values[name]) is not int or not 1 <= values[name] <= most:
            raise BundleError(sentence(where, name, f"a whole number within 1..{most}", repr(values[name])[:80]))
    kinds = {"lowercase": bool, "training": dict, "sha256": str, "segmenter": str | None}
    for name, kind in kinds.items():
        if not isinstance(values[name], kind):
            want = f"of type {getattr(kind, '__name__', 'str or null')}"
            raise BundleError(sentence(where, name, want, repr(values[name])[:80]))
    return values


def _arrays(root: Path, values: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    path, where = root / ARRAYS, f"{root}/{ARRAYS}"
    rows, width = values["units"], values["size"]
    if documents.is_foreign_link(path) or not path.is_file():
        got = "a symbolic link" if path.is_symlink() else "something else" if path.exists() else "no such file"
        raise BundleError(sentence(where, "file", "a plain file", got))
    least, size = 4 * rows * width + 8 * rows, path.stat().st_size
    if not least <= size <= least + HEADER:
        want = f"within {least}..{least + HEADER} bytes, as the manifest says"
        raise BundleError(sentence(where, "size", want, size))
    wanted = {"vectors": ("F32", [rows, width]), "counts": ("I64", [rows])}
    try:
        stored = path.read_bytes()
        if hashlib.sha256(stored).hexdigest() != values["sha256"]:
            raise BundleError(sentence(where, "sha256", values["sha256"], hashlib.sha256(stored).hexdigest()))
        del stored
        with safe_open(str(path), framework="numpy") as stream:
            slices = {name: stream.get_slice(name) for name in stream.keys()}  # noqa: SIM118 (no mapping)
            found = {name: (one.get_dtype(), list(one.get_shape())) for name, one in slices.items()}
            if found != wanted:
                raise BundleError(sentence(where, "arrays", str(wanted), found))
            table, counts = stream.get_tensor("vectors"), stream.get_tensor("counts")
    except SafetensorError as error:
        raise BundleError(sentence(where, "file", "valid safetensors", str(error)[:200])) from None
    except OSError as error:
        raise BundleError(sentence(where, "file", "readable", error.strerror)) from None
    if not np.isfinite(table).all() or counts.min() < 0:
        raise BundleError(sentence(where, "arrays", "finite vectors and counts from 0", "others"))
    return table, counts
