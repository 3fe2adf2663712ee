"""Tables with a token per row to sentences."""

from __future__ import annotations

from .examples import Examples
from .reading import Reading
from .table import Table


def from_token_rows(
    table: Table, token: str, tag: str | None, sentence: str | None, reading: Reading, require_targets: bool
) -> Examples:
    """Placeholder until the branch of tags is merged."""
    raise NotImplementedError
