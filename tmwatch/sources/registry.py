"""All sources, ours and those of third parties, found through the entry point group `tmwatch.sources`."""

from __future__ import annotations

import contextlib
import csv
import functools
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from urllib.parse import quote

from tmwatch.errors import NotThisSource, UsageError
from tmwatch.numbers import parse_office
from tmwatch.offices import office_label
from tmwatch.sources.base import Page, Source
from tmwatch.text import clean_line

# Ours are named here too, so that they are found without installed metadata (a checkout on PYTHONPATH).
_OWN = {
    "br.inpi": "tmwatch.sources.br.inpi",
    "us.tsdr": "tmwatch.sources.us.tsdr",
    "us.daily": "tmwatch.sources.us.daily",
    "us.ttab": "tmwatch.sources.us.ttab",
    "us.tsdr-api": "tmwatch.sources.us.tsdr_api",
    "em.euipo": "tmwatch.sources.em.euipo",
    "tmview": "tmwatch.sources.tmview.tmview",
    "cn.tianyancha": "tmwatch.sources.cn.tianyancha",
    "wo.madrid": "tmwatch.sources.wo.madrid",
    "fi.prh": "tmwatch.sources.fi.prh",
    "se.prv": "tmwatch.sources.se.prv",
    "ua.nipo": "tmwatch.sources.ua.nipo",
    "cn.cnipa": "tmwatch.sources.cn.cnipa",
    "vn.ipvn": "tmwatch.sources.vn.ipvn",
}


_extra: dict[str, Source] = {}


@functools.cache
def _installed() -> dict[str, Source]:
    found: dict[str, Source] = {name: import_module(path).SOURCE for name, path in _OWN.items()}
    for point in entry_points(group="tmwatch.sources"):
        if point.name not in found:
            found[point.name] = point.load()
    return dict(sorted(found.items()))


def all_sources() -> dict[str, Source]:
    """Every source by its id, in a stable order."""
    return dict(sorted({**_installed(), **_extra}.items())) if _extra else _installed()


def asked_unasked() -> tuple[str, ...]:
    """The sources that are live by default: nobody has to give a key or to switch them on."""
    return tuple(name for name, one in all_sources().items() if one.declaration.live_default == "on")


def is_installed(source_id: str) -> bool:
    """Whether another process of ours finds the same source under this id (see `extra_sources`)."""
    return source_id not in _extra and source_id in _installed()


@contextlib.contextmanager
def extra_sources(*sources: Source) -> Iterator[None]:
    """Sources that this process knows only for a while: the fictional office of the demonstration."""
    named = {source.declaration.id: source for source in sources}
    _extra.update(named)
    try:
        yield
    finally:
        for name in named:
            _extra.pop(name, None)


def get_source(source_id: str) -> Source:
    """The source of that id. Raises `UsageError` naming those that exist."""
    try:
        return all_sources()[source_id]
    except KeyError:
        known = f"Known sources: {', '.join(all_sources())}."
        near = _of_office(source_id)
        raise UsageError(
            f"there is no source `{clean_line(source_id, 60)}`", do=f"{near} {known}" if near else known
        ) from None


def _of_office(text: str) -> str:
    """The sources of the office that somebody named in place of a source; "" for no office."""
    try:
        office = parse_office(text)
    except UsageError:
        return ""
    found = [name for name, one in all_sources().items() if one.declaration.speaks_for(office)]
    whose = office_label(office)
    return f"Sources for {whose}: {', '.join(found)}." if found else f"There is none for {whose} yet."


def register_link(source_id: str, number: str | None) -> str | None:
    """The register's own page about a filing, for people; None where there is none."""
    source = all_sources().get(source_id)
    if source is None or not source.declaration.record_url or not number:
        return None
    # The number comes from a page: whatever it holds, it stays one parameter of this one address.
    digits = "".join(char for char in number if char.isdigit())
    link = source.declaration.record_url.replace("{digits}", quote(digits, safe=""))
    return link.replace("{number}", quote(number, safe=""))


def _looks_like(body: bytes) -> tuple[str, str] | None:
    """(whose page it may be, what to do instead): says more to its owner than "no page of a register"."""
    table = files("tmwatch.data").joinpath("other_registers.csv").read_text(encoding="utf-8")
    text = body[:500_000].decode("latin-1")  # one character a byte; the patterns take the same form
    for row in csv.DictReader(table.splitlines()):
        if re.search(row["pattern"].encode().decode("latin-1"), text, re.DOTALL):
            return row["what"], row["instead"]
    if _is_plain_text(body[:_SOME]):
        return (
            "plain text (a page saved as “text only” has lost what its values belong to)",
            "Save the register's page again as “Webpage, complete”, “single file” (MHTML) or “HTML only”.",
        )
    return None


_SOME = 100_000  # bytes by which text is told


def _is_plain_text(body: bytes) -> bool:
    """Text without a single tag, and no JSON: what browsers call "text only"."""
    text = body.decode("utf-8", "replace").strip()
    odd = sum(char < " " and char not in "\t\n\r\f" or char == "\ufffd" for char in text)
    return bool(text) and text[0] not in "<{[" and odd <= len(text) // 100 and not _A_TAG.search(text)


_A_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


def tell_source(page: Page) -> Source:
    """Which source these bytes come from. Raises `NotThisSource` when none recognises them."""
    scored = [(source.sniff(page), name) for name, source in all_sources().items()]
    best, name = max(scored, default=(0, ""))
    if best <= 0:
        what, instead = _looks_like(page.body) or ("", "")
        raise NotThisSource(
            f"this looks like {what}, which tmwatch cannot read"
            if what
            else "this is not a page of a register that tmwatch can read",
            where=page.name or page.url,
            do=instead
            or "`tmwatch source list` shows what can be imported. Save the register's page again "
            "(complete page, not a picture or a PDF) and import that file.",
        )
    return all_sources()[name]
