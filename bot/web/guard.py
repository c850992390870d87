"""What stands before every page: safe headers, the question where a request comes from, and errors without internals.

A form is believed only from our own pages. Channels that serve HTTP (webhooks, the widget) prove their callers in their
own way and are left out of that question, never of the others.
"""

from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.store.errors import StoreUnavailableError
from bot.web.strangers import BROKEN_BODY

log = structlog.get_logger(__name__)

#: Nothing inline, nothing from elsewhere. `trusted-types 'none'`: no script of ours ever makes markup out of text.
CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
BOARD_CONTENT_POLICY: Final = f"{CONTENT_POLICY}; require-trusted-types-for 'script'; trusted-types 'none'"
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it browsers send `Origin: null` with a form, and then nobody can tell ours from theirs.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
CLIENT_FAULT: Final = 400
SERVER_FAULT: Final = 500

_WORDS: Final = {
    400: "This request makes no sense to us.",
    403: "This form did not come from our own page. Open the page again and try once more.",
    404: "There is nothing here.",
    405: "This address cannot be used that way.",
    413: "That is too much at once.",
    500: "Something went wrong on our side. It is in the log; try again in a moment.",
    503: "The desk cannot store anything right now. Nothing was changed; try again in a moment.",
}


def is_own_origin(origin: str, host: str, public_url: str) -> bool:
    """Whether a page of `origin` is one of ours: of the public address, or of this machine under any of its names.

    `host` is the request's own Host. Outside loopback it proves nothing, because a name may be made to point at us.
    """
    said, public = urlsplit(origin), urlsplit(public_url)
    if (said.scheme, said.netloc) == (public.scheme, public.netloc):
        return True
    return public.hostname in LOOPBACK and said.hostname in LOOPBACK and origin == f"{public.scheme}://{host}"


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the safe headers on whatever leaves, unless a page has stricter ones of its own; an aiohttp signal."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def own_pages_only(public_url: str, channel_paths: Collection[str]) -> Middleware:
    """Refuse every state-changing request that one of our own pages did not send."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.match_info.route.resource.canonical if request.match_info.route.resource else ""
        if request.method not in SAFE_METHODS and path not in channel_paths and not _is_own(request, public_url):
            log.warning("a foreign form was refused", path=path)
            raise web.HTTPForbidden
        return await handler(request)

    return middleware


#: Draws a page around such words, for people.
Drawn = Callable[[str, int], web.Response]


def calm_errors(drawn: Drawn | None = None) -> Middleware:
    """Turn whatever goes wrong into a short page, and keep the reason for the log; programs are told in plain text."""

    def told(request: web.Request, status: int, allow: str | None = None) -> web.Response:
        if drawn is None or "text/html" not in request.headers.get("Accept", ""):
            return plain(status, allow)
        page = drawn(_words(status), status)
        if allow:
            page.headers["Allow"] = allow
        return page

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < CLIENT_FAULT or error.content_type == "text/html":
                raise
            return told(request, error.status, error.headers.get("Allow"))
        except StoreUnavailableError as error:
            log.warning("the store is unavailable to a page", reason=str(error))
            return told(request, 503)
        except BROKEN_BODY as error:
            log.warning("a request was refused: its body is broken", path=_named(request), kind=type(error).__name__)
            return _last(told(request, 400))
        except Exception:
            log.exception("a page failed", path=_named(request), method=request.method)
            return told(request, 500)

    return middleware


def _last(response: web.Response) -> web.Response:
    """The answer after which nothing more is read from whoever sent that."""
    response.force_close()
    return response


def access_log() -> Middleware:
    """One line a request, with the route's own name in place of its path: tokens and queries stay out of the log."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = SERVER_FAULT
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            log.debug("served", path=_named(request), method=request.method, status=status)

    return middleware


def plain(status: int, allow: str | None = None) -> web.Response:
    """A page without a board around it: for programs and for whoever is not signed in."""
    return web.Response(text=f"{_words(status)}\n", status=status, headers={"Allow": allow} if allow else None)


def _words(status: int) -> str:
    return _WORDS.get(status, "This did not work.")


def _is_own(request: web.Request, public_url: str) -> bool:
    """A browser says where a form comes from; one that says nothing at all is no browser of ours."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return is_own_origin(origin, request.host, public_url)


def _named(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
