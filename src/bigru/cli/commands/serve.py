"""`bigru serve`: models behind HTTP."""

from __future__ import annotations

import os
import resource
import sys
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer import Exit

from ...errors import ArgumentError, require, sentence
from ...models import find, shipped
from ..show import print_note

if TYPE_CHECKING:
    from ...serve.engine.limits import Limits
    from ...serve.http.service import Service

__all__ = ["serve"]

PACKAGES = ("fastapi", "uvicorn", "prometheus_client", "orjson")

KEY = "BIGRU_API_KEY"

OWN = 64
"""File descriptors that are left to the server itself: for the files of a model, for instance, that is read again."""

INTERRUPTED = 130

MOST_KEY_BYTES = 4096
"""Bytes of a key at most."""


def serve(
    models: list[str], host: str, port: int, precision: str, api_key_file: Path | None, **limits: float | None
) -> None:
    """Serve until a signal ends it; the address is printed on stdout once requests are answered.

    Args:
        models: folders, names of shipped models, or NAME=FOLDER; none for all shipped models.
        host, port: where to listen; port 0 takes a free one.
        precision: as of `bigru.load`.
        api_key_file: a file whose first line is the key; else the environment may hold one.
        limits: of `bigru.serve.engine.limits.Limits`, None for the usual.
    """
    for package in PACKAGES:
        require(package, extra="serve", purpose="bigru serve")
    from ...serve.engine.limits import Limits
    from ...serve.engine.models import ReloadableModel
    from ...serve.http.log import start
    from ...serve.http.server import listen, run
    from ...serve.http.service import Service

    given: dict[str, Any] = {name: value for name, value in limits.items() if value is not None}
    chosen = Limits(**given)
    key = _key(api_key_file)
    made = [ReloadableModel(name, folder, precision) for name, folder in _folders(models).items()]
    chosen = _raise_descriptors(chosen)
    sock = listen(host, port)
    shown, bound = sock.getsockname()[:2]
    address = f"http://[{shown}]:{bound}" if ":" in shown else f"http://{shown}:{bound}"
    service = Service(made, chosen, key)
    start()
    print_note(
        f"serving {', '.join(model.name for model in made)}" + (", key needed" if key else "") + "; Ctrl-C stops."
    )
    if key is None and not ip_address(shown).is_loopback:
        print_note(f"anybody who reaches {shown} may ask: {KEY} or --api-key-file sets a key.")
    forced = run(service, sock, partial(print, address, flush=True))
    _end(service, INTERRUPTED if forced else 1)


def _end(service: Service, unfinished: int) -> None:
    """Say how the server ended, and end the process at once where a thread still works at what nobody waits for."""
    code = 0
    if service.unanswered:
        count = service.unanswered
        print_note(
            f"stopped before the end; {count} accepted request{' was' if count == 1 else 's were'} not answered."
        )
        code = unfinished
    else:
        print_note("stopped; every accepted request was answered.")
    if service.busy:
        sys.stdout.flush()
        os._exit(code)
    if code:
        raise Exit(code)


def _folders(models: list[str]) -> dict[str, Path]:
    """Return the folder of each model by its name."""
    found: dict[str, Path] = {}
    for given in models:
        name, equals, folder = given.partition("=")
        if not equals or Path(given).is_dir():
            name, folder = Path(given).resolve().name, given
        if not name or "/" in name or not name.isprintable():
            raise ArgumentError(sentence("serve", "name of a model", "without / and not empty", repr(name)))
        if name in found:
            remedy = "Name one of them otherwise: NAME=FOLDER."
            raise ArgumentError(sentence("serve", "names of models", "different", f"{name!r} twice", remedy))
        found[name] = find(folder)
    return found or shipped()


def _key(file: Path | None) -> str | None:
    """Return the key that clients must show, or None."""
    if file is None:
        return os.environ.get(KEY) or None
    try:
        with file.open("rb") as stream:
            key = stream.read(MOST_KEY_BYTES + 1).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ArgumentError(sentence("serve", "--api-key-file", "a readable text file", str(file))) from None
    if not key or "\n" in key or len(key) > MOST_KEY_BYTES:
        want = f"a file with one line of at most {MOST_KEY_BYTES} characters"
        raise ArgumentError(sentence("serve", "--api-key-file", want, str(file)))
    return key


def _raise_descriptors(limits: Limits) -> Limits:
    """Ask for as many file descriptors as the connections may take; return the limits with as many connections as
    those that the system gives leave room for, beside what the server itself opens.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + limits.streams + OWN
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return limits
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    # Where the system gives fewer, both kinds of connections get fewer.
    room = max(most - OWN, 2)
    share = min(room / (limits.connections + limits.streams), 1.0)
    streams = max(int(limits.streams * share), 1)
    return replace(limits, streams=streams, connections=max(int(limits.connections * share), 1))
