"""`bigru quantize`: a saved model in 8 bits, and what that costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import bundle as saved
from ...bundle import Bundle, save
from ...bundle.card import VERIFICATION, with_section
from ...bundle.quantized import QuantizedWeights
from ...errors import ArgumentError, BundleError, refusal, sentence
from ...models import find
from ...readers.reading import Reading
from ...runtime.evaluation import read_labelled
from ...runtime.predictor import Predictor, count_changed
from ...verify import gate
from ...verify.engines import native
from ..show import print_note
from ..streams import print_json

__all__ = ["quantize"]

Result = dict[str, Any]

CARD = """## Storage
Tables and matrices are stored as whole numbers of 8 bits and scales, vectors as float32 (`docs/guide/model.md`).
"""


def quantize(model: Path, out: Path, data: Path | None, force: bool, reading: Reading) -> None:
    """Write a model in 8 bits once it is verified; print sizes, and with data both scores and the answers changed."""
    whole = saved.load(model)
    if whole.storage == "int8":
        raise BundleError(sentence(str(model), "model", "stored as float32", "one in 8 bits already"))
    made = replace(whole, weights=QuantizedWeights.of(whole.weights), card=f"{whole.card.rstrip()}\n\n{CARD}")
    result: Result = {}
    if data is not None:
        result = _compare(whole, made, data, reading)
        made = replace(made, metrics=made.metrics | {"quantized": result})
    save(_check_int8(whole, made), out, force)
    before, after = (_bytes(folder) for folder in (find(model), out))
    print_note(f"{before / 1e6:.1f} MB became {after / 1e6:.1f} MB, {before / after:.1f} times smaller.")
    print_json({"bytes": [before, after], **result})


def _check_int8(whole: Bundle, made: Bundle) -> Bundle:
    """Refuse a model in 8 bits that engines, batches or padding change, or that answers unlike the whole one."""
    report = gate(made, "quantize", engines={"float32 weights before int8": native(whole, "fp32")})
    card = with_section(made.card, VERIFICATION, report.section())
    return replace(made, metrics=made.metrics | {"verification": report.summary()}, card=card)


def _compare(whole: Bundle, made: Bundle, data: Path, reading: Reading) -> Result:
    """Return score, answers changed and their number: of the stored model, and of one that multiplies in 8 bits too."""
    if whole.model.head == "window":
        raise ArgumentError(refusal("quantize", "data", "for a forecaster", str(data)))
    predictor = Predictor(whole)
    examples = read_labelled(predictor, data, reading, print_note)
    answers = list(predictor.predict_iter(examples.inputs))
    score = predictor.score(examples, answers).scores[0]
    result: Result = {"score": score.name, "fp32": score.value, "n": len(answers)}
    for precision in ("fp32", "int8") if _gru(made) else ("fp32",):
        other = Predictor(made, precision)
        given = list(other.predict_iter(examples.inputs))
        value, differing = other.score(examples, given).scores[0].value, count_changed(answers, given)
        result[f"int8 stored, {precision} products"] = {score.name: value, "changed": differing}
        points = f"{score.name} {value:.4f} ({100 * (value - score.value):+.2f} points)"
        print_note(
            f"stored in 8 bits, products in {precision}: {points}, {differing:,} of {len(given):,} answers changed"
        )
    return result


def _gru(bundle: Bundle) -> bool:
    return bundle.model.encoder.cell == "gru"


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
