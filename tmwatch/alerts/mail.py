"""An alert as an e-mail: text and HTML, stable from try to try.

The same delivery renders to the same bytes however often it is tried: Message-ID, Date and MIME
boundary come from the delivery, never from the clock, so that a receiver sees one message, not two.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import re
from collections.abc import Sequence
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tmwatch.alerts import summary, view
from tmwatch.alerts.payload import AlertPayload
from tmwatch.alerts.view_digest import DigestView, build_digest
from tmwatch.alerts.wording import Wording, wording
from tmwatch.text import clean_line

if TYPE_CHECKING:
    import jinja2


class _Policy(EmailPolicy):
    """Writes a subject, and the name before an address, whole as encoded words where it is not ASCII. `email`
    encodes word by word: it loses the blank between two such words, and may cut a letter into halves."""

    def fold(self, name: str, value: str) -> str:
        parties: tuple[Address, ...] = getattr(value, "addresses", ())
        if name.lower() == "subject" and not value.isascii():
            return self._whole(name, value, "")
        if len(parties) == 1 and parties[0].addr_spec.isascii() and not parties[0].display_name.isascii():
            return self._whole(name, parties[0].display_name, f"{self.linesep} <{parties[0].addr_spec}>")
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")

    def _whole(self, name: str, text: str, rest: str) -> str:
        written = Header(str(text), "utf-8", maxlinelen=self.max_line_length, header_name=name)
        return f"{name}: {written.encode(linesep=self.linesep)}{rest}{self.linesep}"


# 7-bit bodies pass every server, with or without 8BITMIME; lines end in CRLF as SMTP wants them.
POLICY = _Policy(linesep="\r\n", cte_type="7bit", max_line_length=76)
# Right of the @ in a Message-ID. Not the sender's domain: that may be edited between two tries, and
# the id must not change (design law 5). `.invalid` is nobody's name (RFC 2606).
ID_DOMAIN = "tmwatch.invalid"
MOST_THREADS = 10


def render_mail(
    payload: AlertPayload,
    *,
    recipient_name: str,
    address: str,
    sender: str,
    message_id: str,
    created_at: dt.datetime,
    language: str = "en",
    timezone: str = "UTC",
    contact: str = "",
    threads: Sequence[str] = (),
) -> EmailMessage:
    """The alert as a message to one address.

    `message_id` is the stable local part (or a whole id with "@"); `created_at` an aware instant, the
    Date of the message; `sender` an address, with or without a display name; `contact` who can stop these
    mails, an address or a page; `threads` the ids of the first mails about the same filings. Raises
    `ValueError` for an address that is none, a naive instant or an unknown language.
    """
    if created_at.tzinfo is None:
        raise ValueError("created_at must be an aware instant (UTC)")
    words = wording(language)
    template, shown = _shown(payload, words, timezone)
    message = EmailMessage(policy=POLICY)
    message["From"] = mailbox(sender, default_name="tmwatch")
    message["To"] = mailbox(address, default_name=recipient_name)
    message["Subject"] = header_text(shown.subject)
    message["Date"] = format_datetime(created_at.astimezone(dt.UTC))
    message["Message-ID"] = full_message_id(message_id)
    if threads:
        roots = [full_message_id(one) for one in threads[:MOST_THREADS]]
        if len(roots) == 1:  # an answer has one question only (RFC 5322 3.6.4)
            message["In-Reply-To"] = roots[0]
        message["References"] = " ".join(roots)
    digest = payload.digest
    message["List-Id"] = list_id(f"digest of {digest.recipient}" if digest is not None else payload.watch)
    if leave := _leave(contact):
        message["List-Unsubscribe"] = leave
    # RFC 3834: keeps out-of-office answers away; the second line is what Exchange listens to.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message["X-Tmwatch-Alert"] = f"{payload.kind}; significance={payload.significance.value}" + (
        "; sample" if summary.is_sample(payload) else ""
    )
    who = clean_line(contact, 200)
    stop = words.say("leave", contact=who, recipient=clean_line(recipient_name, 100)) if who else ""
    message.set_content(_render(f"{template}.txt.j2", shown, words, stop))
    message.add_alternative(_render(f"{template}.html.j2", shown, words, stop), subtype="html")
    # Late, because setting the content moves every Content-… header into the first part.
    message["Content-Language"] = words.tag
    message.set_boundary("=_tmwatch_" + hashlib.sha256(message_id.encode()).hexdigest()[:32])
    return message


def _shown(payload: AlertPayload, words: Wording, timezone: str) -> tuple[str, view.MailView | DigestView]:
    """The template, and what it shows."""
    if payload.digest is None:
        return "mail", view.build(payload, words, timezone)
    return "digest", build_digest(payload, payload.digest, words, timezone)


def header_text(text: str) -> str:
    """A text for a header, taken literally.

    `email` decodes what looks like an encoded word (RFC 2047) when a header is set, and then writes what
    it decoded: a mark named `=?utf-8?q?=0D=0ABcc=3A_x?=` adds a line of its own. Parted, it is no such word.
    """
    return clean_line(text).replace("=?", "= ?")


def full_message_id(message_id: str) -> str:
    """`<local@domain>` from the stable local part of a delivery."""
    bare = "".join(clean_line(message_id).split()).strip("<>")
    return f"<{bare}>" if "@" in bare else f"<{bare}@{ID_DOMAIN}>"


def list_id(watch: str) -> str:
    """The mails of one watch, for a filter (RFC 2919): the same as long as the watch keeps its name."""
    return f"<{slug(watch)}.{ID_DOMAIN}>"


def slug(watch: str) -> str:
    """A watch's name in letters, digits and hyphens of ASCII; two watches never have the same."""
    plain = re.sub(r"[^a-z0-9]+", "-", watch.lower()).strip("-")[:30].rstrip("-") or "watch"
    digest = hashlib.sha256(watch.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{plain}-{digest}"


def _leave(contact: str) -> str:
    """Where a mail program that offers "unsubscribe" turns to (RFC 2369): the operator."""
    address = clean_line(contact)
    if not address.isascii() or any(char.isspace() or char in '<>,"' for char in address):
        return ""
    if address.startswith("https://"):
        return f"<{address}>"
    if "@" not in address:
        return ""
    return f"<mailto:{quote(address, safe='@+')}?subject=unsubscribe%20tmwatch>"


def mailbox(text: str, *, default_name: str = "") -> Address:
    """One mailbox from `legal@example.com` or `"Legal" <legal@example.com>`.

    Raises `ValueError` when it is not exactly one ASCII address.
    """
    name, address = parseaddr(text if text.isprintable() else "")
    local, _, domain = address.rpartition("@")
    plain = local.isascii() and not any(char.isspace() for char in address)
    if not (local and domain and plain):
        raise ValueError(f"not an e-mail address: {clean_line(text, 100)!r}")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError(f"not an e-mail address: {clean_line(text, 100)!r}") from error
    return Address(display_name=header_text(name or default_name)[:80], username=local, domain=domain)


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2  # most runs have nothing to send

    return jinja2.Environment(
        loader=jinja2.PackageLoader("tmwatch.alerts", "templates"),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _render(template: str, shown: view.MailView | DigestView, words: Wording, stop: str) -> str:
    values: dict[str, Any] = {
        "stop": stop,
        "view": shown,
        "head": words.head,
        "label": words.label,
        "class_one": functools.partial(words.say, "class_one"),
        "colon": words.table["colon"],
    }
    return _environment().get_template(template).render(values)
