"""Any page, as bytes: cut off, in other character sets, and what comes in a page's place."""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace

from tests.conftest import ROOT
from tests.faults.hostile import CLOUDFLARE, LOGIN
from tests.faults.mutations.judge import BROKEN, EMPTY, End, Judge, Mutation, Verdict, production, refused
from tests.faults.mutations.judge import same as the_same
from tests.faults.mutations.judge import same_or_refused as the_same_or_refused
from tmwatch.errors import LookError, Outcome
from tmwatch.sources.base import Answer, Page, Source
from tmwatch.sources.expectation import load_case

_SHELL = b"<!DOCTYPE html><html><head><title>Status</title></head><body><div id='app'>"
SHELL = _SHELL + b" " * (474 - len(_SHELL) - 20) + b"</div></body></html>"
SCRIPT_SHELL = (
    b"<!DOCTYPE html><html><head><title>Search</title><script src='/main.js'></script></head>"
    b"<body><noscript>You need to enable JavaScript to run this app.</noscript><div id=root></div></body>"
    b"</html>"
)
CAPTCHA = (
    b"<html><head><title>Human Verification</title></head><body><form action='/check'>"
    b"<div class='g-recaptcha' data-sitekey='x'></div>Are you a robot?</form></body></html>"
)
SIGN_ON = (
    b"<html><head><title>Sign in</title></head><body><h1>Sign in to your account</h1><form method=post>"
    b"User <input name=user> Password <input type=password name=pass></form></body></html>"
)
REFUSAL = (
    b"<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1>"
    b"You don't have permission to access this on this server. Reference #18.2d351ab8</body></html>"
)
_ANY = frozenset(Outcome) - {Outcome.OK, Outcome.NOT_MODIFIED}
_UNTRUE = "iso-8859-1"


