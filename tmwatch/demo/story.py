"""What the registers of the demonstration say at each of its three looks. The data is `data/story.toml`."""

from __future__ import annotations

import datetime as dt
import functools
import json
import tomllib
from importlib.resources import files
from string import Template
from typing import Any, Literal

Look = Literal["one", "between", "two"]
LOOKS: tuple[Look, ...] = ("one", "between", "two")
SERIAL = "87499213"
XX_NUMBER = "00000001"
_BEIJING = dt.timezone(dt.timedelta(hours=8))
_PAGE_SIZE = 20


@functools.cache
def story() -> dict[str, Any]:
    """The table of the story."""
    found: dict[str, Any] = tomllib.loads(_data("story.toml"))
    return found


def config_text(**addresses: object) -> str:
    """The configuration of the demonstration with the addresses of its servers."""
    return Template(_data("config.toml")).substitute(addresses)


def tsdr_page(look: Look) -> bytes:
    """The status page of serial 87499213. Each look carries a later stamp, which is no change."""
    minute = 30 + LOOKS.index(look)
    return Template(_data("tsdr.html")).substitute(stamp=f"2025-10-15 09:{minute}:00").encode()


def xx_page(look: Look) -> bytes:
    """The page of office XX's only filing."""
    pages = [entry["page"] for entry in story()["xx"] if _reached(entry["look"], look)]
    return json.dumps(pages[-1], ensure_ascii=False).encode()


def tianyancha_answer(look: Look, today: dt.date, keyword: str, page: int, size: int) -> bytes:
    """A page of rows as the Open API hands them out; error 300000 for anyone but the applicant."""
    rows = tianyancha_rows(look, today) if keyword == story()["applicant"] else []
    if not rows:
        return tianyancha_error(300000, "无数据")
    size = min(size, _PAGE_SIZE)
    items = rows[(page - 1) * size : page * size]
    return _json({"error_code": 0, "reason": "ok", "result": {"total": len(rows), "items": items}})


def tianyancha_error(code: int, reason: str) -> bytes:
    """The answer of the Open API where there is nothing to give."""
    return _json({"error_code": code, "reason": reason, "result": None})


def tianyancha_rows(look: Look, today: dt.date) -> list[dict[str, Any]]:
    """One row a filing, newest filing first."""
    found = []
    for campaign in story()["campaign"]:
        if not _reached(campaign["look"], look):
            continue
        for place, nice in enumerate(campaign["classes"]):
            found.append(_row(campaign, campaign["first_number"] + place, nice, look, today))
    return sorted(found, key=lambda row: (-row["appDate"], row["regNo"]))


def _row(campaign: dict[str, Any], number: int, nice: int, look: Look, today: dt.date) -> dict[str, Any]:
    step = {**story()["filed"], "day": campaign["filed"]}
    for later in campaign.get("step", ()):
        if _reached(later["look"], look) and nice in later["classes"]:
            step = later
    row = {
        "id": 900_000_000 + number,
        "regNo": f"{number:08}",
        "tmName": campaign["mark"],
        "tmClass": str(nice),
        "appDate": _instant(today, campaign["filed"]),
        "applicantCn": story()["applicant"],
        "status": step["status"],
        "category": step["category"],
        "eventTime": _instant(today, step["day"]),
        "tmPic": "",
    }
    word = story()["nice"].get(str(nice))
    return {**row, "longCls": f"{nice}-{word}"} if word else row


def _instant(today: dt.date, days_ago: int) -> int:
    """Midnight in Beijing, in milliseconds."""
    day = dt.datetime.combine(today - dt.timedelta(days=days_ago), dt.time(), _BEIJING)
    return int(day.timestamp() * 1000)


def _reached(look: Look, now: Look) -> bool:
    return LOOKS.index(look) <= LOOKS.index(now)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _data(name: str) -> str:
    return files("tmwatch.demo").joinpath("data", name).read_text(encoding="utf-8")
