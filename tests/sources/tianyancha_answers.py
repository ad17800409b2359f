"""Answers of Tianyancha, made after the documented shape of its API; no recording has been seen."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

from tmwatch.model import TradeMark
from tmwatch.sources.base import Answer, Page, SearchQuery
from tmwatch.sources.cn.tianyancha import SOURCE

OWNER = "北京京东叁佰陆拾度电子商务有限公司"
BY_OWNER = SearchQuery(owner=OWNER)


def beijing(year: int, month: int, day: int) -> int:
    return int(dt.datetime(year, month, day, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp() * 1000)


def row(
    number: str = "00000001", nice: int = 12, status: Any = "等待实质审查", **other: Any
) -> dict[str, Any]:
    return {
        "id": 1,
        "regNo": number,
        "tmName": "JD Auto",
        "tmClass": str(nice),
        "longCls": f"{nice}-运输工具",
        "appDate": beijing(2025, 6, 3),
        "applicantCn": OWNER,
        "status": status,
        "category": "商标注册申请---申请收文",
        "eventTime": beijing(2025, 6, 3),
        "tmFlow": "",
        "tmPic": "",
        "uni": "0",
        "connList": [OWNER],
    } | other


def page(items: Any, total: Any = None, code: Any = 0, query: Any = BY_OWNER, url: str = "") -> Page:
    count = len(items) if total is None else total
    answer = {"error_code": code, "reason": "ok", "result": {"total": count, "items": items}}
    return Page(json.dumps(answer, ensure_ascii=False).encode(), url=url, query=query)


def read(items: Any, total: Any = None, query: Any = BY_OWNER) -> Answer:
    return SOURCE.read(page(items, total, query=query))


def only(answer: Answer) -> TradeMark:
    (reading,) = answer.readings
    return reading.record
