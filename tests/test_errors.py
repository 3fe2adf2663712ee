"""Every error and every finding is one bounded line, whatever files, clients and other libraries put into it."""

from __future__ import annotations

import sys

import pytest

from bigru.errors import (
    LINE,
    ArgumentError,
    DataError,
    MissingExtraError,
    argument,
    check_choice,
    nearest,
    one_line,
    refusal,
    require,
    sentence,
    spell_arguments,
)
from bigru.readers.findings import Finding


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, 好看, ü 👍", "plain, 好看, ü 👍"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\u202eb\u2066c\u200bd", "a\\u202eb\\u2066c\\u200bd"),
        ("a\nb\rc\u2028d\u2029e\x85f\x0bg", "a\\nb\\rc\\u2028d\\u2029e\\x85f\\x0bg"),
        ("half \ud800", "half \\ud800"),
        ("full\u3000width\xa0space", "full\u3000width\xa0space"),
        ("\x00\x7f", "\\x00\\x7f"),
        ("C:\\new", "C:\\new"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert one_line(shown) == shown


def test_the_middle_of_a_long_text_is_left_out() -> None:
    assert one_line("0123456789", 9) == "0123...89"
    assert one_line("0123456789", 10) == "0123456789"
    assert one_line("\n" * 10, 9) == "\\n\\n...\\n"
    assert one_line("x" * 5000, None) == "x" * 5000


def test_a_sentence_escapes_and_bounds_each_of_its_parts() -> None:
    assert sentence("a\nb", "c\x1b", "d\r", "e\u202e", "F\u2028.") == (
        "a\\nb: c\\x1b must be d\\r, got e\\u202e. F\\u2028."
    )
    text = sentence("/" + "w" * 10**6 + ":7", "n" * 10**6, "x" * 10**6, "g" * 10**6)
    assert len(text) < LINE
    assert ":7: nnn" in text
    assert text.endswith("g.")


def test_a_refusal_escapes_and_bounds_each_of_its_parts() -> None:
    assert refusal("a\nb", "c\x1b", "with d\r", "e\u202e", "F\u2028.") == (
        "a\\nb: c\\x1b is not allowed with d\\r (got e\\u202e). F\\u2028."
    )
    assert refusal("train", "group", "with dev", 1) == "train: group is not allowed with dev (got 1)."
    assert len(refusal("w" * 10**6, "n" * 10**6, "x" * 10**6, "g" * 10**6, "r" * 10**6)) < 4000


def test_errors_that_are_no_sentence_are_a_line_too() -> None:
    assert str(DataError("a\nb" + "c" * 10**6)).startswith("a\\nbccc")
    assert len(str(ArgumentError("c" * 10**6))) == LINE
    assert str(MissingExtraError("x", "train", "reading\x1b")).startswith("bigru: reading\\x1b needs the package x,")
    assert ArgumentError(3).args == (3,)


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert require("json.decoder", extra="text", purpose="reading").JSONDecoder
    monkeypatch.setitem(sys.modules, "rjieba", None)
    with pytest.raises(MissingExtraError) as caught:
        require("rjieba.words", extra="text", purpose="cutting Chinese into words")
    assert str(caught.value) == (
        "bigru: cutting Chinese into words needs the package rjieba, which is not installed. "
        "Install it with: pip install 'bigru[text]'."
    )
    with pytest.raises(MissingExtraError, match=r"^bigru: reading workbooks needs the package python-calamine, which "):
        require("no_such_module", extra="excel", purpose="reading workbooks", package="python-calamine")


def test_a_finding_is_a_bounded_line() -> None:
    assert str(Finding("f.csv", 3, "stray", "label '\x1b\n' is odd")) == "f.csv:3: stray: label '\\x1b\\n' is odd"
    assert len(str(Finding("f.csv", 3, "stray", "x" * 10**6))) == 800


def test_names_too_long_to_compare_are_not_compared() -> None:
    assert nearest("horizn", ["horizon", "x" * 10_000_000]) == "Did you mean 'horizon'?"
    assert nearest("x" * 10_000_000, ["x" * 10_000_000]) == ""


# ---- arguments and options ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "values", "python", "option"),
    [
        ("out", (), "out", "--out"),
        ("force", (True,), "force=True", "--force"),
        ("plain", (False,), "plain=False", "--no-plain"),
        ("horizon", (12,), "horizon=12", "--horizon 12"),
        ("targets", ("a b", "c"), "targets=('a b', 'c')", "--target 'a b' --target c"),
        ("settings.hidden", (64,), "hidden=64", "--set hidden=64"),
        ("settings.split", (0.7, 0.1, 0.2), "split=(0.7, 0.1, 0.2)", "--set split=0.7,0.1,0.2"),
        ("reading.label", (), "reading.label", "--label"),
        ("reading.id", (), "reading.id", "--id-column"),
        ("reading.id", ("shop",), "Reading(id=('shop',))", "--id-column shop"),
        ("reading.header", (False,), "Reading(header=False)", "--no-header"),
        ("reading.multi_label", (True,), "Reading(multi_label=True)", "--multi-label"),
        ("reading.multi_label", (False,), "Reading(multi_label=False)", "--one-label"),
        ("reading.time_format", ("%d.%m.%Y %H:%M",), "Reading(time_format='%d.%m.%Y %H:%M')", None),
    ],
)
def test_an_argument_is_called_as_the_caller_gives_it(
    name: str, values: tuple[object, ...], python: str, option: str | None
) -> None:
    with spell_arguments("python"):
        assert argument(name, *values) == python
    with spell_arguments("options"):
        assert argument(name, *values) == (option or "--time-format '%d.%m.%Y %H:%M'")


def test_the_outermost_caller_decides_and_what_follows_an_error_is_as_before() -> None:
    with spell_arguments("options"), spell_arguments("python"):
        assert argument("out") == "--out"
    with pytest.raises(ArgumentError), spell_arguments("options"):
        check_choice("train", "cell", "gur", ("gru",))
    with spell_arguments("python"):
        assert argument("out") == "out"
    assert argument("out") == "--out"
