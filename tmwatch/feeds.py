"""Alerts as Atom feeds (RFC 4287): one of all, one for each watch, for a feed reader or a page of one's own.

The same alerts give the same bytes: ids come from the alerts' own, times from when they were made, nothing
from the clock. An entry says what a chat message says, private persons' addresses left out. Every text
passes the XML library as text (design law 12).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import re
import uuid
from pathlib import Path

from lxml import etree

from tmwatch import __version__
from tmwatch.alerts.channels.message import Line, build
from tmwatch.alerts.mail import slug
from tmwatch.config import Config, Recipient
from tmwatch.files import whole
from tmwatch.store import Database
from tmwatch.store.feed import Fed, alerts, latest, newest

MOST = 50  # entries; older ones stand in `tmwatch alerts list`
ALL = "all.atom"
_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def file_name(watch: str) -> str:
    """The file of a watch's feed, or of all ("")."""
    return f"{slug(watch)}.atom" if watch else ALL


def atom(database: Database, config: Config | None, watch: str = "") -> bytes:
    """The feed of a watch, or of all (""); the latest alerts first."""
    return _feed(database, config, watch, latest(database, MOST).get(watch, []))


def write_feeds(database: Database, config: Config) -> list[str]:
    """After a pass: write what has changed into `[store] feeds`, each file whole or not at all.

    Returns what went wrong, in sentences; nothing of it stops a pass.
    """
    folder = config.store.feeds
    if folder is None:
        return []
    watches = [one.name for one in config.watches]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # What is new of a watch is new of all: nearly always nothing is, and little is read to know it.
        if _stands(folder / ALL, _stamp(config, "", newest(database, MOST))) and all(
            (folder / file_name(name)).is_file() for name in watches
        ):
            return []
        found = latest(database, MOST)
        for watch in (*watches, ""):  # that of all last: by it the others are known to be written
            numbers = found.get(watch, [])
            target = folder / file_name(watch)
            if not _stands(target, _stamp(config, watch, numbers)):
                with whole(target, durable=False) as part:
                    part.write_bytes(_feed(database, config, watch, numbers))
    except OSError as error:
        return [f"the feeds in {folder} cannot be written: {error.strerror or error}"]
    return []


def _stands(target: Path, stamp: str) -> bool:
    """Whether the file is there already with just these alerts: to write it anew takes time."""
    try:
        with target.open("rb") as file:
            return stamp.encode() in file.read(300)
    except FileNotFoundError:
        return False


def _stamp(config: Config | None, watch: str, numbers: list[tuple[int, int]]) -> str:
    names = [watch, *(one.name for one in (config.watches if config is not None and not watch else ()))]
    shown = repr((__version__, [(name, _reader(config, name)) for name in names], numbers))
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:32]


def _reader(config: Config | None, watch: str) -> tuple[str, str]:
    """Language and zone: of the first who is told of the watch, or of anything."""
    found = config.watch(watch) if config is not None and watch else None
    names = found.notify if found is not None else ()
    people = config.recipients if config is not None else ()
    first = next((one for one in people if not names or one.name in names), Recipient(name="reader"))
    return first.language, first.timezone


def _feed(database: Database, config: Config | None, watch: str, numbers: list[tuple[int, int]]) -> bytes:
    language, timezone = _reader(config, watch)
    entries = list(alerts(database, [number for number, _ in numbers]))
    root = etree.Element(_name("feed"), nsmap={None: _ATOM})  # type: ignore[dict-item]
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "zh-Hans" if language == "zh" else language)
    contact = config.operator.contact if config is not None else ""
    _text(root, "id", _urn(f"feed\n{contact}\n{watch}"))
    _text(root, "title", f"tmwatch: {watch}" if watch else "tmwatch")
    _text(root, "updated", _stamp_of(max((one.updated for one in entries), default=_NEVER)))
    _text(etree.SubElement(root, _name("author")), "name", "tmwatch")
    _text(root, "generator", "tmwatch").set("version", __version__)
    for one in entries:
        _entry(root, one, language, timezone)
    comment = f"<!-- tmwatch {_stamp(config, watch, numbers)} -->\n".encode()
    return b"<?xml version='1.0' encoding='UTF-8'?>\n" + comment + etree.tostring(root, encoding="UTF-8")


def _entry(root: etree._Element, one: Fed, language: str, timezone: str) -> None:
    message = build(one.payload, alert=one.number, language=language, timezone=timezone)
    entry = etree.SubElement(root, _name("entry"))
    _text(entry, "id", _urn(one.uid))
    _text(entry, "title", message.title)
    _text(entry, "updated", _stamp_of(one.updated))
    for term in dict.fromkeys((one.payload.watch, one.payload.kind, one.payload.significance.value)):
        if term:
            etree.SubElement(entry, _name("category")).set("term", _xml(term))
    lines = message.lines(len(message.body))
    if link := next((line.href for line in lines if line.href), ""):
        place = etree.SubElement(entry, _name("link"))
        place.set("rel", "alternate")
        place.set("href", _xml(link))
    _text(entry, "content", "\n".join(map(_paragraph, lines))).set("type", "html")


def _paragraph(line: Line) -> str:
    text = html.escape(line.text)
    return f'<p><a href="{html.escape(line.href)}">{text}</a></p>' if line.href else f"<p>{text}</p>"


def _text(parent: etree._Element, name: str, text: str) -> etree._Element:
    found = etree.SubElement(parent, _name(name))
    found.text = _xml(text)
    return found


def _name(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _xml(text: str) -> str:
    """Without the few characters that XML cannot hold."""
    return _NO_XML.sub("\ufffd", text)


def _urn(seed: str) -> str:
    """An id that never changes; version 8 says that it is made of what we chose (RFC 9562)."""
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).digest()[:16]
    raw = int.from_bytes(digest, "big") & ~(0xF << 76) | 8 << 76
    raw = raw & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=raw).urn


def _stamp_of(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
