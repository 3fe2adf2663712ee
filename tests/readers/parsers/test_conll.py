from __future__ import annotations

import pytest

from bigru.errors import DataError
from bigru.readers.parsers.conll import parse
from bigru.readers.parsers.conllrows import sniff
from bigru.readers.tags.settle import fit_characters

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
    assert examples.inferred == {
        "tag column": "3", "scheme": "IOB1", "token column": "1", "not read": "column 2", "separator": "space"
    }  # fmt: skip
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
        ("a O\nb\n", {}, r"f:2: row must be 2 columns with spaces between them, as most rows, got 1 in 'b'"),
        ("a\tO\n\nb c\tO\tO\n", {}, r"f:3: row must be 2 columns with tabs between them, as most rows, got 3 in 'b c"),
        (
            "a O\nb c d O\ne f O\ng O\n",
            {},
            r"f:2: row must be 2 columns .*, got 4 in 'b c d O', and 1 more such rows\. A",
        ),
        ("a\tO\nb\t \nc\t\n", {}, r"f:2: row must be without empty tags, got 'b\\t ', and 1 more such rows\."),
        ("\tO\n", {}, r"f: data must be at least one example, got none"),
        ("a O\n", {"tag_column": "²"}, r"f: --label must be one of the columns 1, 2, got '²'"),
        ("\n \n", {}, r"f: data must be at least one example, got none"),
        ("-DOCSTART- O\n", {}, r"f: data must be at least one example, got none"),
        ("a\nb\n", {}, r"f:1: row must be a token and its tag, got 'a'"),
        ("a O\n", {"tag_column": "3"}, r"f: --label must be one of the columns 1, 2, got '3'"),
        (
            CONLLU,
            {"conllu": True, "tag_column": "upso"},
            r"f: --label must be one of .*, got 'upso'\. Did you mean 'upos'",
        ),
        ("a O\n", {"token_column": "0"}, r"f: --text must be one of the columns 1, 2, got '0'"),
    ],
)
def test_faulty_files_are_refused_with_their_line(text: str, options: dict, message: str) -> None:
    with pytest.raises(DataError, match="^" + message):
        parse(text, "f", **options)


def test_comments_are_passed_over_where_they_have_another_width_or_no_tag() -> None:
    text = "# id 1\tdomain=a\nIt _ _ O\nParis _ _ B-X\n\n# id 2\tdomain=a\n# _ _ O\n# _ _ note\n"
    examples = parse(text, "f")
    assert examples.inputs == [["It", "Paris"], ["#"]]
    assert examples.targets == [["O", "B-X"], ["O"]]
    assert [str(finding) for finding in examples.findings] == ["f:1: passed over: 3 comment lines"]
    assert (examples.inferred["separator"], examples.inferred["tag column"]) == ("space", "4")


def test_a_faulty_row_that_begins_with_a_hash_is_no_comment() -> None:
    with pytest.raises(DataError, match="f:2: row must be 2 columns with spaces between them, as most rows, got 3"):
        parse("a O\n# x O\nb O\nc O\n", "f")


def test_a_counting_first_column_and_a_second_layer_of_tags() -> None:
    text = "#\tsource\n1\tUni\tB-ORG\tO\n2\tKiel\tI-ORG\tB-LOC\n3\tin\tO\tO\n4\tRom\tB-LOC\tO\n\n1\tWeg\tO\tO\n"
    examples = parse(text, "f")
    assert examples.inputs == [["Uni", "Kiel", "in", "Rom"], ["Weg"]]
    assert examples.targets == [["B-ORG", "I-ORG", "O", "B-LOC"], ["O"]]
    assert examples.inferred["token column"] == "2"
    assert examples.inferred["tag column"] == "3 (column 4 holds a second layer of tags, which is not read)"
    assert parse(text, "f", tag_column="4").targets == [["O", "B-LOC", "O", "O"], ["O"]]


def test_a_constant_column_behind_the_tags_is_not_the_tags() -> None:
    assert parse("a DT O _\nb NN B-X _\n", "f").targets == [["O", "B-X"]]
    assert parse("a DT O\nb NN O\n", "f").targets == [["O", "O"]]


def test_rows_without_a_token_are_left_out_and_counted() -> None:
    examples = parse("a\tO\n\tO\nb\tO\n\tB-X\n", "f")
    assert examples.inputs == [["a", "b"]]
    assert [str(f) for f in examples.findings] == [
        "f:2: empty token: 2 rows have no token and are left out (lines 2, 4)"
    ]
    assert parse("a O\n O\nb O\n", "f").inputs == [["a", "b"]]


def test_a_space_may_be_a_token_between_spaces() -> None:
    examples = parse("我 O\n  O\n你 B-X\n", "f")
    assert examples.inputs == [["我", " ", "你"]]
    assert examples.targets == [["O", "O", "B-X"]]


def test_empty_columns_at_the_end_are_no_columns() -> None:
    assert parse("a\tO\t\nb\tB-X\t\n", "f").targets == [["O", "B-X"]]
    assert parse("a\tO\nb\tB-X\t\n", "f").targets == [["O", "B-X"]]


