"""`bigru serve`: models behind HTTP."""

from __future__ import annotations

import logging
import os
import resource
import sys
from importlib import import_module
from pathlib import Path

from ..errors import ArgumentError, MissingExtraError, sentence
from .show import note

__all__ = ["serve"]

PACKAGES = ("fastapi", "uvicorn", "prometheus_client", "orjson")

KEY = "BIGRU_API_KEY"


def serve(
    models: list[str], host: str, port: int, precision: str, api_key_file: Path | None, **limits: float | None
) -> None:
    """Serve until a signal ends it; the address is printed on stdout once requests are answered.

    Args:
        models: folders, names of shipped models, or NAME=FOLDER; none for all shipped models.
        host, port: where to listen; port 0 takes a free one.
        precision: as of `bigru.load`.
        api_key_file: a file whose first line is the key; else the environment may hold one.
        limits: of `bigru.serve.limits.Limits`, None for the usual.
    """
    for package in PACKAGES:
        try:
            import_module(package)
        except ModuleNotFoundError:
            raise MissingExtraError(package, "serve", "bigru serve") from None
    from ..serve.limits import Limits
    from ..serve.models import Model
    from ..serve.server import listen, run
    from ..serve.service import Service

    chosen = Limits(**{name: value for name, value in limits.items() if value is not None})  # type: ignore[arg-type]
    key = _key(api_key_file)
    made = [Model(name, folder, precision) for name, folder in _folders(models).items()]
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    _raise_descriptors(chosen.connections)
    sock = listen(host, port)
    shown, bound = sock.getsockname()[:2]
    address = f"http://[{shown}]:{bound}" if ":" in shown else f"http://{shown}:{bound}"
    note(f"serving {', '.join(model.name for model in made)}" + (", key needed" if key else ""))
    print(address, flush=True)
    run(Service(made, chosen, key), sock)
    note("stopped; every accepted request was answered.")


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
        found[name] = _folder(folder)
    return found or _shipped()


def _folder(given: str) -> Path:
    """Return a folder, or that of the shipped model of this name."""
    return _shipped().get(given, Path(given)) if not Path(given).is_dir() and _ships() else Path(given)


def _ships() -> bool:
    return not isinstance(_models(), ModuleNotFoundError)


def _models() -> object:
    try:
        return import_module("bigru.models")
    except ModuleNotFoundError as error:
        return error


def _shipped() -> dict[str, Path]:
    """Return the folders of the models that come with bigru."""
    home = _models()
    if isinstance(home, ModuleNotFoundError):
        remedy = "Name the folder of a saved model."
        raise ArgumentError(sentence("serve", "models", "given, as none come with this version", "none", remedy))
    return {name: Path(folder) for name, folder in home.shipped().items()}  # type: ignore[attr-defined]


def _key(file: Path | None) -> str | None:
    """Return the key that clients must show, or None."""
    if file is None:
        return os.environ.get(KEY) or None
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ArgumentError(sentence("serve", "--api-key-file", "a readable text file", str(file))) from None
    if not key or "\n" in key:
        raise ArgumentError(sentence("serve", "--api-key-file", "a file with one line", str(file)))
    return key


def _raise_descriptors(connections: int) -> None:
    """Ask for as many file descriptors as the connections may take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + 64
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
