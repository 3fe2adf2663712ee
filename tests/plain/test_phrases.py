from __future__ import annotations

from bigru.plain.phrases import Dictionary


def test_dictionary_takes_the_longest_match_and_the_usual_label() -> None:
    sequences = [list("南京市长江大桥"), list("南京大学"), list("南京大学"), list("南京大学")]
    tags = [
        ["B-LOC", "I-LOC", "I-LOC", "B-FAC", "I-FAC", "I-FAC", "I-FAC"],
        ["B-ORG", "I-ORG", "I-ORG", "I-ORG"],
        ["B-ORG", "I-ORG", "I-ORG", "I-ORG"],
        ["B-LOC", "I-LOC", "I-LOC", "I-LOC"],
    ]
    model = Dictionary("BIO").fit(sequences, tags)
    assert model.predict([list("在南京大学"), list("长江大桥"), []]) == [
        ["O", "B-ORG", "I-ORG", "I-ORG", "I-ORG"],
        ["B-FAC", "I-FAC", "I-FAC", "I-FAC"],
        [],
    ]


def test_dictionary_leaves_out_what_is_more_often_no_entity() -> None:
    model = Dictionary("BIO").fit([["may"], ["may"], ["may"]], [["B-PER"], ["O"], ["O"]])
    assert model.predict([["may"]]) == [["O"]]
