"""Further columns of tables of tokens as features of each token: which are read, what is written, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bigru.errors import ArgumentError, DataError
from bigru.readers.reader import Examples, Reading, read
from bigru.readers.token_features import divide, words_of

CONLL = "He PRP B-NP B-PER\nruns VBZ B-VP O\n\nIt PRP B-NP O\nrains VBZ B-VP O\n"
NAMED = "word\tpos\ttag\nHe\tPRP\tB-PER\nruns\tVBZ\tO\n\nIt\tPRP\tO\nrains\tVBZ\tO\n"
JSONL = [
    {"tokens": ["He", "runs"], "pos": ["PRP", "VBZ"], "level": [1, 2], "tags": ["B-PER", "O"]},
    {"tokens": ["It"], "pos": ["PRP"], "level": [1], "tags": ["O"]},
]


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def parsed(folder: Path, name: str, content: str, *features: str, required: bool = True, **reading: object) -> Examples:
    path = file(folder, name, content)
    return read(path, Reading(features=features, **reading), require_targets=required)  # type: ignore[arg-type]


def test_columns_of_conll(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.conll", CONLL, "2", "3")
    assert found.inputs == [["He￨PRP￨B-NP", "runs￨VBZ￨B-VP"], ["It￨PRP￨B-NP", "rains￨VBZ￨B-VP"]]
    assert found.targets == [["B-PER", "O"], ["O", "O"]]
    assert found.features == ("2", "3")
    assert found.inferred["features"] == "2, 3"
    assert "not read" not in found.inferred


def test_the_tags_are_none_of_the_features(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.conll", CONLL, "4")
    assert found.inferred["tag column"] == "3"
    assert found.inputs[0] == ["He￨B-PER", "runs￨O"]
    bare = "He PRP\nruns VBZ\n\nIt PRP\n"
    found = parsed(tmp_path, "b.conll", bare, "2", required=False)
    assert found.targets is None
    assert found.inputs == [["He￨PRP", "runs￨VBZ"], ["It￨PRP"]]


def test_named_columns_of_a_table_with_a_token_a_row(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.tsv", NAMED, "pos")
    assert found.inputs == [["He￨PRP", "runs￨VBZ"], ["It￨PRP", "rains￨VBZ"]]
    rows = "sentence,word,pos,tag\n" + "".join(f"{n // 2},w{n},p{n % 3},{'BO'[n % 2]}\n" for n in range(8))
    found = parsed(tmp_path, "a.csv", rows, "pos", label="tag", id=("sentence",))
    assert found.inputs[:2] == [["w0￨p0", "w1￨p1"], ["w2￨p2", "w3￨p0"]]
    assert [(one.column, one.role, one.why) for one in found.roles if one.role == "feature"] == [
        ("pos", "feature", "named")
    ]


def test_numbers_of_columns_count_those_of_features(tmp_path: Path) -> None:
    rows = "pos,word,tag,sentence\n" + "".join(f"p{n % 3},w{n},{'BO'[n % 2]},{n // 2}\n" for n in range(8))
    found = parsed(tmp_path, "a.csv", rows, "1", text="2", label="3", id=("4",))
    assert found.inputs[:2] == [["w0￨p0", "w1￨p1"], ["w2￨p2", "w3￨p0"]]
    assert found.targets is not None
    assert found.targets[0] == ["B", "O"]


def test_conllu_by_name(tmp_path: Path) -> None:
    text = "1\tHe\the\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n2\truns\trun\tVERB\tVBZ\t_\t0\troot\t_\t_\n"
    found = parsed(tmp_path, "a.conllu", text, "xpos", "lemma")
    assert found.inputs == [["He￨PRP￨he", "runs￨VBZ￨run"]]
    assert found.targets == [["PRON", "VERB"]]


def test_lists_in_cells(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.jsonl", "\n".join(map(json.dumps, JSONL)), "pos", "level")
    assert found.inputs == [["He￨PRP￨1", "runs￨VBZ￨2"], ["It￨PRP￨1"]]
    assert found.targets == [["B-PER", "O"], ["O"]]


def test_single_characters_and_their_positions_are_settled_first(tmp_path: Path) -> None:
    rows = "".join(f"{char}{at}\t{seg}\tO\n" for char, at, seg in ("科0B", "技1E", "大0S"))
    found = parsed(tmp_path, "a.conll", rows, "2", scheme=None)
    assert found.inputs == [["科￨B", "技￨E", "大￨S"]]


def test_columns_as_in_training(tmp_path: Path) -> None:
    path = file(tmp_path, "a.tsv", NAMED)
    assert read(path, Reading(like={"feature": ("pos",)})).inputs[0] == ["He￨PRP", "runs￨VBZ"]
    with pytest.raises(DataError) as error:
        read(path, Reading(like={"feature": ("chunk",)}))
    want = "the tokens and 'chunk', which the model reads as features, got word, pos, tag"
    remedy = "Name a column that is called otherwise with --feature."
    assert str(error.value) == f"{path}: columns must be {want}. {remedy}"


@pytest.mark.parametrize(
    ("text", "features", "message"),
    [
        (NAMED, ("pas",), "a.tsv: --feature must be one of the columns word, pos, tag, got 'pas'. Did you mean 'pos'?"),
        (NAMED, ("tag",), "a.tsv: --feature must be another column than --label, got 'tag'."),
        (NAMED, ("word",), "a.tsv: --feature must be another column than that of the tokens, got 'word'."),
        (NAMED, ("pos", "pos"), "a.tsv: --feature must be each column once, got 'pos' twice."),
        (NAMED.replace("VBZ\tO\n\n", "\tO\n\n"), ("pos",), "a.tsv:3: feature 'pos' must be not empty, got ''."),
        (
            NAMED.replace("runs\tVBZ", "runs\tV￨BZ"),
            ("pos",),
            "a.tsv:3: feature 'pos' must be without '￨' (U+FFE8), which separates features, got 'V￨BZ'.",
        ),
        (
            NAMED.replace("runs", "r￨uns"),
            ("pos",),
            "a.tsv:3: token must be without '￨' (U+FFE8), which separates features, got 'r￨uns'.",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, features: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.tsv", text, *features, label="tag")
    assert str(error.value) == f"{tmp_path}/{message}"


def test_the_only_column_of_tags_is_no_feature(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.conll", "He B-PER\nruns O\n\nIt O\n", "2")
    assert str(error.value) == f"{tmp_path}/a.conll:1: row must be a token and its tag, got 'He B-PER'."
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.conllu", "1\tHe\the\tPRON\tPRP\t_\t2\tnsubj\t_\t_\n" * 2, "upos")
    assert str(error.value).endswith("--feature must be another column than that of the tags, got 'upos'.")


def test_lists_of_another_length(tmp_path: Path) -> None:
    text = "\n".join(json.dumps({**row, "pos": ["X"]}) for row in JSONL)
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.jsonl", text, "pos")
    want = "a list of 2 values, one per token, got 1 of them"
    assert str(error.value) == f"{tmp_path}/a.jsonl:1: feature 'pos' must be {want}."


def test_tables_without_tokens(tmp_path: Path) -> None:
    texts = "text,label,kind\n" + "".join(f"this is text number {n},{'ab'[n % 2]},k\n" for n in range(30))
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.csv", texts, "kind")
    got = "the columns text, label"
    assert (
        str(error.value)
        == f"{tmp_path}/a.csv: the table must be one of tokens, of which 'kind' are features, got {got}."
    )
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.txt", "He/r runs/v\nIt/r rains/v\n", "kind")
    message = "--feature is not allowed for the format word/tag (got 'kind')."
    assert str(error.value) == f"{tmp_path}/a.txt: {message}"
    with pytest.raises(DataError) as error:
        read(tmp_path / "a.txt", Reading(like={"feature": ("pos",)}))
    want = "tokens with the columns pos, which the model reads as features, got text of the format word/tag"
    assert str(error.value) == f"{tmp_path}/a.txt: data must be {want}."


def test_lists_with_one_label(tmp_path: Path) -> None:
    text = "\n".join(
        json.dumps({"tokens": row["tokens"], "pos": row["pos"], "label": "ab"[n]}) for n, row in enumerate(JSONL)
    )
    with pytest.raises(DataError) as error:
        parsed(tmp_path, "a.jsonl", text, "pos")
    message = "--feature is not allowed where inputs have one label each (got 'pos')."
    assert str(error.value) == f"{tmp_path}/a.jsonl: {message}"


def test_stray_spaces_are_listed(tmp_path: Path) -> None:
    found = parsed(tmp_path, "a.tsv", NAMED.replace("\tVBZ\tO\n\n", "\tVBZ \tO\n\n"), "pos")
    assert found.inputs[0] == ["He￨PRP", "runs￨VBZ"]
    assert [str(one) for one in found.findings] == [
        f"{tmp_path}/a.tsv:3: stray spaces: feature 'pos' 'VBZ ' is read as 'VBZ', 1 in all"
    ]


def test_tokens_are_divided_or_refused() -> None:
    assert divide(["a￨X￨Y", "￨X￨Y"], ["p", "q"], "here", "input") == [["a", "X", "Y"], ["", "X", "Y"]]
    assert words_of(["a￨X￨Y", "b"]) == ["a", "b"]
    for tokens, got in ((["a￨X", "b"], "'b'"), (["a￨X", "b￨"], "'b￨'"), (["a￨X", "b￨X￨Y"], "'b￨X￨Y'")):
        with pytest.raises(ArgumentError) as error:
            divide(tokens, ["pos"], "here", "input")
        assert str(error.value) == f"here: input token 2 must be of the form 'word￨pos', got {got}."
