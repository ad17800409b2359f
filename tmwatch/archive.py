"""Raw bytes in, raw bytes out, by hash: what the register sent, as evidence."""

from __future__ import annotations

import hashlib
import zlib

from tmwatch.errors import StoreError


def digest(body: bytes) -> str:
    """SHA-256 of the bytes as received, in hex."""
    return hashlib.sha256(body).hexdigest()


def pack(body: bytes, *, quick: bool = False) -> bytes:
    """Compressed for storage. `quick`: for a page that makes room for the next one soon, or a small one;
    half the time for half as much again in size."""
    return zlib.compress(body, 1 if quick or len(body) < _SMALL else 6)


_SMALL = 16_384  # bytes: below that the levels hardly differ in size


def unpack(blob: bytes, sha256: str) -> bytes:
    """The bytes as received. Raises `StoreError` when they no longer match their hash."""
    try:
        body = zlib.decompress(blob)
    except zlib.error as error:
        raise StoreError(f"the archived page {sha256[:12]}… cannot be unpacked: {error}") from None
    if digest(body) != sha256:
        raise StoreError(
            f"the archived page {sha256[:12]}… does not match its hash",
            kept="It was not used.",
            do="Restore the database from a backup (`tmwatch backup` makes them).",
        )
    return body
