from __future__ import annotations

from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.text_folder import parse, sniff
from bigru.readers.reader import read
from bigru.readers.reading import Reading


def made(root: Path, files: dict[str, str], encoding: str = "utf-8") -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding=encoding)
    return root


def test_a_folder_for_each_label(tmp_path: Path) -> None:
    files = {
        "pos/1.txt": "fine",
        "neg/0_3.txt": "dull\nand long\n",
        "neg/51060": "mail",
        "neg/.hidden": "x",
        "README": "r",
    }
    table = parse(made(tmp_path, files), "d")
    assert list(table.records()) == [
        {"text": "dull\nand long\n", "label": "neg", "origin": "neg/0_3.txt"},
        {"text": "mail", "label": "neg", "origin": "neg/51060"},
        {"text": "fine", "label": "pos", "origin": "pos/1.txt"},
    ]
    assert list(table.lines) == [1, 2, 3]
    assert table.inferred == {"labels": "names of the 2 folders", "encoding": "utf-8"}
    assert [str(one) for one in table.findings] == [
        "d: not read: 1 files beside the folders of labels are not read: README"
    ]


def test_the_encoding_is_recognised_from_all_files_together(tmp_path: Path) -> None:
    texts = ["Città stupenda", "Perché non rispondono mai?", "Il caffè era freddo e la qualità è scarsa", "plain"]
    made(tmp_path, {f"a/{n}.txt": text for n, text in enumerate(texts)}, "latin-1")
    table = parse(tmp_path, "d")
    assert list(table.column("text")) == texts
    assert table.inferred["encoding"] == (
        "utf-8, 3 files cp1252 (recognised by its frequent characters; --encoding overrules)"
    )
    assert list(parse(tmp_path, "d", Reading(encoding="latin-1")).column("text")) == texts


def test_an_empty_text_is_a_text(tmp_path: Path) -> None:
    assert list(parse(made(tmp_path, {"a/1.txt": ""}), "d").column("text")) == [""]


def test_parts_are_asked_for(tmp_path: Path) -> None:
    made(tmp_path, {"train/pos/1.txt": "a", "test/pos/1.txt": "b"})
    assert sniff(tmp_path)
    with pytest.raises(DataError) as caught:
        parse(tmp_path, "d")
    assert str(caught.value) == (
        "d: data must be a folder for each label, got train, test. "
        f"Name the part: bigru train {tmp_path}/train --test {tmp_path}/test."
    )


def test_folders_within_folders_of_labels_are_refused(tmp_path: Path) -> None:
    made(tmp_path, {"a/1.txt": "x", "a/b/2.txt": "y"})
    with pytest.raises(DataError, match=r"^d: data must be folders of labels without folders in them, got a/b\.$"):
        parse(tmp_path, "d")


def test_a_folder_without_texts_is_none(tmp_path: Path) -> None:
    made(tmp_path, {"a/1.wav": "x", "1.txt": "y"})
    assert not sniff(tmp_path)
    assert not sniff(tmp_path / "1.txt")
    with pytest.raises(DataError, match=r"^d: data must be at least one text in a folder of its label, got none\.$"):
        parse(tmp_path, "d")


def test_short_texts_with_the_names_of_their_files_are_no_recordings(tmp_path: Path) -> None:
    texts = {f"{label}/{n}.txt": f"a {label} film, number {n}" for label in ("dull", "fine") for n in range(4)}
    found = read(made(tmp_path / "films", texts))
    assert (found.kind, found.task, set(found.targets)) == ("text", "classify", {"dull", "fine"})
    mails = {f"{label}/{n}": f"a {label} mail, number {n}" for label in ("dull", "fine") for n in range(51060, 51064)}
    assert read(made(tmp_path / "mails", mails)).inputs[0] == "a dull mail, number 51060"
    rows = "".join(f"{text},{name[:4]},{name[5:]}\n" for name, text in texts.items()).replace("film, ", "film ")
    (tmp_path / "d.csv").write_text("text,label,file\n" + rows)
    assert read(tmp_path / "d.csv").inputs[0] == "a dull film number 0"
