"""The rules of the grammar for tables of tokens, series, times and recordings."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from random import Random

import numpy as np
from grammar import Column, Drawn, Truth, rows_of, write
from vocabulary import WORDS, text

from bigru.readers.reading import Reading

__all__ = ["SEQUENCE_KINDS"]

CLASSES = (
    ("walk", "run"),
    ("0", "1"),
    ("1", "2", "3"),
    ("normal", "fault"),
    ("Walking", "Jogging", "Upstairs"),
    ("A", "B"),
)


def _numbers(random: Random, count: int, digits: int = 3) -> list[float]:
    phase, noise = random.random() * 6, random.choice((0.1, 0.5))
    return [round(math.sin(n / 3 + phase) * 5 + random.gauss(0, noise), digits) for n in range(count)]


def _float(cell: str) -> np.float32:
    return np.float32(cell) if cell else np.float32("nan")


def token_rows(random: Random) -> Drawn:
    """Draw a token per row, with the number of its sentence."""
    rows = rows_of(random, 20, 800)
    language = random.choice(("en", "de"))
    kind = random.choice(("on each", "on the first"))
    tokens, tags, sentences, pos = [], [], [], []
    number = 0
    while len(tokens) < rows:
        number += 1
        for n in range(random.randint(3, 15)):
            tokens.append(random.choice(WORDS[language]).strip())
            tag = random.choice(("O", "O", "O", "B-PER", "B-geo"))
            tags.append("I-" + tags[-1][2:] if tags and n and tags[-1] != "O" and random.random() < 0.3 else tag)
            pos.append(random.choice(("NN", "VB", "DT", "IN")))
            sentences.append(
                f"Sentence: {number}"
                if kind == "on the first" and n == 0
                else ""
                if kind == "on the first"
                else str(number)
            )
    names = random.choice(
        (
            ("Sentence #", "Word", "POS", "Tag"),
            ("sentence_id", "token", "pos", "ner"),
            ("sent_id", "word", "upos", "tag"),
        )
    )
    columns = [Column(name, cells) for name, cells in zip(names, (sentences, tokens, pos, tags), strict=True)]
    if random.random() < 0.4:
        del columns[2]
    if random.random() < 0.2:
        columns.insert(0, Column("", [str(n) for n in range(len(tokens))]))
    name, data, needs = write(random, columns, True)
    reading = Reading(task="tag", text=names[1], label=names[3], id=(names[0],), header=True)
    truth = Truth("tokens", {"token": names[1], "tag": names[3], "sentence": names[0]}, reading)
    return Drawn("tokens in rows", name, data, truth, True, needs)


def long_series(random: Random) -> Drawn:
    """Draw series with a row per step."""
    count, channels = random.choice((3, 8, 20)), random.randint(1, 6)
    known = random.random() < 0.8
    id = random.choice(
        ("id", "series_id", "user", "subject", "machine_id", "trial", "session_id", "设备")
        if known
        else ("chip", "batch", "Charge", "rig")
    )
    timed, per_step = random.random() < 0.7, random.random() < 0.4
    classes = random.choice(CLASSES)
    ids, labels, times, values, groups = [], [], [], [[] for _ in range(channels)], []
    for n in range(count):
        length = random.randint(5, 40)
        groups.append(length)
        ids += [f"u{n:02d}" if known and id != "id" else str(n + 1)] * length
        own = classes[n % len(classes)]
        labels += [classes[(m // 4) % len(classes)] for m in range(length)] if per_step else [own] * length
        for channel in values:
            channel += [f"{x}" for x in _numbers(random, length)]
    if timed:
        style = random.choice(("step", "stamp", "seconds"))
        times = [cell for length in groups for cell in _steps(style, length)]
    if random.random() < 0.3:
        for n in random.sample(range(len(ids)), len(ids) // 25):
            random.choice(values)[n] = ""
    names = random.choice(
        (
            ("x", "y", "z", "u", "v", "w"),
            ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z"),
            tuple(f"sensor{n}" for n in range(6)),
            ("Temperatur", "Druck", "Feuchte", "Strom", "Spannung", "Drehzahl"),
        )
    )
    label = (
        random.choice(("label", "activity", "class", "state", "fault_type"))
        if known
        else random.choice(("label", "activity", "class"))
    )
    columns = [Column(id, ids)]
    columns += [Column(random.choice(("time", "timestamp", "t", "step")), times)] if timed else []
    columns += [Column(name, cells) for name, cells in zip(names, values, strict=False)]
    columns.insert(random.choice((1, len(columns))), Column(label, labels))
    named = random.random() < 0.9
    reading_names = {c.name: c.name if named else str(n) for n, c in enumerate(columns, 1)}
    name, data, needs = write(random, columns, named)
    ends = np.cumsum(groups)
    array = np.array([[_float(cell) for cell in row] for row in zip(*values, strict=True)])
    inputs = np.split(array, ends[:-1])
    per = np.split(np.array(labels), ends[:-1])
    targets = [[str(y) for y in one] for one in per] if per_step else [str(one[0]) for one in per]
    task = "tag" if per_step else "classify"
    time = tuple(reading_names[c.name] for c in columns if timed and c.cells is times)
    reading = Reading(
        task=task, layout="long", id=(reading_names[id],), time=time, label=reading_names[label], header=named
    )
    examples = {"inputs": inputs, "targets": targets, "kind": "series", "task": task, "multi_label": False}
    plain = known and named and label not in ("state", "fault_type")
    return Drawn("series, a row per step", name, data, Truth("long", {}, reading, examples), plain, needs)


def _steps(style: str, length: int) -> list[str]:
    first = datetime.datetime(2016, 7, 1)
    if style == "stamp":
        return [(first + datetime.timedelta(seconds=n)).strftime("%Y-%m-%d %H:%M:%S") for n in range(length)]
    return [str(n) if style == "step" else f"{n * 0.05:.2f}" for n in range(length)]


def wide_series(random: Random) -> Drawn:
    """Draw series with a row each, the steps side by side."""
    rows, steps = rows_of(random, 8, 300), random.choice((8, 12, 24, 60, 150))
    classes = random.choice((*CLASSES, ("1", "2", "3", "4", "5"), ("-1", "1")))
    labels = [classes[n % len(classes)] for n in range(rows)]
    random.shuffle(labels)
    values = [_numbers(random, steps, 4) for _ in range(rows)]
    named = random.random() < 0.5
    stems = random.choice(("x{}", "X{}", "t_{}", "{}", "att{}", "step {}", "V{}"))
    steps_as = [Column(stems.format(n + 1), [str(row[n]) for row in values]) for n in range(steps)]
    label = Column(random.choice(("label", "class", "y", "target", "Activity") if named else ("label",)), labels)
    place = random.choice((0, steps))
    columns = [*steps_as[:place], label, *steps_as[place:]]
    if named and random.random() < 0.3:
        columns.insert(0, Column(random.choice(("id", "Unnamed: 0", "")), [str(n) for n in range(rows)]))
    number = "1" if place == 0 else str(len(columns))
    name, data, needs = write(random, columns, named)
    inputs = [np.array([[np.float32(x)] for x in row]) for row in values]
    examples = {"inputs": inputs, "targets": labels, "kind": "series", "task": "classify", "multi_label": False}
    reading = Reading(task="classify", layout="wide", label=label.name if named else number, header=named)
    return Drawn("series, one a row", name, data, Truth("wide", {}, reading, examples), True, needs)


def timed(random: Random) -> Drawn:
    """Draw tables with time, of which the next rows would be forecast."""
    count = rows_of(random, 12, 300)
    step = random.choice(("day", "month", "hour"))
    formats = {
        "day": ("%Y-%m-%d", "%Y/%m/%d"),
        "month": ("%Y-%m-%d", "%Y-%m"),
        "hour": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"),
    }
    style = random.choice(formats[step])
    times = []
    for n in range(count):
        at = (
            datetime.datetime(1990 + n // 12, n % 12 + 1, 1)
            if step == "month"
            else datetime.datetime(2016, 7, 1) + datetime.timedelta(**{f"{step}s": n})
        )
        times.append(at.strftime(style))
    time = random.choice(("date", "Date", "time", "timestamp", "ds", "Month", "datetime", "日期", "Datum"))
    names = random.sample(
        ("sales", "Passengers", "load", "temperature", "close", "y", "value", "销量", "Umsatz"), random.randint(1, 3)
    )
    panel = random.random() < 0.3
    owners = random.choice((("north", "south"), ("1", "2", "3"))) if panel else ("",)
    id = random.choice(("store", "unique_id", "item_id", "series_id", "device"))
    whole = random.random() < 0.3
    cells = {
        name: [f"{x * 100:.0f}" if whole else f"{x}" for _ in owners for x in _numbers(random, count)] for name in names
    }
    columns = [Column(time, times * len(owners))]
    columns += [Column(id, [owner for owner in owners for _ in range(count)])] if panel else []
    columns += [Column(name, cells[name]) for name in names]
    if not panel and random.random() < 0.25:
        columns.insert(0, Column(random.choice(("", "Unnamed: 0", "id", "sno")), [str(n + 1) for n in range(count)]))
    name, data, needs = write(random, columns, True)
    reading = Reading(task="forecast", time=(time,), id=(id,) if panel else (), header=True)
    truth = Truth("timed", {"time": [time], "id": [id] if panel else [], "values": names}, reading)
    return Drawn("tables with time", name, data, truth, True, needs)


def manifests(random: Random) -> Drawn:
    """Draw tables that name recordings, with transcripts or labels."""
    rows = rows_of(random, 5, 150)
    spoken = random.random() < 0.5
    paths = [random.choice(("clips/{}.wav", "a/b {}.flac", "C:\\rec\\{}.wav")).format(n) for n in range(rows)]
    audio = Column(random.choice(("path", "audio", "file_name", "wav", "audio_filepath", "Datei")), paths)
    if spoken:
        cells = [text(random, random.choice(("en", "de")), "sentence") for _ in range(rows)]
        target = Column(random.choice(("sentence", "text", "transcript", "transcription")), cells)
    else:
        target = Column(
            random.choice(("label", "class", "emotion", "category")),
            [random.choice(("yes", "no", "up")) for _ in range(rows)],
        )
        target.cells[:2] = ["yes", "no"]
    columns = [audio, target]
    if random.random() < 0.5:
        columns.append(Column("duration", [f"{random.uniform(1, 9):.2f}" for _ in range(rows)]))
    if random.random() < 0.3:
        columns.append(Column("speaker", [random.choice(("s1", "s2", "s3")) for _ in range(rows)]))
    random.shuffle(columns)
    name, data, needs = write(random, columns, True)
    task = "transcribe" if spoken else "classify"
    reading = Reading(task=task, text=audio.name, label=target.name, header=True)
    truth = Truth("recordings", {"audio": audio.name, "label": target.name, "task": task}, reading)
    return Drawn("recordings", name, data, truth, True, needs)


SEQUENCE_KINDS: tuple[tuple[Callable[[Random], Drawn], float], ...] = (
    (token_rows, 2),
    (long_series, 4),
    (wide_series, 4),
    (timed, 3),
    (manifests, 2),
)
"""The rules for all other tables, with how often each is drawn."""
