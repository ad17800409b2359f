"""Mail and webhooks against real servers on loopback: what is taken, put off, refused, and never said."""

from __future__ import annotations

import email
import email.policy
import json
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.alerts import samples
from tmwatch.alerts.channels.base import EndpointDown, EndpointGone, OperatorNeeded, TryLater
from tmwatch.alerts.channels.email import EmailChannel
from tmwatch.alerts.channels.road import Timeouts
from tmwatch.alerts.channels.webhook import WebhookChannel
from tmwatch.alerts.webhook import verify
from tmwatch.config import Config, Recipient, Smtp, Webhook
from tmwatch.errors import DeliveryError, PermanentDeliveryError

# -- mail ------------------------------------------------------------------------------------------------


class Postbox:
    """Takes mail, refuses some addresses, keeps what it took."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.answers: dict[str, str] = {}
        self.data_answer = "250 OK queued as 4711"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.data_answer.startswith("250"):
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.data_answer


class Loopback(Controller):
    """A mail server on a free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # it runs
        with ExitStack() as stack:
            line = stack.enter_context(socket.create_connection((self.hostname, self.port), 5))
            if self.ssl_context:
                unsure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                unsure.check_hostname, unsure.verify_mode = False, ssl.CERT_NONE
                line = stack.enter_context(unsure.wrap_socket(line))
            line.recv(1024)


Start = Callable[..., tuple[Controller, Postbox]]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Controller] = []

    def run(**options: Any) -> tuple[Controller, Postbox]:
        postbox = Postbox()
        controller = Loopback(postbox, hostname="127.0.0.1", port=0, **options)
        controller.start()
        running.append(controller)
        return controller, postbox

    yield run
    for controller in running:
        controller.stop()


def smtp(controller: Controller, **options: Any) -> Smtp:
    values = {
        "host": "localhost" if options.get("security", "none") != "none" else "127.0.0.1",
        "port": controller.port,
        "security": "none",
        "sender": "tmwatch <tm@example.com>",
        "timeout": 5,
    }
    return Smtp.model_validate(values | options)


def mail(config: Config, address: str = "a@example.com", **options: Any) -> str:
    channel = EmailChannel(config, env=options.pop("env", samples.ENV), context=options.pop("context", None))
    return channel.send(samples.delivery(address=address), config.recipients[0])


def test_a_mail_arrives_and_the_servers_answer_is_kept(start: Start) -> None:
    controller, postbox = start()
    config = samples.config(smtp=smtp(controller), email=("a@example.com",), language="zh")
    assert mail(config) == "250 OK queued as 4711"
    sender, to, content = postbox.taken[0]
    assert (sender, to) == ("tm@example.com", ["a@example.com"])
    seen = email.message_from_bytes(content, policy=email.policy.default)
    assert seen["Subject"] == "PYTHON (US 76044902) · 已注册，另有 2 项 · 案卷号 M-1234"
    assert seen["Message-ID"] == "<msg-1@tmwatch.invalid>"


def test_an_address_refused_for_good_is_told_apart_from_one_put_off(start: Start) -> None:
    controller, postbox = start()
    config = samples.config(smtp=smtp(controller))
    postbox.answers = {"gone@example.com": "550 no such user", "full@example.com": "452 mailbox full"}
    with pytest.raises(PermanentDeliveryError, match="550 no such user for gone@example.com"):
        mail(config, "gone@example.com")
    with pytest.raises(DeliveryError, match="452 mailbox full") as caught:
        mail(config, "full@example.com")
    assert not isinstance(caught.value, (PermanentDeliveryError, EndpointDown))
    assert mail(config, "b@example.com")
    postbox.data_answer = "554 looks like spam"
    with pytest.raises(PermanentDeliveryError, match="554 looks like spam"):
        mail(config)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def only(password: str) -> Callable[..., AuthResult]:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        return AuthResult(success=data == LoginPassword(b"tmwatch", password.encode()), handled=False)

    return check


LOGIN = {"username": "tmwatch", "password_env": "MAIL_PASSWORD"}


def test_starttls_with_a_login(start: Start, authority: trustme.CA) -> None:
    controller, postbox = start(
        tls_context=server_context(authority, "localhost"),
        require_starttls=True,
        authenticator=only("correct horse"),
        auth_required=True,
    )
    config = samples.config(smtp=smtp(controller, security="starttls", **LOGIN))
    assert mail(config, context=trusting(authority)).startswith("250")
    assert len(postbox.taken) == 1


