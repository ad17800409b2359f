"""Private persons are taken out of a page before it is kept as a case, by the rules of its source.

What the reader finds where the source says that persons stand (`Declaration.personal`) is looked for in
the bytes in every way in which a page can write it, and replaced by a sample. The page is then read again
(`capturing.py`): it must give the same record but for those names, and must name nobody to a second look
that shares nothing with the replacing (`named.py`). Otherwise nothing is kept: better no case than one that
names somebody, or one that is no longer what the register sent.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tmwatch.model import Frozen, Proceeding, TradeMark
from tmwatch.sources.base import Declaration, Personal
from tmwatch.sources.named import named
from tmwatch.text import has_company_form

_EMAIL = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._%+'-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_KEPT_EMAIL = re.compile(rb"@(?:[A-Za-z0-9-]+\.)*example\.(?:com|org|net)$")
# In the character sets in which registers write.
_CHARSETS = ("utf-8", "gb18030", "windows-1251", "latin-1")
_GAP = rb"(?:\s|&nbsp;|&#160;|&#xa0;|\\n|<br\s*/?>|,)+"
_LEAST = 3  # letters; what is shorter stands in half the words of a page
_LEAST_CJK = 2  # most Chinese and Korean names have two or three characters
_CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")
# Legal forms behind which one human being stands, whatever a source declares.
_ONE_HUMAN = re.compile(
    r"\bindividual|\b(?:natural|physical|private) person|\bsole (?:proprietor|trader)"
    r"|personne physique|natürliche person|persona (?:física|fisica|natural)|自然人|个人|個人|个体|個体|개인",
    re.IGNORECASE,
)
# Company forms that end no person's name. Not here: Co, Sa, As, Ab, Oy, Ag, Kg, Se … as bare words; "Nguyen
# Van Co", "Maria Sa" and "Anders As" are people. Who is not known for a company is taken out as a person.
_COMPANY = re.compile(
    r"(?<!\w)(?:inc|incorporated|llc|l\.l\.c|ltd|limited|corp|corporation|company|gmbh|mbh|kgaa|plc|llp|lllp"
    r"|pllc|pty|sdn\.? bhd|pte|pvt|& co|aktiengesellschaft|aktiebolag|société anonyme|sociedad anónima"
    r"|công ty|ооо|оао|зао|пао)(?!\w)"
    r"|公司|股份|集团|集團|株式会社|有限会社|合同会社|[(（]株[)）]|㈱|주식회사|유한회사|[(（]주[)）]|㈜"
    # Dotted forms at the end only, and without blanks: "John A.B. Smith" and "Kumar S. A." have initials.
    r"|(?<!\w)(?:s\.a|s\.p\.a|s\.r\.l|srl|sarl|s\.à\.?r\.l|s\.a\.s|s\.l|b\.v|n\.v|a\.ş|a/s|aps|s\.r\.o"
    r"|sp\. z o\.o|s\.a\. de c\.v|l\.l\.p)\.?$",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"[\s,]+(?:co|sa|as|ab|oy|ag|kg|se|nv|bv|sl|ks|sc|ou|oü|ad|da|aş|sas|oyj|spa)\.?$", re.IGNORECASE
)
_NAME_WORDS = 3  # as many plain words may be a person's name


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


def left_over(
    body: bytes, declaration: Declaration, records: Sequence[TradeMark], content_type: str = ""
) -> list[str]:
    """The persons of these records that the bytes still name, in any form (`named`): must be none.

    A company that stands where persons do is replaced, but may stand elsewhere: it is the owner, too.
    """
    persons = [
        (kind, text)
        for record in records
        for kind, text in _personal(record, declaration.personal)
        if kind in ("phone", "mail") or not is_company(text)
    ]
    return named(body, persons, content_type)


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
    # Where a name is withheld its role stands in its place ("Attorney of Record"): that is nobody.
    agents = [part for name in rules.fields & record.covers for part in _parts(getattr(record, name))]
    roles = frozenset(_folded(role) for one in agents if (role := getattr(one, "role", None)))
    for name in record.covers:
        value = getattr(record, name)
        if name in rules.fields and isinstance(value, str):
            yield from _texts("name", value)
        for part in _parts(value):
            if isinstance(part, Proceeding):  # the board's own people
                yield from _texts("name", part.attorney)
                yield from _texts("name", part.charged_to)
            elif name in rules.fields or _is_person(part, rules):
                yield from _of(part, roles)
            else:
                for mail in getattr(part, "emails", None) or ():
                    yield "mail", mail
                for phone in getattr(part, "phones", None) or ():
                    yield "phone", phone


def _parts(value: Any) -> Iterator[Any]:
    """Everything with a name in a value of a record, however deep, and the proceedings themselves."""
    if isinstance(value, Frozen):
        fields = type(value).model_fields
        if "name" in fields or isinstance(value, Proceeding):
            yield value
        for name in fields:
            yield from _parts(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _parts(one)


def _is_person(party: Any, rules: Personal) -> bool:
    """By the office's legal form; without one, who is not known for a company may be a person."""
    if form := getattr(party, "legal_form", None):
        return form.upper() in rules.individuals or bool(_ONE_HUMAN.search(form))
    return not any(
        is_company(name.strip()) for name in (party.name, getattr(party, "name_local", None)) if name
    )


def is_company(name: str) -> bool:
    """Whether this can be nothing but a company: stricter than `has_company_form`. False on doubt."""
    if _COMPANY.search(name):
        return True
    bare = _BARE.sub("", name.strip())
    # "Beispiel Elektro Maschinen Werke AG", "3 Bears Oy": no person's name in front of the form.
    plain = len(bare.split()) <= _NAME_WORDS and not re.search(r"[\d&+/@!]", bare)
    return bare != name.strip() and not plain and has_company_form(name)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _of(party: Any, roles: frozenset[str]) -> Iterator[tuple[str, str]]:
    def given(field: str) -> tuple[str, ...]:
        value = getattr(party, field, None) or ()
        return (value,) if isinstance(value, str) else value

    for text in (*given("name"), *given("name_local"), *given("aliases")):
        if _folded(text) not in roles:
            yield from _texts("name", text)
    for text in given("organisation"):
        yield from _texts("firm", text)
    for text in given("address_lines"):  # a postcode alone names nobody, and may be any other number
        yield from _texts("address", text)
    for text in given("phones"):
        yield from _texts("phone", text)
    for text in given("emails"):
        yield from _texts("mail", text)


def _texts(kind: str, text: str | None) -> Iterator[tuple[str, str]]:
    text = (text or "").strip()
    if len(text) < (_LEAST_CJK if _CJK.search(text) else _LEAST):
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
