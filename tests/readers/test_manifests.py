"""Manifests and folders of recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sounds
from bigru.doctor import examine
from bigru.errors import DataError
from bigru.readers.audio.paths import looks_like_recordings, looks_like_transcripts
from bigru.readers.reader import read
from bigru.readers.reading import Reading


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
    assert read(name, Reading(task="classify")).targets == ["low", "low"]
    assert read(name, Reading(label="label")).task == "classify"


def test_an_empty_transcript_is_left_out_and_said() -> None:
    rows = [{"audio": "data/low/0.wav", "text": "la"}, {"audio": "data/low/1.wav", "text": " "}]
    examples = read(manifest("m.jsonl", *rows))
    assert len(examples) == 1
    assert [str(f) for f in examples.findings] == ["m.jsonl:2: empty row: 'text' is empty; left out"]


def test_without_targets_where_none_are_needed() -> None:
    examples = read(manifest("m.jsonl", {"audio": "data/low/0.wav"}), Reading(task="transcribe"), require_targets=False)
    assert (len(examples), examples.targets) == (1, None)


def test_a_manifest_without_targets_is_refused() -> None:
    with pytest.raises(DataError, match=r"m\.jsonl: --label must be named, as none of the columns audio is one of"):
        read(manifest("m.jsonl", {"audio": "data/low/0.wav"}))


def test_recordings_are_not_tagged() -> None:
    with pytest.raises(DataError, match=r"m\.jsonl: task must be classify or transcribe for recordings, got tag"):
        read(manifest("m.jsonl", {"audio": "data/low/0.wav", "tags": "x"}), Reading(task="tag"))


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


@pytest.mark.parametrize(
    ("values", "look", "named"),
    [
        (["clips/1.wav", "clips/2.WAV", None, ""], "readable", "readable"),
        (["1.flac", "2.m4a"], "readable", "readable"),
        (["clips\\1.m4a", "clips\\2.webm"], "unreadable", "unreadable"),
        (["a b.m4a", "c d.aac"], "unreadable", "unreadable"),
        (["rec_1", "rec_2"], None, "readable"),
        (["clips/one", "clips/two"], None, "readable"),
        (["1.jpg", "2.jpg"], None, "unreadable"),
        (["a fine film", "a dull plot"], None, None),
        (["yes", "no"], None, None),
        ([".wav", ". .mp3"], None, None),
        (["1.5", "2.5"], None, None),
        (["x_1", "x_1", "x_1"], None, None),
        (["play song.mp3", "stop", "go on", "louder"], None, None),
        ([1, 2], None, None),
        ([["a.wav"]], None, None),
        ([], None, None),
        ([None, " "], None, None),
    ],
)
def test_names_of_recordings_are_told_by_their_look(values: list[object], look: str | None, named: str | None) -> None:
    assert looks_like_recordings(values) == look
    assert looks_like_recordings(values, named=True) == named


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["ni3 hao3", "zai4 jian4"], True),
        (["你好", "再见", "打开空调"], True),
        (["turn it on", "turn it off", "turn it on", "louder", "stop"], True),
        (["yes", "no", "yes", "no"], False),
        (["turn on", "turn off"] * 5, False),
        (["yes", "no", "up", "down"], False),
        (["a b"], False),
        ([1, 2, 3], False),
    ],
)
def test_transcripts_are_told_from_labels_by_their_look(values: list[object], expected: bool) -> None:
    assert looks_like_transcripts(values) == expected


@pytest.mark.parametrize("column", ["audio", "wav", "clip", "Path", "anything"])
def test_names_that_cannot_be_read_are_never_texts(column: str) -> None:
    rows = [{column: f"clips/rec_{n}.m4a", "label": "yes" if n % 2 else "no"} for n in range(4)]
    message = (
        r"m\.jsonl:1: audio must be WAV, FLAC, OGG or MP3, got 'clips/rec_0\.m4a'\. "
        r"M4A cannot be read \(4 of 4 recordings\); convert to WAV or FLAC\."
    )
    with pytest.raises(DataError, match=message):
        read(manifest("m.jsonl", *rows))


def test_names_without_ending_are_recordings_where_the_column_says_so() -> None:
    rows = [{"audio": "data/low/0", "label": "low"}, {"audio": "data/high/2", "label": "high"}]
    assert [one.path for one in read(manifest("m.csv", *rows)).inputs] == ["data/low/0.wav", "data/high/2.wav"]
    rows = [{"audio": f"clips/rec_{n}", "label": "low"} for n in range(2)]
    with pytest.raises(DataError, match=r"m\.csv:2: audio must be a file that exists, got 'clips/rec_0'\. 2 of 2 are"):
        read(manifest("m.csv", *rows))


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("data\\low\\0.wav", None),
        ("data/low/0.wav", "."),
        ("low/0.wav", "data"),
        ("$data_root/low/0.wav", "data"),
        ("{data_root}/data/low/0.wav", None),
        ("/elsewhere/data/low/0.wav", "data"),
        ("C:\\elsewhere\\low\\0.wav", "data"),
        (" data/low/0.wav ", None),
    ],
)
def test_paths_of_other_machines(path: str, root: str | None) -> None:
    examples = read(manifest("m.jsonl", {"audio": path, "text": "la la"}), Reading(audio_root=root))
    assert [Path(one.path).as_posix() for one in examples.inputs] == ["data/low/0.wav"]


def test_addresses_are_refused() -> None:
    message = r"m\.jsonl:1: audio must be the path of a file, got 'https://x\.org/a\.wav'\. Download it first\."
    with pytest.raises(DataError, match=message):
        read(manifest("m.jsonl", {"audio": "https://x.org/a.wav", "text": "la la"}))


@pytest.mark.parametrize("column", ["wrd", "Text", "anything", "label"])
def test_a_column_of_varied_words_is_transcribed(column: str) -> None:
    rows = [{"wav": f"data/low/{n}.wav", column: text} for n, text in enumerate(("GUTEN TAG", "GUTE NACHT"))]
    examples = read(manifest("m.csv", *rows))
    assert (examples.task, examples.targets) == ("transcribe", ["GUTEN TAG", "GUTE NACHT"])
    assert read(manifest("m.csv", *rows), Reading(label=column)).task == "transcribe"
    assert read(manifest("m.csv", *rows), Reading(label=column, task="classify")).task == "classify"


def test_two_columns_of_varied_words_are_asked() -> None:
    rows = [{"wav": f"data/low/{n}.wav", "one": f"GUTEN {n}", "two": f"TAG {n}"} for n in range(2)]
    message = r"m\.csv: --label must be named, got several columns that look like transcripts: 'one' or 'two'"
    with pytest.raises(DataError, match=message):
        read(manifest("m.csv", *rows))
    assert read(manifest("m.csv", *rows), Reading(label="two")).targets == ["TAG 0", "TAG 1"]


def test_a_folder_with_formats_that_cannot_be_read_is_refused() -> None:
    Path("data/low/9.m4a").write_bytes(b"")
    message = (
        r"data/low/9\.m4a: audio must be WAV, FLAC, OGG or MP3, got 'data/low/9\.m4a'\. "
        r"M4A cannot be read \(1 of 4 recordings\); convert to WAV or FLAC\."
    )
    with pytest.raises(DataError, match=message):
        read("data")
    Path("only").mkdir()
    Path("only/x.webm").write_bytes(b"")
    with pytest.raises(DataError, match=r"WEBM cannot be read; convert to WAV or FLAC\."):
        read("only")


def test_what_is_converted_beside_its_original_is_read_once() -> None:
    Path("data/low/0.m4a").write_bytes(b"")
    examples = read("data")
    assert examples.targets == ["high", "low", "low"]
    assert [str(f) for f in examples.findings] == [
        "data: passed over: 'data/low/0.m4a' cannot be read; the recording of the same name beside it is"
    ]


def test_the_transcripts_of_a_folder_in_one_file() -> None:
    Path("data/low/low.trans.txt").write_text("0 GUTEN  TAG\n1 GUTE NACHT\n")
    Path("data/high/high.trans.txt").write_text("2 LA LA\n")
    examples = read("data")
    assert (examples.task, examples.targets) == ("transcribe", ["LA LA", "GUTEN TAG", "GUTE NACHT"])
    Path("data/high/high.trans.txt").write_text("3 LA LA\n")
    with pytest.raises(DataError, match=r"data/high/2\.txt: transcript must be beside its recording, got no such file"):
        read("data")
    Path("data/high/high.trans.txt").write_bytes(b"2 \xff\n")
    with pytest.raises(
        DataError, match=r"data/high/high\.trans\.txt: transcript must be UTF-8, got byte 2 that is not"
    ):
        read("data")


def test_a_folder_with_a_manifest_and_one_folder_of_recordings_is_asked() -> None:
    Path("data/high/2.wav").rename("data/low/2.wav")
    manifest("data/metadata.csv", {"file_name": "low/0.wav", "transcription": "GUTEN TAG"})
    message = (
        r"data: folders of recordings must be two labels at least, got one, 'low', and metadata\.csv\. "
        r"To read what a manifest says of them, name it: data/metadata\.csv\."
    )
    with pytest.raises(DataError, match=message):
        read("data")
    assert read("data/metadata.csv").targets == ["GUTEN TAG"]


def test_a_single_recording_has_no_folder_that_names_its_label() -> None:
    with pytest.raises(
        DataError, match=r"^data/low/0\.wav: recordings must be in folders named by label, got 0\.wav in"
    ):
        read("data/low/0.wav")
