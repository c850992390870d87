"""What is no HTTP that we read, said in one line each: anybody may send anything, and it is no error of ours.

The library under us logs such a request with a traceback before any page of ours sees it.
"""

import logging
from typing import Final

import structlog
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError

log = structlog.get_logger(__name__)

#: A body that cannot be read as it says it is written: packed otherwise, cut off, or in pieces of no size.
BROKEN_BODY: Final = (web.RequestPayloadError, web.PayloadAccessError, ClientPayloadError)


class _OneLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError) and record.levelno >= logging.WARNING:
            log.warning("a request was refused: it is no HTTP that is read here", kind=type(error).__name__)
            return False
        # Whoever wanted to read it has refused it already, and said so.
        return not isinstance(error, BROKEN_BODY)


def listener_log() -> logging.Logger:
    """The log of a listener, in which strangers leave one line each."""
    found = logging.getLogger("aiohttp.server.requests")
    if not any(isinstance(one, _OneLine) for one in found.filters):
        found.addFilter(_OneLine())
    return found
