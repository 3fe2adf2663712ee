from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.conll import parse

SENTENCES = "EU NNP I-ORG\nrejects VBZ O\n\n\nGerman JJ I-MISC\n"

CONLLU = """\
# sent_id = 1
# text = don't go
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\tVBP\t_\t0\troot\t_\t_
2\tn't\tnot\tPART\tRB\t_\t1\tadv\t_\t_
2.1\t#\t_\tX\t_\t_\t_\t_\t_\t_
3\t#\t#\tSYM\tNN\t_\t1\tobj\t_\t_

# sent_id = 2
1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_
"""


def test_by_hand() -> None:
    examples = parse(SENTENCES, "f")
    assert examples.inputs == [["EU", "rejects"], ["German"]]
    assert examples.targets == [["I-ORG", "O"], ["I-MISC"]]
    assert (examples.kind, examples.task, examples.scheme) == ("tokens", "tag", "IOB1")
    assert examples.lines == [1, 5]
    assert [lines.tolist() for lines in examples.token_lines or []] == [[1, 2], [5]]
    assert examples.inferred == {"tag column": "3", "scheme": "IOB1", "token column": "1", "separator": "space"}
    assert examples.findings == []


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        (["B-A", "I-A", "O", "B-A"], "BIO"),
        (["I-A", "I-A", "O", "I-A"], "IOB1"),
        (["B-A", "I-A", "E-A", "S-A"], "BIOES"),
        (["B-A", "M-A", "E-A", "S-A"], "BMES"),
        (["NOUN", "VERB", "X", "O"], None),
    ],
)
def test_schemes_are_detected_unless_given(tags: list[str], scheme: str | None) -> None:
    text = "\n".join(f"w{n}\t{tag}" for n, tag in enumerate(tags))
    assert parse(text, "f").scheme == scheme
    assert parse(text, "f", scheme="BIOES").scheme == "BIOES"


def test_columns_may_be_chosen() -> None:
    examples = parse(SENTENCES, "f", tag_column="2")
    assert examples.targets == [["NNP", "VBZ"], ["JJ"]]
    assert parse(SENTENCES, "f", token_column="2", tag_column="3").inputs == [["NNP", "VBZ"], ["JJ"]]


def test_document_marks_are_passed_over_and_counted() -> None:
    text = "-DOCSTART- -X- O\n\na b O\n\n-DOCSTART- -X- O\n\nc d O\n"
    examples = parse(text, "f")
    assert examples.inputs == [["a"], ["c"]]
    assert [str(finding) for finding in examples.findings] == ["f:1: passed over: 2 -DOCSTART- rows"]


def test_tabs_keep_spaces_as_tokens() -> None:
    examples = parse(" \tO\n\u3000\tO\na b\tB-X\n", "f")
    assert examples.inputs == [[" ", "\u3000", "a b"]]


def test_several_spaces_part_two_cells() -> None:
    assert parse("a  O \nb   B-X\n\u3000 O\n", "f").inputs == [["a", "b", "\u3000"]]


def test_windows_line_ends_and_lines_of_blanks() -> None:
    assert parse("a\tO\r\n \t\r\nb\tO\r\n", "f").inputs == [["a"], ["b"]]


def test_line_separators_of_unicode_do_not_end_a_row() -> None:
    assert parse("a\u2028b\tO\nc\x85\tO\n", "f").inputs == [["a\u2028b", "c\x85"]]


def test_tags_with_stray_spaces_are_listed() -> None:
    examples = parse("a\tO \nb\tB-X\nc\tO \n", "f")
    assert examples.targets == [["O", "B-X", "O"]]
    assert [str(finding) for finding in examples.findings] == [
        "f:1: stray spaces: tag 'O ' is read as 'O', here and below"
    ]


def test_conllu() -> None:
    examples = parse(CONLLU, "f", conllu=True)
    assert examples.inputs == [["do", "n't", "#"], ["Yes"]]
    assert examples.targets == [["AUX", "PART", "SYM"], ["INTJ"]]
    assert examples.scheme is None
    assert [lines.tolist() for lines in examples.token_lines or []] == [[4, 5, 7], [10]]
    found = [str(finding) for finding in examples.findings]
    assert found == ["f:3: passed over: 1 ranges of several tokens", "f:6: passed over: 1 empty nodes"]
    assert parse(CONLLU, "f", conllu=True, tag_column="xpos").targets == [["VBP", "RB", "NN"], ["UH"]]
    assert parse(CONLLU, "f", conllu=True, tag_column="5", token_column="lemma").inputs == [["do", "not", "#"], ["yes"]]


def test_tokens_alone_serve_for_prediction() -> None:
    examples = parse("a\nb\n\nc\n", "f", require_targets=False)
    assert examples.inputs == [["a", "b"], ["c"]]
    assert examples.targets is None


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a O\nb\n", {}, r"f:2: row must be 2 columns parted by spaces, as the first row, got 1 in 'b'"),
        ("a\tO\n\nb c\tO\tO\n", {}, r"f:3: row must be 2 columns parted by tabs, as the first row, got 3 in 'b c"),
        ("a\tO\n\tO\n", {}, r"f:2: row must be without empty cells, got '\\tO'"),
        ("a\tO\nb\t \n", {}, r"f:2: row must be without empty cells, got 'b\\t '"),
        ("\n \n", {}, r"f: data must be at least one example, got none"),
        ("-DOCSTART- O\n", {}, r"f: data must be at least one example, got none"),
        ("a\nb\n", {}, r"f:1: row must be a token and its tag, got 'a'"),
        ("a O\n", {"tag_column": "3"}, r"f: label_column must be one of the columns 1, 2, got '3'"),
        (
            CONLLU,
            {"conllu": True, "tag_column": "upso"},
            r"f: label_column must be one of .*, got 'upso'\. Did you mean 'upos'",
        ),
        ("a O\n", {"token_column": "0"}, r"f: text_column must be one of the columns 1, 2, got '0'"),
    ],
)
def test_faulty_files_are_refused_with_their_line(text: str, options: dict, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f", **options)
