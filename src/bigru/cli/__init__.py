"""The command line: data for programs on stdout, words for people on stderr.

Exit codes: 0; 1 a check failed; 2 the input is wrong, said in one line; 70 a fault of bigru itself;
130 stopped by Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import Any

__all__ = ["main", "run"]

INTERRUPTED = 130

PATHS = (
    "--out",
    "--labelled",
    "--answers",
    "--plot",
    "--config",
    "--vectors",
    "--lexicon",
    "--dev",
    "--test",
    "--api-key-file",
)
"""The options that take a path."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a full disk answers; stdout may lie on one."""


WITH_TORCH = ("train", "distil", "verify", "bench", "demo", "import")
"""Commands that load torch, whose libraries end the process where the working folder was deleted."""

NO_FOLDER = "working folder must be there, got one that was deleted. Change to another folder."

NO_MEMORY = (
    *("failed to map segment", "annot allocate memory", "can't allocate memory", "ailed to allocate memory"),
    *("not enough memory", "bfc_arena", "std::bad_alloc", "error return without exception set"),
)
"""What the loader of libraries, torch, ONNX Runtime and Python itself say where no memory is left."""


def main() -> None:
    """Run the command that the process was started with, and exit with its code."""
    from .streams import open_streams

    code = run(sys.argv[1:]) if open_streams() else _print_line("bigru: stdout must be open, got a closed one.")
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code; what went wrong is one line on stderr."""
    name = " ".join(["bigru", *arguments[:1]])
    try:
        return _invoke(name, arguments)
    except KeyboardInterrupt:
        return _print_line(f"{name}: stopped.", INTERRUPTED)


def _invoke(name: str, arguments: Sequence[str]) -> int:
    # OpenMP's threads spin while they wait; where another process wants the core, a training step on two cores then
    # takes seconds instead of milliseconds. The variable is read once, when torch is loaded.
    # `bench` takes torch as it comes.
    if arguments[:1] != ["bench"]:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if arguments[:1] and arguments[0] in WITH_TORCH and not _has_folder():
        return _print_line(f"{name}: {NO_FOLDER}")
    import typer

    from ..errors import BigruError, VerificationError, spell_arguments
    from .streams import discard_buffer

    # The base of typer's own errors of usage, which it does not export by name.
    usage_error: Any = typer.BadParameter.__base__
    try:
        with spell_arguments("options"):
            return _call(arguments)
    except usage_error as error:
        path = error.ctx.command_path if error.ctx else "bigru"
        return _print_line(f"{path}: {error.format_message()} See: {path} --help.")
    except BigruError as error:
        interrupted = isinstance(error.__cause__, KeyboardInterrupt)
        refused = 1 if isinstance(error, VerificationError) else 2
        return _print_line(f"{name}: {_text(error, arguments[0])}", INTERRUPTED if interrupted else refused)
    except BrokenPipeError:
        # The reader of stdout has gone (`bigru predict ... | head`) and wants no more answers. Stderr never fails so.
        discard_buffer(sys.stdout)
    except Exception as error:
        if _is_of_memory(error):
            remedy = "Read less at once, or take a smaller model or a larger machine."
            return _print_line(f"{name}: memory must be enough for what was asked, got none left. {remedy}")
        if isinstance(error, OSError) and error.strerror:
            return _print_line(f"{name}: {_system_error(error)}")
        return _fault(name, error)
    return 0


def _is_of_memory(error: BaseException | None) -> bool:
    """Tell whether an error, or what caused it, is that no memory was left, by whatever class a library says it."""
    while error is not None:
        if isinstance(error, MemoryError) or any(text in str(error) for text in NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def _system_error(error: OSError) -> str:
    """Return what to say where the operating system refuses something that no command foresaw."""
    from ..errors import sentence
    from .streams import discard_buffer

    if error.errno in FULL:
        discard_buffer(sys.stdout)
        return f"output must be written to the end, got {error.strerror}. Make room and run it again."
    if not _has_folder():
        return NO_FOLDER
    if error.filename is None:
        return f"the operating system refused it: {error.strerror}."
    return sentence(str(error.filename), "path", "one that can be used", error.strerror)


def _has_folder() -> bool:
    """Tell whether the working folder is there."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _call(arguments: Sequence[str]) -> int:
    """Run a command to its end, the last of its output included, and return its exit code."""
    import typer

    from .app import app

    _check_filled(arguments)
    code = 0
    try:
        with typer.main.get_command(app).make_context("bigru", list(arguments) or ["--help"]) as context:
            context.command.invoke(context)
    except typer.Exit as stop:
        code = stop.exit_code
    sys.stdout.flush()
    return code


def _check_filled(arguments: Sequence[str]) -> None:
    """Refuse an empty path, as an unset variable of a shell leaves it: it would stand for the current folder.

    Raises:
        ArgumentError: there is one.
    """
    from ..errors import ArgumentError, sentence

    for before, argument in zip(["", *arguments], arguments, strict=False):
        # An input of `predict` and `explain` may be an empty text.
        if argument == "" and (before in PATHS or arguments[0] not in ("predict", "explain")):
            name = before if before.startswith("--") else "argument"
            raise ArgumentError(sentence(arguments[0], name, "given", "an empty text"))
        if argument in [f"{option}=" for option in PATHS]:
            raise ArgumentError(sentence(arguments[0], argument.removesuffix("="), "given", "an empty text"))


def _text(error: BaseException, command: str) -> str:
    """Return what an error says in one line, without the name of the command that is about to stand before it."""
    from .options import reading_option

    # Fields of `Reading` are options here.
    text = re.sub(
        r"^reading: (\w+) must", lambda found: f"{reading_option(found[1])} must", " ".join(str(error).split())
    )
    return text.removeprefix("bigru: ").removeprefix(f"{command}: ")


def _fault(name: str, error: Exception) -> int:
    if os.environ.get("BIGRU_DEBUG"):
        traceback.print_exception(error)
    text = f"{type(error).__name__}: {_text(error, '')}"
    return _print_line(f"{name}: a fault of bigru, please report it: {text} BIGRU_DEBUG=1 shows where it happened.", 70)


def _print_line(line: str, code: int = 2) -> int:
    from ..errors import one_line

    print(one_line(line), file=sys.stderr)
    return code
