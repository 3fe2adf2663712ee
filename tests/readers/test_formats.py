from __future__ import annotations

import pytest

from bigru.readers.formats import by_content, by_name


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.csv", "csv"),
        ("a.b.TSV.gz", "tsv"),
        ("a.jsonl", "jsonl"),
        ("a.json", "jsonl"),
        ("train.char.bmes.gz", "conll"),
        ("en.conllu", "conllu"),
        ("a.npz", "npz"),
        ("a.txt", None),
        ("eng.testa", None),
    ],
)
def test_by_name(name: str, format: str | None) -> None:
    assert by_name(name, b"") == format
    assert by_name(name, b"PAR1...") == "parquet"


@pytest.mark.parametrize(
    ("text", "format"),
    [
        ('{"text": "a"}\n', "jsonl"),
        ('\n [{"text": "a"}]', "jsonl"),
        ("[\n", "jsonl"),
        ("[1] a note\n", "txt"),
        ("EU NNP O\nno JJ O\n\nyes UH O\n", "conll"),
        ("-DOCSTART- -X- O O\n\nEU NNP X O\nno JJ X O\n", "conll"),
        ("中\tB-LOC\n国\tI-LOC\n", "conll"),
        ("trade\tasian exporters fear damage\nacq\tbank aims at recovery\n", "tsv"),
        ("label\ttext\n\n1\ta b c\n", "tsv"),
        ("迈向/v 充满/v\n希望/n [中国/ns 银行/n]nt\n", "word/tag"),
        ("plain lines\nof some text here\n", "txt"),
        ("He PRP\nis VBZ\n\nYes UH\nno UH\n", "conll"),
        ("good film\nbad film\nno idea\n", "txt"),
        ("good film\n\nbad film\n\nno idea\n", "txt"),
        ("good\tpos\nbad\tneg\n", "tsv"),
        ("one line\n", "txt"),
        ("a\nb\n", "txt"),
        ("\n", "txt"),
    ],
)
def test_by_content(text: str, format: str) -> None:
    assert by_content(text, "file") == format
