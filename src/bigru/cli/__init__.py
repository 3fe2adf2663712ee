"""The command line: data for programs on stdout, words for people on stderr.

Exit codes: 0; 1 a check failed; 2 the input is wrong, said in one line; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main", "run"]


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code; what the user did wrong is one line on stderr."""
    import click

    from ..errors import BigruError
    from .app import app

    try:
        code = app(list(arguments), prog_name="bigru", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.UsageError as error:
        return _say(f"bigru: {error.format_message()} See: {error.ctx.command_path if error.ctx else 'bigru'} --help.")
    except click.exceptions.Abort:
        return _say("bigru: stopped.", 130)
    except BigruError as error:
        return _say(" ".join(str(error).split()), 130 if _interrupted(error) else 2)
    except KeyboardInterrupt:
        return _say("bigru: stopped.", 130)
    except BrokenPipeError:
        # Whoever read stdout has gone (`bigru predict ... | head`); Python would complain again when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _interrupted(error: BaseException) -> bool:
    return isinstance(error.__cause__, KeyboardInterrupt)


def _say(line: str, code: int = 2) -> int:
    print(line, file=sys.stderr)
    return code
