"""A large file through the one door: to the disk and not into memory, gone on with where it broke off.

    got = download(door, declaration, request, target, wanted, key=key)

What was received lies in `TARGET.part` with a note of which file it is (`TARGET.part.json`); the next call
asks for the rest (`Range`, RFC 9110 §14), and begins anew where the file is another meanwhile or the server
does not do parts. The first answer may lead to a signed address on another server, over https: the key does
not go there. The pace is that of the host that is asked first. Never raises for what the network does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

import requests

from tmwatch.errors import (
    Incomplete,
    LayoutChanged,
    LoginRequired,
    LookError,
    NotFound,
    Outcome,
    ServerFault,
    Throttled,
    Unreachable,
)
from tmwatch.files import is_full
from tmwatch.http import Door, address, pace, wire
from tmwatch.http.headers import headers_for, retry_after_seconds
from tmwatch.sources.base import Declaration, Request

_CHUNK = 1 << 18
_HEAD = 64_000  # bytes from which a page in place of a file is told
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOTAL = 3600.0  # seconds for one answer
_LATER = "What was received is kept: the next run asks for the rest."
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@dataclass(frozen=True)
class Wanted:
    """What the file must be. `refuse` says what the first bytes are if they are no such file."""

    largest: int
    size: int | None = None
    sha256: str | None = None
    state: str = ""  # differs where the file was issued again
    refuse: Callable[[bytes, str], Exception | None] = lambda head, where: None


@dataclass(frozen=True)
class Got:
    """How it ended. `asked` counts the requests for the file, `resumed` the bytes that were there before."""

    outcome: Outcome
    error: LookError | None = None
    asked: int = 0
    resumed: int = 0
    size: int = 0
    sha256: str = ""


@dataclass
class _Part:
    """What lies beside the target."""

    path: Path
    wanted: Wanted
    tag: str = ""  # the server's own name for the state (ETag), for asking on

    @property
    def note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    def have(self) -> int:
        """Bytes that are there of this very file."""
        try:
            said = json.loads(self.note.read_bytes())
            mine = said["state"] == self.wanted.state and said["size"] == self.wanted.size
            self.tag = str(said["tag"]) if mine else ""
            return self.path.stat().st_size if mine else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def begin(self, tag: str) -> None:
        self.tag = tag
        said = {"state": self.wanted.state, "size": self.wanted.size, "tag": tag}
        self.note.write_text(json.dumps(said), encoding="utf-8")

    def drop(self) -> None:
        for one in (self.path, self.note):
            one.unlink(missing_ok=True)


def download(
    door: Door,
    declaration: Declaration,
    request: Request,
    target: Path,
    wanted: Wanted,
    *,
    base_url: str | None = None,
    key: str | None = None,
    min_interval: float | None = None,
    max_per_day: int | None = None,
    most: int = 3,
    tell: Callable[[], None] = lambda: None,
) -> Got:
    """Bring the file to `target`, in up to `most` requests; each is told with `tell` before it goes out.

    Raises `ConfigError` for what configuration or a source may not say; nothing for the network or the disk.
    """
    url = address.build(declaration, request, base_url)
    where = f"{declaration.id}: {address.without_secret(url, key)}"
    if request.credential_header and not key:
        name = declaration.credential_env or "key_env"
        error = LoginRequired("this source needs a key, and none is set", where=where, do=f"Set {name}.")
        return Got(error.outcome, error)
    part = _Part(target.with_name(f"{target.name}.part"), wanted)
    host = address.pace_key(url)
    law = pace.rules(
        declaration.pace,
        loopback=address.is_loopback(url),
        min_interval=min_interval,
        max_per_day=max_per_day,
    )
    headers = headers_for(declaration, request, door.agent, key, {})
    headers["Accept-Encoding"] = "identity"
    asked, begun = 0, part.have()
    last: LookError | None = None
    try:
        while asked < most:
            held = door.pacer.wait_turn(host, law)
            if held is not None:
                last = last or Throttled(
                    f"{urlsplit(url).hostname} was not asked: {held.why}",
                    where=where,
                    do=f"It is asked again from {held.until:%Y-%m-%d %H:%M} UTC on.",
                )
                break
            before = part.have()
            tell()
            asked += 1
            try:
                _once(url, headers, part, where, request.credential_header)
                size, digest = _checked(part, where)
                part.path.replace(target)
                part.drop()
                door.pacer.note(host, Outcome.OK)
                return Got(Outcome.OK, None, asked, begun, size, digest)
            except LookError as error:
                last = error
                door.pacer.note(host, error.outcome, getattr(error, "retry_after", None))
                if not isinstance(error, Unreachable) or part.have() <= before:
                    break
    except OSError as error:
        full = is_full(error)
        last = Incomplete(
            "the disk is full" if full else f"the file cannot be written: {error.strerror or error}",
            where=str(part.path),
            do=_LATER if full else "Check the rights of the folder.",
        )
    assert last is not None
    last.kept = "Nothing of it was imported."
    return Got(last.outcome, last, asked, begun)


def _once(url: str, headers: dict[str, str], part: _Part, where: str, secret: str | None) -> None:
    """One request and what it leads to, into the part. Raises `LookError`s and `OSError`."""
    have = part.have()
    with contextlib.closing(wire.new_session()) as session:
        ours = dict(headers)
        if have:
            ours["Range"] = f"bytes={have}-"
            if part.tag:
                ours["If-Range"] = part.tag
        for hop in range(3):
            with _answered(session, url, ours, where) as response:
                if response.status_code in _REDIRECTS and hop < 2:
                    location = response.headers.get("location", "")
                    ours = _without(ours, secret) if _elsewhere(url, location) else ours
                    url = _signed(url, location, where)
                    continue
                if hop and response.status_code in {401, 403}:  # it lives some seconds only
                    raise Unreachable("the signed address had run out", where=where, do=_LATER)
                _take(response, part, have, where)
                return
    raise ServerFault("the site sends the question round in circles", where=where, do=_LATER)


def _without(headers: dict[str, str], secret: str | None) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != secret}


def _elsewhere(url: str, location: str) -> bool:
    here, there = urlsplit(url), urlsplit(urljoin(url, location))
    return (here.scheme, here.netloc) != (there.scheme, there.netloc)


def _signed(url: str, location: str, where: str) -> str:
    """The address that the register sends a file's question on to; https, or this machine where we ask it."""
    target = urljoin(url, location.strip())
    with contextlib.suppress(ValueError):
        parts = urlsplit(target)
        local = address.is_loopback(target)
        fits = parts.scheme == "https" or (local and address.is_loopback(url))
        if location.strip() and fits and parts.hostname and parts.username is None:
            return target.split("#", 1)[0]
    raise ServerFault(
        "the site sends the question to an address that cannot be meant", where=where, do=_LATER
    )


