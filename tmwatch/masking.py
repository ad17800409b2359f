"""Secrets that the other side says back: out of sight before anything is kept, logged or shown. Pure.

Registers print the request into their error pages, mail servers the login into their refusals, webhook
receivers the header that did not fit. What they say is kept as evidence, and no secret may be in it (design
law 13). A secret is found as it is and in the spellings that programs give it, and becomes as many
asterisks, so that a page keeps its length and its structure.
"""

from __future__ import annotations

import base64
import functools
import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

# A shorter secret would be found in words that are none. In a page that is kept as evidence more care is
# taken than in an error; the keys of offices are longer by far.
SHORTEST_IN_TEXT, SHORTEST_IN_PAGE = 4, 8


@functools.lru_cache(maxsize=64)
def _spellings(secret: str | None, shortest: int) -> tuple[str, ...]:
    bare = (secret or "").strip().removeprefix("whsec_")
    if len(bare) < shortest:
        return ()
    found = {
        bare,
        base64.b64encode(bare.encode()).decode(),
        bare.encode().hex(),
        quote(bare),
        quote(bare, safe=""),
        quote_plus(bare),
        html.escape(bare),
        json.dumps(bare)[1:-1],
        bare.replace("/", "\\/"),
    }
    return tuple(sorted(found, key=len, reverse=True))


def mask(text: str, secrets: Iterable[str | None]) -> str:
    """The text with every secret in it turned into asterisks, one for each character."""
    for secret in secrets:
        for spelling in _spellings(secret, SHORTEST_IN_TEXT):
            if spelling in text:
                text = text.replace(spelling, "*" * len(spelling))
    return text


def mask_bytes(body: bytes, secrets: Iterable[str | None]) -> bytes:
    """The same for bytes as received: nothing else of them is touched, whatever their encoding is.

    Secrets are ASCII in every header that carries them; one that is not is looked for in UTF-8.
    """
    for secret in secrets:
        for spelling in _spellings(secret, SHORTEST_IN_PAGE):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
                form = spelling.encode(encoding)
                if form in body:
                    body = body.replace(form, ("*" * len(spelling)).encode(encoding))
    return body
