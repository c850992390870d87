"""A feed is read in a process of its own, which may use so much and no more: it has no sockets and no secrets.

What runs there is in `feed_reading`; nothing that reads calendars is loaded here.

    in     a line of JSON: {"zone": an offset or a name, "since", "until", "ours": [uid, …], "is_leave"}; then the feed
    out    JSON: {"spans": [[since, until], …], "broken": [name, …]} or {"wrong": why}
"""

import asyncio
import json
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

TOO_MUCH: Final = "it cannot be read within the time and the memory that a feed may use"
WITHIN_S: Final = 60.0
_ROOT: Final = str(Path(__file__).resolve().parents[1])
_BEGIN: Final = "import sys; sys.path.insert(0, sys.argv[1]); from adapters.feed_reading import main; main()"


@dataclass(frozen=True, slots=True)
class FeedRead:
    """From when to when somebody has no time, the soonest first; and the names of events that are broken."""

    spans: Sequence[tuple[datetime, datetime]]
    broken: tuple[str, ...] = ()


async def read_feed(
    content: bytes,
    *,
    zone: str,
    since: datetime,
    until: datetime,
    ours: Collection[str] = (),
    is_leave: bool = False,
) -> FeedRead:
    """From when to when somebody has no time; `zone` is an IANA name or an offset such as `+03:00`, the rest as there.

    ValueError with what is wrong, in words; OSError where no child can be had, or none that is given any time.
    """
    between = {"since": since.isoformat(), "until": until.isoformat()}
    asked = json.dumps({"zone": zone, **between, "ours": sorted(ours), "is_leave": is_leave}).encode()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", _BEGIN, _ROOT),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            said, _ = await child.communicate(asked + b"\n" + content)
        told = json.loads(said)
    except ValueError as error:
        raise ValueError(TOO_MUCH) from error
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if "wrong" in told:
        raise ValueError(str(told["wrong"]))
    spans = [(datetime.fromisoformat(begins), datetime.fromisoformat(ends)) for begins, ends in told["spans"]]
    return FeedRead(spans, tuple(map(str, told["broken"])))