@contextlib.contextmanager
def _answered(
    session: requests.Session, url: str, headers: dict[str, str], where: str
) -> Iterator[requests.Response]:
    try:
        with wire.streaming(session, url, headers, total=_TOTAL) as response:
            yield response
    except wire.Broken as broken:
        raise Unreachable(broken.what, where=where, do=broken.do or _LATER) from None


def _take(response: requests.Response, part: _Part, have: int, where: str) -> None:
    """What came, behind what is there."""
    status, headers = response.status_code, response.headers
    if status == 416 and have:
        # All of it is there, or what is there is longer than the file: that is seen when it is checked.
        if have == part.wanted.size or headers.get("content-range", "") == f"bytes */{have}":
            return
        part.drop()
        raise Incomplete("what was received before is no part of the file any more", where=where, do=_LATER)
    if status == 206:
        span = _RANGE.fullmatch(headers.get("content-range", ""))
        if span is None or int(span[1]) != have:
            part.drop()
            raise Incomplete("the server sent another part than was asked for", where=where, do=_LATER)
        _write(response, part, have, where)
        return
    if status != 200:
        raise _refused(status, headers, where)
    _write(response, part, 0, where)


def _refused(status: int, headers: requests.structures.CaseInsensitiveDict[str], where: str) -> LookError:
    if status in {404, 410}:
        return NotFound(f"there is no such file (HTTP {status})", where=where, do="It may come later.")
    if status == 429 or (status == 503 and "retry-after" in headers):
        error = Throttled(f"the site asks for fewer questions (HTTP {status})", where=where, do=_LATER)
        error.retry_after = retry_after_seconds(headers.get("retry-after"), pace.utc_now())
        return error
    if status in {401, 403}:
        do = "Check that the key is set, not expired and allowed for this file."
        return LoginRequired(f"the site does not accept the key (HTTP {status})", where=where, do=do)
    return ServerFault(f"the site has an error of its own (HTTP {status})", where=where, do=_LATER)


