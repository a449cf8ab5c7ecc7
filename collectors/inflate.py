"""Reading a compressed body without trusting it: the limit holds after decompression, and stops it early."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from collectors.errors import SkippableError

#: content encodings we read -> zlib's window bits; None passes through
ENCODINGS: dict[str, int | None] = {"": None, "identity": None, "gzip": 31, "x-gzip": 31, "deflate": 15}
DEFAULT_LIMIT = 64 * 1024 * 1024
_SLICE = 64 * 1024
_PIECE = 1024 * 1024
#: a gzip stream may be made of members; empty ones cost time and yield nothing
_MEMBERS = 1000


class PayloadTooLargeError(SkippableError):
    """The body is over the limit: the sender must send less at once."""


def inflate(chunks: bytes | Iterable[bytes], encoding: str = "", limit: int = DEFAULT_LIMIT) -> bytes:
    """Join and decompress a body; at most ``limit`` bytes come out, little more is ever held.

    Raises PayloadTooLargeError beyond the limit, SkippableError for an unknown encoding and for data
    that is damaged, cut short or followed by something else.
    """
    encoding = encoding.strip().lower()
    if encoding not in ENCODINGS:
        raise SkippableError(f"content encoding {encoding!r} is unknown", remedy="send gzip, deflate or none")
    pieces: Iterable[bytes] = (chunks,) if isinstance(chunks, bytes) else chunks
    window = ENCODINGS[encoding]
    if window is not None:
        pieces = _decompressed(pieces, encoding, window)
    body: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise PayloadTooLargeError(
                f"the body is larger than {limit} bytes after decompression", remedy="send smaller batches"
            )
        body.append(piece)
    return b"".join(body)


def _decompressed(chunks: Iterable[bytes], encoding: str, window: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(window)
    members = 1
    try:
        for part in _slices(chunks):
            rest = part
            while rest:
                if inflater.eof:
                    members += 1
                    if encoding == "deflate" or members > _MEMBERS:
                        raise SkippableError(
                            f"the {encoding} body goes on after its end",
                            remedy="compress the body as one piece",
                        )
                    inflater = zlib.decompressobj(window)
                yield inflater.decompress(rest, _PIECE)
                rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    except zlib.error as error:
        raise SkippableError(
            f"the body is not {encoding}: {error}", remedy="name its encoding in Content-Encoding"
        ) from error
    if not inflater.eof:
        raise SkippableError(f"the {encoding} body is cut short", remedy="send it again whole")


def _slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    # zlib hands back what it has not read yet, over and over: small parts keep that copying small.
    for chunk in chunks:
        for start in range(0, len(chunk), _SLICE):
            yield chunk[start : start + _SLICE]
