"""How late the event loop turns, looked at twenty times a second: whoever is late answers nobody meanwhile.

A turn may be late because of us or because the machine had other things to do. What was our own doing is what the
process computed in that time, at most; on a machine that is short of processors the two figures differ.
"""

import asyncio
import time
from typing import Final

from bot import metrics

LOOK_EVERY_SECONDS: Final = 0.05
TOLD_EVERY_SECONDS: Final = 5.0


async def watch_lag() -> None:
    """Look until cancelled."""
    loop = asyncio.get_running_loop()
    worst, tell_at = 0.0, loop.time() + TOLD_EVERY_SECONDS
    while True:
        began_at, computed = loop.time(), time.process_time()
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        late = max(0.0, loop.time() - began_at - LOOK_EVERY_SECONDS)
        metrics.LOOP_STALL.observe(min(late, time.process_time() - computed))
        worst = max(worst, late)
        if loop.time() >= tell_at:
            metrics.LOOP_LAG.set(worst)
            worst, tell_at = 0.0, loop.time() + TOLD_EVERY_SECONDS
