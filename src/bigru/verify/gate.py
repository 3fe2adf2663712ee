"""What a model must pass before it is written: a verification short enough to be made every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..bundle import Bundle
from .batchings import Engine
from .report import VerificationReport
from .run import verify

__all__ = ["gate", "short"]

LENGTHS = (0, 1, 2, 3, 7, 33, 65)
"""Of the samples that are made up where none are given."""

INPUTS = 32
"""Samples that are taken at most of those given, the shortest and the longest among them."""

STEPS = 1 << 13
"""Steps of them that the specification walks at most."""


def gate(
    bundle: Bundle,
    where: str,
    inputs: Sequence[Any] | None = None,
    engines: Mapping[str, Engine] | None = None,
    torch: bool = False,
) -> VerificationReport:
    """Verify a model on the specification and the compiled kernels of the active instruction set, and refuse it.

    A model whose weights are stored in 8 bits is run with products in 8 bits as well.

    Args:
        bundle: the model.
        where: what is refused, as "export".
        inputs: samples as the model reads them, None for made-up ones.
        engines: further ones by name, as of `verify`.
        torch: whether torch is among them; to import it takes longer than all the rest.

    Raises:
        VerificationError: engines disagree, or an answer hangs on batch mates or padding; nothing must be written.
    """
    report = short(bundle, inputs, engines, torch=torch)
    report.require(where)
    return report


def short(
    bundle: Bundle,
    inputs: Sequence[Any] | None = None,
    engines: Mapping[str, Engine] | None = None,
    *,
    lengths: Sequence[int] = LENGTHS,
    torch: bool = False,
) -> VerificationReport:
    """Verify a model in the time that can be taken before each writing; arguments as of `gate`, and nothing is refused.

    Args:
        lengths: of the samples that are made up where none are given.
    """
    return verify(
        bundle,
        inputs,
        engines,
        precisions=("int8",) if bundle.storage == "int8" else (),
        instruction_sets=(),
        torch=torch,
        lengths=lengths if inputs is None else None,
        most=INPUTS,
        reference_steps=STEPS,
    )
