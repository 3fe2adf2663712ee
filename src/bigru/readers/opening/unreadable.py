"""Files that are no data that can be read, known by their first bytes or their name and refused by what they are."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePath

from ...errors import DataError, sentence

__all__ = ["refuse_unreadable"]

TABLE = "Save the table as CSV or Parquet."
PANDAS = "Read it with pandas and save it with frame.to_parquet."
PICKLE = "It can run code when it is read: save the data as CSV, JSONL, Parquet or .npz."
TEXT = "Save the text as plain text or CSV."
UNPACK = "Unpack it and name one file in it."
DOWNLOAD = "Download the file itself, not the page that shows it."

MAGIC = (
    (b"\x93NUMPY", "a single NumPy array (.npy)", "Save x and y together with np.savez as .npz."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", PANDAS),
    (b"Obj\x01", "an Avro file", TABLE),
    (b"SQLite format 3\x00", "an SQLite database", "Export one table as CSV: sqlite3 -header -csv FILE 'select ...'."),
    (b"%PDF", "a PDF document", TEXT),
    (b"{\\rtf", "an RTF document", TEXT),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!", "a RAR archive", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a file packed with zstd", "Unpack it with zstd -d, or pack it with gzip."),
    (b"RDX2\n", "an RData file of R", "Write the table with write.csv in R."),
    (b"RDX3\n", "an RData file of R", "Write the table with write.csv in R."),
    (b"X\n\x00\x00\x00", "an RDS file of R", "Write the table with write.csv in R."),
    (b"$FL2", "an SPSS file (.sav)", PANDAS),
    (b"$FL3", "an SPSS file (.sav)", PANDAS),
    (b"<stata_dta>", "a Stata file (.dta)", PANDAS),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60", "a SAS file (.sas7bdat)", PANDAS),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file (.mat)", "Read it with scipy.io.loadmat and save it with np.savez."),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "Fetch the file with git lfs pull."),
    (b"404: Not Found", "the answer 404 of a web server", "Correct the address and download the file again."),
    (b"\x89PNG\r\n", "a PNG image", ""),
    (b"\xff\xd8\xff", "a JPEG image", ""),
    (b"GIF8", "a GIF image", ""),
    (b"II*\x00", "a TIFF image", ""),
    (b"MM\x00*", "a TIFF image", ""),
    (b"\x7fELF", "a program", ""),
    (b"FEA1", "a Feather file of version 1", "Read it with pyarrow.feather and save it as Parquet."),
)
"""First bytes, what they begin, and what to do."""

SUFFIXES = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), ("a pickle of Python", PICKLE)),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), ("an HDF5 file", PANDAS)),
    ".dta": ("a Stata file (.dta)", PANDAS),
    ".doc": ("a Word document", TEXT),
    ".tfrecord": ("a TFRecord file", TABLE),
    **dict.fromkeys((".pt", ".pth", ".safetensors", ".onnx"), ("the weights of a model", "")),
}
"""Names of files without first bytes of their own, where they hold binary data."""

OFFICE = (
    ("word/document.xml", "a Word document (.docx)", TEXT),
    ("ppt/presentation.xml", "a PowerPoint file (.pptx)", TEXT),
)

PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head)\b", re.IGNORECASE | re.S
)


def refuse_unreadable(data: bytes, source: str) -> None:
    """Refuse a file that is known and cannot be read.

    Args:
        data: the content of the file, unpacked.
        source: the file as the user named it.

    Raises:
        DataError: the file is a pickle, a document, a database, an archive, an image, a web page or the like; it is
            named, with what to do.
    """
    known = next(((what, remedy) for magic, what, remedy in MAGIC if data.startswith(magic)), None)
    known = known or _by_content(data) or _by_suffix(data, source)
    if known is not None:
        raise DataError(sentence(source, "data", "a table or a text", *known))


def _by_content(data: bytes) -> tuple[str, str] | None:
    head = data[:4096]
    if PAGE.match(head):
        return "a web page", DOWNLOAD
    if re.match(rb"(\xef\xbb\xbf)?\s*<\?xml\b", head):
        return "an XML document", TABLE
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and data.rstrip().endswith(b"."):
        return "a pickle of Python", PICKLE
    if head[257:262] == b"ustar":
        return "a tar archive", UNPACK
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP image", ""
    if data.startswith(b"PK\x03\x04"):
        return _by_entries(data)
    return None


def _by_entries(data: bytes) -> tuple[str, str] | None:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return None
    office = next(((what, remedy) for name, what, remedy in OFFICE if name in names), None)
    if office is None and any(name.endswith("data.pkl") for name in names):
        return "the weights of a model", ""
    return office


def _by_suffix(data: bytes, source: str) -> tuple[str, str] | None:
    """Return what the name says of binary data: a text keeps being one, whatever its name."""
    try:
        data[:4096].decode("utf-8")
        binary = 0 in data[:4096]
    except UnicodeDecodeError:
        binary = True
    return SUFFIXES.get(PurePath(source).suffix.lower()) if binary else None
