"""Manifests as other projects write them: recognised by name, content and neighbours, and read with their
recordings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sounds
from bigru.errors import DataError
from bigru.readers.parsers.manifests import FORMATS, detect
from bigru.readers.reader import Examples, read
from bigru.readers.reading import Reading


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def audio(*names: str) -> None:
    for n, name in enumerate(names):
        sounds.write(Path(name), sounds.tone("low", 1.0, seed=n))


def write(name: str, *lines: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


def pairs(examples: Examples) -> list[tuple[str, str]]:
    assert examples.targets is not None
    return [(Path(one.path).as_posix(), target) for one, target in zip(examples.inputs, examples.targets, strict=True)]


def test_common_voice() -> None:
    audio("cv/clips/a.mp3", "cv/clips/b.mp3")
    name = write(
        "cv/train.tsv",
        "client_id\tpath\tsentence\tup_votes\tlocale",
        '9f\ta.mp3\tShe said "no.\t2\ten',
        "1c\tb.mp3\tA fine day, isn't it?\t2\ten",
    )
    examples = read(name)
    assert (examples.task, examples.inferred["format"]) == ("transcribe", "common-voice")
    assert pairs(examples) == [("cv/clips/a.mp3", 'She said "no.'), ("cv/clips/b.mp3", "A fine day, isn't it?")]
    assert examples.inferred["recordings"] == "path, in clips"
    assert examples.inferred["not read"] == "client_id, up_votes, locale"


def test_common_voice_beside_its_recordings_and_with_a_row_too_short() -> None:
    audio("a.mp3")
    name = write("train.tsv", "client_id\tpath\tsentence", "9f\ta.mp3\tno way")
    assert pairs(read(name)) == [("a.mp3", "no way")]
    write(name, "client_id\tpath\tsentence", "9f\ta.mp3")
    with pytest.raises(DataError, match=r"train\.tsv:2: row must be 3 columns separated by tabs, as line 1, got 2"):
        read(name)


@pytest.mark.parametrize("ending", ["", ".wav"])
def test_ljspeech(ending: str) -> None:
    audio("lj/wavs/LJ001-0001.wav", "lj/wavs/LJ001-0002.wav")
    name = write(
        "lj/metadata.csv",
        f"LJ001-0001{ending}|Printing, in 1455,|Printing, in fourteen fifty-five,",
        f'LJ001-0002{ending}|the "only" sense|the "only" sense',
    )
    examples = read(name)
    assert (examples.task, examples.inferred["format"]) == ("transcribe", "ljspeech")
    assert pairs(examples) == [
        ("lj/wavs/LJ001-0001.wav", "Printing, in fourteen fifty-five,"),
        ("lj/wavs/LJ001-0002.wav", 'the "only" sense'),
    ]
    assert examples.inferred["transcripts"] == "column 3"


def test_file_lists_of_several_speakers() -> None:
    audio("wavs/a.wav", "wavs/b.wav")
    name = write("train.txt", "wavs/a.wav|7|guten Tag", "wavs/b.wav|7|gute Nacht")
    assert pairs(read(name)) == [("wavs/a.wav", "guten Tag"), ("wavs/b.wav", "gute Nacht")]
    write(name, "wavs/a.wav|guten Tag|7", "wavs/b.wav|gute Nacht|7")
    assert pairs(read(name)) == [("wavs/a.wav", "guten Tag"), ("wavs/b.wav", "gute Nacht")]
    assert read(name).inferred["not read"] == "3"


def kaldi(**more: str) -> str:
    audio("data/train/../../wav/1.wav", "data/train/../../wav/2.wav")
    write("data/train/text", "s1-u2 gute nacht", "s1-u1 guten tag")
    write("data/train/wav.scp", "s1-u1 wav/1.wav", "s1-u2\twav/2.wav")
    for name, content in more.items():
        write(f"data/train/{name}", *content.split("\n"))
    return "data/train/wav.scp"


@pytest.mark.parametrize("given", ["data/train/wav.scp", "data/train/text", "data/train"])
def test_kaldi(given: str) -> None:
    kaldi(utt2spk="s1-u1 s1\ns1-u2 s1")
    examples = read(given)
    assert (examples.task, examples.inferred["format"], examples.lines) == ("transcribe", "kaldi", [1, 2])
    assert pairs(examples) == [
        ("data/train/../../wav/1.wav", "guten tag"),
        ("data/train/../../wav/2.wav", "gute nacht"),
    ]
    assert examples.inferred["read too"] == "utt2spk"


def test_kaldi_with_another_root_and_without_transcripts() -> None:
    audio("here/wav/1.wav")
    name = write("list/wav.scp", "u1 wav/1.wav")
    examples = read(name, Reading(audio_root="here"), require_targets=False)
    assert ([one.path for one in examples.inputs], examples.targets) == (["here/wav/1.wav"], None)


def test_segments_of_kaldi() -> None:
    kaldi(segments="u1 s1-u1 0.25 0.75\nu2 s1-u1 0.5 -1", text="u1 guten tag\nu2 gute nacht")
    examples = read("data/train/wav.scp")
    assert examples.targets == ["guten tag", "gute nacht"]
    assert [(one.start, one.length, one.seconds) for one in examples.inputs] == [(0.25, 0.5, 0.5), (0.5, None, 0.5)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "wav.scp",
            "u1 sph2pipe -f wav 1.sph |",
            r"data/train/wav\.scp:1: recording must be the path of a file, got the command 'sph2pipe -f wav 1\.sph \|'"
            r"\. Run the commands once and name the files they write\.",
        ),
        (
            "wav.scp",
            "u1 raw.ark:17",
            r"wav\.scp:1: recording must be the path of a file, got 'raw\.ark:17'\. Write the",
        ),
        ("wav.scp", "u1 a.wav\nu1 b.wav", r"wav\.scp:2: key must be another than that of line 1, got 'u1'\."),
        ("text", "u9 guten tag", r"data/train/text:1: utterance must be one of wav\.scp, got 'u9'\. Leave the row out"),
        ("segments", "u1 s1-u1 x 1", r"segments:1: segment must be a recording, its begin and its end in seconds"),
        ("segments", "u1 s9 0 1", r"segments:1: recording must be one of wav\.scp, got 's9'"),
    ],
)
def test_what_kaldi_would_run_or_lacks_is_refused(name: str, content: str, message: str) -> None:
    kaldi(**{name: content})
    with pytest.raises(DataError, match=message):
        read("data/train/wav.scp")


def test_a_transcript_that_lacks_is_left_out_and_said() -> None:
    kaldi(text="s1-u1 guten tag")
    examples = read("data/train/wav.scp")
    assert examples.targets == ["guten tag"]
    assert [str(f) for f in examples.findings] == [
        "data/train/wav.scp:2: empty row: 'transcript' is empty; left out",
    ]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("transcript/aishell_transcript.txt", "wav/train/S0002/"),
        ("84/121123/84-121123.trans.txt", "84/121123/"),
        ("words.txt", ""),
    ],
)
def test_names_with_transcripts_behind_them(name: str, where: str) -> None:
    audio(f"{where}BAC009S0002W0122.wav", f"{where}BAC009S0002W0123.wav")
    write(name, "BAC009S0002W0123 也 成为 地方", "BAC009S0002W0122 而 对 楼市")
    examples = read(name)
    assert (examples.task, examples.inferred["format"]) == ("transcribe", "transcripts")
    assert [(Path(path).name, text) for path, text in pairs(examples)] == [
        ("BAC009S0002W0123.wav", "也 成为 地方"),
        ("BAC009S0002W0122.wav", "而 对 楼市"),
    ]


def test_two_recordings_of_one_name_are_refused() -> None:
    audio("a/u1.wav", "b/u1.wav")
    name = write("all.trans.txt", "u1 guten tag")
    with pytest.raises(
        DataError, match=r"all\.trans\.txt: recordings must be one of the name 'u1', got 'a/u1\.wav' and"
    ):
        read(name)


def test_speechbrain_tables() -> None:
    audio("corpus/a.wav", "corpus/b.wav")
    rows = ["ID, duration, wav, wav_format, spk_id, wrd", "1, 1.0, $data_root/a.wav, wav, s, GUTEN TAG"]
    name = write("sb/train.csv", *rows, "2, 1.0, $data_root/b.wav, wav, s, GUTE NACHT")
    examples = read(name, Reading(audio_root="corpus"))
    assert (examples.task, examples.inferred["format"]) == ("transcribe", "speechbrain")
    assert pairs(examples) == [("corpus/a.wav", "GUTEN TAG"), ("corpus/b.wav", "GUTE NACHT")]
    commands = ["ID,duration,start,stop,wav,command", "1,1,0,16000,corpus/a.wav,yes", "2,1,0,16000,corpus/b.wav,no"]
    examples = read(write("commands.csv", *commands), Reading(label="command"))
    assert (examples.task, pairs(examples)) == ("classify", [("corpus/a.wav", "yes"), ("corpus/b.wav", "no")])


def test_segments_of_speechbrain_are_refused_by_line() -> None:
    name = write("train.csv", "ID,duration,start,stop,wav,label", "1,1,0,4,a.wav,x", "2,1,16000,32000,a.wav,y")
    with pytest.raises(DataError, match=r"train\.csv:3: start must be 0: segments are not read, got 16000\. Cut the"):
        read(name)


def test_speechbrain_json() -> None:
    audio("a.wav", "b.wav")
    rows = {
        n: {"wav": f"{{data_root}}/{n}.wav", "length": 1.0, "words": text} for n, text in (("a", "A B"), ("b", "C D"))
    }
    Path("train.json").write_text(json.dumps(rows, indent=1))
    examples = read("train.json")
    assert (examples.inferred["format"], examples.lines) == ("speechbrain", [2, 7])
    assert pairs(examples) == [("a.wav", "A B"), ("b.wav", "C D")]
    Path("train.json").write_text('{"a": {"wav": 1}')
    with pytest.raises(DataError, match=r"train\.json: data must be JSON, got "):
        read("train.json")


def nemo(*rows: dict[str, object]) -> str:
    return write("m.json", *(json.dumps({"audio_filepath": "a.wav", "duration": 9.0, **row}) for row in rows))


def test_nemo() -> None:
    audio("a.wav")
    examples = read(nemo({"text": "guten tag"}, {"text": "gute nacht", "offset": 0.25, "duration": 0.5}))
    assert (examples.task, examples.inferred["format"]) == ("transcribe", "nemo")
    assert pairs(examples) == [("a.wav", "guten tag"), ("a.wav", "gute nacht")]
    assert [one.seconds for one in examples.inputs] == [1.0, 0.5]
    assert examples.inputs[0].digest != examples.inputs[1].digest


@pytest.mark.parametrize("offset", [-1, "x", 1e9, True])
def test_offsets_that_are_no_seconds_are_refused(offset: object) -> None:
    audio("a.wav")
    with pytest.raises(DataError, match=r"m\.json:1: offset must be seconds within 0\.\.1000000, got "):
        read(nemo({"text": "guten tag", "offset": offset}))


def test_a_segment_beyond_its_recording_is_refused_by_line() -> None:
    audio("a.wav")
    with pytest.raises(DataError, match=r"m\.json:2: audio must be as long as its segment \(0\.5 to 9\.5 s\)"):
        read(nemo({"text": "a b"}, {"text": "guten tag", "offset": 0.5}))


def test_labels_of_nemo_win_over_a_text_that_never_changes() -> None:
    audio("a.wav")
    examples = read(nemo({"text": "_", "label": "yes"}, {"text": "_", "label": "no"}))
    assert (examples.task, examples.targets) == ("classify", ["yes", "no"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reviews.csv", "text,label\nfine film,pos\ndull plot,neg\n"),
        ("pipe.csv", "id|text|label\n1|fine film|pos\n2|dull plot|neg\n"),
        ("pipe.csv", "1|fine film|pos\n2|dull plot|neg\n"),
        ("paths.tsv", "path\tsentence\na\tfine film\n"),
        ("log.txt", "12 fine film\n13 dull plot\n"),
        ("train.conll", "EU B-ORG\nrejects O\n"),
        ("table.csv", "ID,duration,label\n1,2,x\n"),
        ("texts.jsonl", '{"text": "fine film", "label": "pos"}\n'),
        ("long.csv", "time,value\n2020-01-01,1\n"),
        ("empty.txt", "\n \n"),
    ],
)
def test_other_files_are_no_manifests(name: str, text: str) -> None:
    assert detect(name, text) is None
    assert [kind for kind, one in FORMATS.items() if one.sniff(name, text)] == []