def _write(response: requests.Response, part: _Part, start: int, where: str) -> None:
    """The body to the disk. The first bytes say whether it is a file at all, whatever the status says."""
    wanted, size = part.wanted, start
    if response.headers.get("content-encoding", "identity") not in {"", "identity"}:
        raise LayoutChanged("the file comes in a coding that was not asked for", where=where)
    stream = _pieces(response, where)
    if not start:
        head = next(stream, b"")
        for piece in stream if len(head) < _HEAD and wanted.refuse(head, where) else ():
            head += piece
            if len(head) >= _HEAD:
                break
        if (error := wanted.refuse(head, where)) is not None:
            raise error
        part.begin(_strong(response.headers.get("etag", "")))
        with part.path.open("wb") as file:
            size = _add(file, head, size, part, where)
    with part.path.open("r+b") as file:
        file.seek(size)
        file.truncate()
        try:
            for piece in stream:
                size = _add(file, piece, size, part, where)
        finally:
            file.flush()
            os.fsync(file.fileno())


def _pieces(response: requests.Response, where: str) -> Iterator[bytes]:
    left = response.headers.get("content-length")
    count = 0
    for piece in wire.pieces(response, _CHUNK):
        count += len(piece)
        yield piece
    if left is not None and left.isdigit() and count < int(left):
        raise Unreachable("the connection broke before the file was whole", where=where, do=_LATER)


def _add(file: IO[bytes], piece: bytes, size: int, part: _Part, where: str) -> int:
    size += len(piece)
    most = part.wanted.size if part.wanted.size is not None else part.wanted.largest
    if size > min(most, part.wanted.largest):
        part.drop()
        raise LayoutChanged(
            f"the file is longer than the {most} bytes that it may have",
            where=where,
            do="It was not kept. If this stays so, please report it.",
        )
    file.write(piece)
    return size


def _strong(tag: str) -> str:
    return tag if tag.startswith('"') and len(tag) < 200 and tag.isascii() else ""


def _checked(part: _Part, where: str) -> tuple[int, str]:
    """Size and SHA-256 of what is whole now; what cannot be the file is not kept."""
    wanted, size = part.wanted, part.path.stat().st_size
    if wanted.size is not None and size < wanted.size:
        raise Unreachable(
            f"{size} of {wanted.size} bytes came before the connection ended", where=where, do=_LATER
        )
    made = hashlib.sha256()
    with part.path.open("rb") as file:
        while piece := file.read(1 << 20):
            made.update(piece)
    digest = made.hexdigest()
    if (wanted.size is not None and size != wanted.size) or (wanted.sha256 and digest != wanted.sha256):
        part.drop()
        raise Incomplete(
            "what came is not the file that the list describes (its size or SHA-256 differs)",
            where=where,
            do="It was not kept; the next run asks for it anew.",
        )
    return size, digest
