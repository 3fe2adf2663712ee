"""The small files that `mutate.py` changes: one of every kind that bigru reads. A new kind is one entry here."""

from __future__ import annotations

import gzip
import io
import json
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

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
        kind: "table", "data", "audio" or "model": what is done with it.
        files: content by name; data and audio have one file.
    """

    name: str
    kind: str
    files: dict[str, bytes]

    def change(self, name: str, how: Callable[[bytes], bytes], draw: random.Random) -> bytes:
        """Return a file changed; of packed ones often what they hold, or a plain one packed before or after."""
        content = self.files[name]
        if name.endswith(".npz") and draw.random() < 0.5:
            return _zipped(content, how)
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
    "word/tag": "Ann/nr is/v in/p Rome/ns\n[New/n York/n]/ns is/v\n",
    "txt": "first line\n第二行\n",
}
SUFFIXES = {"json": ".json", "word/tag": ".txt", "txt": ".txt"}


def seeds() -> list[Seed]:
    """Return all seeds, tables of every format that the readers name among them."""
    return [*_texts(), *_binary(), *_audio(), *_models()]


def _texts() -> Iterator[Seed]:
    for name, text in {**TABLES, **DATA}.items():
        kind, suffix = "table" if name in TABLES else "data", SUFFIXES.get(name, "." + name.split(" ")[0])
        yield Seed(name, kind, {f"d{suffix}": text.encode()})
    yield Seed("csv in GB18030", "table", {"d.csv": CSV.encode("gb18030")})
    yield Seed("csv in UTF-16", "table", {"d.csv": CSV.encode("utf-16")})
    yield Seed("csv.gz", "table", {"d.csv.gz": gzip.compress(CSV.encode())})
    yield Seed("jsonl.gz", "table", {"d.jsonl.gz": gzip.compress(TABLES["jsonl"].encode())})
    yield Seed("no suffix", "data", {"d": DATA["conll"].encode()})
    # Every further suffix that a format is known by, with the content of a table.
    for suffix in sorted(getattr(formats, "SUFFIXES", {})):
        if suffix.removeprefix(".") not in {*TABLES, *DATA, "npz", "parquet"}:
            yield Seed(f"csv as {suffix}", "data", {f"d{suffix}": CSV.encode()})


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


def _zipped(content: bytes, how: Callable[[bytes], bytes]) -> bytes:
    """Return an archive one member of which is changed, with sound checksums."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for n, info in enumerate(old.infolist()):
            new.writestr(info.filename, how(old.read(info)) if n == 0 else old.read(info))
    return stream.getvalue()


def _audio() -> Iterator[Seed]:
    import soundfile

    samples = np.sin(np.arange(1600) / 5).astype(np.float32)
    for name, subtype in (
        ("wav", None),
        ("flac", None),
        ("ogg", None),
        ("mp3", None),
        ("wav", "FLOAT"),
        ("wav", "GSM610"),
    ):
        stream = io.BytesIO()
        soundfile.write(stream, samples, 8000, format=name.upper(), subtype=subtype)
        yield Seed(f"{name} {subtype or ''}".strip(), "audio", {f"d.{name}": stream.getvalue()})


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
