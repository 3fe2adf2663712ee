"""One model, many ways of running it: do they all answer alike?

`run.verify` runs every sample alone, in batches, beside padding and at the ends of batches, on every engine and
instruction set here, and returns a `Report`. Below it: `reference` is the network as the equations read, `engines` the
engines there are, `arrangements` how samples are put into batches, `outcomes` what is compared, `made` the inputs made
up for a model, `sets` the other instruction sets, each in a process of its own. `gate` is the short verification that
every model passes before it is written, and `short` the same without refusing.
"""

from .batchings import Engine
from .gate import gate, short
from .outcomes import TOLERANCES, Tolerance
from .report import EngineRow, VerificationReport
from .run import verify

__all__ = ["TOLERANCES", "Engine", "EngineRow", "Tolerance", "VerificationReport", "gate", "short", "verify"]
