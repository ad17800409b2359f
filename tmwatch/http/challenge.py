"""Tells pages that stand in the way (captcha, script challenge, refusal, login) from pages of a register.

    detect(page) -> Blocked | Declined | LoginRequired | None

Asked before any parser sees a page, for live looks and for imported files alike, because such a page
read as a record would look like a record that lost every field, and a search full of nothing would
look like zero filings (juriscraper #623 was silent for four months that way). The words it knows
stand in `data/challenges.csv`.

It may never fire on a real page. Registers carry the scripts of their firewalls and captchas in good
pages too (the USPTO's result page loads AWS WAF's `challenge.js`), and a mark may be called ACCESS
DENIED. So a sign counts only in a page that has next to nothing else to say: `most_text` is the
longest visible text, in characters, that a page with that sign may have.
"""

from __future__ import annotations

import csv
import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import urlsplit

from tmwatch.errors import Blocked, Declined, LoginRequired, LookError, Outcome
from tmwatch.sources.base import Page

_LONGEST = 1 << 20  # bytes; no page in the way is longer, and a bulk file need not be searched
_HEAD = 400  # characters of visible text in which a sentence of refusal must begin
_HTML_SIGNS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<script", b"<meta")

# AWS WAF (202 or 405) and Cloudflare say in a header what they did; both are documented by them.
_HEADER_SIGNS = {"x-amzn-waf-action": "an AWS WAF challenge", "cf-mitigated": "a Cloudflare challenge"}

