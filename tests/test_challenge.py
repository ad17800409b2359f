"""Pages that stand in the way are told from pages of a register, and never the other way round."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.faults.hostile import CLOUDFLARE, LOGIN, PAGE
from tmwatch.errors import Outcome
from tmwatch.http.challenge import detect, is_html
from tmwatch.sources.base import Page

RECORDED = Path(os.environ.get("TMWATCH_RECORDED", Path(__file__).parents[2] / "shared" / "recorded"))
SHELLS = {"wcjs-search-page-2020.html", "wcjs-status-query-page-2020.html"}


def page(title: str = "", body: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>".encode()


RUISHU = page(
    "商标状态检索",
    "<script r='m'>$_ts=window['$_ts'];</script><input name=q> 申请/注册号 当前数据截至： (2020年04月24日)",
)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (CLOUDFLARE, Outcome.BLOCKED),
        (LOGIN, Outcome.LOGIN_REQUIRED),
        (RUISHU, Outcome.DECLINED),
        (
            page("Request Rejected", "The requested URL was rejected. Your support ID is: 99"),
            Outcome.DECLINED,
        ),
        (page("Access Denied", "<h1>Access Denied</h1>Reference #18.2d351ab8"), Outcome.DECLINED),
        (page("403 Forbidden", "nginx"), Outcome.DECLINED),
        (
            page("", "Please enable JavaScript to view the page content.<br/>Your support ID is: 1"),
            Outcome.BLOCKED,
        ),
        (
            page(
                "", '<iframe id="main-iframe" src="/_Incapsula_Resource?x=1">Request unsuccessful.</iframe>'
            ),
            Outcome.BLOCKED,
        ),
        (page("Pardon Our Interruption"), Outcome.BLOCKED),
        (page("Human Verification", "<div id=captcha></div>"), Outcome.BLOCKED),
        (page("Search", '<div class="g-recaptcha" data-sitekey="x"></div>'), Outcome.BLOCKED),
        (page("Search", '<div class="h-captcha" data-sitekey="x"></div>'), Outcome.BLOCKED),
        (page("安全验证", "请拖动滑块"), Outcome.BLOCKED),
        ("<html><title>访问验证</title>".encode("gb18030"), Outcome.BLOCKED),
        (
            page("統一", "<form action=/saml><input type=hidden name='SAMLRequest'></form>"),
            Outcome.LOGIN_REQUIRED,
        ),
        (page("用户登录", "<input type=password>"), Outcome.LOGIN_REQUIRED),
        (b"Access Denied", Outcome.DECLINED),
    ],
)
def test_a_page_in_the_way_is_named_for_what_it_is(body: bytes, outcome: Outcome) -> None:
    error = detect(Page(body, name="saved.html"))
    assert error is not None
    assert error.outcome is outcome
    assert error.where == "saved.html"
    assert "tmwatch import" in error.do


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (202, {"X-Amzn-Waf-Action": "challenge"}),
        (405, {"x-amzn-waf-action": "captcha"}),
        (403, {"CF-Mitigated": "challenge"}),
    ],
)
def test_a_firewall_that_says_so_in_a_header_is_believed(status: int, headers: dict[str, str]) -> None:
    error = detect(Page(b"", status=status, headers=headers))
    assert error is not None
    assert error.outcome is Outcome.BLOCKED


_RECORD = "<p>Mark: {mark} Serial 97123456 Filed: May 09, 2000 Status Date: Jul. 16, 2013 Owner: A Ltd.</p>"


@pytest.mark.parametrize(
    "mark", ["ACCESS DENIED", "JUST A MOMENT...", "CAPTCHA", "REQUEST REJECTED", "SIGN IN"]
)
def test_a_mark_may_be_called_anything(mark: str) -> None:
    assert detect(Page(page(mark, _RECORD.format(mark=mark)))) is None
    assert detect(Page(f'{{"mark": "{mark}"}}'.encode())) is None
    assert detect(Page(f"<?xml version='1.0'?><Mark>{mark}</Mark>".encode())) is None


@pytest.mark.parametrize(
    "extra",
    [
        '<div class="g-recaptcha"></div>',
        "<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>",
        "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>",
        "<script src='https://x.edge.sdk.awswaf.com/challenge.js'></script>",
        "<form>Sign in <input type='password'></form>",
        "<script r='m'>$_ts=window['$_ts'];</script>",
    ],
)
def test_a_record_on_a_guarded_site_is_still_a_record(extra: str) -> None:
    assert detect(Page(page("Trademark record", extra + _RECORD.format(mark="PYTHON")))) is None


@pytest.mark.parametrize(
    "body",
    [
        page("Search", '<div class="g-recaptcha"></div>' + "<p>One of many owners and marks</p>" * 50),
        page("Access denied", "<p>A register of marks, one of which gives the page its title</p>" * 60),
        page("Search", "<form>Sign in <input type=password></form>" + "<p>A mark and its owner</p>" * 200),
    ],
)
def test_a_sign_in_a_page_that_says_much_more_counts_for_nothing(body: bytes) -> None:
    assert detect(Page(body)) is None


def test_a_plain_page_is_no_challenge() -> None:
    assert detect(Page(PAGE)) is None
    assert detect(Page(b"")) is None


@pytest.mark.parametrize(
    "body",
    [
        b"<html>" + b"<script" * 140_000,
        b"<html>" + b"<!--" * 250_000,
        b"<html>" + b"<" * 1_000_000,
        b"<html>" + b"<input " * 140_000,
        b"<html>$_ts" + b"<script " * 120_000,
        b"<html>$_ts<script " + b" r" * 500_000,
        b"<title>" * 140_000,
        b"<html>" + b"9" * 1_000_000,
        b"<html>" + b"&#x41;" * 170_000,
    ],
)
def test_a_hostile_page_cannot_keep_us_busy(body: bytes) -> None:
    started = time.process_time()
    detect(Page(body[: 1 << 20]))
    assert time.process_time() - started < 3


def test_html_is_known_by_its_content() -> None:
    assert is_html(b"\xef\xbb\xbf\r\n<!DOCTYPE HTML><p>")
    assert not is_html(b'{"a": "<html>"}')
    assert not is_html(b"PK\x03\x04<html>")
    assert not is_html(b"<?xml version='1.0'?><Transaction/>")


@pytest.mark.recorded
@pytest.mark.skipif(not RECORDED.is_dir(), reason="the real recordings are not beside the project")
def test_real_pages_of_registers_pass_and_the_two_script_shells_do_not() -> None:
    for file in sorted(path for path in RECORDED.rglob("*") if path.is_file()):
        error = detect(Page(file.read_bytes(), name=file.name))
        if file.name in SHELLS:
            assert error is not None
            assert error.outcome is Outcome.DECLINED
        else:
            assert error is None, f"{file.name}: {error}"
