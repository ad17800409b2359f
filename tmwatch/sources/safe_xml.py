"""XML from strangers, read safely: no document type, no entities, no network, no huge trees."""

from __future__ import annotations

import functools

from lxml import etree

from tmwatch.errors import Incomplete, LayoutChanged


def parse(body: bytes, where: str) -> etree._Element:
    """The root element. Raises `LayoutChanged` for a document type, `Incomplete` for a cut-off file."""
    # UTF-16 spells the same characters with zero bytes between them.
    if b"!" in body or b"\0" in body:
        head = body[:20_000].replace(b"\0", b"").upper()
        if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
            raise LayoutChanged(
                "the XML carries a document type; the register's own files never do",
                where=where,
                do="Do not trust this file. Fetch the record again from the register.",
            )
    parser = _parser(true_encoding(body))
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Incomplete(
            f"the XML cannot be read to its end ({str(error)[:120]})",
            where=where,
            do="Fetch or save the record again.",
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise LayoutChanged("the XML carries a document type", where=where)
    return root


@functools.lru_cache(maxsize=2)
def _parser(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
    )


def true_encoding(body: bytes) -> str | None:
    """UTF-8 where the bytes can be nothing else, whatever the file says of itself; None to believe it."""
    if b"\0" in body[:64]:  # UTF-16 looks like UTF-8 with zeros
        return None
    try:
        body.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError:
        return None
