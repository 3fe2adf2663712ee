"""The small files that `mutate.py` changes: one of every kind that bigru reads. A new kind is one entry here."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import random
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bigru import bundle
from bigru.bundle import Bundle
from bigru.features.segment import train_subwords
from bigru.features.text import TextFeatures
from bigru.readers import formats
from exports import bundles
from tables import forecaster, hourly

__all__ = ["Seed", "seeds"]


class Seed(NamedTuple):
    """Files that belong together.

    Attributes:
        name: of the kind.
        kind: "table", "data", "folder", "audio" or "model": what is done with it.
        files: content by path; of tables and data the first is read, and the others lie beside it.
    """

    name: str
    kind: str
    files: dict[str, bytes]

    def change(self, name: str, how: Callable[[bytes], bytes], draw: random.Random) -> bytes:
        """Return a file changed; of packed ones often what they hold, or a plain one packed before or after."""
        content = self.files[name]
        if name.endswith((".npz", ".xlsx")) and draw.random() < 0.7:
            return _zipped(content, how, draw)
        if name.endswith(".spacy") and draw.random() < 0.7:
            return zlib.compress(how(zlib.decompress(content)))
        if name.endswith(".gz"):
            return gzip.compress(how(gzip.decompress(content))) if draw.random() < 0.5 else how(content)
        return how(content)


CSV = 'text,label,score\nab cd,x,1\n好 电影,y,2.5\n"a, ""b""\nc",x,\nlast,y,4\n'
TABLES = {
    "csv": CSV,
    "tsv": CSV.replace(",", "\t"),
    "csv of times": "ds,y,id\n" + "".join(f"2020-01-{n:02},{n * 1.5},a\n" for n in range(1, 29)),
    "csv of steps": "id,t,x,label\n" + "".join(f"{n // 3},{n % 3},{n}.5,{'ab'[n // 3 % 2]}\n" for n in range(12)),
    "jsonl": "".join(
        json.dumps(row, ensure_ascii=False) + "\n"
        for row in (
            {"text": "ab cd", "label": "x"},
            {"text": "好", "label": "y", "n": 1.5, "more": [1, {"a": None}]},
            {"text": "ef", "label": "x"},
        )
    ),
    "json": json.dumps([{"text": "ab", "label": "x"}, {"text": "cd", "label": "y"}], indent=1),
    "jsonl of series": '{"values": [1, 2, 3], "label": "a"}\n{"values": [4, null, 6], "label": "b"}\n',
    "jsonl of spans": '{"text": "Ann in Rome", "entities": [[0, 3, "PER"], [7, 11, "LOC"]]}\n' * 2,
}
DATA = {
    "conll": "Ann B-PER\nis O\nin O\nRome B-LOC\n\nBob B-PER\nran O\n",
    "conllu": "# id = 1\n1\tAnn\tAnn\tPROPN\t_\t_\t0\troot\t_\t_\n2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2\tdo\tdo\tAUX\t_\t_\t1\taux\t_\t_\n3\tn't\tnot\tPART\t_\t_\t1\tadv\t_\t_\n",
    "ts": "#r\n@problemName p\n@timeStamps false\n@univariate true\n@dimensions 1\n@classLabel true a b\n@data\n"
    "1,2,3:a\n4,?,6:b\n",
    "word/tag": "Ann/nr is/v in/p Rome/ns\n[New/n York/n]ns is/v\n",
    "txt": "first line\n第二行\n",
    "tsf": "# a comment\n@relation r\n@attribute series_name string\n@attribute start_timestamp date\n"
    "@frequency daily\n@horizon 2\n@missing true\n@equallength false\n@data\n"
    "T1:2020-01-31 00-00-00:1,2,?,4.5\nT2:2020-02-01 00-00-00:3,4\n",
    "arff": "% a comment\n@relation 'r s'\n@attribute 'a b' numeric\n@attribute when date yyyy-MM-dd\n"
    "@attribute class {x,'y z'}\n@attribute words string\n@data\n"
    "1.5,2020-01-01,x,'ab \\'c\\''\n?,?,'y z',cd\n{0 2,2 x}\n",
    "ft": "__label__x ab cd\n__label__y __label__x ef\n__label__y gh ij\n",
}
RECORDS = {
    "nemo": ("m.json", '{"audio_filepath": "wavs/a.wav", "duration": 0.2, "offset": 0.0, "text": "ab cd"}\n'),
    "ljspeech": ("metadata.csv", "a|Ab, cd.|ab cd\n"),
    "common voice": ("train.tsv", "client_id\tpath\tsentence\tup_votes\n1\ta.mp3\tAb cd.\t2\n"),
    "kaldi": ("text", "u1 ab cd\nu2 ef\n"),
    "speechbrain": ("s.json", '{"u1": {"wav": "{data_root}/wavs/a.wav", "length": 0.2, "words": "ab cd"}}'),
    "librispeech": ("1-2.trans.txt", "1-2-0000 AB CD\n"),
}
"""Manifests of recordings, with the files that lie beside them."""
BESIDE = {
    "kaldi": {"wav.scp": "u1 wavs/a.wav\nr2 wavs/a.wav\n", "segments": "u1 u1 0.0 0.1\nu2 r2 0.05 0.15\n"},
}
SUFFIXES = {"json": ".json", "word/tag": ".txt", "txt": ".txt"}


def seeds() -> list[Seed]:
    """Return all seeds, tables of every format that the readers name among them."""
    return [*_texts(), *_folders(), *_binary(), *_audio(), *_models()]


def _texts() -> Iterator[Seed]:
    for name, text in {**TABLES, **DATA}.items():
        kind, suffix = "table" if name in TABLES else "data", SUFFIXES.get(name, "." + name.split(" ")[0])
        yield Seed(name, kind, {f"d{suffix}": text.encode()})
    yield Seed("csv in GB18030", "table", {"d.csv": CSV.encode("gb18030")})
    yield Seed("csv in UTF-16", "table", {"d.csv": CSV.encode("utf-16")})
    yield Seed("csv.gz", "table", {"d.csv.gz": gzip.compress(CSV.encode())})
    yield Seed("jsonl.gz", "table", {"d.jsonl.gz": gzip.compress(TABLES["jsonl"].encode())})
    yield Seed("no suffix", "data", {"d": DATA["conll"].encode()})
    records = [
        {"data": {"text": "Ann in Rome"}, "annotations": [{"result": [_mark(0, 3, "PER"), _mark(7, 11, "LOC")]}]},
        {"data": {"text": "Bob ran"}, "annotations": [{"result": []}]},
    ]
    yield Seed("label studio", "data", {"d.json": json.dumps(records).encode()})
    # Every further suffix that a format is known by, with the content of a table.
    for suffix in sorted(getattr(formats, "SUFFIXES", {})):
        if suffix.removeprefix(".") not in {
            *TABLES,
            *DATA,
            "npz",
            "parquet",
            "xlsx",
            "feather",
            "arrow",
            "orc",
            "spacy",
        }:
            yield Seed(f"csv as {suffix}", "data", {f"d{suffix}": CSV.encode()})


def _mark(start: int, end: int, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"type": "labels", "from_name": "label", "to_name": "text", "value": value}


def _folders() -> Iterator[Seed]:
    marks = "T1\tPER 0 3\tAnn\nT2\tLOC 7 11\tRome\nT3\tX 0 3;7 11\tAnn Rome\n#1\tNote T1\tn\nR1\tIn Arg1:T1 Arg2:T2\n"
    text = b"Ann in Rome\nno more\n"
    yield Seed("brat", "data", {"d.ann": marks.encode(), "d.txt": text})
    yield Seed("folder of brat", "folder", {"a.ann": marks.encode(), "a.txt": text, "b.ann": b"", "b.txt": text})
    labels = {"x/1.txt": "ab cd\n", "x/2.txt": "好\n", "y/1.txt": "ef\n", "y/2.txt": "gh\n\nij\n"}
    yield Seed("folder of texts", "folder", {name: content.encode() for name, content in labels.items()})
    sound = _sound("wav", None)
    yield Seed("folder of recordings", "folder", {f"{name}/a.wav": sound for name in "xy"})
    for name, (file, content) in RECORDS.items():
        beside = {other: text.encode() for other, text in BESIDE.get(name, {}).items()}
        sounds = {"1-2-0000.flac": _sound("flac", None)} if name == "librispeech" else {"wavs/a.wav": sound}
        sounds |= {"clips/a.mp3": _sound("mp3", None)} if name == "common voice" else {}
        yield Seed(f"manifest: {name}", "data", {file: content.encode()} | beside | sounds)


def _binary() -> Iterator[Seed]:
    import pyarrow
    import pyarrow.parquet

    for name, save in (("npz", np.savez), ("npz, packed", np.savez_compressed)):
        stream = io.BytesIO()
        save(
            stream, x=np.arange(24.0).reshape(4, 3, 2), y=np.array(["a", "b", "a", "b"]), lengths=np.array([3, 2, 1, 3])
        )
        yield Seed(name, "data", {"d.npz": stream.getvalue()})
    columns = {"text": ["ab", "cd", None], "label": ["x", "y", "x"], "n": [1, 2, 3]}
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), stream)
    yield Seed("parquet", "table", {"d.parquet": stream.getvalue()})
    yield from _columnar(pyarrow.table(columns))
    yield Seed("xlsx", "table", {"d.xlsx": _workbook()})
    yield Seed("spacy", "data", {"d.spacy": _docbin()})


def _columnar(table: Any) -> Iterator[Seed]:
    import pyarrow
    from pyarrow import feather, orc

    packed = table.append_column("kind", table["label"].dictionary_encode())
    for name, compression in (("feather", "uncompressed"), ("feather, packed", "zstd")):
        stream = io.BytesIO()
        feather.write_feather(packed, stream, compression=compression)
        yield Seed(name, "table", {"d.feather": stream.getvalue()})
    stream = io.BytesIO()
    with pyarrow.ipc.new_file(stream, packed.schema) as writer:
        writer.write_table(packed)
    yield Seed("arrow", "table", {"d.arrow": stream.getvalue()})
    stream = io.BytesIO()
    orc.write_table(table, stream)
    yield Seed("orc", "table", {"d.orc": stream.getvalue()})


def _workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["text", "label", "n", "when"], ["ab", "x", 1.5, datetime.datetime(2020, 1, 2)], ["cd", "y", 2, None]):
        sheet.append(row)
    sheet.merge_cells("A4:B5")
    book.create_sheet("more").append(["a", 1])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _docbin() -> bytes:
    """Return a DocBin of one document "Anna a", of which "Anna" is a PERSON."""
    import msgpack

    words = [10846488766732760801, 11901859001352538922]
    message = {
        "attrs": [65, 77, 78],
        "tokens": np.array([[words[0], 3, 380], [words[1], 2, 0]] * 2, "<u8").tobytes(),
        "spaces": np.array([True, False] * 2).tobytes(),
        "lengths": np.array([2, 2], "<i4").tobytes(),
        "strings": ["", "Anna", "a", "PERSON"],
        "cats": [{}, {"x": 1.0}],
        "span_groups": [b"\x91", b"\x90"],
    }
    return zlib.compress(msgpack.packb(message))


def _zipped(content: bytes, how: Callable[[bytes], bytes], draw: random.Random) -> bytes:
    """Return an archive one member of which is changed, with sound checksums."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        chosen = draw.randrange(len(old.infolist()))
        for n, info in enumerate(old.infolist()):
            new.writestr(info.filename, how(old.read(info)) if n == chosen else old.read(info))
    return stream.getvalue()


