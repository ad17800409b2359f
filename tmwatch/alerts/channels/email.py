"""E-mail by SMTP: one message to one address, over a connection whose certificate was verified.

An answer 4xx is passing, 5xx to the address or the message is final for that address. A refused login
or sender is the operator's to mend: the messages wait.
"""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any

from tmwatch.alerts.channels.base import KEPT, BrokeOff, EndpointDown, OperatorNeeded, answer_line
from tmwatch.alerts.delivery import Delivery
from tmwatch.alerts.mail import mailbox, render_mail
from tmwatch.config import Config, Recipient, Smtp, is_loopback
from tmwatch.errors import ConfigError, DeliveryError, PermanentDeliveryError
from tmwatch.http.watchdog import Watchdog, watched

# 530 login required, 534/535/538 login refused or too weak (RFC 4954).
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_STEPS = 3  # times the time-out of a single step is what a whole message may take
MOST_SECONDS = 600.0  # … and never longer than a lease of the outbox holds
_GOODBYE_SECONDS = 2.0
_LONGEST_ANSWER = 1 << 16  # bytes; servers say a few lines


class _Bounded:
    """The file smtplib reads answers from, with an end: "220-…" can be said for ever."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.left = _LONGEST_ANSWER

    def readline(self, limit: int) -> bytes:
        line: bytes = self._file.readline(limit)
        self.left -= len(line)
        if self.left < 0:
            raise OSError("its answer has no end")
        return line

    def close(self) -> None:
        self._file.close()


class _Server(smtplib.SMTP):
    """smtplib's client, its socket under the watchdog and its answers bounded."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return watched(super()._get_socket(host, port, timeout))  # type: ignore[misc]

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        if isinstance(self.file, _Bounded):
            self.file.left = _LONGEST_ANSWER
        return super().getreply()


class _SecureServer(smtplib.SMTP_SSL, _Server):
    """The same with TLS from the first byte on: the socket is watched before it shakes hands."""


