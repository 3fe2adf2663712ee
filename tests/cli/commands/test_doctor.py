"""`bigru doctor`: findings on stderr, a summary on stdout, and exit code 1 where something hurts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Bigru = Callable
Refused = Callable[..., str]


def test_sound_data_pass(bigru: Bigru, reviews: Path) -> None:
    result = bigru("doctor", reviews)
    assert (result.code, result.err.splitlines()[-3:]) == (
        0,
        ["No findings.", "Next:", f"  bigru train {reviews}"],
    )
    assert "duplicate" not in result.err
    assert result.json["files"][0]["examples"] == 40


def test_people_see_what_was_inferred_the_classes_and_the_lengths(bigru: Bigru, reviews: Path) -> None:
    lines = bigru("doctor", reviews).err.splitlines()
    assert lines[0].startswith(f"{reviews}: 40 examples; format csv, encoding utf-8, separator comma")
    assert [line.split() for line in lines if "50.0%" in line] == [["good", "20", "50.0%"], ["bad", "20", "50.0%"]]
    assert f"{reviews}: lengths in characters: median 3, 95 % 4, 99 % 4, longest 4 (line 22)" in lines


def test_what_hurts_is_exit_code_1(bigru: Bigru, tmp_path: Path) -> None:
    path, test = tmp_path / "x.csv", tmp_path / "test.csv"
    rows = [f"text {n},{'ab'[n % 2]}" for n in range(20)]
    path.write_text("\n".join(["text,label", *rows, "text 0,b"]), encoding="utf-8")
    test.write_text("text,label\ntext 3,b\nnew,a\n", encoding="utf-8")
    result = bigru("doctor", path, "--test", test)
    assert result.code == 1
    assert f"{path}:22: contradiction: the same text as line 2, labelled 'a' there and 'b' here\n" in result.err
    assert f"{test}:2: leak: the same text as {path}:5\n" in result.err
    assert result.json["findings"]["leak"] == 1
    assert [file["file"] for file in result.json["files"]] == [str(path), str(test)]


def test_what_is_only_worth_knowing_is_exit_code_0(bigru: Bigru, reviews: Path) -> None:
    reviews.write_text(reviews.read_text(encoding="utf-8") + ",good\n", encoding="utf-8")
    result = bigru("doctor", reviews)
    assert result.code == 0
    assert f"{reviews}:42: empty row: 'text' is empty; left out\n" in result.err


def test_a_missing_file_is_refused(refused: Refused, reviews: Path) -> None:
    assert "dev.csv: data must be a file, got no such file." in refused(
        "doctor", reviews, "--dev", reviews.with_name("dev.csv")
    )


def test_columns_are_named_by_the_options(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text\na\n", encoding="utf-8")
    want = (
        "the table must be labelled, got the single column 'text'. Labels stand in a column of their own; name what "
        "separates columns with --separator."
    )
    assert refused("doctor", tmp_path / "x.csv").endswith(f"x.csv: {want}")


def test_a_wrong_column_is_refused(refused: Refused, reviews: Path) -> None:
    assert refused("doctor", reviews, "--label", "labl").endswith("got 'labl'. Did you mean 'label'?")