_LOGIN_WORDS = re.compile(
    r"\b(log ?[io]n|sign ?[io]n|single sign-on|sso|authentication required|anmelden|anmeldung|connexion"
    r"|identification|iniciar sesi[oó]n|вход|авторизация)\b|登录|登陆|登入|统一身份认证|ログイン|로그인",
    re.IGNORECASE,
)
LOGIN_PATH = re.compile(
    r"(?:^|/)(?:[\w-]*log-?[io]n|sign-?[io]n|sso|oauth2?|openid-connect|saml2?|cas|idp|adfs)(?:[./;?]|$)",
    re.IGNORECASE,
)
CHALLENGE_PATH = re.compile(
    r"captcha|challenge|/_incapsula_|/tspd/|verify-?human|/error/revise", re.IGNORECASE
)
_PASSWORD_FIELD = re.compile(rb"<input\b[^<>]{0,500}\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_SSO_FORM = re.compile(rb"<input\b[^<>]{0,200}\bname\s*=\s*[\"']?samlrequest\b", re.IGNORECASE)
# Rui-Shu, the script shell before CNIPA's register: scripts marked r='m' and the `$_ts` object.
_RUISHU_SCRIPT = re.compile(rb"<(?:script|meta)\b[^<>]{0,100000}\br\s*=\s*[\"']?m\b", re.IGNORECASE)
_FILING_NUMBER = re.compile(r"(?<!\d)\d{6,}(?!\d)")


class _Sign(NamedTuple):
    outcome: Outcome
    place: str
    pattern: re.Pattern[str]
    literal: bytes
    most_text: int
    what: str


@dataclass(frozen=True)
class _Seen:
    """What a reader of the page would see, in short."""

    title: str
    text: str


def is_html(body: bytes) -> bool:
    """Is this HTML, by its content? A content type proves nothing: bulk files that are missing come
    as 200 with a page, and JSON comes as text/html."""
    head = body[:2048].removeprefix(b"\xef\xbb\xbf").lstrip()[:1024].lower()
    return head.startswith(b"<") and any(sign in head for sign in _HTML_SIGNS)


def detect(page: Page) -> LookError | None:
    """The error that this page amounts to, or None if nothing speaks against it. Never raises."""
    said = by_headers(page)
    if said is not None:
        return said
    where = page.name or page.url
    if not page.body or len(page.body) > _LONGEST:
        return None
    if not is_html(page.body):
        # A firewall may answer in one line of plain text. Data formats are left to their readers.
        plain = _decode(page.body).strip() if len(page.body) < 1000 else ""
        if not plain or plain[0] in "<{[":
            return None
        return _by_signs(_Seen(plain.splitlines()[0].strip(), _squeeze(plain)), b"", where)
    low = page.body.lower()
    if _surely_long(page.body) and not any(word in low for word in _WORDS_OF_LONG_ONES):
        return None
    seen = _look_at(page.body)
    return _by_signs(seen, low, where) or _ruishu(seen, page.body, where) or _login(seen, page, where)


def by_headers(page: Page) -> LookError | None:
    """The same by what the headers of the answer say alone."""
    headers = {name.lower(): value for name, value in page.headers.items()}
    for name, what in _HEADER_SIGNS.items():
        if headers.get(name, "").strip().lower() in {"challenge", "captcha"}:
            return _error(Outcome.BLOCKED, what, page.name or page.url)
    return None


# Without one of these, no page that is longer than every sign allows is anything but a page: the shell of
# Rui-Shu, the form of a single sign-on, a password field.
_WORDS_OF_LONG_ONES = (b"$_ts", b"samlrequest", b"password")
_START = 20_000  # characters


def _surely_long(body: bytes) -> bool:
    """Whether already the start of the page shows more text than any sign allows for the whole of it.

    Most looks meet a page of 80 kB that is nothing but a record, and to take all of its tags away is half
    the cost of such a look.
    """
    if len(body) <= _START:
        return False
    try:
        start = body.decode("utf-8-sig")[:_START]
    except UnicodeDecodeError:
        return False
    start = start[: start.rfind("<")]  # no half tag is taken for text
    return len(_text(start)) > max(sign.most_text for sign in _signs())


def _by_signs(seen: _Seen, markup: bytes, where: str) -> LookError | None:
    for sign in _signs():
        if len(seen.text) > sign.most_text:
            continue
        if sign.place == "title":
            hit = sign.pattern.fullmatch(seen.title) is not None
        elif sign.place == "text":
            found = sign.pattern.search(seen.text[: _HEAD + 200])
            hit = found is not None and found.start() < _HEAD
        else:
            hit = sign.literal in markup
        # The number of a filing proves a record, whatever the mark or a script on its page is called.
        if hit and not _shows_record(seen):
            return _error(sign.outcome, sign.what, where)
    return None


def _shows_record(seen: _Seen) -> bool:
    """A page with a filing number and several dates beside it is a record, not a page in the way."""
    return bool(_FILING_NUMBER.search(seen.text)) and len(_DATE.findall(seen.text)) >= 2


_DATE = re.compile(
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{4}\b"
    r"|\b[A-Z][a-z]{2}\.? \d{1,2}, \d{4}\b|\d{4}年\d{1,2}月\d{1,2}日"
)


def _ruishu(seen: _Seen, body: bytes, where: str) -> LookError | None:
    # CNIPA's own pages keep the shell after a browser has passed it, so a saved record has it too:
    # only a page without any filing number is the shell alone.
    if b"$_ts" not in body or not _RUISHU_SCRIPT.search(body) or _FILING_NUMBER.search(seen.text):
        return None
    return _error(Outcome.DECLINED, "a script shell that shuts out programs (Rui-Shu)", where)


def _login(seen: _Seen, page: Page, where: str) -> LookError | None:
    if _SSO_FORM.search(page.body) and len(seen.text) < 500:
        return _error(Outcome.LOGIN_REQUIRED, "a login page", where)
    if not _PASSWORD_FIELD.search(page.body) or _shows_record(seen):
        return None
    named = _LOGIN_WORDS.search(seen.title) or LOGIN_PATH.search(urlsplit(page.url).path if page.url else "")
    # Some registers keep a small login box beside the record: that is no login page.
    if (named and len(seen.text) < 2500) or (len(seen.text) < 600 and _LOGIN_WORDS.search(seen.text)):
        return _error(Outcome.LOGIN_REQUIRED, "a login page", where)
    return None


def _error(outcome: Outcome, what: str, where: str) -> LookError:
    message = f"the answer is {what} instead of a page of the register"
    by_hand = "Open the page in a browser, save it and give the file to `tmwatch import`."
    if outcome is Outcome.BLOCKED:
        return Blocked(message, where=where, do=f"tmwatch never solves one. {by_hand}")
    if outcome is Outcome.DECLINED:
        return Declined(message, where=where, do=f"The site declines programs. {by_hand}")
    return LoginRequired(
        message,
        where=where,
        do="Check the key of this source (`tmwatch source list` names it). tmwatch shares no personal "
        f"login. {by_hand}",
    )


@functools.cache
def _signs() -> tuple[_Sign, ...]:
    table = files("tmwatch.data").joinpath("challenges.csv").read_text(encoding="utf-8")
    return tuple(
        _Sign(
            Outcome(row["outcome"]),
            row["place"],
            re.compile(re.escape(row["pattern"]) if row["place"] == "markup" else row["pattern"], re.I),
            row["pattern"].lower().encode(),
            int(row["most_text"]),
            row["what"],
        )
        for row in csv.DictReader(table.splitlines())
    )


def _decode(body: bytes) -> str:
    # For judging only, never for the record: GB18030 is what Chinese pages without UTF-8 are in.
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("gb18030", errors="replace")


def _squeeze(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _look_at(body: bytes) -> _Seen:
    markup = _decode(body)
    found = re.search(r"<title\b[^<>]*>([^<]{0,300})", markup, re.IGNORECASE)
    title = _squeeze(found[1]) if found else ""
    return _Seen(title, _text(markup))


def _text(markup: str) -> str:
    return _squeeze(re.sub(r"<[^<>]*>", " ", "".join(_without_code(markup))))


def _without_code(markup: str) -> Iterator[str]:
    """The parts outside of scripts, styles, comments and the title.

    By searching forwards only: the obvious expression with `.*?` takes minutes on a hostile page
    that opens a hundred thousand scripts and closes none.
    """
    low = markup.lower()
    if len(low) != len(markup):  # a few letters grow when lowered; then positions would not fit
        markup = low
    place = 0
    for opening in re.finditer(r"<(script|style|title|!--)", low):
        if opening.start() < place:
            continue
        yield markup[place : opening.start()]
        yield " "
        end = "-->" if opening[1] == "!--" else f"</{opening[1]}"
        closing = low.find(end, opening.end())
        if closing < 0:
            return
        place = closing + (3 if end == "-->" else 0)
    yield markup[place:]
