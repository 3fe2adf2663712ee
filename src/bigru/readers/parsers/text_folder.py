"""A folder with a folder of texts for each label (20 Newsgroups, aclImdb) to a table."""

from __future__ import annotations

from pathlib import Path

from ...errors import DataError, sentence
from ..findings import Finding
from ..opening import charset
from ..opening.encoding import decode, read_bytes
from ..reading import Reading
from ..table import Table

__all__ = ["parse", "sniff"]

PARTS = ("train", "training", "test", "testing", "dev", "valid", "validation", "val")
"""Names of folders that are parts of a data set and not labels."""


def sniff(path: Path) -> bool:
    """Tell whether a folder holds folders of which half at least hold texts, or parts (train, test) that hold such."""
    if not path.is_dir():
        return False
    folders = _folders(path)
    parts = [one for one in folders if one.name.lower() in PARTS]
    return _are_labels(folders) or any(_are_labels(_folders(one)) for one in parts)


def _are_labels(folders: list[Path]) -> bool:
    return 2 * sum(bool(_texts(one)) for one in folders) >= max(len(folders), 1)


def parse(path: Path, source: str, reading: Reading | None = None) -> Table:
    """Read a text a file; its label is the name of the folder that it lies in.

    Files that are no UTF-8 are in one encoding, recognised from all of them together, unless `reading` names one.

    Args:
        path: the folder.
        source: the folder as the user named it.
        reading: what is decided already: encoding.

    Returns:
        Columns `text`, `label` and `origin` (the path within the folder); lines are numbers of files, by name, from 1.

    Raises:
        DataError: the folder holds parts (train, test) and not labels, folders within those of the labels, no text, or
            a file that is no text.
    """
    folders = _folders(path)
    parts = sorted(
        (one.name for one in folders if one.name.lower() in PARTS), key=lambda name: PARTS.index(name.lower())
    )
    if parts:
        options = f"bigru train {path / parts[0]}" + "".join(f" --test {path / name}" for name in parts[1:2])
        remedy = f"Name the part: {options}."
        raise DataError(sentence(source, "data", "a folder for each label", ", ".join(parts), remedy))
    encoding = reading.encoding if reading else None
    files = [file for folder in folders for file in _texts(folder)]
    for folder in folders:
        if _folders(folder):
            got = f"{folder.name}/{_folders(folder)[0].name}"
            raise DataError(sentence(source, "data", "folders of labels without folders in them", got))
    if not files:
        raise DataError(sentence(source, "data", "at least one text in a folder of its label", "none"))
    contents = [read_bytes(file) if file.stat().st_size else b"" for file in files]
    texts, inferred = _decode(contents, [str(file) for file in files], source, encoding)
    names = [file.relative_to(path).as_posix() for file in files]
    table = Table(["text", "label", "origin"], [texts, [file.parent.name for file in files], names], [], source, False)
    table.lines = range(1, len(files) + 1)
    table.inferred = {"labels": f"names of the {len(folders)} folders"} | inferred
    stray = [one.name for one in sorted(path.iterdir()) if one.is_file() and not one.name.startswith(".")]
    if stray:
        message = f"{len(stray)} files beside the folders of labels are not read: {', '.join(stray[:3])}"
        table.findings.append(Finding(source, 0, "not read", message))
    return table


def _folders(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith("."))


def _texts(folder: Path) -> list[Path]:
    """Return the texts of a folder: files named .txt, or without a suffix other than a number."""
    files = (one for one in folder.iterdir() if one.is_file() and not one.name.startswith("."))
    return sorted(one for one in files if one.suffix.lower() in ("", ".txt") or one.suffix[1:].isdecimal())


def _decode(
    contents: list[bytes], names: list[str], source: str, encoding: str | None
) -> tuple[list[str], dict[str, str]]:
    if encoding is not None:
        decoded = [decode(data, name, encoding)[0] for data, name in zip(contents, names, strict=True)]
        return decoded, {"encoding": encoding}
    strange = [data for data in contents if not _is_utf8(data)]
    if not strange:
        return [decode(data, name)[0] for data, name in zip(contents, names, strict=True)], {"encoding": "utf-8"}
    # One text has too few characters to say its encoding; all together have enough.
    other = decode(b"\n".join(strange), source)[1]
    decoded = [
        decode(data, name, None if _is_utf8(data) else other)[0] for data, name in zip(contents, names, strict=True)
    ]
    said = charset.explain(other)
    return decoded, {"encoding": said if len(strange) == len(contents) else f"utf-8, {len(strange)} files {said}"}


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
