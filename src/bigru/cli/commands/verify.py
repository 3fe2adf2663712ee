"""`bigru verify`: does a saved model answer the same whatever runs it, and however it is asked?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...bundle import Bundle, certify, changed_files, hashes
from ...bundle.card import VERIFICATION
from ...errors import ArgumentError, MissingExtraError, sentence
from ...models import find, shipped
from ...readers.reading import Reading
from ...runtime.evaluation import check_features, refuse_of_tables
from ...runtime.predictor import Predictor, load
from ...verify import Engine, VerificationReport
from ...verify import verify as verified
from ..show import print_note, print_table
from ..streams import print_json
from .models import warn_if_shadowed
from .predict import read_inputs

__all__ = ["verify"]


def verify(model: Path, data: Path | None, reading: Reading, *, most: int, write: bool) -> int:
    """Print every comparison as JSON on stdout and a table on stderr, and write it into the model card.

    Args:
        model: the folder, or the name of a shipped model.
        data: file of samples, None for made-up ones.
        most: samples of the file that are taken at most.
        write: whether the card and verification.json are written, where the folder lets them be.
        reading: how the file is read, as for predictions.

    Returns:
        1 where answers differ by more than they may, else 0.
    """
    warn_if_shadowed(model)
    before = hashes(model)
    predictor = load(model)
    for name in changed_files(model):
        print_note(f"{name} is not what was verified here last.")
    if data is not None and not data.exists():
        raise ArgumentError(sentence("verify", "data", "a file or folder that exists", repr(str(data))))
    if most < 1:
        raise ArgumentError(sentence("verify", "--most", "at least 1", most))
    check_features(predictor.bundle, reading)
    inputs = None if data is None else _inputs(predictor, data, reading)
    engines, missing = _onnx(predictor.bundle)
    report = verified(predictor, inputs, engines, most=most, say=print_note)
    report.notes.extend(missing)
    show(report)
    print_json({"model": str(model), **report.to_json()})
    if write:
        _write(model, report, before)
    return 0 if report.passed else 1


def _write(model: Path, report: VerificationReport, before: dict[str, str]) -> None:
    """Write what was found beside the model; one that comes with the package, or is read-only, is left alone."""
    folder = find(model).resolve()
    if folder in {path.resolve() for path in shipped().values()}:
        print_note(f"{model} comes with bigru, and its card stays as it is.")
    elif not os.access(folder, os.W_OK):
        print_note(f"{model} is read-only, and its card stays as it is.")
    else:
        certify(model, VERIFICATION, report.section(), report.to_json(), before)
        print_note(f"Written into the card of {model}, and into its verification.json.")


def show(report: VerificationReport) -> None:
    """Print the table and what else is to be said, on stderr."""
    print_table(report.table())
    for text in report.notes:
        print_note(text)
    print_note("Every answer is the same within its tolerance." if report.passed else "ANSWERS DIFFER.")


def _onnx(bundle: Bundle) -> tuple[dict[str, Engine], list[str]]:
    """Return the model as `bigru export` writes it, run by onnxruntime; or why it is left out."""
    from ...export.onnx.model import onnx_model
    from ...export.onnx.session import OnnxSession

    def engine(int8: bool) -> Engine:
        session = OnnxSession(onnx_model(bundle, int8).SerializeToString())

        def run(inputs: Any, lengths: Any) -> Any:
            found = session.run(inputs, lengths)
            return (found["logits"], found["tags"]) if "tags" in found else found["logits"]

        return run

    try:
        return {"onnx": engine(False), "onnx int8": engine(True)}, []
    except MissingExtraError as error:
        return {}, [f"ONNX was left out: {error}"]
    except ArgumentError as error:
        return {}, [f"ONNX was left out, as this model cannot be exported: {error}"]


def _inputs(predictor: Any, data: Path, reading: Reading) -> Sequence[Any]:
    """Return the samples of a file; of a table, a cut wherever past and future are known."""
    if not isinstance(predictor, Predictor):
        return predictor.cuts(predictor.read(data, reading), unseen=False)
    refuse_of_tables(fill=reading.fill)
    return list(read_inputs(predictor, [str(data)], None, reading))