def mutations(page: Page, source: Source, before: End) -> Iterator[Mutation]:
    """See the top of this module."""
    size = len(page.body)
    for tenth in range(1, 10):
        cut = replace(page, body=page.body[: size * tenth // 10])
        # Cut pages of less than two kilobytes look like the throttled shell of the TSDR.
        yield Mutation(
            "truncated",
            f"at {tenth} tenths",
            cut,
            refused(*(_ANY if isinstance(before, LookError) else EMPTY)),
        )
    if isinstance(before, LookError):
        return
    for what, body in (("no byte", b""), ("one blank line", b"\r\n")):
        yield Mutation("empty 200", what, replace(page, body=body), refused(*EMPTY))
    # TSDR's way of saying "too fast" is called that; elsewhere the page is just not the one we know.
    for what, body in (("474 bytes", SHELL), ("a script that did not run", SCRIPT_SHELL)):
        yield Mutation("near-empty shell", what, replace(page, body=body), refused(*EMPTY))
    for what, body in (("Cloudflare", CLOUDFLARE), ("a captcha", CAPTCHA)):
        yield Mutation("challenge page", what, replace(page, body=body), refused(Outcome.BLOCKED))
    yield Mutation("challenge page", "a refusal", replace(page, body=REFUSAL), refused(Outcome.DECLINED))
    for what, body in (("short", LOGIN), ("with words", SIGN_ON)):
        yield Mutation("login page", what, replace(page, body=body), refused(Outcome.LOGIN_REQUIRED))
    for name, body in _other_pages():
        if name != source.declaration.id:
            foreign = replace(page, body=body)
            yield Mutation("another office's page", f"of {name}", foreign, refused(*BROKEN))
    yield from _charsets(page, source, before)


@functools.cache
def _other_pages() -> tuple[tuple[str, bytes], ...]:
    """One good page of each source that has a fixture, and one of an office that tmwatch does not know."""
    found: dict[str, bytes] = {}
    for path in sorted((ROOT / "fixtures").glob("*/*/meta.toml")):
        case = load_case(path.parent)
        if case.outcome is Outcome.OK:
            found.setdefault(case.source, (case.folder / case.page).read_bytes())
    return (*found.items(), ("nobody", _UNKNOWN_OFFICE))


_UNKNOWN_OFFICE = (
    b"<!DOCTYPE html><html><head><title>Trade mark register of Office XX</title></head><body>"
    b"<table><tr><th>Serial Number:</th><td>99990101</td></tr><tr><th>Status:</th><td>Registered</td></tr>"
    b"<tr><th>Filing Date:</th><td>2009-02-03</td></tr><tr><th>Owner Name:</th><td>Sample Ltd</td></tr>"
    b"</table></body></html>"
) + b"<!-- padding so that it is no shell -->" * 60


# -- character sets ----------------------------------------------------------------------------------------

# A name that needs the character set, and the set of an office that would write it.
_SAMPLES = (
    ("München Société Señal", "windows-1252"),
    ("样品港口工程有限公司", "gb18030"),
    ("Образец портовых работ", "windows-1251"),
)


def _charsets(page: Page, source: Source, before: Answer) -> Iterator[Mutation]:
    for sample, charset in _SAMPLES:
        text = _with_sample(page, before, sample)
        if text is None:
            continue
        plain = replace(page, body=_declare(text, "utf-8").encode())
        good = production(source, plain)
        yield Mutation("charset", f"UTF-8 with {sample}", plain, _carries(sample))
        for wrong in (_UNTRUE, charset, "x-nonsense"):
            untrue = replace(page, body=_declare(text, wrong).encode())
            yield Mutation("charset", f"UTF-8 that says {wrong} ({sample})", untrue, _as(good))
            header = replace(plain, content_type=f"text/html; charset={wrong}")
            yield Mutation("charset", f"UTF-8, header says {wrong} ({sample})", header, _as(good))
        undeclared = _declare(text, "")
        yield Mutation(
            "charset", f"UTF-8 undeclared ({sample})", replace(page, body=undeclared.encode()), _as(good)
        )
        try:
            body = undeclared.encode(charset)
        except UnicodeEncodeError:  # the page's own words do not exist in that set
            continue
        may_refuse = _as(good, or_refused=True)
        yield Mutation("charset", f"{charset} undeclared ({sample})", replace(page, body=body), may_refuse)
        declared = replace(page, body=_declare(text, charset).encode(charset))
        # JSON is UTF-8 (RFC 8259); only a page or file that can say its character set must be understood.
        says = declared.body != body
        yield Mutation("charset", f"{charset} declared ({sample})", declared, _as(good, or_refused=not says))
        header = replace(page, body=body, content_type=f"text/html; charset={charset}")
        yield Mutation("charset", f"{charset} in the header ({sample})", header, may_refuse)
        untrue = replace(page, body=_declare(text, "utf-8").encode(charset))
        yield Mutation("charset", f"{charset} that says UTF-8 ({sample})", untrue, may_refuse)


def _as(good: End, or_refused: bool = False) -> Judge:
    """Against what the same page gives in UTF-8, not against the page without the sample."""

    def judge(before: End, after: End) -> Verdict:
        return the_same_or_refused(good, after) if or_refused else the_same(good, after)

    return judge


def _carries(sample: str) -> Judge:
    def judge(before: End, after: End) -> Verdict:
        if isinstance(after, Answer) and any(
            owner.name == sample for one in after.readings for owner in one.record.owners
        ):
            return Verdict("same")
        return Verdict("wrong", f"no owner called {sample}: {after}"[:200])

    return judge


def _with_sample(page: Page, before: Answer, sample: str) -> str | None:
    """The page as text with another owner's name; None where no owner's name stands in it as it is."""
    names = [owner.name for one in before.readings for owner in one.record.owners]
    try:
        text = page.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    for name in names:
        for written in (name, html.escape(name, quote=False), json.dumps(name)[1:-1]):
            if written in text:
                return text.replace(written, sample)
    return None


def _declare(text: str, charset: str) -> str:
    """The page saying that it is in this character set, nothing for ""."""
    if text.lstrip().startswith("<?xml"):
        said = f' encoding="{charset}"' if charset else ""
        return re.sub(r"<\?xml[^>]*\?>", f'<?xml version="1.0"{said}?>', text, count=1)
    text = re.sub(r"<meta[^>]+charset[^>]*>", "", text, flags=re.IGNORECASE)
    if charset and re.search(r"<head\b[^>]*>", text, re.IGNORECASE):
        return re.sub(
            r"(<head\b[^>]*>)", rf'\1<meta charset="{charset}">', text, count=1, flags=re.IGNORECASE
        )
    return text
