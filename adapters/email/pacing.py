"""So many mails in a minute, whichever process of the desk sends them: who runs ahead waits here, for a moment."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from adapters.errors import DeskAwayError, TemporaryError

#: How long it is until one more mail may leave; nothing: it may, and is counted. Raises DeskAwayError.
Pace = Callable[[], Awaitable[timedelta]]
#: Whoever would wait longer comes again, so that nothing else waits for them.
PATIENCE_S: Final = 5.0


async def wait_for_turn(pace: Pace) -> None:
    """Return once one more mail may leave. Raises TemporaryError where that is not soon."""
    left_s = PATIENCE_S
    try:
        while (wait_s := (await pace()).total_seconds()) > 0:
            left_s -= wait_s
            if left_s < 0:
                raise TemporaryError(
                    "as many mails as MAIL_PER_MINUTE allows have left", retry_after=timedelta(seconds=wait_s)
                )
            await asyncio.sleep(wait_s)
    except DeskAwayError as error:
        raise TemporaryError(f"the desk cannot say how many mails have left: {error}") from error
