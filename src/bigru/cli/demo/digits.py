"""`bigru demo digits`: connected digits, spoken by espeak-ng, written down by a model that never heard these voices."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from ...features.audio import AudioFeatures
from ...metrics import transcription_report
from ...readers.examples import Examples
from ...runtime.predictor import Predictor
from ...train.pipeline.folder import check_folder
from ...train.pipeline.labelled import Parts
from ...train.pipeline.run import check_packages
from ..commands.train import main_scores
from ..plots.spectrogram import render_spectrogram, spectrogram_svg
from ..show import print_note, print_scores, print_speed, print_table
from ..streams import print_json
from .espeak import Espeak
from .texts import train_parts

__all__ = ["digits"]

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

VOICES = {
    "train": (
        "m1",
        "m2",
        "m4",
        "m6",
        "m7",
        "m8",
        "f1",
        "f3",
        "f4",
        "Alex",
        "Andy",
        "Lee",
        "adam",
        "david",
        "max",
        "zac",
    ),
    "dev": ("m5", "f5", "linda", "john"),
    "test": ("m3", "f2", "belinda", "paul"),
}
"""Variants of espeak-ng's voices, so that those that are scored were never heard in training."""

COUNTS = {"train": 900, "dev": 120, "test": 200}

ACCENTS = ("en-us", "en-gb-x-rp")

OPTIONS = {"epochs": 14, "hidden": 96, "layers": 1, "batch_size": 16, "learning_rate": 5e-3}
"""What differs from the defaults of `bigru train`, so that two cores are done in two minutes."""

CARD = """Spoken digits, synthesised by espeak-ng at {rate:,} samples per second, {voices}. A model of synthetic speech:
real voices need recordings of real voices. Made by `bigru demo digits`."""


def digits(folder: Path, force: bool) -> None:
    """Synthesise, train, score beside a baseline, draw one recording, and say what to type next."""
    check_packages("the demo", "espeakng_loader", extra="demo")
    check_packages("the demo", "kaldi_native_fbank", "jiwer", extra="audio")
    check_folder(folder, force)
    start = time.monotonic()
    speaker = Espeak()
    parts = Parts(**{name: _synthesise(speaker, name) for name in VOICES})
    seconds = sum(len(samples) / rate for part in parts if part is not None for samples, rate in part.inputs)
    voices = f"{len(VOICES['train'])} voices to learn from, {len(VOICES['test'])} others to score"
    print_note(f"{sum(COUNTS.values()):,} utterances of 3 to 5 digits by espeak-ng, {seconds:.0f} s in all; {voices}")
    trained = train_parts(parts, card=CARD.format(rate=speaker.rate, voices=voices), **OPTIONS)
    trained.save(folder, force=force)
    report, predictor = trained.reports["test"], Predictor(trained.bundle)
    print_scores(report, "test")
    assert parts.test is not None
    baseline = transcription_report(parts.test.targets or [], _nearest(predictor, parts), "token")
    rows = [(name, f"{one['wer']:.4f}", f"{one['exact']:.4f}") for name, one in _both_scores(report, baseline)]
    print_table([("test", "word errors", "without error"), *rows])
    picture = folder / "recording.svg"
    _draw(predictor, parts.test, picture)
    print_speed(trained.metrics["training"])
    spent = time.monotonic() - start
    print_note(f"The model is in {folder}, the picture in {picture}. All of it took {spent:.0f} s. Next:")
    print_note(f"  bigru predict {folder} RECORDING.wav")
    print_note('  bigru train MANIFEST.jsonl --out model      # rows as {"audio": "a.wav", "text": "what is said"}')
    facts = {"model": str(folder), "picture": str(picture), "seconds": round(spent, 1)}
    facts |= {"training": trained.metrics["training"], "test": main_scores(report)}
    print_json(facts | {"baseline": {"name": BASELINE} | main_scores(baseline)})


BASELINE = "nearest recording by its mean spectrum"


def _both_scores(report: Any, baseline: Any) -> list[tuple[str, Any]]:
    return [("BiGRU", report), (BASELINE, baseline)]


def _synthesise(speaker: Espeak, part: str) -> Examples:
    """Return the utterances of one part, the same every time."""
    random = np.random.default_rng(sum(map(ord, part)))
    inputs, texts = [], []
    for n in range(COUNTS[part]):
        text = " ".join(WORDS[digit] for digit in random.integers(0, 10, random.integers(3, 6)))
        voice = f"{random.choice(ACCENTS)}+{VOICES[part][n % len(VOICES[part])]}"
        samples = speaker.synthesise(text, voice, int(random.integers(120, 200)), int(random.integers(30, 70)))
        noise = random.standard_normal(len(samples)) * random.uniform(5, 100)
        inputs.append((np.clip(samples + noise, -32768, 32767).astype(np.int16), speaker.rate))
        texts.append(text)
    lines = list(range(1, len(inputs) + 1))
    return Examples(inputs, texts, "audio", lines, f"espeak-ng/{part}", task="transcribe")


def _nearest(predictor: Predictor, parts: Parts) -> list[str]:
    """Answer each test recording with the transcript of the training recording whose mean spectrum is nearest."""
    features = predictor.bundle.config.features
    assert parts.test is not None
    assert isinstance(features, AudioFeatures)
    known, asked = (
        np.array([np.append(f.mean(axis=0), len(f) / 100) for f in features.features_many(part.inputs)])
        for part in (parts.train, parts.test)
    )
    texts = parts.train.targets or []
    return [texts[int(np.square(known - one).sum(axis=1).argmin())] for one in asked]


def _draw(predictor: Predictor, test: Examples, picture: Path) -> None:
    """Show the first recording that was scored, and what was heard in it."""
    samples, rate = test.inputs[0]
    answer, seconds = predictor.predict((samples, rate)), len(samples) / rate
    features = predictor.bundle.config.features
    assert isinstance(features, AudioFeatures)
    frames = features.features((samples, rate))
    print_note(f"said: {(test.targets or [''])[0]}; heard, and when:")
    for line in render_spectrogram(frames, seconds, answer["symbols"]):
        print_note(line)
    picture.write_text(spectrogram_svg(frames, seconds, answer["symbols"]), encoding="utf-8")
