"""Single values of the configuration: what each may be, and what is said when it is something else.

Every function takes the value, returns it (tidied) or raises `Expected`. Values that may hold a secret
(addresses with a token in their path, names of variables) are never repeated in the error.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
import ipaddress
import re
import zoneinfo
from typing import Any
from urllib.parse import urlsplit

from tmwatch.changes.fields import NAMES
from tmwatch.config.mistakes import Expected
from tmwatch.errors import UsageError
from tmwatch.model import Significance
from tmwatch.numbers import parse_office
from tmwatch.schedules import parse_closed, parse_schedule
from tmwatch.text import has_letter

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:localhost|{_LABEL}(?:\.{_LABEL})+)")
_MAILBOX = re.compile(r'"?([^<>"@]{1,100}?)"?\s*<([^<>]+)>')
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_INTERVAL = re.compile(r"(\d{1,5})\s*(second|minute|hour|day|week)s?", re.IGNORECASE)
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_LONGEST = dt.timedelta(days=366)
_ANY_ZONE = zoneinfo.ZoneInfo("UTC")


def check_line(text: str) -> str:
    """Text on one line, without control characters: it goes into headers, subjects and the terminal."""
    tidy = text.strip()
    if not tidy:
        raise Expected("text that is not empty")
    if not all(char.isprintable() for char in tidy):
        raise Expected("text on one line without control characters")
    if len(tidy) > 300:
        raise Expected("text of at most 300 characters")
    return tidy


def check_email(text: str) -> str:
    """An address such as legal@example.com (ASCII: mail servers differ in what else they take)."""
    tidy = text.strip()
    if len(tidy) > 254 or not _EMAIL.fullmatch(tidy):
        raise Expected("an e-mail address such as legal@example.com")
    return tidy


def check_mailbox(text: str) -> str:
    """An address with or without a name before it: `tmwatch <tmwatch@example.com>`."""
    tidy = check_line(text)
    with_name = _MAILBOX.fullmatch(tidy)
    if not with_name:
        return check_email(tidy)
    check_email(with_name[2])
    return tidy


def check_env_name(text: str) -> str:
    """The name of an environment variable, never the secret itself."""
    if not _ENV_NAME.fullmatch(text) or text.startswith("whsec_"):
        raise Expected(
            "the name of an environment variable, e.g. TMWATCH_WEBHOOK_SECRET",
            do="If the secret itself stands here, take it out of the file and renew it.",
            hide=True,
        )
    return text


def check_office(text: str) -> str:
    """A WIPO ST.3 code in capitals; what people write instead (EU, UK, USPTO) is understood."""
    try:
        return parse_office(text)
    except UsageError as error:
        raise Expected(
            "an office by its two-letter WIPO ST.3 code such as US, CN, EM or WO",
            do=error.do if "IR" in error.message else "",
        ) from None


_TWINS = 'Write the names that count as one in brackets of their own: twins = [["JD", "京东"]].'


def check_twins(value: Any) -> Any:
    """Groups of names: one group without its own brackets is the usual slip."""
    if isinstance(value, str) or (
        isinstance(value, list) and value and all(isinstance(one, str) for one in value)
    ):
        raise Expected("a list of lists of names", do=_TWINS)
    return (
        tuple(tuple(one) if isinstance(one, list) else one for one in value)
        if isinstance(value, list)
        else value
    )


def check_twin(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that count as one: a mark is looked for with one in the place of the other."""
    if len(names) < 2:
        raise Expected(
            "two names or more: twins are names for the same, such as JD and 京东, and a mark is looked for "
            "under each of them",
            do=_TWINS,
        )
    if not all(has_letter(name) for name in names):
        raise Expected("names that have a letter or a digit: without one there is nothing to put in place")
    return names


def check_least(value: Significance) -> Significance:
    """From which significance on a change is told; cosmetic ones never are."""
    if value is Significance.COSMETIC:
        raise Expected("low, medium, high or critical (cosmetic changes are kept and never told)")
    return value


