"""Any file to Examples: the front door of the data package."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError, check_choice, sentence
from ..scheme import SCHEMES
from . import manifests
from .columns import has_header
from .encoding import decode, read_bytes
from .examples import Examples
from .findings import Finding
from .formats import FORMATS, by_content, by_name
from .frames import from_dataset, from_frame, from_parquet
from .opening import charset
from .parsers import conll, jsonl, ts, wordtag
from .parsers import delimited as tables
from .parsers import npz as arrays
from .reading import Reading
from .records import Options, from_records

__all__ = ["Examples", "Finding", "from_dataset", "from_frame", "read"]

TASKS = ("classify", "tag", "transcribe")

WITH_COLUMNS = ("csv", "tsv", "jsonl", "parquet", "conll", "conllu")


def read(
    path: str | Path,
    *,
    task: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    scheme: str | None = None,
    require_targets: bool = True,
    multi_label: bool | None = None,
    id_column: str | None = None,
    time_column: str | None = None,
) -> Examples:
    """Read one data file; everything not given is inferred, and said in `inferred`.

    Args:
        path: a file, gzipped or not; or a folder of recordings.
        task: "classify", "tag" or "transcribe".
        text_column, label_column: names (tables without header and CoNLL: numbers from 1).
        format: one of `formats.FORMATS`.
        encoding: a codec; None detects byte-order marks, UTF-8 and GB18030.
        scheme: the tag scheme, one of `scheme.SCHEMES`.
        require_targets: False for input to predict on; labels are then read only if every row has one, and if
            they are of the task.
        multi_label: whether an example has any number of labels (lists, or several in a cell parted by `|`).
        id_column, time_column: of a table with a row per step, the column that tells series apart and the one that
            orders their steps.

    Raises:
        DataError: the file cannot be used; the message names file and line.
        ArgumentError: task, format, scheme or encoding is none that exists.
        MissingExtraError: Parquet without pyarrow.
    """
    for name, value, known in (("task", task, TASKS), ("format", format, FORMATS), ("scheme", scheme, SCHEMES)):
        if value is not None:
            check_choice("read", name, value, known)
    source = str(path)
    options = Options(task, text_column, label_column, scheme, multi_label, require_targets, id_column, time_column)
    if format is None and manifests.is_folder_of_audio(Path(path)):
        result = manifests.from_folder(Path(path), task, require_targets)
        _check_heeded(result, "folder", options)
        result.inferred |= {"task": result.task}
        return result
    data = read_bytes(path)
    found = format or by_name(source, data)
    if found == "npz":
        result = arrays.parse(data, source, require_targets=require_targets, task=task)
    elif found == "parquet":
        result = from_parquet(data, source, options)
    else:
        text, name = decode(data, source, encoding)
        found = found or by_content(text)
        result = _parse(text, source, found, options)
        result.inferred = {"encoding": name if encoding else charset.explain(name)} | result.inferred
    _check_heeded(result, found, options)
    result.inferred = {"format": found} | result.inferred | {"task": result.task}
    if result.multi_label:
        result.inferred["labels"] = "any number per example"
    return result


def _check_heeded(result: Examples, format: str, options: Options) -> None:
    """Refuse what was asked for and the file cannot give, rather than pass over it."""
    source = result.source
    if options.task is not None and result.task != options.task and not options.require_targets:
        # Inputs are the same for every task; labels of another one are not what a model can be asked about.
        result.task, result.targets, result.scheme, result.multi_label = options.task, None, None, False
    if options.task is not None and result.task != options.task:
        raise DataError(sentence(source, "task", f"{result.task} for this file", options.task))
    if options.scheme is not None and result.scheme != options.scheme:
        raise DataError(sentence(source, "scheme", "left out where labels are no span tags", options.scheme))
    if options.multi_label and not result.multi_label:
        raise DataError(sentence(source, "multi_label", "left out for this file", True))
    for name in ("text_column", "label_column", "id_column", "time_column"):
        wanted = getattr(options, name)
        columns = ("csv", "tsv", "jsonl", "parquet") if name in ("id_column", "time_column") else WITH_COLUMNS
        if format not in columns and wanted is not None:
            raise DataError(sentence(source, name, f"left out for the format {format}", repr(wanted)))


def _parse(text: str, source: str, format: str, options: Options) -> Examples:
    if format in ("csv", "tsv"):
        return _table(text, source, "\t" if format == "tsv" else None, options)
    if format == "jsonl":
        return from_records(source, *jsonl.records(text, source), options)
    if format == "word/tag":
        return wordtag.parse(text, source, scheme=options.scheme or "BIO")
    if format == "ts":
        return ts.parse(text, source, require_targets=options.require_targets)
    if format == "txt":
        return _plain(text, source, options)
    return conll.parse(
        text,
        source,
        conllu=format == "conllu",
        token_column=options.text_column,
        tag_column=options.label_column,
        scheme=options.scheme,
        require_targets=options.require_targets,
    )


def _plain(text: str, source: str, options: Options) -> Examples:
    """Read one text per line."""
    if options.require_targets:
        remedy = "Labels come in CSV, TSV, JSONL, Parquet, CoNLL or .npz; name the format if this is one of them."
        raise DataError(sentence(source, "data", "labelled", "plain lines of text", remedy))
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    records = [{"text": line} for line in lines]
    return from_records(source, records, range(1, len(lines) + 1), options)


def _table(text: str, source: str, delimiter: str | None, options: Options) -> Examples:
    grid = tables.parse(text, source, Reading(format="tsv" if delimiter == "\t" else None))
    rows, lines = grid.rows, grid.lines
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "blank lines"))
    wanted = (options.text_column, options.label_column, options.id_column, options.time_column)
    header = has_header(rows[0], rows[1:], wanted)
    names = [cell.strip() for cell in rows[0]] if header else [str(n) for n in range(1, len(rows[0]) + 1)]
    above = lines[0]
    if header:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise DataError(sentence(source, "data", "at least one example", "a header alone"))
    records = [dict(zip(names, row, strict=True)) for row in rows]
    result = from_records(source, records, lines, options)
    result.findings += grid.findings
    result.inferred |= grid.inferred
    result.inferred["header"] = f"line {above}" if header else "none, columns are numbered from 1"
    return result
