"""`bigru predict`: arguments, files and stdin to JSON lines in their order."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import drawn
from bigru.bundle import load, save
from bigru.features.text import TextFeatures
from bigru.runtime.answers import to_json
from bigru.runtime.predictor import load as load_predictor
from bigru.tasks import tag
from holder import HOLD

Bigru = Callable
Refused = Callable[..., str]


def labels(rows: list[dict]) -> list[str]:
    return [row["label"] for row in rows]


def test_texts_are_answered_in_their_order(bigru: Bigru, model: Path) -> None:
    result = bigru("predict", model, "aab", "b", "", "bba")
    assert (result.code, result.err) == (0, "")
    assert [row["text"] for row in result.rows] == ["aab", "b", "", "bba"]
    assert labels(result.rows) == ["a", "b", "b", "b"]
    assert result.rows[1] == {
        "text": "b",
        "label": "b",
        "confidence": 0.999665,
        "scores": {"a": 0.000335, "b": 0.999665},
    }


def test_plain_is_for_people(bigru: Bigru, model: Path) -> None:
    assert bigru("predict", model, "aab", "b", "--plain").out == "aab\ta\nb\tb\n"


def test_fewer_bits_can_be_chosen(bigru: Bigru, fine: Path) -> None:
    want = {"fp32": ["b", "a"], "bf16": ["b", "a"], "int8": ["a", "a"]}
    for precision, expected in want.items():
        assert labels(bigru("predict", fine, "a", "b", "--precision", precision).rows) == expected


def test_a_wrong_precision_is_refused(refused: Refused, model: Path) -> None:
    line = refused("predict", model, "a", "--precision", "32")
    assert line.endswith("precision must be one of fp32, bf16, int8, got '32'. Did you mean 'fp32'?")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.txt", "a\nb\nab b\n"),
        ("x.csv", "text,note\na,1\nb,2\nab b,3\n"),
        ("x.tsv", "text\tlabel\na\tb\nb\tb\nab b\ta\n"),
        ("x.jsonl", '{"text": "a"}\n{"text": "b"}\n{"text": "ab b"}\n'),
    ],
)
def test_a_file_is_read(bigru: Bigru, model: Path, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    result = bigru("predict", model, tmp_path / name)
    assert result.code == 0, result.err
    assert [row["text"] for row in result.rows] == ["a", "b", "ab b"]
    assert labels(result.rows) == ["a", "b", "b"]
    assert result.err.startswith(f"{tmp_path / name}: 3 examples; ")


def test_columns_format_and_encoding_can_be_given(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_bytes("n;was\n1;ab 好\n2;b\n".encode("utf-16"))
    options = ("--format", "csv", "--text", "was", "--encoding", "utf-16")
    assert [row["text"] for row in bigru("predict", model, tmp_path / "x.dat", *options).rows] == ["ab 好", "b"]


def test_stdin_is_read_line_by_line(bigru: Bigru, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a\r\n\nbb")))
    result = bigru("predict", model, "-")
    assert [row["text"] for row in result.rows] == ["a", "", "bb"]


def test_a_mark_at_the_beginning_of_stdin_is_no_text(
    bigru: Bigru, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\ufeffa\n\ufeffb\n".encode())))
    assert [row["text"] for row in bigru("predict", model, "-").rows] == ["a", "\ufeffb"]


def test_stdin_may_be_in_another_encoding(bigru: Bigru, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("好b\n".encode("gb18030"))))
    assert bigru("predict", model, "-", "--encoding", "gb18030").rows[0]["text"] == "好b"


@pytest.mark.parametrize(
    ("data", "options", "line"),
    [
        (b"a\n\xff\n", [], r"stdin:2: line must be utf-8, got byte 1, b'\xff'. Name another --encoding."),
        (b"a\n", ["--encoding", "utf-ate"], "--encoding must be a codec that Python knows, got 'utf-ate'."),
    ],
)
def test_what_is_no_text_on_stdin_is_refused(
    refused: Refused, model: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, options: list[str], line: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert refused("predict", model, "-", *options) == f"bigru predict: {line}"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["no-such.csv"], "no-such.csv: data must be a file, got no such file."),
        (["."], "a file, got a folder"),
        (["a b", "--text", "body"], "--text is not allowed for texts (got 'body')."),
    ],
)
def test_a_wrong_input_is_refused(refused: Refused, model: Path, arguments: list[str], line: str) -> None:
    assert line in refused("predict", model, *arguments)


def test_an_empty_file_is_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"")
    assert refused("predict", model, tmp_path / "x.txt").endswith(
        "data must be at least one example, got an empty file."
    )


def test_broken_utf8_is_refused(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("text\n好的好的好的好的好的\n".encode() + b"ab\xffcd\n")
    assert "x.csv:3" in refused("predict", model, tmp_path / "x.csv")


def test_a_wrong_column_names_the_nearest(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("body,n\nab,1\n", encoding="utf-8")
    assert refused("predict", model, tmp_path / "x.csv", "--text", "bdy").endswith("Did you mean 'body'?")


@pytest.mark.parametrize(
    ("prepare", "line"),
    [
        (lambda path: None, "model must be the folder of a saved model, got no such folder."),
        (lambda path: path.write_text("x"), "model must be the folder of a saved model, got a file."),
        (lambda path: path.mkdir(), "folder must be a saved model, with config.json, got none."),
    ],
)
def test_what_is_no_model_is_refused(
    refused: Refused, tmp_path: Path, prepare: Callable[[Path], object], line: str
) -> None:
    prepare(tmp_path / "m")
    assert refused("predict", tmp_path / "m", "text") == f"bigru predict: {tmp_path / 'm'}: {line}"


def test_a_name_too_long_for_a_file_is_a_text(bigru: Bigru, model: Path) -> None:
    assert labels(bigru("predict", model, "b" * 5000 + ".txt").rows) == ["b"]


def test_an_empty_argument_is_an_empty_text(bigru: Bigru, model: Path) -> None:
    result = bigru("predict", model, "")
    assert (result.code, [row["text"] for row in result.rows]) == (0, [""])


@pytest.mark.process
def test_torch_is_not_imported(model: Path) -> None:
    code = f"import sys, bigru.cli; bigru.cli.run(['predict', {str(model)!r}, 'a']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_every_row_that_is_left_out_is_listed(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a"}\n' + '{"text": null}\n' * 9, encoding="utf-8")
    result = bigru("predict", model, path)
    assert len(result.rows) == 1
    assert [f"{path}:{n}: empty row: 'text' is empty; left out" in result.err for n in range(2, 11)] == [True] * 9
    assert "more findings" not in result.err


@pytest.mark.process
def test_without_the_compiled_kernels_one_line_says_how_to_get_them(model: Path) -> None:
    code = """if True:
        import sys, bigru.cli
        class Absent:
            def find_spec(self, name, *rest):
                if name == "bigru._native":
                    raise ImportError("No module named 'bigru._native'")
        sys.meta_path.insert(0, Absent())
        sys.exit(bigru.cli.run(["predict", sys.argv[1], "a"]))"""
    done = subprocess.run([sys.executable, "-c", code, str(model)], capture_output=True, text=True, timeout=60)
    want = (
        "bigru predict: the compiled kernels must be built for this Python, got none "
        "(No module named 'bigru._native'). "
        "Build them, with a C++17 compiler at hand: pip install --force-reinstall --no-deps .\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, "", want)


def test_plain_answers_hold_no_line_ends_and_no_control_characters(bigru: Bigru, model: Path, tmp_path: Path) -> None:
    made = load(model)
    config = replace(made.config, labels=("a\n\x1b[2J", "b\u202e!"))
    save(replace(made, config=config), tmp_path / "odd")
    out = bigru("predict", tmp_path / "odd", "aa\x1b", "b\nb", "--plain").out
    assert out == "aa\\x1b\ta\\n\\x1b[2J\nb\\nb\tb\\u202e!\n"


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved tagger of tokens."""
    features = TextFeatures.fit([["Ann", "lives", "in", "Berlin", "."]], unit="token", channels=("unit", "shape"))
    made = drawn.made("tag", tag.Config(("O", "B-LOC", "I-LOC"), features, "BIO", True), crf=True)
    folder = tmp_path_factory.mktemp("tokens") / "places"
    save(made, folder)
    return folder


