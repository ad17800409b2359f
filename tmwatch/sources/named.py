"""Does a text still name somebody? An independent look, after persons have been taken out (`scrubbing.py`).

It shares nothing with the replacing, so that what that does not know it does not overlook too. The bytes are
read in every character set in question; URL, HTML and JSON escapes are undone; tags and comments go; accents,
case and all that is neither letter nor digit go. A name is looked for with its words in any order, and with
up to `_BETWEEN` other words between them (`"first": "…", "last": "…"`).

It errs on the side of refusing: a name that is an ordinary word of the page is found, too.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

_CHARSETS = ("utf-8", "gb18030", "windows-1251", "latin-1")
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9._-]{2,40})""", re.IGNORECASE)
_TAG = re.compile(r"""<!--.*?-->|<[A-Za-z/!?](?:[^<>"']|"[^"]{0,500}"|'[^']{0,500}')*>|<[^<>]*>""", re.DOTALL)
_ESCAPED = re.compile(r"""\\(?:u\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([nrtbf/"'\\]))""")
_PERCENT = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_APOSTROPHES = "'’‘ʼ`´′"
_ROUNDS = 3  # how deep escapes may lie in escapes
_BETWEEN = 4  # words
_LONG = 8  # letters of a name that no other words hold by chance: it need not stand between blanks
_PERMUTED = 4  # words; of a longer name every turn is looked for
_NATIONAL = 9  # digits at a phone number's end: the same with and without its country code
_SAMPLE = re.compile(
    r"sample (?:person|firm)(?: \d+)?|\d+ sample street|000-000-\d{4}|person(?:-\d+)?@example\.com",
    re.IGNORECASE,
)
_NOBODY = " nobody0nobody "  # in the place of a sample, so that its words are part of no other name
# Scripts that put no blanks between words.
_CJK = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\ua960-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]")


def named(body: bytes, personal: Iterable[tuple[str, str]], content_type: str = "") -> list[str]:
    """Those of the `personal` texts, (kind, text), that these bytes still say in any way known here.

    Kinds: "name", "firm", "address", "phone", "mail". Our own samples are nobody.
    """
    wanted = [
        _Wanted(kind, text) for kind, text in dict.fromkeys(personal) if not _SAMPLE.fullmatch(text.strip())
    ]
    found: dict[str, None] = {}
    if not wanted:
        return []
    for text in _readings(body, content_type):
        said = _Words(text)
        for one in wanted:
            if one.text not in found and one.stands_in(said):
                found[one.text] = None
    return list(found)


def _readings(body: bytes, content_type: str) -> Iterator[str]:
    """The bytes as text: in each character set, each depth of escapes, with and without tags."""
    seen: set[str] = set()
    declared = [
        found.decode("ascii")
        for found in {*_DECLARED.findall(body[:4096]), *_DECLARED.findall(content_type.encode())}
    ]
    charsets = tuple(dict.fromkeys((*declared, *_CHARSETS)))
    texts = [(_decoded(body, charset), charset) for charset in charsets]
    if b"\0" in body or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        texts += [
            (_decoded(body[start:], charset), "utf-8")
            for charset in ("utf-16-le", "utf-16-be")
            for start in (0, 1)
        ]
    for text, charset in texts:
        others = charsets if _PERCENT.search(text) else (charset,)
        for other in others:
            for depth in _undone(text, other):
                if depth in seen:
                    continue
                seen.add(depth)
                yield depth
                if "<" in depth:
                    yield _TAG.sub(" ", depth)
                    yield _TAG.sub("", depth)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return ""


def _undone(text: str, charset: str) -> Iterator[str]:
    yield text
    for _ in range(_ROUNDS):
        before = text
        try:
            text = unquote(text, encoding=charset, errors="replace")
        except LookupError:
            return
        text = html.unescape(_ESCAPED.sub(_char, text))
        # Two halves of one character, each written for itself.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if text == before:
            return
        yield text


def _char(found: re.Match[str]) -> str:
    number = found[1] or found[2] or found[3]
    if number:
        return chr(int(number, 16)) if int(number, 16) <= 0x10FFFF else " "
    return found[4] if found[4] in "\\/'\"" else " "


def _plain(text: str) -> list[str]:
    """The words: letters and digits only, without accents and case."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return text.translate({ord(char): _kept(char) for char in set(text)}).split()


def _kept(char: str) -> str | None:
    if char in _APOSTROPHES or unicodedata.category(char) in ("Mn", "Me", "Cf") or char == "\0":
        return None
    return char if char.isalnum() else " "


class _Words:
    """A text as words, as one string without blanks, and where in it words begin and end."""

    def __init__(self, text: str) -> None:
        self.words = _plain(_SAMPLE.sub(_NOBODY, text))
        self.joined = "".join(self.words)
        ends = list(itertools.accumulate(len(word) for word in self.words))
        self.starts = {0, *ends}
        self.places: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            self.places.setdefault(word, []).append(place)

    def holds(self, wanted: str, *, anywhere: bool) -> bool:
        place = self.joined.find(wanted)
        while place >= 0:
            if anywhere or (place in self.starts and place + len(wanted) in self.starts):
                return True
            place = self.joined.find(wanted, place + 1)
        return False

    def together(self, wanted: list[str]) -> bool:
        """All the words, in any order, with few others between them."""
        if not all(word in self.places for word in wanted):
            return False
        rarest = min(wanted, key=lambda word: len(self.places[word]))
        reach = len(wanted) + _BETWEEN
        for place in self.places[rarest]:
            around = self.words[max(0, place - reach + 1) : place + reach]
            for start in range(max(1, len(around) - reach + 1)):
                if set(wanted) <= set(around[start : start + reach]):
                    return True
        return False


class _Wanted:
    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        words = _plain(text)
        joined = "".join(words)
        self.forms = {joined} if joined else set()
        self.words: list[str] = []
        self.anywhere = bool(_CJK.search(joined)) or kind == "mail"
        if kind == "name" and len(words) > 1:
            orders: Iterable[tuple[str, ...]] = (
                itertools.permutations(words)
                if len(words) <= _PERMUTED
                else [(*words[turn:], *words[:turn]) for turn in range(len(words))]
            )
            self.forms |= {"".join(order) for order in orders}
            long = [word for word in words if len(word) > 1]
            self.words = long if len(long) > 1 else words
        if kind == "name" and len(joined) >= _LONG and len(words) > 1:
            self.anywhere = True
        if kind == "phone":
            digits = re.sub(r"\D", "", joined)
            if len(digits) > _NATIONAL:
                self.forms, self.anywhere = {digits[-_NATIONAL:]}, True

    def stands_in(self, said: _Words) -> bool:
        return any(said.holds(form, anywhere=self.anywhere) for form in self.forms) or (
            bool(self.words) and said.together(self.words)
        )
