"""The options that say how a file is read: the same for every command, given to it as one `Reading`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from ..readers.reading import LAYOUTS, Reading

__all__ = ["reading_option", "reading_options", "takes_reading"]

TABLE = "Reading tables"
FILE = "Reading files"


def _option(help: str, *names: str, panel: str = TABLE) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel)


Text = str | None
OPTIONS: dict[str, Any] = {
    "task": Annotated[Text, typer.Option("--task", help="classify, tag, forecast or transcribe.")],
    "text": Annotated[Text, _option("Column of the text, the tokens or the recordings.", "--text")],
    "label": Annotated[Text, _option("Column of the label, the labels, the tags or the transcript.", "--label")],
    "labels": Annotated[Text, _option("Columns of 0 and 1, a label each: a,b,c.", "--labels")],
    "id": Annotated[Text, _option("Column or columns that tell series (or sentences) apart: a,b.", "--id-column")],
    "features": Annotated[
        list[str] | None,
        _option("Column of a table of tokens that is a feature of each: POS; may be repeated.", "--feature"),
    ],
    "group": Annotated[
        Text, _option("Column of what rows belong to (speaker, patient): held out together.", "--group")
    ],
    "time": Annotated[
        Text, _option("Column or columns of the time: year,month; none for rows one step apart.", "--time-column")
    ],
    "time_format": Annotated[
        Text, _option("How times are written: day-first, month-first or %d.%m.%Y.", "--time-format")
    ],
    "zone": Annotated[Text, _option("Time zone of times without one, as Europe/Berlin.", "--zone")],
    "fill": Annotated[Text, _option("Forecast: fill missing rows and cells, forward or linear.", "--fill")],
    "decimal": Annotated[Text, _option("Decimal sign of numbers: . or ,", "--decimal")],
    "separator": Annotated[Text, _option("What separates columns: one character, tab or space.", "--separator")],
    "header": Annotated[bool | None, _option("Whether the first row holds names.", "--header/--no-header")],
    "layout": Annotated[Text, _option(f"How rows are read: {', '.join(LAYOUTS)}.", "--layout")],
    "multi_label": Annotated[bool | None, _option("Any number of labels each, or one.", "--multi-label/--one-label")],
    "soft_labels": Annotated[
        bool | None,
        _option("Whether columns p_LABEL, or scores, are soft labels.", "--soft-labels/--no-soft-labels"),
    ],
    "format": Annotated[
        Text, _option("Format, as csv, jsonl or conll; else the file says it.", "--format", panel=FILE)
    ],
    "encoding": Annotated[Text, _option("Encoding, as utf-8, gb18030 or big5.", "--encoding", panel=FILE)],
    "scheme": Annotated[Text, _option("Tag scheme: BIO, IOB1, BIOES or BMES.", "--scheme", panel=FILE)],
    "offsets": Annotated[
        Text, _option("What positions of spans count: characters, utf-16 or bytes.", "--offsets", panel=FILE)
    ],
    "overlaps": Annotated[
        Text, _option("Of overlapping spans keep the longest or the first.", "--overlaps", panel=FILE)
    ],
    "audio_root": Annotated[Text, _option("Folder that paths of recordings start from.", "--audio-root", panel=FILE)],
    "strict": Annotated[
        bool, _option("Refuse tags and classes that do not fit, instead of counting them.", "--strict", panel=FILE)
    ],
}
"""Every field of `Reading` as an option."""

TARGETS = ("task", "label", "labels", "scheme", "multi_label", "soft_labels", "overlaps", "strict")
"""Those that say what is learnt, which input to predict on has no use for."""

PREFIX = "reading_"
"""Stands before the names of the parameters, as `train` has a time of its own."""

SEPARATORS = {"tab": "\t", "\\t": "\t"}


def reading_option(field: str) -> str:
    """Return the option that decides a field of `Reading`."""
    return {"id": "--id-column", "time": "--time-column", "features": "--feature"}.get(
        field, "--" + field.replace("_", "-")
    )


def reading_options(reading: Reading) -> list[str]:
    """Return the options that make a reading, as they are typed."""
    typed = []
    for field, value in reading.given().items():
        name = reading_option(field)
        if isinstance(value, bool):
            negatives = {"header": "--no-header", "multi_label": "--one-label", "soft_labels": "--no-soft-labels"}
            negative = negatives.get(field, name)
            typed.append(name if value else negative)
        else:
            typed += [name, ",".join(value) if isinstance(value, tuple) else str(value)]
    return typed


def takes_reading(
    targets: bool = True, task: bool = True, group: bool = False, fill: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for a command with a parameter `reading`: its options take the place of the parameter.

    Args:
        targets: whether the command reads labels.
        task: whether the task can be named, where labels are read.
        group: whether rows are held out, so that it matters which belong together.
        fill: whether tables with time are forecast.
    """
    left_out = set() if targets else set(TARGETS)
    left_out |= set() if task else {"task"}
    left_out |= set() if group else {"group"}
    left_out |= set() if fill else {"fill"}

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(command, include_extras=True)
        own = [
            one.replace(annotation=hints[one.name], kind=inspect.Parameter.KEYWORD_ONLY)
            for one in inspect.signature(command).parameters.values()
            if one.name != "reading"
        ]
        options = {name: kind for name, kind in OPTIONS.items() if name not in left_out}
        added = [
            inspect.Parameter(
                PREFIX + name,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if name == "strict" else None,
                annotation=kind,
            )
            for name, kind in options.items()
        ]

        def run(**given: Any) -> Any:
            reading = _reading({name: given.pop(PREFIX + name) for name in options})
            return command(reading=reading, **given)

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in (*own, *added)}
        return run

    return decorate


def _reading(given: dict[str, Any]) -> Reading:
    given["features"] = ",".join(given.get("features") or ())
    for name in ("labels", "id", "time", "features"):
        value = given.get(name)
        given[name] = tuple(part.strip() for part in value.split(",") if part.strip()) if value else ()
    separator = given.get("separator")
    given["separator"] = SEPARATORS.get(separator, separator) if separator is not None else None
    return Reading(**given)