SENTENCE = "Ann lives in Berlin."


def test_a_sentence_for_a_tagger_of_tokens_is_cut_into_words_everywhere(
    bigru: Bigru, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (answer,) = load_predictor(places).predict_iter([SENTENCE])
    assert len(answer["tags"]) == 5
    want = [to_json(SENTENCE, answer)] * 2
    assert bigru("predict", places, SENTENCE, SENTENCE).rows == want
    (tmp_path / "t.txt").write_text(f"{SENTENCE}\n{SENTENCE}\n")
    (tmp_path / "t.csv").write_text(f"text,n\n{SENTENCE},1\n{SENTENCE},2\n")
    (tmp_path / "t.jsonl").write_text(f'{{"text": "{SENTENCE}"}}\n' * 2)
    for name in ("t.txt", "t.csv", "t.jsonl"):
        result = bigru("predict", places, tmp_path / name)
        assert (result.code, result.rows) == (0, want), name
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{SENTENCE}\n{SENTENCE}\n".encode())))
    assert bigru("predict", places).rows == want
    (tmp_path / "t.conll").write_text("Ann O\nlives O\nin O\nBerlin O\n. O\n")
    (row,) = bigru("predict", places, tmp_path / "t.conll").rows
    assert (row["tokens"], row["tags"]) == (["Ann", "lives", "in", "Berlin", "."], want[0]["tags"])


@pytest.mark.process
def test_two_predictions_do_not_write_into_one_file(refused: Refused, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("")
    command = [sys.executable, "-c", HOLD, str(tmp_path / "a.jsonl")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline()
        line = refused("predict", model, "a", "--out", tmp_path / "a.jsonl", "--force")
        holder.kill()
    assert line == (
        f"bigru predict: --out must be free, got {tmp_path}/a.jsonl, to which another prediction writes. "
        "Wait until it has ended, or give another --out."
    )


def test_scores_of_tags_are_for_json_alone(refused: Callable[..., str], model: Path) -> None:
    for other in ("--plain", "--stream"):
        line = refused("predict", model, "ab", "--scores", other)
        assert line == f"bigru predict: --scores is not allowed with {other} (got given)."