def test_a_first_row_may_name_the_columns() -> None:
    examples = parse("Word POS Tag\nIt PRP O\nRome NN B-X\n", "f")
    assert examples.inputs == [["It", "Rome"]]
    assert (examples.inferred["tag column"], examples.inferred["header"]) == ("tag", "first row")
    assert parse("Word POS Tag\nIt PRP O\nRome NN B-X\n", "f", tag_column="pos").targets == [["PRP", "NN"]]


def test_missing_tags_are_said_where_none_are_needed() -> None:
    examples = parse("a\tO\nb\t\n", "f", require_targets=False)
    assert (examples.inputs, examples.targets) == ([["a", "b"]], None)
    assert [str(f) for f in examples.findings] == ["f:2: labels missing: 1 rows have no tag, so that none is read"]


def test_conllu_is_known_by_its_columns_and_conllu_plus_by_its_first_line() -> None:
    examples = parse(CONLLU, "f")
    assert examples.inputs == [["do", "n't", "#"], ["Yes"]]
    assert examples.inferred["tag column"] == "upos"
    plus = "# global.columns = ID FORM UPOS PARSEME:NE\n1\tIn\tADP\tO\n2\tRom\tPROPN\tB-LOC\n2.1\tx\tX\tO\n"
    examples = parse(plus, "f")
    assert (examples.inputs, examples.targets) == ([["In", "Rom"]], [["O", "B-LOC"]])


def test_other_notations_are_said() -> None:
    examples = parse("a U-LOC\nb O\nc B-PER\nd L-PER\n", "f")
    assert examples.targets == [["S-LOC", "O", "B-PER", "E-PER"]]
    assert (examples.scheme, examples.inferred["notation"]) == ("BIOES", "BILOU, read as BIOES")


def test_tags_in_no_known_scheme_are_said_loudly() -> None:
    examples = parse("a PER\nb O\nc O\nd LOC\n", "f")
    assert examples.scheme is None
    assert [str(f) for f in examples.findings] == [
        "f:1: unknown scheme: tags such as 'PER', 'LOC' are in no scheme that is known (BIO, IOB1, BIOES, BMES, BILOU, "
        "IOE); each is learnt as a class of its own, and no entities are answered"
    ]


def test_one_odd_tag_in_a_hundred_is_illegal_and_does_not_end_the_scheme() -> None:
    rows = ["a B-X"] * 100 + ["b 0", "c O"]
    assert parse("\n".join(rows), "f").scheme == "BIO"
    assert parse("\n".join(rows[2:]), "f").scheme is None


def test_characters_with_their_position_are_characters() -> None:
    examples = parse("科0 B-X\n技1 I-X\n园0 O\n\n大0 O\n12 O\n", "f")
    assert examples.inputs == [["科0", "技1", "园0"], ["大0", "12"]]
    examples = parse("科0 B-X\n技1 I-X\n园0 O\n\n大0 O\n11 O\n", "f")
    assert examples.inputs == [["科", "技", "园"], ["大", "1"]]
    assert examples.inferred["tokens"] == "characters; the position behind each (as 0, 1, ...) is not read"
    assert parse("A0 O\nB1 B-X\n", "f").inputs == [["A0", "B1"]]


def test_a_rare_token_of_two_characters_is_one_unknown_character() -> None:
    rows = ["中 O"] * 2000
    rows[7] = "\ufffd\ufffd B-X"
    examples = parse("\n".join(rows), "f")
    assert examples.inputs[0][7] == "\ufffd"
    assert [str(f) for f in examples.findings] == [
        "f:8: long tokens: '\ufffd\ufffd' is read as one unknown character, as nearly all tokens are single characters"
    ]
    rows[9:19] = ["ab O"] * 10
    examples = parse("\n".join(rows), "f")
    assert examples.inputs[0][9] == "ab"
    assert str(examples.findings[0]) == (
        "f:8: long tokens: 11 of 2000 tokens are longer than one character, the first '\ufffd\ufffd'"
    )


def test_a_model_of_characters_reads_rare_tokens_as_unknown_and_refuses_others_by_line() -> None:
    examples = parse("中 O\n" * 200 + "ab O\n", "f")
    assert examples.inputs[0][200] == "ab"
    assert fit_characters(examples).inputs[0][200] == "\ufffd"
    message = r"^f:1: token must be one character, as the model reads characters, got 'ab', and 1 more such tokens\.$"
    with pytest.raises(DataError, match=message):
        fit_characters(parse("ab O\n中 O\ncd O\n", "f"))


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("Token\tO\nof\tO\n\nGUM\tI-abstract\n", True),
        ("a NN\nb VB\nc NN\nd NN\n\ne VB\nf NN\ng NN\nh VB\n", True),
        ("# id 1\nIt _ _ O\nRome _ _ B-LOC\n", True),
        ("text\tlabel\na good film\tpos\na bad film\tneg\n", False),
        ("good\tpos\nbad\tneg\n", False),
        ("one line\nof plain text\n", False),
        ("", False),
    ],
)
def test_the_content_says_whether_it_is_conll(text: str, likely: bool) -> None:
    assert sniff(text.split("\n")).likely is likely
