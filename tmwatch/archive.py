"""Raw bytes in, raw bytes out, by hash: what the register sent, as evidence."""

from __future__ import annotations

import hashlib
import zlib

from tmwatch.errors import StoreError

try:
    from isal import isal_zlib as quickly
except ImportError:  # not made for every machine; the standard library writes as small, slower
    quickly = zlib  # type: ignore[misc]


def digest(body: bytes) -> str:
    """SHA-256 of the bytes as received, in hex."""
    return hashlib.sha256(body).hexdigest()


def pack(body: bytes, *, quick: bool = False) -> bytes:
    """Compressed for storage, in zlib's form whoever writes it. `quick`: for a page that makes room for the
    next one soon, or a small one; a tenth of the time for a quarter more in size."""
    if quick or len(body) < _SMALL:
        return bytes(quickly.compress(body, 1))
    return zlib.compress(body, 6)


_SMALL = 16_384  # bytes: below that the levels hardly differ in size


_NOT_USED = "It was not used."
_RESTORE = "Restore the database from a backup (`tmwatch backup` makes them)."


def unpack(blob: bytes, sha256: str) -> bytes:
    """The bytes as received. Raises `StoreError` when they no longer match their hash."""
    try:
        body = zlib.decompress(blob)
    except zlib.error as error:
        raise StoreError(
            f"the archived page {sha256[:12]}… cannot be unpacked: {error}", kept=_NOT_USED, do=_RESTORE
        ) from None
    if digest(body) != sha256:
        raise StoreError(
            f"the archived page {sha256[:12]}… does not match its hash", kept=_NOT_USED, do=_RESTORE
        )
    return body