def test_tls_from_the_first_byte(start: Start, authority: trustme.CA) -> None:
    controller, postbox = start(ssl_context=server_context(authority, "localhost"))
    config = samples.config(smtp=smtp(controller, security="tls"))
    assert mail(config, context=trusting(authority)).startswith("250")
    assert len(postbox.taken) == 1


def test_a_certificate_nobody_vouches_for_gets_no_mail_and_no_password(
    start: Start, authority: trustme.CA
) -> None:
    controller, postbox = start(
        tls_context=server_context(authority, "localhost"), authenticator=only("correct horse")
    )
    config = samples.config(smtp=smtp(controller, security="starttls", **LOGIN))
    with pytest.raises(OperatorNeeded, match="certificate could not be verified"):
        mail(config)
    wrong, _ = start(tls_context=server_context(authority, "elsewhere.example"))
    config = samples.config(smtp=smtp(wrong, security="starttls"))
    with pytest.raises(OperatorNeeded, match="certificate could not be verified"):
        mail(config, context=trusting(authority))
    assert postbox.taken == []


def test_a_server_without_starttls_gets_nothing_in_the_clear(start: Start) -> None:
    controller, postbox = start()
    with pytest.raises(OperatorNeeded, match="no STARTTLS"):
        mail(samples.config(smtp=smtp(controller, security="starttls")))
    assert postbox.taken == []


def test_plain_connections_are_for_this_machine_only() -> None:
    plain = Smtp.model_construct(
        host="mail.example.com",
        port=25,
        security="none",
        sender="tm@example.com",
        timeout=1,
        username=None,
        password_env=None,
        password_file=None,
    )
    with pytest.raises(OperatorNeeded, match="this machine only"):
        mail(samples.config().model_copy(update={"smtp": plain}))


def test_a_refused_login_is_the_operators_to_mend_and_never_shows_the_password(
    start: Start, authority: trustme.CA
) -> None:
    controller, _ = start(
        tls_context=server_context(authority, "localhost"), authenticator=only("another"), auth_required=True
    )
    config = samples.config(smtp=smtp(controller, security="starttls", **LOGIN))
    with pytest.raises(OperatorNeeded, match="refused the login: 535") as caught:
        mail(config, context=trusting(authority))
    assert "correct horse" not in str(caught.value)


def test_a_missing_password_names_its_variable(start: Start) -> None:
    controller, _ = start()
    config = samples.config(smtp=smtp(controller, **LOGIN))
    with pytest.raises(OperatorNeeded, match="MAIL_PASSWORD"):
        mail(config, env={})
    with pytest.raises(OperatorNeeded, match="no \\[smtp\\] table"):
        mail(samples.config())


def test_a_mail_server_that_is_down_or_silent_is_passing(start: Start) -> None:
    controller, _ = start()
    free = smtp(controller).model_copy(update={"port": 9})
    with pytest.raises(EndpointDown, match="no connection"):
        mail(samples.config(smtp=free))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = smtp(controller, timeout=0.3).model_copy(update={"port": silent.getsockname()[1]})
        with pytest.raises(EndpointDown, match="no connection .*timed out"):
            mail(samples.config(smtp=mute))


# -- webhooks ------------------------------------------------------------------------------------------------


def post(url: str, **options: Any) -> str:
    config = samples.config(url=url)
    channel = WebhookChannel(
        config, env=options.pop("env", samples.ENV), timeouts=Timeouts(2.0, options.pop("patience", 5.0))
    )
    return channel.send(samples.delivery(channel="webhook", address="legal"), config.recipients[0])


def test_a_webhook_arrives_signed(httpserver: HTTPServer) -> None:
    seen: list[Request] = []

    def take(request: Request) -> Response:
        seen.append(request)
        body = verify(request.get_data(), dict(request.headers), samples.SECRET)
        return Response(f"thanks for {body['type']}\x1b[31m", 202)

    httpserver.expect_request("/tm", method="POST").respond_with_handler(take)
    assert post(httpserver.url_for("/tm")) == "HTTP 202 thanks for filing.changed"
    assert seen[0].headers["webhook-id"] == "msg-1"
    assert seen[0].headers["Content-Type"] == "application/json"
    assert json.loads(seen[0].get_data())["data"]["watch"] == "own registrations"


