"""What is wrong with files and options of `bigru train` is found without torch and scikit-learn, which take seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LINES = """
import contextlib, io, json, sys
from bigru.cli import run
for line in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        code = run(["train", *line])
    heavy = sorted({"torch", "sklearn", "scipy"} & set(sys.modules))
    print(json.dumps([code, said.getvalue().splitlines()[-1], heavy]))
"""

SMALL = "text,label\n" + "".join(f"{word} {n},{'ab'[n % 2]}\n" for n, word in enumerate(["good", "bad"] * 4))


def refusals(folder: Path, lines: list[list[str]]) -> list[str]:
    """Return what each command line is refused with, all in one process that must not load anything heavy."""
    command = [sys.executable, "-X", "utf8", "-c", LINES, json.dumps(lines)]
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True)
    rows = [json.loads(row) for row in found.stdout.splitlines()]
    assert [row[2] for row in rows] == [[]] * len(lines)
    assert [row[0] for row in rows] == [2] * len(lines)
    return [row[1].removeprefix("bigru train: ") for row in rows]


def test_files_and_settings_are_refused_without_torch(tmp_path: Path) -> None:
    files = {"ok.csv": SMALL, "header.csv": "text,label\n", "one.csv": "text,label\nx,a\ny,a\n", "v.txt": "zzz 1 2\n"}
    files["series.jsonl"] = '{"values": [1, 2], "label": "a"}\n{"values": [2, 1], "label": "b"}\n' * 3
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "started").mkdir()
    (tmp_path / "started" / "checkpoint.pt").write_bytes(b"x")
    cases = {
        ("header.csv",): "header.csv: data must be at least one example, got a header alone.",
        ("one.csv",): "one.csv: labels must be at least two, got 'a' alone. One class teaches nothing.",
        ("okk.csv",): "okk.csv: data must be a file, got no such file. Did you mean 'ok.csv'?",
        ("ok.csv", "--dev", "header.csv"): "header.csv: data must be at least one example, got a header alone.",
        ("ok.csv", "--epochs", "0"): "TrainConfig: epochs must be greater than 0, got 0.",
        ("ok.csv", "--set", "hidden=abc"): "EncoderConfig: hidden must be of type int, got 'abc'.",
        ("ok.csv", "--set", "crop=2"): "AugmentConfig: crop must be within 0 <= p < 1, got 2.0.",
        ("ok.csv", "--logger", "foo"): "loggers must be one of csv, tensorboard, got 'foo'.",
        ("ok.csv", "--vectors", "v.txt"): "v.txt: vectors must be vectors of some of the 10 units of the training "
        "data, got none of them.",
        ("ok.csv", "--out", "started"): "folder must be without the checkpoint of another training, got 'started', "
        "which holds one. Go on with it (--resume), replace it (--force), or name another folder.",
        ("ok.csv", "--resume"): "folder must be one that holds a checkpoint, got 'model', which holds none. "
        "Run without --resume to start a training there.",
        ("ok.csv", "--set", "time_masks=1"): "time_masks and freq_masks must be 0 for inputs that are no numbers, "
        "got more.",
        (
            "series.jsonl",
            "--set",
            "init_from_cooccurrence=true",
        ): "init_from_cooccurrence must be false for numeric sequences, got True.",
        ("ok.csv", "--set", "lookahead=[0,9]", "--set", "direction=forward"): "encoder: window is not allowed "
        "where nothing is read backward (got one). It needs no look-ahead: every step is final as it is read.",
    }
    found = refusals(tmp_path, [list(case) for case in cases])
    assert found == list(cases.values())
    assert not (tmp_path / "model").exists()


def test_examples_that_teach_nothing_are_refused_before_a_model_is_planned(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("text,label\nx,a\ny,a\n", "utf-8")
    code = (
        "import sys; from bigru.cli import run; assert run(['train', 'one.csv']) == 2; "
        "print(sorted({'bigru.train.recipes', 'bigru.runtime.predictor'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_tables_with_time_are_refused_without_torch(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "time,y\n" + "".join(f"2024-01-{n:02d},{n * n % 7}\n" for n in range(1, 13)), "utf-8"
    )
    (tmp_path / "header.csv").write_text("time,y\n", "utf-8")
    cases = {
        ("header.csv", "--horizon", "3"): "header.csv: data must be at least one example, got a header alone.",
        ("t.csv", "--target", "y"): "--horizon must be given for a forecast, in rows, got nothing.",
        ("t.csv", "--horizon", "9"): "t.csv: rows must be at least 23 to learn from, 14 to read and 9 to forecast, "
        "got 8 of 12. Shorten --horizon or --lookback, or give more rows.",
        (
            "t.csv",
            "--horizon",
            "1",
            "--set",
            "lookback=1",
            "--set",
            "ensemble=2",
        ): "ensemble must be 1 for forecasts, got 2. Leave it out.",
        ("t.csv", "--horizon", "1", "--logger", "foo"): "loggers must be one of csv, tensorboard, got 'foo'.",
    }
    found = refusals(tmp_path, [list(case) for case in cases])
    assert found == list(cases.values())
