"""The page at `/`: the files of one folder, with headers that keep everything from outside out."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from ..engine.errors import RefusedError, quote_client
from .handlers import Reply
from .request_body import Headers

__all__ = ["CSP", "PAGE", "file"]

PAGE = Path(__file__).parents[1] / "page"

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

TYPES = {
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
    ".ico": b"image/x-icon",
    ".json": b"application/json",
    ".wav": b"audio/wav",
    ".csv": b"text/csv; charset=utf-8",
    ".txt": b"text/plain; charset=utf-8",
}


def file(name: str, headers: Headers) -> Reply:
    """Return a file of the page, or 304 where the client has it.

    Raises:
        RefusedError: there is no such file. A name is looked up in a list of the folder, never joined to a path.
    """
    found = {path.name: path for path in PAGE.glob("*") if path.suffix in TYPES and path.is_file()}.get(name)
    if found is None:
        raise RefusedError(404, "file", "one of the page", quote_client(name))
    content = found.read_bytes()
    tag = b'"%s"' % blake2b(content, digest_size=12).hexdigest().encode()
    reply_headers = [
        (b"content-type", TYPES[found.suffix]),
        (b"etag", tag),
        # Kept, but asked about each time: a new version of bigru shows its own page at once.
        (b"cache-control", b"no-cache"),
        (b"content-security-policy", CSP.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    if headers.get(b"if-none-match") == tag:
        return Reply(304, b"", reply_headers)
    return Reply(200, content, [*reply_headers, (b"content-length", b"%d" % len(content))])