class EmailChannel:
    """Sends through the `[smtp]` server of the configuration."""

    def __init__(
        self, config: Config, *, env: Mapping[str, str] | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        """`context` replaces the system's certificate store, for tests and private authorities."""
        self._config = config
        self._env = os.environ if env is None else env
        self._context = context

    def endpoint(self, delivery: Delivery, recipient: Recipient) -> str:
        """The mail server: when it is down, it is down for everyone."""
        smtp = self._config.smtp
        return f"smtp://{smtp.host}:{smtp.port}" if smtp else "smtp://"

    def send(self, delivery: Delivery, recipient: Recipient) -> str:
        """Send one message to `delivery.address`; the answer is the server's last ("250 OK queued …")."""
        smtp = self._config.smtp
        if smtp is None:
            raise OperatorNeeded(
                "no mail can be sent: there is no [smtp] table",
                where=str(self._config.path),
                kept=KEPT,
                do='Add [smtp] with host and sender, e.g. host = "smtp.example.com".',
            )
        try:
            message = render_mail(
                delivery.payload,
                recipient_name=recipient.name,
                address=delivery.address,
                sender=smtp.sender,
                message_id=delivery.message_id,
                created_at=delivery.created_at,
                language=recipient.language,
                timezone=recipient.timezone,
                contact=self._config.operator.contact,
                threads=delivery.threads,
            )
            to = mailbox(delivery.address).addr_spec
            sender = mailbox(parseaddr(smtp.sender)[1]).addr_spec
        except ValueError as error:
            raise PermanentDeliveryError(
                str(error),
                where=f'recipient "{recipient.name}"',
                do="Correct the address in the configuration.",
            ) from error
        where = f"mail server {smtp.host}:{smtp.port}"
        # Time-outs of sockets count silence only: a server that drips would hold up everybody else.
        with Watchdog(min(smtp.timeout * _STEPS, MOST_SECONDS)):
            return self._deliver(smtp, sender, to, message.as_bytes(), where)

    def _deliver(self, smtp: Smtp, sender: str, to: str, message: bytes, where: str) -> str:
        try:
            server = self._connect(smtp, where)
        except smtplib.SMTPResponseException as error:
            raise EndpointDown(
                f"it answered {_said(error)} before any message was sent", where=where, kept=KEPT
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise OperatorNeeded(
                f"its certificate could not be verified ({answer_line(error.verify_message)})",
                where=where,
                kept=KEPT,
                do="Check host in [smtp]; for a certificate authority of your own set SSL_CERT_FILE.",
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise EndpointDown(f"no connection ({_reason(error)})", where=where, kept=KEPT) from error
        begun = False
        try:
            _begin(server, sender, where)
            begun = True
            return _hand_over(server, to, message, where)
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error, to, where) from error
        except (OSError, smtplib.SMTPException) as error:
            # After DATA it may be in the server's books: it comes again under the same Message-ID.
            kind = BrokeOff if begun else EndpointDown
            raise kind(f"the connection broke off ({_reason(error)})", where=where, kept=KEPT) from error
        finally:
            _leave(server)

    def _connect(self, smtp: Smtp, where: str) -> smtplib.SMTP:
        """A connection that is secured and, where asked for, logged in."""
        password = self._password(where)
        if smtp.security == "none" and not is_loopback(smtp.host):
            raise OperatorNeeded(
                'security = "none" is for this machine only',
                where=where,
                kept=KEPT,
                do='Use "starttls" or "tls".',
            )
        # smtplib asks the name service what this machine is called; to itself it need not, and offline
        # that may take many seconds for each mail.
        own_name = "localhost" if is_loopback(smtp.host) else None
        if smtp.security == "tls":
            server: smtplib.SMTP = _SecureServer(
                smtp.host, smtp.port, own_name, timeout=smtp.timeout, context=self._trust()
            )
        else:
            server = _Server(smtp.host, smtp.port, own_name, timeout=smtp.timeout)
        try:
            if smtp.security == "starttls":
                _starttls(server, self._trust(), where)
            if smtp.username:
                _login(server, smtp.username, password, where)
        except BaseException:
            server.close()
            raise
        return server

    def _trust(self) -> ssl.SSLContext:
        """Whom to believe. Reading the system's certificates takes a tenth of a second: not for each mail."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    def _password(self, where: str) -> str:
        try:
            return self._config.smtp_password(self._env) or ""
        except ConfigError as error:
            raise OperatorNeeded(error.message, where=error.where or where, kept=KEPT, do=error.do) from None


def _starttls(server: smtplib.SMTP, context: ssl.SSLContext, where: str) -> None:
    """Never goes on in the clear: a server (or someone between) that offers no STARTTLS gets nothing."""
    try:
        server.starttls(context=context)
    except smtplib.SMTPNotSupportedError as error:
        raise OperatorNeeded(
            "it offers no STARTTLS, so nothing was sent in the clear",
            where=where,
            kept=KEPT,
            do='Use security = "tls" and its port (often 465), or ask the mail server\'s operator.',
        ) from error


def _login(server: smtplib.SMTP, username: str, password: str, where: str) -> None:
    try:
        server.login(username, password)
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise EndpointDown(f"it put off the login: {_said(error)}", where=where, kept=KEPT) from None
        raise OperatorNeeded(
            f"it refused the login: {_said(error)}",
            where=where,
            kept=KEPT,
            do="Check username and password of [smtp].",
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise OperatorNeeded(
            "it offers no login over this connection",
            where=where,
            kept=KEPT,
            do="Check port and security of [smtp].",
        ) from None


def _begin(server: smtplib.SMTP, sender: str, where: str) -> None:
    """MAIL: what goes wrong up to here goes wrong for every message."""
    server.ehlo_or_helo_if_needed()
    code, answer = server.mail(sender)
    if code != 250:
        if code >= 500:
            raise OperatorNeeded(
                f"it refused the sender {sender}: {code} {answer_line(answer)}",
                where=where,
                kept=KEPT,
                do="Check sender, username and password of [smtp].",
            )
        raise EndpointDown(f"it answered {code} {answer_line(answer)}", where=where, kept=KEPT)


def _hand_over(server: smtplib.SMTP, to: str, message: bytes, where: str) -> str:
    """RCPT, DATA: each answer says whose trouble it is."""
    code, answer = server.rcpt(to)
    if code not in (250, 251):
        raise _refused(code, answer, to, where)
    code, answer = server.data(message)
    if code != 250:
        raise _refused(code, answer, to, where)
    return f"{code} {answer_line(answer)}"


def _refused(code: int, answer: bytes | str, to: str, where: str) -> DeliveryError:
    said = f"it answered {code} {answer_line(answer)} for {to}"
    if code in _LOGIN_CODES:
        return OperatorNeeded(said, where=where, kept=KEPT, do="Check username and password of [smtp].")
    if code == 421:  # it closes the connection
        return BrokeOff(said, where=where, kept=KEPT)
    if code >= 500:
        return PermanentDeliveryError(said, where=where, do="Check the address, then `tmwatch alerts retry`.")
    return DeliveryError(said, where=where, kept=KEPT)


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye. What goes wrong here cannot undo a message that was taken."""
    try:
        if server.sock is not None:
            server.sock.settimeout(_GOODBYE_SECONDS)
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _said(error: smtplib.SMTPResponseException) -> str:
    said = answer_line(error.smtp_error)
    return f"{error.smtp_code} {said}" if error.smtp_code > 0 else f'what is no SMTP ("{said}")'


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return answer_line(str(error)) or type(error).__name__
