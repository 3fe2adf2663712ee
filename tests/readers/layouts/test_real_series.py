"""Tables that are no texts, as people have them: series, recordings, tokens, features; read, or refused with help."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bigru.errors import DataError
from bigru.readers.layouts.verdict import choose
from bigru.readers.reader import load, read
from bigru.readers.reading import Reading
from bigru.readers.table import Table
from made_tables import WORDS, at, key, number, pick, prose, table, wave


def _ecg(n: int) -> str:
    return ",".join([f"{abs(math.sin(n + step / 4)):.18e}" for step in range(30)] + [f"{n % 3:.18e}"])


SERIES = {
    "ecg, label last": ("".join(_ecg(n) + "\n" for n in range(60)), "wide", ["31"]),
    "ucr, label first": (
        "".join("\t".join([str(1 + n % 2), *(wave(step, n) for step in range(40))]) + "\n" for n in range(60)),
        "wide",
        ["1"],
    ),
    "numbered columns": (
        table(
            ",".join(["id", *(f"X{n}" for n in range(1, 25)), "y"]),
            number,
            *[lambda n, step=step: wave(step, n) for step in range(24)],
            pick("1 2 3 4 5"),
        ),
        "wide",
        ["y"],
    ),
    "pandas columns": (
        table(
            ",".join(["", *map(str, range(24)), "label"]),
            number,
            *[lambda n, step=step: wave(step, n) for step in range(24)],
            pick("a b"),
        ),
        "wide",
        ["label"],
    ),
    "har by user": (
        table(
            "user,activity,timestamp,x-axis,y-axis,z-axis",
            lambda n: n // 20,
            lambda n: ("Walking", "Jogging")[n // 20 % 2],
            lambda n: 49105962326000 + n,
            wave,
            wave,
            wave,
        ),
        "long",
        ["activity"],
    ),
    "engines": (
        table(
            "engine_id,cycle,s1,s2,fault",
            lambda n: n // 10 + 1,
            lambda n: n % 10 + 1,
            wave,
            wave,
            lambda n: n // 10 % 2,
        ),
        "long",
        ["fault"],
    ),
}


@pytest.mark.parametrize("name", SERIES)
def test_series(name: str, tmp_path: Path) -> None:
    content, layout, label = SERIES[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    found, _ = load(path)
    assert isinstance(found, Table)
    assert choose(found, Reading(), True)[0].layout == layout
    result = read(path)
    assert (result.kind, result.columns("label")) == ("series", label)
    assert set(result.targets or []) <= {"0", "1", "2", "3", "4", "5", "a", "b", "Walking", "Jogging"}


REFUSED = {
    "iris": (
        table("sepal_length,sepal_width,petal_length,petal_width,species", *[wave] * 4, pick("setosa virginica")),
        "each row must be known to be series (--layout wide), or steps of series (--id-column COLUMN) or of time",
    ),
    "iris, no header": (table(None, *[wave] * 4, pick("setosa virginica")), "got few columns of numbers: 1, 2, 3, 4"),
    "pima, no header": (
        table(
            None,
            pick("6 1 8 0"),
            pick("148 85 183"),
            pick("72 66 64"),
            pick("35 29 0"),
            pick("0 94 168"),
            pick("33.6 26.6"),
            pick("0.627 0.351"),
            pick("50 31 32"),
            pick("0 1"),
        ),
        "each row must be known to be series",
    ),
    "house prices": (
        table(
            "Id,MSSubClass,MSZoning,LotArea,Street,YearBuilt,SalePrice",
            number,
            pick("20 60 70"),
            pick("RL RM"),
            lambda n: 8450 + n * 13,
            pick("Pave Grvl"),
            lambda n: 1915 + n,
            lambda n: 208500 + 17 * n,
        ),
        "--layout wide",
    ),
    "stock prices": (
        table(
            "Date,Open,High,Low,Close,Adj Close,Volume", at, *[lambda n: f"{100 + n / 3:.2f}"] * 5, lambda n: 10**6 + n
        ),
        "This looks like a forecast: --task forecast --target Open --target High --target Low --horizon 12",
    ),
    "airline passengers": (
        table("Month,Passengers", lambda n: f"{1949 + n // 12}-{n % 12 + 1:02}", lambda n: 112 + n),
        "--target Passengers",
    ),
    "energy panel": (
        table("timestamp,building,load,temperature", lambda n: at(n % 20), lambda n: f"b{n // 20}", wave, wave),
        "--task forecast",
    ),
    "m4": (
        table(
            ",".join(f"V{n}" for n in range(1, 30)),
            lambda n: f"H{n + 1}",
            *[lambda n, step=step: wave(step, n) for step in range(27)],
            lambda n: "",
        ),
        "a forecast is learnt from a row per step",
    ),
    "wisdm raw": (
        table(
            None,
            lambda n: n // 20 + 33,
            lambda n: ("Jogging", "Walking")[n // 20 % 2],
            lambda n: 49105962326000 + n,
            wave,
            wave,
            wave,
        ),
        "--id-column 1",
    ),
    "user names and counts": (table("user,age,country", lambda n: f"u{n}", pick("20 30"), pick("DE FR")), "--label"),
    "a single column": (table("text", prose), "the table must be labelled, got the single column 'text'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_help(name: str, tmp_path: Path) -> None:
    content, said = REFUSED[name]
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(path)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 600


CHOSEN = {
    "common voice": (
        table(
            "client_id\tpath\tsentence\tup_votes\tdown_votes\tage\tgender\taccent",
            key,
            lambda n: f"common_voice_en_{n}.mp3",
            prose,
            pick("2 3"),
            pick("0 1"),
            pick("twenties thirties"),
            pick("male female"),
            pick("us england"),
            separator="\t",
        ),
        "recordings",
        {"audio": "audio", "label": "transcript", "task": "transcribe"},
    ),
    "speech commands": (
        table("file,label", lambda n: f"yes/{n}.wav", pick("yes no up")),
        "recordings",
        {"audio": "file", "label": "label", "task": "classify"},
    ),
    "ner_dataset": (
        table(
            "Sentence #,Word,POS,Tag",
            lambda n: f"Sentence: {n // 8 + 1}" if n % 8 == 0 else "",
            lambda n: WORDS[n % len(WORDS)],
            pick("NNS IN VBP"),
            pick("O O O B-geo I-geo"),
        ),
        "tokens",
        {"token": "Word", "tag": "Tag", "sentence": "Sentence #"},
    ),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_recordings_and_tokens(name: str, tmp_path: Path) -> None:
    content, layout, columns = CHOSEN[name]
    path = tmp_path / ("table.tsv" if "\t" in content else "table.csv")
    path.write_text(content, encoding="utf-8")
    found, _ = load(path)
    assert isinstance(found, Table)
    chosen, _ = choose(found, Reading(), True)
    assert (chosen.layout, chosen.columns) == (layout, columns)
