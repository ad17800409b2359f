"""Private persons are taken out of a page before it is kept as a case, by the rules of its source.

What the reader finds where the source says that persons stand (`Declaration.personal`) is looked for in
the bytes in every way in which a page can write it, and replaced by a sample. The page is then read again
(`capturing.py`): it must give the same record but for those names. Where it does not, nothing is kept:
better no case than one that names somebody, or one that is no longer what the register sent.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tmwatch.model import Frozen, Party, TradeMark
from tmwatch.sources.base import Declaration, Personal
from tmwatch.text import has_company_form

_EMAIL = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._%+'-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_KEPT_EMAIL = re.compile(rb"@(?:[A-Za-z0-9-]+\.)*example\.(?:com|org|net)$")
# In the character sets in which registers write.
_CHARSETS = ("utf-8", "gb18030", "windows-1251", "latin-1")
_GAP = rb"(?:\s|&nbsp;|&#160;|&#xa0;|\\n|<br\s*/?>|,)+"
_LEAST = 3  # characters; what is shorter stands in half the words of a page


def scrubbed(body: bytes, declaration: Declaration, records: Sequence[TradeMark]) -> tuple[bytes, int]:
    """The page without the persons in these records and without mail addresses; how much was replaced."""
    count = 0
    names: dict[str, str] = {}
    for record in records:
        for kind, value in _personal(record, declaration.personal):
            names.setdefault(value, _sample(kind, len(names) + 1))
    # The longest first: a name may be part of a firm's.
    for value, sample in sorted(names.items(), key=lambda one: -len(one[0])):
        body, found = _replaced(body, value, sample)
        count += found
    for pattern in declaration.personal.patterns:
        body, found = re.subn(pattern.encode(), b"Sample Person", body)
        count += found
    body, found = _without_mail(body, declaration)
    return body, count + found


def left_over(body: bytes, declaration: Declaration, records: Sequence[TradeMark]) -> list[str]:
    """The persons of these records that the page still names: must be none."""
    found = []
    for record in records:
        for _, value in _personal(record, declaration.personal):
            if any(pattern.search(body) for pattern in _patterns(value)):
                found.append(value)
    return list(dict.fromkeys(found))


def _without_mail(body: bytes, declaration: Declaration) -> tuple[bytes, int]:
    """Mail addresses of the office itself may stay."""
    office = ".".join(declaration.base_url.split("//")[-1].split("/")[0].split(":")[0].split(".")[-2:])
    count = 0

    def other(found: re.Match[bytes]) -> bytes:
        nonlocal count
        if _KEPT_EMAIL.search(found[0]) or found[0].lower().endswith(office.lower().encode()):
            return found[0]
        count += 1
        return b"person@example.com"

    return _EMAIL.sub(other, body), count


def _personal(record: TradeMark, rules: Personal) -> Iterator[tuple[str, str]]:
    """(kind, text) of everything personal in the record, each once or more."""
    for name in record.covers:
        value = getattr(record, name)
        if name in rules.fields and isinstance(value, str):
            yield from _texts("name", value)
        for party in _parties(value):
            if name in rules.fields or _is_person(party, rules):
                yield from _of(party)
            else:
                for mail in party.emails or ():
                    yield "mail", mail
                for phone in party.phones or ():
                    yield "phone", phone


def _parties(value: Any) -> Iterator[Party]:
    """Every party in a value of a record, however deep."""
    if isinstance(value, Party):
        yield value
    elif isinstance(value, Frozen):
        for name in type(value).model_fields:
            yield from _parties(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _parties(one)


def _is_person(party: Party, rules: Personal) -> bool:
    """By the legal form that the office gives; without one, who has no company's name may be a person."""
    if party.legal_form:
        return party.legal_form.upper() in rules.individuals
    return not any(has_company_form(name) for name in (party.name, party.name_local) if name)


def _of(party: Party) -> Iterator[tuple[str, str]]:
    for text in (party.name, party.name_local, *(party.aliases or ())):
        yield from _texts("name", text)
    yield from _texts("firm", party.organisation)
    for text in party.address_lines or ():  # a postcode alone names nobody, and may be any other number
        yield from _texts("address", text)
    for text in party.phones or ():
        yield from _texts("phone", text)
    for text in party.emails or ():
        yield from _texts("mail", text)


def _texts(kind: str, text: str | None) -> Iterator[tuple[str, str]]:
    text = (text or "").strip()
    if len(text) < _LEAST:
        return
    yield kind, text
    if kind == "name" and re.fullmatch(r"[^\W\d]+(?: [^\W\d]\.?)? [^\W\d]+", text):
        first, _, last = text.rpartition(" ")
        yield kind, f"{last}, {first}"


def _sample(kind: str, number: int) -> str:
    return {
        "name": f"Sample Person {number}",
        "firm": f"Sample Firm {number}",
        "address": f"{number} Sample Street",
        "phone": f"000-000-{number:04d}",
        "mail": f"person-{number}@example.com",
    }[kind]


def _replaced(body: bytes, value: str, sample: str) -> tuple[bytes, int]:
    count = 0
    for pattern in _patterns(value):
        body, found = pattern.subn(sample.encode("ascii"), body)
        count += found
    return body, count


def _patterns(value: str) -> list[re.Pattern[bytes]]:
    """The value in each character set and escape, its words apart by whatever a page puts between them."""
    forms: dict[bytes, None] = {}
    words = re.split(r"[\s,]+", value.strip())
    for charset in _CHARSETS:
        for written in (str, html.escape, _numeric, _as_json):
            try:
                parts = [re.escape(written(word).encode(charset)) for word in words if word]
            except UnicodeEncodeError:
                continue
            forms[_GAP.join(parts)] = None
    border = rb"(?<![A-Za-z0-9])%s(?![A-Za-z0-9])"
    return [re.compile(border % form, re.IGNORECASE) for form in forms]


def _numeric(text: str) -> str:
    return "".join(char if char.isascii() else f"&#{ord(char)};" for char in text)


def _as_json(text: str) -> str:
    return json.dumps(text)[1:-1]
