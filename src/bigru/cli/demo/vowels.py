"""`bigru demo vowels`: who speaks, from recordings of a vowel, with a picture of how the answer forms."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...train.pipeline.folder import check_folder
from ...train.pipeline.run import check_packages
from ..commands.train import main_scores
from ..plots.series import Panel, sparkline, svg
from ..show import print_note, print_scores, print_speed
from ..streams import print_json
from .texts import compare, train_parts

if TYPE_CHECKING:
    from ...metrics.score import Report
    from ...runtime.predictor import Predictor
    from ...train.pipeline.labelled import Parts
    from .data import DemoData

__all__ = ["vowels"]

CARD = "Trained by `bigru demo`. sktime is under the BSD licence; the recordings are of the UEA and UCR archive."

OPTIONS: dict[str, Any] = {}
"""What differs from the defaults of `bigru train`: nothing."""

SHOWN = 3
"""Speakers whose probability is drawn."""


def vowels(folder: Path, force: bool) -> None:
    """Train, score beside a baseline, draw one answer, and say what to type next."""
    check_packages("the demo", "sktime", extra="demo")
    from ...runtime.predictor import Predictor
    from . import data

    start = time.monotonic()
    check_folder(folder, force)
    prepared = data.vowel_recordings()
    for fact in prepared.facts:
        print_note(fact)
    trained = train_parts(prepared.parts, card=_card(prepared), **OPTIONS)
    trained.save(folder, force)
    report = trained.reports["test"]
    print_scores(report, "test")
    baseline = _nearest(prepared.parts)
    compare(report.scores[0], "1-NN with DTW", baseline.scores[0])
    picture = folder / "vowels.svg"
    draw(Predictor(trained.bundle), prepared.parts, picture)
    seconds = time.monotonic() - start
    training = trained.metrics["training"]
    print_speed(training)
    print_note(f"The picture is {picture}, the model is in {folder}. All of it took {seconds:.0f} s. Next:")
    for line in (
        f"bigru predict {folder} {prepared.parts.test.source if prepared.parts.test else ''}",
        "bigru train YOUR.csv --id-column ID --time-column TIME --out model",
        "bigru demo sentiment",
    ):
        print_note(f"  {line}")
    facts = {"model": str(folder), "picture": str(picture), "seconds": round(seconds, 1), "training": training}
    print_json(facts | {"test": main_scores(report), "baseline": {"name": "1-NN with DTW"} | main_scores(baseline)})


def _card(prepared: DemoData) -> str:
    return "\n".join(f"- {fact}" for fact in prepared.facts) + f"\n\n{CARD}"


def _nearest(parts: Parts) -> Report:
    """Score the nearest recording under dynamic time warping."""
    from ...metrics import classification_report
    from ...study.dtw import NearestByDtw

    assert parts.test is not None
    labels = sorted(set(parts.train.targets or []))
    nearest = NearestByDtw(1.0).fit(parts.train.inputs, parts.train.targets or [])
    return classification_report(parts.test.targets or [], nearest.predict(parts.test.inputs), labels)


def draw(predictor: Predictor, parts: Parts, path: Path) -> None:
    """Draw the longest test recording and what the model says after each of its steps, as SVG and on stderr."""
    test = parts.test
    assert test is not None
    assert test.targets is not None
    chosen = int(np.argmax([len(x) for x in test.inputs]))
    x, truth = test.inputs[chosen], test.targets[chosen]
    answers = predictor.predict([x[:end] for end in range(1, len(x) + 1)])
    said = {label: np.array([answer["scores"][label] for answer in answers]) for label in predictor.labels}
    ranked = sorted(said, key=lambda label: -said[label].max())
    names = [truth, *(label for label in ranked if label != truth)][:SHOWN]
    title = f"Recording {chosen + 1} of the test part: speaker {truth}"
    probability = {f"speaker {name}{', right' if name == truth else ''}": said[name] for name in names}
    panels = (
        Panel("what was recorded: 12 LPC cepstrum coefficients", {str(n): line for n, line in enumerate(x.T, 1)}, 0),
        Panel("what the model says of the recording up to here", probability, low=0.0, high=1.0),
    )
    path.write_text(svg(title, panels), encoding="utf-8")
    print_note(f"{title}; after each of its {len(x)} steps the model says")
    for name, line in probability.items():
        print_note(f"  {name:<18} {sparkline(line, 0.0, 1.0)}  {line[-1]:.2f}")
