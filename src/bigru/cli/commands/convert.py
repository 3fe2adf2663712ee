"""`bigru import`: weights that others trained, as a saved model."""

from __future__ import annotations

from pathlib import Path

from ...bundle import save
from ...errors import check_choice
from ...verify import gate
from ..show import print_note

__all__ = ["import_weights"]


def import_weights(source: str, out: Path, force: bool) -> None:
    """Write the model that `source` names to the folder `out`."""
    check_choice("import", "source", source, ("lac",))
    from ...convert import lac

    made = lac.read()
    gate(made, "import")
    save(made, out, force)
    print_note(f"LAC-small is in {out}. Try: bigru predict {out} 苹果公司在加利福尼亚州发布了新款iPhone。")