@pytest.mark.parametrize("status", [400, 401, 404, 500, 502])
def test_anything_but_2xx_is_not_delivered(httpserver: HTTPServer, status: int) -> None:
    httpserver.expect_request("/tm").respond_with_data("no", status=status)
    with pytest.raises(DeliveryError, match=f"HTTP {status} no") as caught:
        post(httpserver.url_for("/tm"))
    assert not isinstance(caught.value, PermanentDeliveryError)


def test_410_is_for_good(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/tm").respond_with_data("", status=410)
    with pytest.raises(EndpointGone, match="410"):
        post(httpserver.url_for("/tm"))


def test_a_redirect_is_refused_and_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/tm").respond_with_data(
        "", 307, headers={"Location": httpserver.url_for("/other")}
    )
    with pytest.raises(DeliveryError, match="redirect"):
        post(httpserver.url_for("/tm"))
    assert [request.path for request, _ in httpserver.log] == ["/tm"]


def test_a_receiver_slower_than_the_time_out_is_passing(httpserver: HTTPServer) -> None:
    def slowly(request: Request) -> Response:
        time.sleep(0.8)
        return Response("late")

    httpserver.expect_request("/tm").respond_with_handler(slowly)
    with pytest.raises(EndpointDown, match=r"no answer within 0\.3 seconds"):
        post(httpserver.url_for("/tm"), patience=0.3)


def test_a_busy_receiver_says_when_to_come_back(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/tm").respond_with_data("", 429, headers={"Retry-After": "120"})
    with pytest.raises(TryLater) as caught:
        post(httpserver.url_for("/tm"))
    assert caught.value.after == 120


def test_a_missing_or_broken_secret_names_its_variable_and_sends_nothing(httpserver: HTTPServer) -> None:
    url = httpserver.url_for("/tm")
    with pytest.raises(OperatorNeeded, match="HOOK_SECRET"):
        post(url, env={})
    with pytest.raises(OperatorNeeded, match="HOOK_SECRET") as caught:
        post(url, env={"HOOK_SECRET": "hunter2 is no base64"})
    assert "hunter2" not in str(caught.value)
    assert httpserver.log == []


def test_no_error_shows_the_token_in_the_address(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/T0K3N").respond_with_data("no", 500)
    with pytest.raises(DeliveryError) as caught:
        post(httpserver.url_for("/T0K3N"))
    assert "T0K3N" not in str(caught.value)
    with pytest.raises(EndpointDown) as down:
        post("http://127.0.0.1:9/T0K3N")
    assert "T0K3N" not in str(down.value)
    assert down.value.__cause__ is None


def test_a_receiver_that_repeats_the_address_does_not_bring_its_token_into_our_books(
    httpserver: HTTPServer,
) -> None:
    def echo(request: Request) -> Response:
        return Response(f"Cannot POST {request.full_path}, no such hook", 404)

    httpserver.expect_request(re.compile("/services/.*")).respond_with_handler(echo)
    with pytest.raises(DeliveryError) as refused:
        post(httpserver.url_for("/services/T0PSECRET/b%C3%A9ta-token?key=hidden-key"))
    for secret in ("T0PSECRET", "ta-token", "hidden-key"):
        assert secret not in str(refused.value)
    assert "no such hook" in str(refused.value)


def test_https_needs_a_certificate_somebody_vouches_for(authority: trustme.CA, tmp_path: Path) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with HTTPServer(host="localhost", port=0, ssl_context=server_context(authority, "localhost")) as server:
        server.expect_request("/tm").respond_with_data("", status=204)
        config = samples.config(url=server.url_for("/tm"))
        parcel = samples.delivery(channel="webhook", address="legal")
        with pytest.raises(OperatorNeeded, match="certificate could not be verified"):
            WebhookChannel(config, env=samples.ENV).send(parcel, config.recipients[0])
        trusting_channel = WebhookChannel(config, env=samples.ENV, verify=str(tmp_path / "ca.pem"))
        assert trusting_channel.send(parcel, config.recipients[0]) == "HTTP 204"


def test_plain_http_is_for_this_machine_only() -> None:
    hook = Webhook.model_construct(
        url="http://hooks.example.com/x", secret_env="HOOK_SECRET", secret_file=None
    )
    recipient = Recipient.model_construct(name="legal", webhook=hook)
    channel = WebhookChannel(samples.config(), env=samples.ENV)
    with pytest.raises(OperatorNeeded, match="this machine only"):
        channel.send(samples.delivery(channel="webhook"), recipient)
