"""The dead-man's switch: an address outside that is asked while all is well, and whose owner worries once it is not."""

from typing import Final

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

log = structlog.get_logger()

WITHIN_SECONDS: Final = 10.0
REFUSED: Final = 400


class DeadMan:
    """One address; what it answers says nothing to us but that it heard. The address itself is a secret."""

    def __init__(self, url: str, *, within_s: float = WITHIN_SECONDS) -> None:
        self._url = url
        self._timeout = ClientTimeout(total=within_s)

    async def hold_down(self) -> None:
        """Ask it once; what fails is logged, and the next minute tries again."""
        try:
            async with (
                ClientSession(timeout=self._timeout) as http,
                http.get(self._url, allow_redirects=False) as answer,
            ):
                if answer.status >= REFUSED:
                    log.warning("the dead-man's switch refused to be held down", status=answer.status)
        except (ClientError, TimeoutError, OSError) as error:
            log.warning("the dead-man's switch cannot be reached", reason=type(error).__name__)
