"""Compressed bodies, whole, damaged and hostile."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from collectors.errors import SkippableError
from collectors.inflate import PayloadTooLargeError, inflate


@pytest.mark.parametrize("size", [0, 1, 65_536, 2**20, 3_000_001])
@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), (" Deflate", zlib.compress), ("", bytes)]
)
def test_a_body_comes_out_as_it_went_in(size: int, encoding: str, pack: Any) -> None:
    body = bytes(number * number % 251 for number in range(size))
    packed = pack(body)

    assert inflate(packed, encoding) == body
    assert inflate((packed[at : at + 1000] for at in range(0, len(packed), 1000)), encoding) == body


def test_the_members_of_a_gzip_body_are_joined() -> None:
    assert inflate(gzip.compress(b"ab") + gzip.compress(b"cd"), "gzip") == b"abcd"


def test_a_bomb_is_stopped_at_the_limit() -> None:
    read_so_far = []

    def chunks() -> Any:
        packed = gzip.compress(bytes(50_000_000))
        for at in range(0, len(packed), 1000):
            read_so_far.append(at)
            yield packed[at : at + 1000]

    with pytest.raises(PayloadTooLargeError, match="larger than 1000000 bytes after decompression"):
        inflate(chunks(), "gzip", 1_000_000)
    assert len(read_so_far) < 5


def test_exactly_the_limit_is_let_through() -> None:
    assert len(inflate(gzip.compress(bytes(1000)), "gzip", 1000)) == 1000


@pytest.mark.parametrize(
    ("body", "encoding", "complaint"),
    [
        (gzip.compress(b"x" * 1000)[:-1], "gzip", "cut short"),
        (b"", "gzip", "cut short"),
        (b"plain", "gzip", "is not gzip"),
        (gzip.compress(b"x") + b"more", "gzip", "is not gzip"),
        (zlib.compress(b"x") + b"more", "deflate", "goes on after its end"),
        (gzip.compress(b"") * 1002, "gzip", "goes on after its end"),
        (b"x", "br", "'br' is unknown"),
    ],
    ids=["cut", "empty", "plain", "more", "more-deflate", "members", "br"],
)
def test_a_damaged_body_is_bad_data(body: bytes, encoding: str, complaint: str) -> None:
    with pytest.raises(SkippableError, match=complaint):
        inflate(body, encoding)
