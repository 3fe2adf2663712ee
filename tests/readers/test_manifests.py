"""Manifests and folders of recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sounds
from bigru.doctor import examine
from bigru.errors import DataError
from bigru.readers.reader import read


@pytest.fixture(autouse=True)
def recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tones in two folders, which are named by their pitch."""
    monkeypatch.chdir(tmp_path)
    for n, label in enumerate(("low", "low", "high")):
        sounds.write(Path(f"data/{label}/{n}.wav"), sounds.tone(label, seed=n))


def manifest(name: str, *rows: dict[str, object]) -> str:
    if name.endswith(".csv"):
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    else:
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


@pytest.mark.parametrize("name", ["m.jsonl", "data/m.csv"])
def test_labels_make_a_task_of_classification(name: str) -> None:
    prefix = "" if "/" in name else "data/"
    rows = [{"path": f"{prefix}low/0.wav", "label": "low"}, {"path": f"{prefix}high/2.wav", "label": "high"}]
    examples = read(manifest(name, *rows))
    assert (examples.kind, examples.task, examples.targets) == ("audio", "classify", ["low", "high"])
    assert [one.path for one in examples.inputs] == ["data/low/0.wav", "data/high/2.wav"]
    assert [one.seconds for one in examples.inputs] == [0.2, 0.2]


def test_texts_make_a_task_of_transcription() -> None:
    rows = [{"audio": "data/low/0.wav", "text": " 你  好 "}, {"audio": "data/low/1.wav", "text": "再见"}]
    examples = read(manifest("m.jsonl", *rows))
    assert (examples.kind, examples.task, examples.targets) == ("audio", "transcribe", ["你 好", "再见"])


def test_with_both_the_task_is_said_and_can_be_chosen() -> None:
    rows = [{"audio": "data/low/0.wav", "text": "la", "label": "low"}] * 2
    name = manifest("m.jsonl", *rows)
    assert read(name).inferred["task"] == "transcribe"
    assert read(name, task="classify").targets == ["low", "low"]
    assert read(name, label_column="label").task == "classify"


def test_an_empty_transcript_is_left_out_and_said() -> None:
    rows = [{"audio": "data/low/0.wav", "text": "la"}, {"audio": "data/low/1.wav", "text": " "}]
    examples = read(manifest("m.jsonl", *rows))
    assert len(examples) == 1
    assert [str(f) for f in examples.findings] == ["m.jsonl:2: empty row: 'text' is empty; left out"]


def test_without_targets_where_none_are_needed() -> None:
    examples = read(manifest("m.jsonl", {"audio": "data/low/0.wav"}), task="transcribe", require_targets=False)
    assert (len(examples), examples.targets) == (1, None)


def test_a_manifest_without_targets_is_refused() -> None:
    with pytest.raises(
        DataError, match=r"m\.jsonl: label_column must be named, as none of the columns audio is one of"
    ):
        read(manifest("m.jsonl", {"audio": "data/low/0.wav"}))


def test_recordings_are_not_tagged() -> None:
    with pytest.raises(DataError, match=r"m\.jsonl: task must be classify or transcribe for recordings, got tag"):
        read(manifest("m.jsonl", {"audio": "data/low/0.wav", "tags": "x"}), task="tag")


def test_folders_are_labels() -> None:
    examples = read("data")
    assert (examples.task, examples.targets) == ("classify", ["high", "low", "low"])
    assert examples.inputs[0].place == "data/high/2.wav"


def test_texts_beside_recordings_are_transcripts() -> None:
    for n, label in enumerate(("low", "low", "high")):
        Path(f"data/{label}/{n}.txt").write_text(f"{label} note\n", encoding="utf-8")
    examples = read("data")
    assert (examples.task, examples.targets) == ("transcribe", ["high note", "low note", "low note"])


def test_an_empty_text_beside_a_recording_is_left_out_and_said() -> None:
    for n, label in enumerate(("low", "low", "high")):
        Path(f"data/{label}/{n}.txt").write_text(label * (n != 1), encoding="utf-8")
    examples = read("data")
    assert (examples.targets, examples.lines) == (["high", "low"], [1, 2])
    assert [str(f) for f in examples.findings] == ["data:3: empty row: 'data/low/1.txt' is empty; left out"]


def test_a_missing_text_is_refused() -> None:
    Path("data/low/0.txt").write_text("la")
    message = (
        r"data/high/2\.txt: transcript must be beside its recording, got no such file\. "
        r"Write what is said in it, or move 2\.wav away\."
    )
    with pytest.raises(DataError, match=message):
        read("data")


def test_recordings_without_a_folder_of_their_own_are_refused() -> None:
    sounds.write(Path("data/stray.wav"), sounds.tone("low"))
    message = r"data: recordings must be in folders named by label, got stray\.wav in the folder itself\. Lay them as"
    with pytest.raises(DataError, match=message):
        read("data")


def test_an_empty_folder_is_refused() -> None:
    Path("none").mkdir()
    with pytest.raises(DataError, match=r"none: data must be a file, got a folder"):
        read("none")


def test_the_doctor_counts_symbols_of_transcripts() -> None:
    rows = [{"audio": f"data/low/{n}.wav", "text": text} for n, text in enumerate(["a1 b1 a1", "b1 a1 a1 b1"])]
    dev = [{"audio": "data/high/2.wav", "text": "a1 c1"}]
    findings, summary = examine(read(manifest("m.jsonl", *rows)), read(manifest("dev.jsonl", *dev)))
    assert summary["files"][0]["classes"] == {" ": 5, "1": 7, "a": 4, "b": 3}
    assert [str(f) for f in findings if f.kind == "unknown class"] == [
        "dev.jsonl:1: unknown class: 'c' is not in m.jsonl; it comes 1 times, here first"
    ]


def test_the_doctor_finds_copies_and_silence() -> None:
    sounds.write(Path("data/high/copy.wav"), sounds.tone("low", seed=0))
    sounds.write(Path("data/high/quiet.wav"), sounds.tone("low") * 0)
    findings, summary = examine(read("data"))
    said = {finding.kind: str(finding) for finding in findings}
    assert (
        said["contradiction"] == "data:4: contradiction: the same audio as line 2, labelled 'high' there and 'low' here"
    )
    assert said["silent"].startswith("data:3: silent: 'data/high/quiet.wav' holds 0.20 s of silence")
    assert summary["files"][0]["lengths"] == {
        "unit": "milliseconds", "median": 200, "p95": 200, "p99": 200, "longest": 200, "line": 1
    }  # fmt: skip


def test_a_single_recording_has_no_folder_that_names_its_label() -> None:
    with pytest.raises(
        DataError, match=r"^data/low/0\.wav: recordings must be in folders named by label, got 0\.wav in"
    ):
        read("data/low/0.wav")
