"""`bigru train` and input that is wrong: one line, exit code 2, nothing written, nothing lost."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from importlib import util
from pathlib import Path

import numpy as np
import pytest

from bigru.bundle import load
from bigru.train.pipeline import run as command

Bigru = Callable
Refused = Callable[..., str]
SMALL = ("--set", "hidden=4", "--epochs", "2", "--set", "channels=unit")


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_missing_file_names_the_nearest(refused: Refused, reviews: Path) -> None:
    wrong = reviews.with_name("review.csv")
    line = f"bigru train: {wrong}: data must be a file, got no such file. Did you mean 'reviews.csv'?"
    assert refused("train", wrong) == line


def test_a_folder_is_refused(refused: Refused, reviews: Path) -> None:
    line = refused("train", reviews.parent)
    assert line.endswith("data must be a file, got a folder. Name one file in it: reviews.csv.")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "x.csv: data must be at least one example, got an empty file."),
        (b"\n\n", "x.csv: data must be at least one example, got "),
        (b"text,label\n", "x.csv: data must be at least one example, got a header alone."),
        (b"text,label\n,good\nx,\n", "x.csv: data must be at least one example, got none."),
        (b"text,label\na,good\nb,good\n", "x.csv: labels must be at least two, got 'good' alone."),
        ("text,label\n好好好好好好好好,1\n".encode() + b"a\xffb,0\n", "x.csv:3"),
        (b"\x1f\x8bxx", "x.csv: data must be whole gzip, got "),
    ],
)
def test_a_file_of_nothing_to_learn_from_is_refused(
    refused: Refused, tmp_path: Path, content: bytes, line: str
) -> None:
    path = write(tmp_path, "x.csv", content)
    assert line in refused("train", path, "--out", tmp_path / "m", *SMALL)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ["--label", "lable"],
            "one of the columns text, label, got 'lable'. Did you mean 'label'?",
        ),
        (["--text", "txt"], "one of the columns text, label, got 'txt'. Did you mean 'text'?"),
        (["--task", "tags"], "--task must be one of classify, tag, transcribe, forecast, got 'tags'. Did you mean"),
        (["--format", "xls"], "format must be one of"),
        (["--scheme", "IOB"], "scheme must be one of BIO, IOB1, BIOES, BMES, got 'IOB'. Did you mean 'IOB1'?"),
        (["--encoding", "utf8x"], "encoding must be"),
        (["--set", "hiden=64"], "got 'hiden'. Did you mean 'hidden'?"),
        (["--set", "clip=1"], "got 'clip'. It is called 'max_grad_norm'."),
        (["--set", "hidden"], "--set must be key=value, got 'hidden'."),
        (["--set", "hidden=many"], "hidden must be of type int, got 'many'."),
        (["--set", "min_count=few"], "min_count must be of type int, got 'few'."),
        (["--set", "merge=add"], "merge must be one of concat, sum, mul, average, gated, got 'add'."),
        (["--set", "pooling=avg"], "pooling must be one of last, mean, max, attention, sqrt_n, got 'avg'."),
        (["--set", "channels=unit,four"], "channels must be one of"),
        (["--set", "crf=true"], "crf is not allowed for one label per input (got True)."),
        (["--config", "nowhere.json"], "nowhere.json: --config must be a readable file, got No such file"),
        (["--time", "soon"], "--time must be a duration above 0, as 90s, 10m or 1h, got 'soon'."),
        (["--epochs", "0"], "epochs must be greater than 0, got 0."),
        (["--precision", "8"], "precision must be one of fp32, bf16, got '8'. "),
        (["--class-weights", "equal"], "class_weights must be one of none, balanced, got 'equal'."),
        (["--logger", "wandb"], "loggers must be one of csv, tensorboard, got 'wandb'."),
        (["--resume"], "folder must be one that holds a checkpoint"),
        (["--vectors", "nowhere.txt"], "nowhere.txt: vectors must be a readable file, got No such file"),
    ],
)
def test_a_wrong_option_is_refused(
    refused: Refused, reviews: Path, tmp_path: Path, options: list[str], line: str
) -> None:
    assert line.rstrip() in refused("train", reviews, "--out", tmp_path / "m", *options)
    assert not (tmp_path / "m").exists()


def test_tags_that_no_scheme_reads_are_refused_with_their_line(refused: Refused, tmp_path: Path) -> None:
    good = "王 B-PER\n去 O\n\n"
    path = write(tmp_path, "x.conll", good * 9 + "王 B-PER\n京 LOC\n\n")
    line = refused("train", path, "--scheme", "BIO", "--out", tmp_path / "m", *SMALL)
    assert line == (
        f"bigru train: {path}:29: tag 2 must be legal in BIO, got 'LOC' is no tag of BIO: O or B-LABEL, I-LABEL (BIO). "
        "Correct the tags."
    )


def test_infinity_and_gaps_that_training_lacks_are_refused_with_their_row(refused: Refused, tmp_path: Path) -> None:
    x = np.arange(6.0).reshape(3, 2, 1)
    np.savez(tmp_path / "sound.npz", x=x, y=np.array([0, 1, 1]))
    x[1, 1, 0] = np.inf
    np.savez(tmp_path / "x.npz", x=x, y=np.array([0, 1, 1]))
    line = refused("train", tmp_path / "x.npz", "--out", tmp_path / "m")
    assert "x.npz:2: x step 2 column 1 must be finite, got inf. A missing value is NaN." in line
    x[1, 1, 0] = np.nan
    np.savez(tmp_path / "x.npz", x=x, y=np.array([0, 1, 1]))
    line = refused("train", tmp_path / "sound.npz", "--dev", tmp_path / "x.npz", "--out", tmp_path / "m")
    assert "x.npz:2 row 1 column 0 must be a number, as in training, where this column lacked none, got nan." in line


def test_a_dev_file_must_fit(refused: Refused, reviews: Path, tmp_path: Path) -> None:
    other = write(tmp_path, "dev.csv", "text,label\n好,goood\n")
    line = refused("train", reviews, "--dev", other, "--out", tmp_path / "m", *SMALL)
    assert line == f"bigru train: {other}:2: label must be one of bad, good, got 'goood'. Did you mean 'good'?"
    np.savez(tmp_path / "dev.npz", x=np.zeros((2, 2, 1)), y=np.array([0, 1]))
    line = refused("train", reviews, "--dev", tmp_path / "dev.npz", "--out", tmp_path / "m", *SMALL)
    assert line.endswith(f"dev.npz: data must be text, as in {reviews}, got series.")


def test_a_model_is_not_replaced_without_force(refused: Refused, bigru: Bigru, reviews: Path, tmp_path: Path) -> None:
    assert bigru("train", reviews, "--out", tmp_path / "m", *SMALL).code == 0
    before = load(tmp_path / "m").weights
    line = refused("train", reviews, "--out", tmp_path / "m", *SMALL, "--seed", "1")
    assert line == (
        f"bigru train: {tmp_path / 'm'}: --out must be free for the model, got a folder with a model. "
        "Replace it with --force, or name another folder with --out."
    )
    assert all((load(tmp_path / "m").weights[name] == weight).all() for name, weight in before.items())


def test_files_of_others_are_in_the_way_even_with_force(refused: Refused, reviews: Path) -> None:
    (reviews.parent / "README.md").write_text("mine", encoding="utf-8")
    for options in ([], ["--force"]):
        line = refused("train", reviews, "--out", reviews.parent, *options)
        assert line.endswith("got a folder with README.md. Name another folder with --out.")
    assert (reviews.parent / "README.md").read_text(encoding="utf-8") == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_training(refused: Refused, reviews: Path) -> None:
    assert refused("train", reviews, "--out", reviews).endswith("--out must be a folder or new, got a file.")
    line = refused("train", reviews, "--out", reviews / "m", *SMALL)
    assert line.endswith("--out must be a place that can be written, got Not a directory.")


def small_disk() -> None:
    """Let no file of this process grow beyond two kilobytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))


