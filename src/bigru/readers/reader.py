"""Any file to Examples: the front door of the readers."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError, argument, check_choice, refusal, sentence
from .examples import Examples
from .findings import Finding
from .formats import FORMATS, File, Parsed, by_content, by_name
from .frames import from_dataset, from_frame
from .headers import named_columns
from .layouts.verdict import build, choose
from .opening import charset
from .opening.encoding import decode, read_bytes
from .parsers.delimited import without_gc
from .reading import Reading
from .table import Grid, Table
from .token_features import check_attached

__all__ = [
    "Examples",
    "Finding",
    "Reading",
    "build_examples",
    "check_used",
    "from_dataset",
    "from_frame",
    "load",
    "read",
]

UNREAD = Reading()

OPTIONS = ("text", "label", "labels", "id", "time", "separator", "header", "decimal", "layout")
"""What can be decided of tables alone."""


def read(
    path: str | Path, reading: Reading = UNREAD, *, require_targets: bool = True, kind: str | None = None
) -> Examples:
    """Read one data file; everything not decided is inferred, and reported in `inferred` and `roles`.

    Args:
        path: a file, gzipped or not; or a folder.
        reading: what is decided already.
        require_targets: False for input to predict on; labels are then read only if every row has one, and if
            they are of the task.
        kind: the kind of inputs that a model takes ("text", "tokens", "series", "audio"), None where any will do.

    Raises:
        DataError: the file cannot be used, or it is doubtful how it is to be read; the message names file and line.
        ArgumentError: there is no such format or encoding.
        MissingExtraError: a package that the format needs is not installed.
    """
    with without_gc():
        table, name = load(path, reading, required=require_targets)
        return build_examples(table, reading, name, require_targets, kind)


def load(path: str | Path, reading: Reading = UNREAD, *, required: bool = True) -> tuple[Table | Examples, str]:
    """Return what a file holds, before it is interpreted: a table, or examples of a format that leaves nothing open;
    and the name of its format. Arguments and errors are those of `read`.
    """
    if reading.format is not None:
        check_choice("read", "format", reading.format, FORMATS)
    if (Path(path) / "wav.scp").is_file():
        path = Path(path) / "wav.scp"
    source = str(path)
    folder = next((name for name, one in FORMATS.items() if one.folder is not None and one.folder(Path(path))), None)
    if folder is not None and reading.format in (None, folder):
        return _named(FORMATS[folder].parse(File(source, "", b"", required), reading), reading, required), folder
    data = read_bytes(path)
    found = reading.format or by_name(source, data)
    inferred = {}
    if found is not None and FORMATS[found].binary:
        parsed = FORMATS[found].parse(File(source, "", data, required), reading)
    else:
        text, encoding = decode(data, source, reading.encoding)
        found = reading.format or by_content(text, source, found)
        parsed = FORMATS[found].parse(File(source, text, data, required), reading)
        inferred = {"encoding": encoding if reading.encoding else charset.explain(encoding)}
    parsed.inferred = {"format": found} | inferred | parsed.inferred
    return _named(parsed, reading, required), found


def _named(parsed: Parsed, reading: Reading, required: bool) -> Table | Examples:
    if isinstance(parsed, Table) and not len(parsed):
        raise DataError(sentence(parsed.source, "data", "at least one example", "no rows"))
    return named_columns(parsed, reading, required) if isinstance(parsed, Grid) else parsed


def build_examples(
    table: Table | Examples, reading: Reading, format: str, required: bool = True, kind: str | None = None
) -> Examples:
    """Return the examples of what `load` returned.

    Raises:
        DataError: as of `read`.
    """
    if isinstance(table, Table):
        chosen, view = choose(table, reading, required, kind)
        result = build(table, chosen, view)
    else:
        result = table
    check_used(result, format, reading, required)
    result.inferred |= {"task": result.task} | ({"labels": "any number per example"} if result.multi_label else {})
    return result


def check_used(result: Examples, format: str, reading: Reading, required: bool) -> None:
    """Refuse what was decided and the file cannot give, rather than pass over it."""
    source = result.source
    if reading.task is not None:
        if reading.target.form != result.target.form:
            if required:
                raise DataError(sentence(source, "task", f"{result.task} for this file", reading.task))
            # Inputs are the same for every task; labels of another one are not what a model can be asked about.
            result.targets, result.scheme, result.multi_label = None, None, False
        result.task = reading.task
    if reading.scheme is not None and result.scheme != reading.scheme:
        raise DataError(refusal(source, "scheme", "where labels are no span tags", reading.scheme))
    if reading.multi_label and not result.multi_label:
        raise DataError(refusal(source, "multi_label", "for this file", True))
    if reading.group is not None and result.groups is None:
        remedy = "Only tables have a further column."
        name, context = argument("reading.group"), f"for the format {format}"
        raise DataError(refusal(source, name, context, repr(reading.group), remedy))
    if reading.fill is not None:
        name = argument("reading.fill")
        raise DataError(refusal(source, name, "where nothing is forecast", repr(reading.fill)))
    check_attached(result, format, reading, required)
    _check_columns(source, format, reading)
    if reading.soft_labels and result.soft is None and required:
        name = argument("reading.soft_labels", True)
        raise DataError(refusal(source, name, f"for the format {format}", "given"))


def _check_columns(source: str, format: str, reading: Reading) -> None:
    """Refuse columns that were named for a format without any."""
    given = reading.given()
    known = FORMATS[format].columns if format in FORMATS else True
    for name in OPTIONS:
        if name in given and not known:
            own, context = argument(f"reading.{name}"), f"for the format {format}"
            raise DataError(refusal(source, own, context, repr(given[name])))
