"""`bigru evaluate`: scores as one JSON object on stdout and as tables on stderr."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import bigru as package
from bigru.errors import ArgumentError, DataError
from bigru.readers.reading import Reading
from tolerances import FLOAT64_STEP, near

Bigru = Callable
Refused = Callable[..., str]


def write(folder: Path, *rows: str) -> Path:
    path = folder / "x.csv"
    path.write_text("\n".join(("text,label", *rows)), encoding="utf-8")
    return path


def test_scores_are_fractions_with_intervals_and_signatures(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    result = bigru("evaluate", model, write(tmp_path, "a,a", "aab,a", "bb,b", "b,a"))
    assert result.code == 0, result.err
    scores = result.json
    assert scores["accuracy"] == 0.75
    assert scores["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    low, high = scores["intervals"]["accuracy"]
    assert 0 <= low < 0.75 < high <= 1
    assert scores["signature"]["accuracy"].startswith("accuracy|n:4|bootstrap:1000|")
    assert scores["confusion"] == {"labels": ["a", "b"], "matrix": [[2, 1], [0, 1]]}
    for text in ("4 examples; ", "accuracy", "0.7500", "precision", "signature: accuracy|n:4|"):
        assert text in result.err


@pytest.mark.parametrize(
    ("precision", "accuracy", "changed", "line"),
    [
        ("int8", 0.75, 1, "int8: accuracy 0.7500 (fp32 1.0000, -25.00 points), 1 of 4 answers changed"),
        ("bf16", 1.0, 0, "bf16: accuracy 1.0000 (fp32 1.0000, +0.00 points), 0 of 4 answers changed"),
    ],
)
def test_the_cost_of_fewer_bits_is_said(
    bigru: Bigru, fine: Path, tmp_path: Path, precision: str, accuracy: float, changed: int, line: str
) -> None:
    data = write(tmp_path, "a,b", "b,a", "bb,a", "ab,a")
    whole = bigru("evaluate", fine, data).json
    assert whole["accuracy"] == 1
    assert not whole.keys() & {"precision", "cost", "changed"}
    result = bigru("evaluate", fine, data, "--precision", precision)
    assert result.code == 0, result.err
    scores = result.json
    assert result.err.endswith(line + "\n")
    assert (scores["precision"], scores["changed"], scores["accuracy"]) == (precision, changed, accuracy)
    assert scores["cost"].keys() == scores["signature"].keys()
    for name, difference in scores["cost"].items():
        assert difference == near(scores[name] - whole[name], FLOAT64_STEP)


def test_a_wrong_precision_is_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    line = refused("evaluate", model, write(tmp_path, "a,a"), "--precision", "int4")
    assert line.endswith("precision must be one of fp32, bf16, int8, got 'int4'. Did you mean 'int8'?")


def test_a_file_without_a_known_label_is_refused_with_the_nearest(
    refused: Refused, model: Path, tmp_path: Path
) -> None:
    line = refused("evaluate", model, write(tmp_path, "a,aa", "b,bb"))
    assert "must be one of a, b, got 'aa'. Did you mean 'a'?" in line


def test_an_unknown_label_counts_as_wrong(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    result = bigru("evaluate", model, write(tmp_path, "a,a", "b,bb"))
    assert result.json["accuracy"] == 0.5
    assert "x.csv:3: unknown class: 'bb' 1 times: not in the training data, so that they count as wrong" in result.err


def test_labels_are_needed(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("a\nb\n", encoding="utf-8")
    assert "data must be labelled, got plain lines of text." in refused("evaluate", model, tmp_path / "x.txt")


def test_missing_files_are_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    assert refused("evaluate", model, tmp_path / "x.csv").endswith("data must be a file, got no such file.")
    data = write(tmp_path, "a,a")
    line = refused("evaluate", tmp_path / "m", data)
    assert line.endswith("m: model must be the folder of a saved model, got no such folder.")


def test_a_damaged_model_is_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    for path in model.iterdir():
        (tmp_path / "m" / path.name).write_bytes(path.read_bytes()[:-1])
    assert str(tmp_path / "m") in refused("evaluate", tmp_path / "m", write(tmp_path, "a,a"))


def test_data_of_another_kind_are_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"values": [[1.0]], "label": "a"}\n', encoding="utf-8")
    assert "text" in refused("evaluate", model, tmp_path / "x.jsonl")


def test_what_is_refused_is_called_by_argument_in_python_and_by_option_in_the_command(
    refused: Refused, model: Path, tmp_path: Path
) -> None:
    data = write(tmp_path, "a,a", "bb,b")
    with pytest.raises(DataError) as missing:
        package.evaluate(model, data, reading=Reading(label="labl"))
    said = "must be one of the columns text, label, got 'labl'. Did you mean 'label'?"
    assert str(missing.value) == f"{data}: reading.label {said}"
    assert refused("evaluate", model, data, "--label", "labl") == f"bigru evaluate: {data}: --label {said}"
    with pytest.raises(ArgumentError) as useless:
        package.evaluate(model, data, reading=Reading(features=("pos",)))
    said = "is not allowed for a model without features (got pos)."
    assert str(useless.value) == f"bigru: reading.features {said}"
    assert refused("evaluate", model, data, "--feature", "pos") == f"bigru evaluate: --feature {said}"
