"""The guide to the commands names every command and every option, and none that does not exist."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from bigru.cli.app import app

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "cli.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands


def test_every_command_has_a_section() -> None:
    assert set(re.findall(r"^## `bigru (\w+)", GUIDE, re.MULTILINE)) == set(COMMANDS)


def test_options_are_those_of_the_program() -> None:
    known = {
        option
        for command in COMMANDS.values()
        for param in command.params
        for option in param.opts + param.secondary_opts
    }
    options = {option for option in known if option.startswith("--")}
    assert set(re.findall(r"--[a-z][a-z0-9-]*", GUIDE)) == options | {"--help"}