@pytest.mark.process
def test_a_full_disk_is_said_and_leaves_no_half_model(reviews: Path, tmp_path: Path) -> None:
    # In a process of its own: the limit would also hold for the file that the tests may be logged to.
    command = [sys.executable, "-m", "bigru", "train", str(reviews), "--out", str(tmp_path / "m"), *SMALL]
    done = subprocess.run(command, preexec_fn=small_disk, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "folder must be a place where a checkpoint can be written" in done.stderr.splitlines()[-1]
    assert not (tmp_path / "m" / "config.json").exists()


def test_training_without_torch_says_what_to_install(
    refused: Refused, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "torch" else util.find_spec(name))
    assert refused("train", reviews) == (
        "bigru train: training needs the package torch, which is not installed. "
        "Install it with: pip install 'bigru[train]'."
    )


def test_a_label_that_cannot_be_stored_is_refused_before_the_training(refused: Refused, tmp_path: Path) -> None:
    path = write(
        tmp_path, "x.jsonl", r'{"text": "a", "label": "x"}' + "\n" + r'{"text": "b", "label": "\ud83d"}' + "\n"
    )
    line = refused("train", path, "--out", tmp_path / "m")
    assert line == rf"bigru train: {path}:2: label must be without half a surrogate pair, got '\ud83d'."
