"""`bigru export`: a saved model for other engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...bundle import load
from ...bundle.weights import WEIGHTS
from ...errors import check_choice
from ...models import find
from ..show import print_note
from ..streams import print_json

__all__ = ["export"]

KINDS = ("onnx", "torch")


def export(model: Path, to: str, out: Path | None, int8: bool, force: bool) -> None:
    """Write the export and print what it is as one JSON object."""
    from ...export import to_onnx, to_torch

    check_choice("export", "--to", to, KINDS)
    bundle = load(model)
    place = out or Path("model.onnx" if to == "onnx" else "model-torch")
    found = (to_onnx if to == "onnx" else to_torch)(bundle, place, int8=int8, force=force)
    if getattr(bundle.config, "beam", 1) > 1:
        print_note("The beam search stays behind: the export gives the logits of each step, and no symbols.")
    print_note(_summary_line(found, (find(model) / WEIGHTS).stat().st_size))
    print_json(found)


def _summary_line(found: dict[str, Any], before: int) -> str:
    where = found.get("file") or found.get("folder")
    share = f"{found['bytes'] / 1e6:.2f} MB, the weights of the model are {before / 1e6:.2f} MB"
    weights = " with the same rounded weights" if found["int8"] else ""
    return (
        f"{where}: {share}. On {found['sequences']} drawn inputs it answered as the runtime{weights}: logits at most "
        f"{found['largest_difference']:.1e} apart, {found['changed']} decisions changed."
    )
