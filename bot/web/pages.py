"""Templates and the files beside them: everything a browser loads from the board.

Values are escaped by default and a value that is missing is an error, not an empty place. Static files are read once;
their address holds a digest of their contents, so a browser may keep them for ever and still never shows an old one.
"""

import hashlib
from collections.abc import Mapping
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
    """Draws templates into responses."""

    def __init__(self, site: Site) -> None:
        folder = resources.files("bot.web").joinpath("static")
        self._files = {name: folder.joinpath(name).read_bytes() for name in _FILES}
        self._marks = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._files.items()}
        self._templates = Environment(
            loader=PackageLoader("bot.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["static"] = self._address
        self._templates.globals["site"] = site

    @property
    def routes(self) -> list[web.RouteDef]:
        """Where the static files are."""
        return [web.get("/board/static/{name}", self._file)]

    def show(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> web.Response:
        """One page. It is about people's tickets, so nobody on the way may keep it."""
        return web.Response(
            text=self._templates.get_template(template).render(values),
            status=status,
            content_type="text/html",
            headers={"Content-Security-Policy": BOARD_CONTENT_POLICY, "Cache-Control": "no-store"},
        )

    def words(self, words: str, status: int) -> web.Response:
        """A page that says one thing, and the way back to the board."""
        return self.show("door.html", {"title": words, "words": "", "token": "", "back": True}, status=status)

    def _address(self, name: str) -> str:
        return f"/board/static/{name}?v={self._marks[name]}"

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        return web.Response(
            body=self._files[name],
            content_type=_TYPES[name.rpartition(".")[2]],
            charset="utf-8",
            headers={"Cache-Control": f"public, max-age={YEAR}, immutable"},
        )