def _audio() -> Iterator[Seed]:
    for name, subtype in (
        ("wav", None),
        ("flac", None),
        ("ogg", None),
        ("mp3", None),
        ("wav", "FLOAT"),
        ("wav", "GSM610"),
    ):
        yield Seed(f"{name} {subtype or ''}".strip(), "audio", {f"d.{name}": _sound(name, subtype)})


def _sound(name: str, subtype: str | None) -> bytes:
    import soundfile

    samples = np.sin(np.arange(1600) / 5).astype(np.float32)
    stream = io.BytesIO()
    soundfile.write(stream, samples, 8000, format=name.upper(), subtype=subtype)
    return stream.getvalue()


def _models() -> Iterator[Seed]:
    tokenizer = train_subwords(["ab abc b ba"] * 3, 30, 1)
    subwords = TextFeatures.fit(["ab abc b"], unit="subword", channels=("unit",), tokenizer=tokenizer)
    from exports import classifier

    made: dict[str, Bundle] = {f"model: {name}": one for name, one in list(bundles().items())[:4]}
    made |= {"model: subwords": classifier(features=subwords)}
    made |= {"model: forecaster": forecaster(hourly(60), {"targets": ("a", "b")}, levels=(0.9,))}
    for name, one in made.items():
        with tempfile.TemporaryDirectory() as folder:
            bundle.save(one, Path(folder) / "m")
            yield Seed(name, "model", {path.name: path.read_bytes() for path in sorted((Path(folder) / "m").iterdir())})
