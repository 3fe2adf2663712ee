"""The folder that a training writes to: whether it can, and what an earlier training left there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...bundle.folder import FILES
from ...errors import ArgumentError, BundleError, argument, sentence
from ..loop import checkpoint
from .request import Request

if TYPE_CHECKING:
    from .trained import Trained

__all__ = ["check_folder", "check_target", "load_finished", "reserve", "save_model"]

CONFIG = "config.json"
"""The file without which a folder holds no model."""


def check_target(request: Request) -> None:
    """Find out before anything is read whether the result can be written, and whether there is what is to be resumed.

    Raises:
        ArgumentError: `force` or `resume` without a folder.
        BundleError: a file or a model is in the way, or nothing can be written there.
        TrainingError: there is no checkpoint to resume, or one although nothing is resumed.
    """
    if request.out is None:
        for name in ("force", "resume"):
            if getattr(request, name):
                out = argument("out")
                raise ArgumentError(sentence("train", argument(name, True), f"given with {out}", f"no {out}"))
        return
    check_folder(request.out, request.force)
    started = checkpoint.has_started(request.out)
    if request.resume and not started:
        checkpoint.refuse_missing(request.out)
    if started and not (request.resume or request.force):
        checkpoint.refuse_taken(request.out)


def check_folder(out: Path, force: bool) -> None:
    """Find out before the training whether its result can be written.

    Raises:
        BundleError: a file or a model is in the way, or nothing can be written there.
    """
    if out.exists() and not out.is_dir():
        raise BundleError(sentence(str(out), argument("out"), "a folder or new", "a file"))
    taken = [name for name in FILES if (out / name).exists()]
    if taken and not (force and CONFIG in taken):
        ours = CONFIG in taken
        got = f"a folder with {'a model' if ours else taken[0]}"
        name = f"Replace it with {argument('force', True)}, or name" if ours else "Name"
        remedy = f"{name} another folder with {argument('out')}."
        raise BundleError(sentence(str(out), argument("out"), "free for the model", got, remedy))
    place = next(folder for folder in (out, *out.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise BundleError(sentence(str(out), argument("out"), "a place that can be written", error.strerror)) from None


def load_finished(request: Request) -> Trained | None:
    """Return the model that the training to resume had saved before it was ended, and remove the checkpoint it left.

    Between the model's last file and the checkpoint's removal lies a moment in which a process may be killed. None
    where there is anything left to train.
    """
    out = request.out
    if out is None or not request.resume or not (out / CONFIG).exists() or not checkpoint.exists(out):
        return None
    # What a model takes is imported where there is one: a refusal of files and settings must not wait for it.
    from ...bundle import load
    from .trained import Trained

    made = load(out)
    facts, run = made.metrics.get("training"), checkpoint.load(out, request.say)["run"]
    best = run["best"] or {"score": None, "epoch": len(run["history"])}
    facts = facts if isinstance(facts, dict) else {}
    # Where a linear part was joined to the network, the checkpoint knows the network's score alone.
    found = [facts.get("steps"), facts.get("network_score", facts.get("best_score")), facts.get("best_epoch")]
    if found != [run["step"], best["score"], best["epoch"]] or not run["finished"]:
        return None
    with checkpoint.exclusive(out):
        checkpoint.remove(out)
    request.say(f"The training had ended, and its model is in {out}.")
    return Trained.of_folder(out, made)


@contextmanager
def reserve(request: Request) -> Iterator[None]:
    """Keep other trainings out of the folder while the block runs; with `force` the checkpoint there goes."""
    if request.out is None:
        yield
        return
    with checkpoint.exclusive(request.out):
        if request.force and not request.resume:
            checkpoint.remove(request.out)
        yield


def save_model(trained: Trained, request: Request) -> Trained:
    """Save a model where one is to be saved, and remove the checkpoint."""
    if request.out is None:
        return trained
    trained.save(request.out, request.force)
    checkpoint.remove(request.out)
    return replace(trained, folder=request.out)