def check_zone(text: str) -> str:
    """A zone of the tz database."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        close = difflib.get_close_matches(text, sorted(known), n=1, cutoff=0.6)
        if not close:  # "Berlin" for "Europe/Berlin"
            close = sorted(name for name in known if name.lower().endswith(f"/{text.strip().lower()}"))
        raise Expected(
            "a time zone such as Europe/Berlin, Asia/Shanghai or UTC",
            do=f"Did you mean {close[0]}?" if close else "",
        ) from None
    return text


def check_schedule(text: str) -> str:
    """A schedule; which zone it is read in does not matter here."""
    try:
        parse_schedule(text, _ANY_ZONE)
    except ValueError as error:
        raise Expected(
            f"a schedule {error}" if str(error).startswith("such as") else f"a schedule: {error}"
        ) from None
    return text


def check_time(text: str) -> str:
    """A time of day on the 24-hour clock, "7:30" as "07:30"."""
    match = _TIME.fullmatch(text.strip())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise Expected('a time of day such as "07:30"')
    return f"{int(match[1]):02}:{match[2]}"


def check_closed(text: str) -> str:
    """Hours in which a register is not asked."""
    try:
        parse_closed(text, _ANY_ZONE)
    except ValueError as error:
        raise Expected(str(error)) from None
    return text


def is_loopback(host: str | None) -> bool:
    """Whether the name or address is this machine and no other."""
    if not host:
        return False
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(text: str) -> str:
    """An https address; plain http on this machine only. Never repeated: paths of webhooks hold tokens."""
    want = "an address that starts with https:// (http:// only on this machine)"
    if not all(char.isprintable() and char != " " for char in text):
        raise Expected(want + " and has no blanks", hide=True)
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise Expected(want, hide=True) from None
    if parts.username is not None or parts.password is not None:
        raise Expected(want + " without a name or password in it", hide=True)
    if parts.fragment:
        raise Expected(want + " without a # part", hide=True)
    host = parts.hostname
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not host or not port_is_fine or not secure:
        raise Expected(want, hide=True)
    return text


def one_or_more(value: Any) -> Any:
    """A single text as a list of one."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def check_field(text: str) -> str:
    """The name of a field as `tmwatch changes --json` shows it, or what stands for several of them."""
    name = text.strip()
    if name in NAMES:
        return name
    if name == "deadline":
        raise Expected(
            "the name of a field; deadlines are never muted",
            do="`[deadlines] remind` says when they are told.",
        )
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), NAMES, n=1, cutoff=0.6)
    meant = f"Did you mean {close[0]}? " if close else ""
    usual = ("status", "owners", "goods", "classes", "events", "representatives", "publications", "filing")
    whole = [*usual, *(one for one in NAMES if "." not in one and one not in usual)]
    raise Expected(
        "the name of a field",
        do=f"{meant}Fields: {', '.join(whole)}; or a part of one, such as owners.address.",
    )


def parse_until(value: Any) -> Any:
    """A day, or an instant with or without its zone."""
    if isinstance(value, dt.date):
        return value
    want = "a day (2026-12-31) or an instant (2026-12-31T18:00:00+01:00), without quotes"
    if not isinstance(value, str):
        raise Expected(want)
    text = value.strip()
    for read in (dt.date.fromisoformat, dt.datetime.fromisoformat):
        with contextlib.suppress(ValueError):
            found = read(text)
            if found.year < dt.MAXYEAR:  # it has a day after it
                return found
    raise Expected(want)


def parse_interval(value: Any) -> Any:
    """ "1 day", "6 hours", "90 minutes" → timedelta; a timedelta is left as it is."""
    if isinstance(value, dt.timedelta):
        return value
    match = _INTERVAL.fullmatch(value.strip()) if isinstance(value, str) else None
    want = 'a time span as text, e.g. "1 day", "6 hours" or "90 minutes"'
    if not match:
        raise Expected(want)
    span = dt.timedelta(**{match[2].lower() + "s": int(match[1])})
    if not dt.timedelta(0) < span <= _LONGEST:
        raise Expected(want + ", longer than nothing and at most a year")
    return span
