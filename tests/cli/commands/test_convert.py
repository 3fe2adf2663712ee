"""`bigru import lac`, and the sentence of the introduction."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Bigru = Callable
Refused = Callable[..., str]


def test_lac_is_imported_and_answers(bigru: Bigru, tmp_path: Path) -> None:
    result = bigru("import", "lac", tmp_path / "lac")
    assert (result.code, result.out) == (0, "")
    assert f"LAC-small is in {tmp_path / 'lac'}." in result.err
    assert "Apache-2.0" in (tmp_path / "lac" / "README.md").read_text(encoding="utf-8")
    answer = bigru("predict", tmp_path / "lac", "苹果公司在加利福尼亚州发布了新款 iPhone。", "--plain")
    assert answer.out == "苹果公司在加利福尼亚州发布了新款 iPhone。\t苹果公司/ORG 加利福尼亚州/LOC\n"


def test_an_unknown_source_is_refused(refused: Refused, tmp_path: Path) -> None:
    assert refused("import", "lacc", tmp_path / "m").endswith("one of lac, got 'lacc'. Did you mean 'lac'?")


def test_a_folder_in_use_is_refused(refused: Refused, bigru: Bigru, model: Path, tmp_path: Path) -> None:
    assert "Choose another folder, or replace the model with --force" in refused("import", "lac", model)
    assert bigru("import", "lac", tmp_path / "m").code == 0
    assert bigru("import", "lac", tmp_path / "m", "--force").code == 0


def test_a_place_that_cannot_be_written_is_refused(refused: Refused, reviews: Path) -> None:
    assert refused("import", "lac", reviews).endswith("folder must be a folder or new, got a file.")
