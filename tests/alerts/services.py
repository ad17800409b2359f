"""The chat and push services on loopback: each reads what comes as its documentation says.

with Service("feishu") as service:
    service.address                        # with a token in it, as the real one has
    service.answer = (200, '{"code": 19001, …}')     # instead of its own judgement
    service.answer = "cut"                 # or "slow"
    service.posts                          # what came: (address, headers, JSON)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

TOKEN = "tk_T0K3N-of-the-bot-7f3a"  # stands in every address, or is the login
SECRET = "SEC-planted-signing-secret"
PATHS = {
    "slack": f"/services/T024BE7LD/B0123ABCD/{TOKEN}",
    "teams": f"/workflows/2f6a/triggers/manual/paths/invoke?api-version=2016-06-01&sig={TOKEN}",
    "feishu": f"/open-apis/bot/v2/hook/{TOKEN}",
    "dingtalk": f"/robot/send?access_token={TOKEN}",
    "wecom": f"/cgi-bin/webhook/send?key={TOKEN}",
    "ntfy": f"/topic-{TOKEN}",
    "apprise": f"/{TOKEN}",
    "webhook": f"/tm/{TOKEN}",
}
Reply = tuple[int, str]


class Service:
    """One service; `answer` overrules what it would say itself."""

    slow = 3.0

    def __init__(self, name: str) -> None:
        self.name = name
        self.answer: tuple[Any, ...] | str | None = None
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                body = json.loads(raw)
                headers = {key.lower(): value for key, value in self.headers.items()}
                outer.posts.append((self.path, headers, body))
                if outer.answer == "cut":
                    self.close_connection = True
                    return
                if outer.answer == "slow":
                    outer.over.wait(outer.slow)
                given = outer.answer if isinstance(outer.answer, tuple) else None
                status, said, *more = given or JUDGES[outer.name](self.path, headers, body, raw)
                self.send_response(status)
                for key, value in (more[0] if more else {}).items():
                    self.send_header(key, value)
                sent = said.replace("{path}", self.path).encode()
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self.over = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}{PATHS[name]}"
        if name == "apprise":
            self.address = self.address.replace("http", "json", 1)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *ended: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


# -- what each says of a message, after its documentation ------------------------------------------------


def _slack(path: str, headers: dict[str, str], body: Any, raw: bytes) -> Reply:
    if path != PATHS["slack"]:
        return 404, "no_service"
    (block,) = body["blocks"]
    (section,) = block["elements"]
    known = all(
        part["type"] in ("text", "link") and part["text"] and ("url" in part) == (part["type"] == "link")
        for part in section["elements"]
    )
    if block["type"] != "rich_text" or section["type"] != "rich_text_section" or not known:
        return 400, "invalid_blocks"
    if len(json.dumps(body["blocks"], ensure_ascii=False)) > 13_200:
        return 400, "msg_blocks_too_long"
    return (200, "ok") if body["text"] else (400, "no_text")


def _teams(path: str, headers: dict[str, str], body: Any, raw: bytes) -> Reply:
    if path != PATHS["teams"]:
        return 401, '{"error":{"code":"DirectApiAuthorizationRequired","message":"no"}}'
    (one,) = body["attachments"]
    right = body["type"] == "message" and one["contentType"] == "application/vnd.microsoft.card.adaptive"
    if not right or one["content"]["type"] != "AdaptiveCard":
        return 400, '{"error":{"code":"TriggerInputSchemaMismatch","message":"no"}}'
    return (202, "") if len(raw) <= 28 * 1024 else (413, "")


def _feishu(path: str, headers: dict[str, str], body: Any, raw: bytes) -> Reply:
    if path != PATHS["feishu"]:
        return 200, '{"code":19001,"data":{},"msg":"param invalid: incoming webhook access token invalid"}'
    key = f"{body.get('timestamp')}\n{SECRET}".encode()
    signed = base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
    if body.get("sign") != signed or abs(time.time() - int(body["timestamp"])) > 3600:
        return 200, '{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}'
    if body["msg_type"] != "post" or not body["content"]["post"]["zh_cn"]["title"] or len(raw) > 20_000:
        return 200, '{"code":9499,"msg":"Bad Request","data":{}}'
    return 200, '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}'


def _dingtalk(path: str, headers: dict[str, str], body: Any, raw: bytes) -> Reply:
    given = {key: value[0] for key, value in parse_qs(urlsplit(path).query).items()}
    if given.get("access_token") != TOKEN:
        return 200, '{"errcode":300005,"errmsg":"token is not exist"}'
    text = f"{given.get('timestamp')}\n{SECRET}"
    signed = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    if given.get("sign") != signed or abs(time.time() - int(given["timestamp"]) / 1000) > 3600:
        return 200, '{"errcode":310000,"errmsg":"sign not match"}'
    if body["msgtype"] != "markdown" or not body["markdown"]["title"] or body["at"]["isAtAll"]:
        return 200, '{"errcode":40035,"errmsg":"missing parameter"}'
    return (200, '{"errcode":0,"errmsg":"ok"}') if len(raw) <= 20_000 else (200, '{"errcode":460101}')


def _wecom(path: str, headers: dict[str, str], body: Any, raw: bytes) -> Reply:
    if path != PATHS["wecom"]:
        return 200, '{"errcode":93000,"errmsg":"invalid webhook url, hint: [1], from ip: 1.2.3.4"}'
    if len(body["markdown"]["content"].encode()) > 4096 or body["msgtype"] != "markdown":
        return 200, '{"errcode":93000,"errmsg":"Invalid input : content exceed max length."}'
    return 200, '{"errcode":0,"errmsg":"ok"}'


def _ntfy(path: str, headers: dict[str, str], body: Any, raw: bytes) -> Reply:
    if headers.get("authorization") != f"Bearer {TOKEN}":
        return 401, '{"code":40101,"http":401,"error":"unauthorized","link":"https://ntfy.sh/docs"}'
    if path != "/" or f"/{body['topic']}" != PATHS["ntfy"] or not 1 <= body["priority"] <= 5:
        return 400, '{"code":40009,"http":400,"error":"invalid request: topic invalid"}'
    if len(body["message"].encode()) > 4096:
        return 400, '{"code":40014,"http":400,"error":"invalid request: attachments not allowed"}'
    shown = {"id": "sPs71M8A2T", "time": 1750000000, "event": "message", **body}
    return 200, json.dumps(shown, ensure_ascii=False)


JUDGES: dict[str, Any] = {
    "slack": _slack,
    "teams": _teams,
    "feishu": _feishu,
    "dingtalk": _dingtalk,
    "wecom": _wecom,
    "ntfy": _ntfy,
    "apprise": lambda path, headers, body, raw: (200, "") if path == PATHS["apprise"] else (404, ""),
    "webhook": lambda path, headers, body, raw: (204, ""),
}
