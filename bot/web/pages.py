"""Templates and the files beside them: everything a browser loads from the board.

Values are escaped by default and a value that is missing is an error, not an empty place. Static files are read once;
their address holds a digest of their contents, so a browser may keep them for ever and still never shows an old one.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from bot.web.desk import Site
from bot.web.guard import BOARD_CONTENT_POLICY

_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FILES: Final = ("look.css", "board.js", "demo.css", "demo.js", "mark.svg")
YEAR: Final = 365 * 24 * 3600


class Pages:
    """Draws templates into responses. `site` is known to each page itself, and to no macro that pages import."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @property
    def routes(self) -> list[web.RouteDef]:
        """Where the static files are."""
        return [web.get("/board/static/{name}", self._file)]

    def show(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> web.Response:
        """One page. It is about people's tickets, so nobody on the way may keep it."""
        return web.Response(
            text=_templates().get_template(template).render({"site": self._site, **values}),
            status=status,
            content_type="text/html",
            headers={"Content-Security-Policy": BOARD_CONTENT_POLICY, "Cache-Control": "no-store"},
        )

    def words(self, words: str, status: int) -> web.Response:
        """A page that says one thing, and the way back to the board."""
        return self.show("door.html", {"title": words, "words": "", "token": "", "back": True}, status=status)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in (files := _files()):
            raise web.HTTPNotFound
        return web.Response(
            body=files[name],
            content_type=_TYPES[name.rpartition(".")[2]],
            charset="utf-8",
            headers={"Cache-Control": f"public, max-age={YEAR}, immutable"},
        )


@cache
def _templates() -> Environment:
    """To compile them takes longer than to draw most pages, so whoever draws shares them."""
    templates = Environment(
        loader=PackageLoader("bot.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    marks = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _files().items()}
    templates.globals["static"] = lambda name: f"/board/static/{name}?v={marks[name]}"
    return templates


@cache
def _files() -> Mapping[str, bytes]:
    folder = resources.files("bot.web").joinpath("static")
    return {name: folder.joinpath(name).read_bytes() for name in _FILES}
