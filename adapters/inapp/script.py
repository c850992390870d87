"""`/widget.js`: the widget's parts, its style and its first words, joined into one file when the desk starts.

A host page loads one script and nothing else. The style travels inside it as a constructed sheet of a shadow root,
which no Content-Security-Policy of the host page forbids and no style of the host page reaches.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files

from aiohttp import hdrs, web

from adapters.inapp.ids import WIDGET_TEXTS
from adapters.port import Route

#: In this order: each part uses what stands above it.
PARTS = ("words.js", "keep.js", "wire.js", "view.js", "sheet.js", "files.js", "widget.js", "begin.js")


def joined(texts: Mapping[str, Mapping[str, str]]) -> bytes:
    """The whole script; `texts` maps languages to their words, of which the widget's own are taken."""
    static = files("adapters.inapp") / "static"
    words = {language: {key: known[key] for key in WIDGET_TEXTS} for language, known in texts.items()}
    parts = [
        "/* Maitred's chat widget. GPL-3.0-or-later. */",
        '(() => {\n"use strict";',
        f"const TEXTS = {json.dumps(words)};",
        f"const STYLE = {json.dumps((static / 'widget.css').read_text('utf-8'))};",
        *((static / part).read_text("utf-8") for part in PARTS),
        "})();\n",
    ]
    return "\n".join(parts).encode()


class Script:
    """Serves the joined script; browsers keep it for five minutes and then ask whether it changed."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._body = joined(texts)
        self._packed = gzip.compress(self._body, mtime=0)
        self._etag = hashlib.sha256(self._body).hexdigest()[:32]

    @property
    def route(self) -> Route:
        return Route("GET", "/widget.js", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        headers = {
            hdrs.CACHE_CONTROL: "public, max-age=300",
            hdrs.ETAG: f'W/"{self._etag}"',
            hdrs.VARY: "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if any(known.value in {self._etag, "*"} for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        is_packed = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
        if is_packed:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        body = self._packed if is_packed else self._body
        return web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)
