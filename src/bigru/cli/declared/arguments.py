"""What several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["DATA", "Chunk", "Data", "Force", "Model", "Precision"]

DATA = "CSV, TSV, JSONL, Parquet, CoNLL, .npz or .ts, also .gz; UTF-8 or GB18030. Or a folder of recordings."
MODEL = "Folder of a saved model, or the name of a shipped one (bigru models)."

Model = Annotated[Path, typer.Argument(help=MODEL)]
Data = Annotated[Path, typer.Argument(help=DATA)]
Precision = Annotated[str, typer.Option(help="Bits of the GRU's products: fp32, bf16 or int8.")]
Chunk = Annotated[int | None, typer.Option(help="Steps answered together; else as many as are looked ahead to.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the model in the folder.")]
