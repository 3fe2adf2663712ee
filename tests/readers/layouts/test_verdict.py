"""What is chosen, asked and refused, word by word."""

from __future__ import annotations

from typing import Any

import pytest

from bigru.errors import DataError
from bigru.readers.layouts.evidence import LONGEST, Proposal, View, name_some, option, shorten
from bigru.readers.layouts.verdict import choose
from bigru.readers.reading import Reading
from bigru.readers.table import Table
from made_tables import at, key, pick, prose, wave

ROWS = 30
OPEN = Reading()


def table(named: bool = True, **columns: Any) -> Table:
    cells = [[str(make(n)) for n in range(ROWS)] for make in columns.values()]
    return Table(list(columns), cells, range(2, ROWS + 2), "f", named)


def refusal(made: Table, reading: Reading = OPEN, required: bool = True, kind: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        choose(made, reading, required, kind)
    return str(caught.value)


def roles(made: Table, reading: Reading = OPEN, required: bool = True) -> dict[str, str]:
    chosen, _ = choose(made, reading, required)
    return {one.column: one.role for one in chosen.roles}


def block(n: int) -> int:
    return n // 10


TEXT = table(text=prose, label=pick("p n"))


def test_every_column_has_a_role_and_a_reason() -> None:
    made = table(id=lambda n: n, text=prose, label=pick("p n"), lang=lambda n: "en", note=lambda n: "")
    chosen, _ = choose(made, OPEN, True)
    assert [(one.column, one.role, one.why) for one in chosen.roles] == [
        ("text", "text", "its name"),
        ("label", "label", "its name"),
        ("id", "not read", "counts the rows"),
        ("lang", "not read", "the same in every row"),
        ("note", "not read", "empty"),
    ]


@pytest.mark.parametrize(
    ("made", "reading", "want"),
    [
        (table(kind=pick("p n"), said=prose), OPEN, {"said": "text", "kind": "label"}),
        (table(title=lambda n: prose(n, 3, 5), lyrics=lambda n: prose(n, 30, 50), genre=pick("a b")), OPEN,
         {"lyrics": "text", "genre": "label", "title": "not read"}),
        (table(text=prose, label=lambda n: n % 2, label_text=lambda n: ("no", "yes")[n % 2]), OPEN,
         {"text": "text", "label_text": "label", "label": "not read"}),
        (table(text=prose, label=lambda n: n % 2, label_text=pick("no yes")), OPEN,
         {"text": "text", "label": "label", "label_text": "not read"}),
        (table(text=prose, a=pick("0 1"), b=pick("0 1"), c=lambda n: 0), OPEN,
         {"text": "text", "a": "label", "b": "label", "c": "label"}),
        (table(text=prose, u=pick("p n"), w=pick("q r")), Reading(label="u"),
         {"text": "text", "u": "label", "w": "not read"}),
        (table(user=block, time=lambda n: n % 10, a=wave, activity=block), OPEN,
         {"user": "series", "time": "time", "a": "values", "activity": "label"}),
        (table(date=at, sales=wave), Reading(task="forecast"), {"date": "time", "sales": "values"}),
        (table(path=lambda n: f"{n}.wav", text=prose, gender=pick("m f")), OPEN,
         {"path": "recording", "text": "transcript", "gender": "not read"}),
    ],
)  # fmt: skip
def test_roles(made: Table, reading: Reading, want: dict[str, str]) -> None:
    assert roles(made, reading) == want


def test_labels_that_name_the_numbers_are_said() -> None:
    made = table(text=prose, label=lambda n: n % 2, label_text=lambda n: ("no", "yes")[n % 2])
    choose(made, OPEN, True)
    assert made.inferred["labels"] == "those of 'label_text', which names the numbers of 'label'"


def test_wide_series() -> None:
    steps = {f"x{n}": lambda row, n=n: wave(n, row) for n in range(1, 13)}
    assert roles(table(**steps, fault=pick("0 1"))) == {"fault": "label"} | dict.fromkeys(steps, "values")
    bare = {str(n): lambda row, n=n: wave(n, row) for n in range(2, 14)}
    assert roles(table(False, **{"1": pick("1 2")}, **bare))["1"] == "label"
    assert roles(table(**steps), Reading(layout="wide"), required=False) == dict.fromkeys(steps, "values")


@pytest.mark.parametrize(
    ("made", "reading", "want"),
    [
        (
            table(premise=prose, claim=lambda n: prose(n + 1), label=pick("0 1")),
            OPEN,
            "f: --text must be named, as several columns may hold the texts: premise, claim, got nothing.",
        ),
        (
            table(text=prose, u=pick("p n"), w=pick("q r")),
            OPEN,
            "f: --label must be named, as several columns may hold the labels: u, w, got nothing.",
        ),
        (
            table(text=prose, user=key, likes=pick("1 2 3 4 5 6")),
            OPEN,
            "f: --label must be named, as 'likes' has not the name of labels and no other column has their look, "
            "got nothing.",
        ),
        (
            table(text=prose, a=pick("0 1"), b=pick("x y"), c=pick("0 1")),
            OPEN,
            "f: --label or --labels must be named, as one or several columns may hold the labels: a, c, b, "
            "got nothing.",
        ),
        (
            table(text=prose, label=key),
            OPEN,
            "f: the label must be a column whose values come back, got 'label' with 30 different values in 30 rows. "
            "Name its column with --label if it is meant.",
        ),
        (
            table(text=prose, id=key),
            OPEN,
            "f: --label must be named, as no column looks like labels, got text, id.",
        ),
        (
            table(text=prose),
            OPEN,
            "f: the table must be labelled, got the single column 'text'. Labels stand in a column of "
            "their own; name what separates columns with --separator.",
        ),
        (
            table(a=pick("p n"), b=pick("q r")),
            OPEN,
            "f: the table must be texts with labels, tokens, series or recordings, got a (2 different values), "
            "b (2 different values). Name columns with --text and --label, with --id-column for series, or give "
            "--task forecast.",
        ),
        (
            table(a=wave, b=wave, c=wave, species=pick("s v")),
            OPEN,
            "f: each row must be known to be series (--layout wide), or steps of series (--id-column COLUMN) or of "
            "time (--task forecast), got columns of numbers with names of their own: a, b, c. Tables of features "
            "without any order are not learnt here.",
        ),
        (
            table(chip=block, b=wave, c=wave, species=block),
            OPEN,
            "f: each row must be known to be series (--layout wide), or steps of series (--id-column chip) or of "
            "time (--task forecast), got columns of numbers with names of their own: chip, b, c, species. Tables of "
            "features without any order are not learnt here.",
        ),
        (
            table(user=block, b=wave),
            OPEN,
            "f: --label must be named, as none of the columns user, b is one of label, labels, class, target, ..., got "
            "nothing. To forecast the numbers: --task forecast.",
        ),
        (
            table(path=lambda n: f"{n}.wav", seconds=wave),
            OPEN,
            "f: --label must be named, as none of the columns path, seconds is one of transcript, transcription, text, "
            "sentence, label, labels, class, target, ..., got nothing.",
        ),
        (
            table(word=lambda n: f"w{n % 7}", tag=pick("O B-LOC I-LOC")),
            OPEN,
            "f: --id-column must be named, as neither a column nor blank lines say where a sentence ends, "
            "got word, tag.",
        ),
        (
            TEXT,
            Reading(text="txet"),
            "f: --text must be one of the columns text, label, got 'txet'. Did you mean 'text'?",
        ),
        (TEXT, Reading(label="3"), "f: --label must be one of the columns text, label, got '3'."),
        (
            TEXT,
            Reading(task="tag"),
            "f: task must be classify for texts with labels, got tag. Tags are read from CoNLL columns, or from JSON "
            "records with spans or tokens.",
        ),
    ],
)
def test_doubts_are_asked_and_refusals_help(made: Table, reading: Reading, want: str) -> None:
    assert refusal(made, reading) == want


def test_a_table_of_another_kind_than_the_model_reads() -> None:
    assert refusal(TEXT, required=False, kind="series") == "f: data must be series, as the model reads, got text."


def test_the_answer_to_a_question_is_taken() -> None:
    made = table(premise=prose, claim=lambda n: prose(n + 1), label=pick("0 1"))
    assert roles(made, Reading(text="claim")) == {"claim": "text", "label": "label", "premise": "not read"}
    assert roles(made, Reading(text="2", label="3"))["claim"] == "text"


def test_long_names_are_shortened() -> None:
    made = table(**{"q" * 300: prose, "r" * 300: lambda n: prose(n + 1), "label": pick("0 1")})
    assert len(refusal(made)) < 250
    assert shorten("q" * 61) == "q" * LONGEST + "..."
    assert name_some([str(n) for n in range(14)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"


def test_options_are_as_a_shell_takes_them() -> None:
    assert option("targets", "Adj Close") == "--target 'Adj Close'"
    assert option("reading.id", "store", "item") == "--id-column store,item"


def test_evidence_adds_up() -> None:
    found = Proposal("texts")
    found.add(2, "names")
    found.add(-0.5, "length")
    assert (found.points, found.reasons) == (1.5, ["names (+2.0)", "length (-0.5)"])
    found.ask("--text", "named")
    found.ask("--label", "named")
    assert found.question == ("--text", "named", "nothing")


def test_a_view_finds_columns_by_name_and_number() -> None:
    view = View(TEXT, OPEN, True)
    assert view.find("label", "label") is view.find("label", "2")
    assert view.find("label", None) is None
    assert view.prose is view.profiles[0]
