"""The compiled kernels, loaded in one place, and what they say of this machine.

Raises:
    BigruError: on import, where the kernels are not built for this Python, or `BIGRU_ISA` or `BIGRU_THREADS` asks of
        them what they cannot do here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ArgumentError, BigruError, sentence

__all__ = ["instruction_sets", "isa", "native", "product_rate", "threads", "use_instruction_set"]

try:
    from .. import _native as native
except ImportError as error:
    raise BigruError(
        f"bigru: the compiled kernels must be built for this Python, got none ({error}). "
        "Build them, with a C++17 compiler at hand: pip install --force-reinstall --no-deps ."
    ) from error

_wanted = os.environ.get("BIGRU_ISA") or "amx"
if native.isa() is None and (_wanted, True) in native.instruction_sets():
    raise BigruError(
        f"bigru: the tiles of {_wanted} must multiply as AMX defines it, got other sums. "
        "BIGRU_ISA=avx512_bf16 does without them; please report it."
    )
if native.isa() is None:
    _here = ", ".join(name for name, runs in native.instruction_sets() if runs)
    raise BigruError(
        f"bigru: BIGRU_ISA must be one of {_here} on this machine, got {os.environ['BIGRU_ISA']}. "
        "Without it the first of them is used."
    )
if native.threads() == 0:
    raise BigruError(
        f"bigru: BIGRU_THREADS must be a positive number, got {os.environ['BIGRU_THREADS']}. "
        "Without it every processor that the process may use gets a thread."
    )

instruction_sets = native.instruction_sets
product_rate = native.product_rate
isa = native.isa
threads = native.threads


@contextmanager
def use_instruction_set(name: str) -> Iterator[None]:
    """Run the kernels that this thread calls on another instruction set of the machine: for tests and comparisons.

    Other threads are not touched: each that takes part must choose for itself. `Prepared` weights run on the set that
    packed them, whatever a thread has chosen; gates are laid out alike on all sets.

    Args:
        name: of `instruction_sets`. The set used before is used again at the end.

    Raises:
        ArgumentError: this build or this processor lacks it, or its tiles multiply wrongly.
    """
    before = native.isa()
    if (name, True) not in instruction_sets():
        here = ", ".join(own for own, runs in instruction_sets() if runs)
        raise ArgumentError(sentence("bigru", "instruction set", f"one of {here} on this machine", name))
    try:
        native.use_isa(name)
    except ValueError as error:
        raise ArgumentError(f"{error}.") from error
    try:
        yield
    finally:
        native.use_isa(before)
