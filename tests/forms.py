"""A page in each form in which people save it, made by hand after what browsers write.

`tests/browser.py` has a real browser do the same; these are for wherever there is none.
"""

from __future__ import annotations

import base64
import codecs
import html
import plistlib
import quopri
import re
from collections.abc import Callable
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Comment, Doctype, Tag
from bs4.element import NavigableString

URL = "https://register.example/record?number=1&tab=all"
SAVED = "Fri, 20 Nov 2026 10:11:12 +0100"  # 2026-11-20T09:11:12Z
_PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 60).decode()
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
_RAW = frozenset(("script", "style", "noscript", "iframe"))


def encoding_of(page: bytes) -> str:
    """As a browser tells it, of the pages that we have."""
    for name in ("utf-8", "gb18030"):
        try:
            page.decode(name)
            return name
        except UnicodeDecodeError:
            continue
    return "windows-1252"


def text_of(page: bytes) -> str:
    """As the browser read it."""
    return page.decode(encoding_of(page))


def _dom(page: bytes) -> BeautifulSoup:
    """The tree that a browser makes of it: with head, body and tbody."""
    tree = BeautifulSoup(text_of(page), "lxml", multi_valued_attributes=None)
    for table in tree.find_all("table"):
        rows = list(table.find_all("tr", recursive=False))
        if rows:
            body = tree.new_tag("tbody")
            rows[0].insert_before(body)
            for row in rows:
                body.append(row.extract())
    if tree.html is not None and tree.head is None:
        tree.html.insert(0, tree.new_tag("head"))
    for meta in tree.find_all("meta"):
        if meta.get("charset") or str(meta.get("http-equiv") or "").lower() == "content-type":
            meta.decompose()
    return tree


def _said(tree: BeautifulSoup, comment: str = "", meta: str = "") -> str:
    root = tree.html
    assert root is not None
    doctype = "".join(f"<!DOCTYPE {one}>" for one in tree.children if isinstance(one, Doctype))
    text = root.decode(formatter="minimal").replace("<head>", f"<head>{meta}", 1)
    return f"{doctype}{comment}{text}"


def _beside(tree: BeautifulSoup, to: Callable[[str], str]) -> BeautifulSoup:
    """Pictures, scripts and styles lie elsewhere now."""
    for tag, name in (("img", "src"), ("script", "src"), ("link", "href")):
        for one in tree.find_all(tag):
            if one.get(name):
                one[name] = to(str(one[name]))
    return tree


def complete(page: bytes) -> bytes:
    """Chromium, "Webpage, Complete"."""
    tree = _beside(_dom(page), lambda link: f"./page_files/{link.rpartition('/')[2]}")
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">'
    return _said(tree, f"\n<!-- saved from url=({len(URL):04d}){URL} -->\n", meta).encode()


def complete_firefox(page: bytes) -> bytes:
    """Firefox, "Web Page, complete": a `meta` with a lower case type, CRLF, addresses made absolute."""
    tree = _beside(_dom(page), lambda link: f"page_files/{link.rpartition('/')[2]}")
    for one in tree.find_all("a", href=True):
        if not re.match(r"[a-z]+:|#", str(one["href"])):
            one["href"] = f"https://register.example/{one['href']}"
    meta = '\r\n<meta http-equiv="content-type" content="text/html; charset=UTF-8">\r\n'
    return _said(tree, meta=meta).replace("\r\n", "\n").replace("\n", "\r\n").encode()


def mhtml(page: bytes, boundary: str = "----MultipartBoundary--aB3dE----") -> bytes:
    """Chromium and Edge, "Webpage, Single File": no scripts, no hidden inputs, windows-1252."""
    tree = _beside(_dom(page), lambda link: urljoin("https://register.example/", link))
    for one in tree.find_all(["script", "noscript"]):
        one.decompose()
    for one in tree.find_all("input", type="hidden"):
        one.decompose()
    for one in tree.find_all(href=re.compile("^javascript:")):
        del one["href"]
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1252">'
    body = _said(tree, meta=meta).encode("windows-1252", "xmlcharrefreplace")
    part = quopri.encodestring(body).replace(b"\n", b"\r\n")
    head = f"""From: <Saved by Blink>
Snapshot-Content-Location: {URL}
Subject: =?utf-8?Q?A=20record?=
Date: {SAVED}
MIME-Version: 1.0
Content-Type: multipart/related;
\ttype="text/html";
\tboundary="{boundary}"


--{boundary}
Content-Type: text/html
Content-ID: <frame-1@mhtml.blink>
Content-Transfer-Encoding: quoted-printable
Content-Location: {URL}

"""
    rest = f"""
--{boundary}
Content-Type: text/html
Content-Transfer-Encoding: quoted-printable
Content-Location: https://elsewhere.example/frame

<html><body>A frame of somebody else's</body></html>
--{boundary}
Content-Type: image/png
Content-Transfer-Encoding: base64
Content-Location: https://register.example/pixel.png

{_PIXEL}
--{boundary}--
"""
    return head.replace("\n", "\r\n").encode() + part + rest.replace("\n", "\r\n").encode()


