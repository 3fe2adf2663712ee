"""What a verification found, written into the folder of a saved model, and whether it still holds."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._version import __version__
from ..errors import BundleError, sentence
from ..models import find
from . import documents
from .card import with_section
from .folder import ANSWERING, CARD, FILES, LOCK_SECONDS, NEW, VERIFIED
from .lock import locked

__all__ = ["certify", "changed_files", "hashes"]


def certify(
    folder: str | os.PathLike[str],
    heading: str,
    body: str,
    found: Mapping[str, Any],
    verified: Mapping[str, str] | None = None,
) -> None:
    """Write what a verification found into the folder of a saved model.

    A section of the card says it, in place of the one of that heading if there is one, and `verification.json` holds
    all of it, with the SHA-256 of every file that it is about, so that a later change of the model is seen. Each is
    written beside its place and renamed: a reader sees the old one or the new one.

    Args:
        folder: of the model.
        heading, body: of the section.
        found: what was found, plain JSON values.
        verified: the `hashes` of the files that were verified; None takes those that lie there.

    Raises:
        BundleError: the card is no text, too large, or a link, it cannot be written, or the model is not the one that
            was verified.
    """
    root = Path(folder)
    where = f"{folder}/{CARD}"
    fresh = root / f"{NEW}{secrets.token_hex(4)}"
    try:
        with locked(root, LOCK_SECONDS):
            now = hashes(root)
            if verified is not None and now != dict(verified):
                got, remedy = "another one by now", "Nothing was written. Verify it again."
                raise BundleError(sentence(str(folder), "model", "the one that was verified", got, remedy))
            card = with_section(documents.text(where, documents.read(root, CARD) or b""), heading, body).encode("utf-8")
            if len(card) > documents.LIMITS[CARD]:
                raise BundleError(sentence(where, "file", f"at most {documents.LIMITS[CARD]} bytes", len(card)))
            document = documents.dump({"library_version": __version__, **found, "files": now})
            _put(root, fresh, {CARD: card, VERIFIED: document})
    except OSError as error:
        raise BundleError(sentence(where, "file", "writable", error.strerror or error)) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def changed_files(folder: str | os.PathLike[str]) -> list[str]:
    """Return the files that are not what the last verification was about: changed, new or gone since.

    None are returned where there was no verification.

    Raises:
        BundleError: `verification.json` is no such document, or a file cannot be read.
    """
    root = find(folder)
    where = f"{folder}/{VERIFIED}"
    content = documents.read(root, VERIFIED)
    if content is None:
        return []
    document = documents.parse(f"{root}/{VERIFIED}", content)
    listed = document.get("files") if isinstance(document, dict) else None
    if not isinstance(listed, dict):
        raise BundleError(sentence(where, "files", "hashes by name", type(listed).__name__, "Remove the file."))
    found = hashes(root)
    return [name for name in FILES if found.get(name) != listed.get(name)]


def hashes(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Return the SHA-256 of every file that a model is loaded from.

    Raises:
        BundleError: a file cannot be read.
    """
    root, found = find(folder), {}
    try:
        for name in ANSWERING:
            if (root / name).is_file():
                with (root / name).open("rb") as stream:
                    found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(sentence(str(folder), "files", "readable", error.strerror)) from None
    return found


def _put(root: Path, fresh: Path, contents: dict[str, bytes]) -> None:
    """Write files beside their place, down to the disk, and rename them into it."""
    fresh.mkdir()
    for name, content in contents.items():
        with (fresh / name).open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    for name in contents:
        (fresh / name).replace(root / name)
