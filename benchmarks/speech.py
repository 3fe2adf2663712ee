"""Speech on public data: `python benchmarks/speech.py --data FOLDER [ROW ...]` writes benchmarks/results/speech.json.

Every row trains one model per seed, chooses the epoch on dev and scores test once with the runtime that users get. A
seed that stands in the file is not run again, so that a run that was stopped goes on; `--fresh` runs its rows again.
The Mandarin words are spelt by `pypinyin`: `pip install -c constraints.txt pypinyin`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from provenance import commit, machine, versions

from bigru.bundle import Bundle
from bigru.runtime.predictor import Predictor
from bigru.train.loop.fit import fit
from bigru.train.loop.job import TrainingJob
from bigru.train.recipes import plan
from bigru.train.regularise.speed import perturb_speed

RESULT = Path(__file__).parent / "results" / "speech.json"

SPEAKERS = ("george", "jackson", "nicolas", "theo")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

THREADS = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
"""Read once, when torch is loaded: steps this small gain nothing from threads, and threads that spin harm what
else works on the machine."""

Part = tuple[list[Any], list[str]]
"""Recordings, and their labels or transcripts."""


@dataclass(frozen=True)
class Split:
    """Data to learn from, to choose the epoch by, and to score."""

    train: Part
    dev: Part
    test: Part


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        task: "classify" or "transcribe".
        metric: name of the score.
        splits: from the folder of the data and a seed to the splits, by name; their mean is the row's score.
        note: how the data are split.
        must, aim: the figures asked for, as fractions; None where there are none.
        options: what is changed of the defaults.
    """

    task: str
    metric: str
    splits: Callable[[Path], dict[str, Split]]
    note: str
    must: float | None
    aim: float | None
    options: dict[str, Any] = field(default_factory=dict)


def _members(archive: Path) -> Iterator[tuple[str, Any]]:
    with zipfile.ZipFile(archive) as opened:
        for name in sorted(opened.namelist()):
            with opened.open(name) as stream:
                yield Path(name).stem, soundfile.read(stream, dtype="float32")


def _digits(folder: Path) -> list[tuple[int, str, int, Any]]:
    """Return digit, speaker, index and (samples, rate) of every recording."""
    found = []
    for name, recording in _members(folder / "FSDD" / "fsdd_4spk.zip"):
        digit, speaker, index = name.split("_")
        found.append((int(digit), speaker, int(index), recording))
    return found


def _part(rows: Sequence[tuple[int, str, int, Any]]) -> Part:
    return [recording for *_, recording in rows], [str(digit) for digit, *_ in rows]


def official(folder: Path) -> dict[str, Split]:
    rows = _digits(folder)
    cut = ([r for r in rows if r[2] >= 10], [r for r in rows if 5 <= r[2] < 10], [r for r in rows if r[2] < 5])
    return {"official": Split(*map(_part, cut))}


def speakers(folder: Path) -> dict[str, Split]:
    rows = _digits(folder)
    found = {}
    for speaker in SPEAKERS:
        known = [row for row in rows if row[1] != speaker]
        cut = ([r for r in known if r[2] >= 5], [r for r in known if r[2] < 5], [r for r in rows if r[1] == speaker])
        found[speaker] = Split(*map(_part, cut))
    return found


def joined(rows: Sequence[tuple[int, str, int, Any]], count: int, seed: int) -> Part:
    """Return utterances of one speaker's digits, 3 to 7 each, with 50 to 200 ms of quiet noise behind each."""
    random = np.random.default_rng(seed)
    recordings, transcripts = [], []
    for n in range(count):
        own = [row for row in rows if row[1] == SPEAKERS[n % len(SPEAKERS)]]
        chosen = [own[i] for i in random.integers(0, len(own), random.integers(3, 8))]
        parts = []
        for *_, (samples, rate) in chosen:
            pause = 5e-4 * random.standard_normal(int(rate * random.uniform(0.05, 0.2)))
            parts += [samples, pause.astype(np.float32)]
        recordings.append((np.concatenate(parts), 8000))
        transcripts.append(" ".join(WORDS[digit] for digit, *_ in chosen))
    return recordings, transcripts


def connected(folder: Path) -> dict[str, Split]:
    rows = _digits(folder)
    train, dev, test = (
        [r for r in rows if r[2] >= 10],
        [r for r in rows if 5 <= r[2] < 10],
        [r for r in rows if r[2] < 5],
    )
    return {"connected": Split(joined(train, 2000, 1), joined(dev, 200, 2), joined(test, 500, 3))}


def mandarin(folder: Path) -> dict[str, Split]:
    """Words by one speaker; a word stands in one part alone. Transcripts are toned syllables by pypinyin."""
    from pypinyin import Style, lazy_pinyin

    recordings, transcripts = [], []
    for name, recording in _members(folder / "audio-cmn" / "hsk_24k_mp3.zip"):
        word = name.removeprefix("cmn-")
        if all("\u4e00" <= character <= "\u9fff" for character in word):
            recordings.append(recording)
            transcripts.append(" ".join(_spelt(lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True))))
    order = np.random.default_rng(0).permutation(len(recordings))
    tenth = len(order) // 10
    test, dev, train = order[:tenth], order[tenth : 2 * tenth], order[2 * tenth :]
    # The dev loss needs symbols that the model has; a test word with another is simply missed.
    symbols = {symbol for n in train for symbol in transcripts[n].split()}
    known = np.array([symbols.issuperset(transcripts[n].split()) for n in dev])
    cut = (np.concatenate([train, dev[~known]]), dev[known], test)
    return {"words": Split(*(([recordings[n] for n in p], [transcripts[n] for n in p]) for p in cut))}


INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")


def _spelt(syllables: Sequence[str]) -> list[str]:
    """Return initials and toned finals: 60 symbols and their tones are learnt from fewer words than 1,200 syllables."""
    found = []
    for syllable in syllables:
        initial = next((i for i in INITIALS if syllable.startswith(i)), "")
        found += [part for part in (initial, syllable[len(initial) :]) if part]
    return found


def syllables(transcript: str) -> str:
    """Return the syllables of initials and finals, separated by spaces: a final ends with its tone."""
    found = [""]
    for part in transcript.split():
        found[-1] += part
        if part[-1].isdigit():
            found.append("")
    return " ".join(part for part in found if part)


ROWS = {
    "digits-official": Row(
        "classify", "accuracy", official, "test: indices 0 to 4 (official); dev: 5 to 9", 0.99, 0.998
    ),
    "digits-new-speaker": Row(
        "classify", "accuracy", speakers, "one speaker left out in turn; dev: indices 0 to 4 of the others", 0.88, 0.95
    ),
    "digits-connected": Row(
        "transcribe",
        "wer",
        connected,
        "3 to 7 recordings of a speaker joined; each part of its own recordings: test indices 0 to 4, dev 5 to 9",
        0.02,
        0.005,
    ),
    "mandarin-words": Row(
        "transcribe",
        "syllable_error",
        mandarin,
        "by word, a tenth for dev and for test, seed 0; toned syllables, spelt as initial and final",
        None,
        0.05,
        {"epochs": 20},
    ),
}


def train(row: Row, split: Split, seed: int) -> dict[str, Any]:
    """Train and score one seed on one split."""
    started = time.perf_counter()
    options = {**row.options, "seed": seed}
    task, config, model, training = plan(row.task, *split.train, "audio", options=options)
    learn, judge = (
        (task.featurise(config, part[0]), task.targets(config, part[1])) for part in (split.train, split.dev)
    )
    variants = perturb_speed(config, split.train[0], training, learn)
    fitted = fit(TrainingJob(task, config, model, learn, judge, training, progress="plain", variants=variants))
    seconds = time.perf_counter() - started
    predictor = Predictor(Bundle(row.task, model, config, fitted.weights))
    inputs, gold = split.test
    began = time.perf_counter()
    answers = predictor.predict(inputs)
    spent = time.perf_counter() - began
    audio = sum(len(samples) / rate for samples, rate in inputs)
    return {
        "dev": fitted.best_score,
        "test": _score(row, task, config, gold, answers),
        "epoch": fitted.best_epoch,
        "seconds": round(seconds, 1),
        "audio_seconds_per_second": round(audio / spent, 1),
    }


def _score(row: Row, task: Any, config: Any, gold: list[str], answers: list[dict[str, Any]]) -> float:
    if row.metric == "syllable_error":
        from bigru.metrics import transcription_report

        heard = [syllables(answer["text"]) for answer in answers]
        return transcription_report([syllables(text) for text in gold], heard, "token")["wer"]
    return float(task.score(config, gold, answers)[row.metric])


def summary(name: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the file says of a row."""
    row = ROWS[name]
    scores = [run["test"] for run in runs]
    return {
        "metric": row.metric,
        "mean": statistics.mean(scores),
        "std": statistics.stdev(scores) if len(scores) > 1 else 0.0,
        "must": row.must,
        "aim": row.aim,
        "split": row.note,
        "options": row.options,
        "runs": sorted(runs, key=lambda run: run["seed"]),
    }


def run(names: list[str], folder: Path, seeds: list[int], fresh: bool) -> None:
    """Run what is not in the file yet, and write the file after every seed."""
    known = json.loads(RESULT.read_text(encoding="utf-8"))["rows"] if RESULT.exists() else {}
    if fresh:
        known = {name: row for name, row in known.items() if name not in names}
    at = commit()
    for seed in seeds:
        for name in names:
            row, runs = ROWS[name], known.get(name, {}).get("runs", [])
            if seed in [one["seed"] for one in runs]:
                continue
            parts = {key: train(row, split, seed) for key, split in row.splits(folder).items()}
            whole = {key: statistics.mean(part[key] for part in parts.values()) for key in ("dev", "test")}
            rates = [part["audio_seconds_per_second"] for part in parts.values()]
            runs = [
                *runs,
                {"seed": seed, **whole, "audio_seconds_per_second": min(rates), "commit": at, "parts": parts},
            ]
            known[name] = summary(name, runs)
            _write(known, at)
            print(f"{name} seed {seed}: {row.metric} {whole['test']:.4f}", file=sys.stderr, flush=True)


def _write(rows: dict[str, Any], at: str) -> None:
    """Replace the file in one step, so that a run that is killed leaves the one before."""
    result = {
        "rows": rows,
        "machine": machine(),
        "versions": versions(at),
        "command": "python benchmarks/speech.py --data FOLDER",
    }
    RESULT.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=RESULT.parent, delete=False, encoding="utf-8") as stream:
        stream.write(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    Path(stream.name).replace(RESULT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--fresh", action="store_true", help="forget what the file holds of these rows")
    arguments = parser.parse_args()
    if not THREADS.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**THREADS, **os.environ})
    run(arguments.rows, arguments.data, arguments.seeds, arguments.fresh)


if __name__ == "__main__":
    main()