def mht_base64(page: bytes) -> bytes:
    """Internet Explorer: the picture first, base64, the charset in the header, the page told by `start`."""
    body = base64.encodebytes(_said(_dom(page)).encode("utf-8")).decode().strip()
    return f"""From: <Saved by Windows Internet Explorer 8>
Date: {SAVED}
MIME-Version: 1.0
Content-Type: multipart/related; type="text/html"; start="<the-page>"; boundary="=_Part_1"

This is a multi-part message in MIME format.

--=_Part_1
Content-Type: image/png
Content-Transfer-Encoding: base64

{_PIXEL}

--=_Part_1
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64
Content-ID: <the-page>

{body}

--=_Part_1--
""".replace("\n", "\r\n").encode()


def single_file(page: bytes) -> bytes:
    """The SingleFile extension: pictures inside, no scripts, no quotes and end tags that can be spared."""
    tree = _beside(_dom(page), lambda link: f"data:image/png;base64,{_PIXEL}")
    for one in tree.find_all(["script", "noscript"]):
        one.decompose()
    for one in tree.find_all("input", type="hidden"):
        one.decompose()
    doctype = "".join(f"<!DOCTYPE {one}> " for one in tree.children if isinstance(one, Doctype))
    comment = (
        f"\n Page saved with SingleFile \n url: {URL} \n"
        " saved date: Fri Nov 20 2026 10:11:12 GMT+0100 (Central European Standard Time)\n"
    )
    assert tree.html is not None
    text = "".join(map(_short, tree.html.children))
    return f"{doctype}<html><!--{comment}--><meta charset=utf-8>{text}".encode()


# https://html.spec.whatwg.org/multipage/syntax.html#optional-tags, as the extension uses them
_NEXT_OR_NONE = {
    "td": ("td", "th"), "th": ("td", "th"), "tr": ("tr",), "tbody": ("tbody", "tfoot"),
    "dd": ("dt", "dd"), "dt": ("dt", "dd"), "option": ("option",),
}  # fmt: skip


def _short(node: object) -> str:
    if isinstance(node, Comment):
        return f"<!--{node}-->"
    if isinstance(node, NavigableString):
        return html.escape(str(node), quote=False).replace("\u00a0", "&nbsp;")
    assert isinstance(node, Tag)
    said = "".join(_short_attribute(name, str(value)) for name, value in node.attrs.items())
    start = "" if node.name == "head" and not said else f"<{node.name}{said}>"
    if node.name in _VOID:
        return start
    inner = "".join(str(one) if node.name in _RAW else _short(one) for one in node.children)
    after = node.next_sibling
    next_name = after.name if isinstance(after, Tag) else None
    spared = node.name in ("html", "body") or (
        node.name in _NEXT_OR_NONE and (after is None or next_name in _NEXT_OR_NONE[node.name])
    )
    if node.name == "li":
        in_list = node.parent is not None and node.parent.name in ("ul", "ol")
        spared = next_name == "li" or (after is None and in_list)
    return f"{start}{inner}{'' if spared else f'</{node.name}>'}"


def _short_attribute(name: str, value: str) -> str:
    value = value.replace("&", "&amp;").replace('"', "&quot;")
    if not value:
        return f" {name}"
    return f" {name}={value}" if not re.search(r"[\s\"'`=<>]", value) else f' {name}="{value}"'


def web_archive(page: bytes) -> bytes:
    """Safari."""
    main = {
        "WebResourceData": page,
        "WebResourceMIMEType": "text/html",
        "WebResourceTextEncodingName": encoding_of(page),
        "WebResourceURL": URL,
        "WebResourceFrameName": "",
    }
    return plistlib.dumps({"WebMainResource": main, "WebSubresources": []}, fmt=plistlib.FMT_BINARY)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "complete, Chromium": complete,
    "complete, Firefox": complete_firefox,
    "MHTML, Chromium": mhtml,
    "MHTML, Internet Explorer": mht_base64,
    "SingleFile": single_file,
    "web archive, Safari": web_archive,
    "UTF-8 with a mark": lambda page: codecs.BOM_UTF8 + text_of(page).encode(),
    "UTF-16 little endian": lambda page: codecs.BOM_UTF16_LE + text_of(page).encode("utf-16-le"),
    "UTF-16 big endian": lambda page: codecs.BOM_UTF16_BE + text_of(page).encode("utf-16-be"),
    "UTF-16 without a mark": lambda page: text_of(page).encode("utf-16-le"),
    "CRLF": lambda page: page.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
}
