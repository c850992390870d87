"""The figures of the performance goals, on this machine: `make bench`, or `make bench ARGS="P2 P8"`.

Each bench prints its figure, its control measured in the same run, and the ratio. Only ratios mean anything elsewhere.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from bench import alarms, due, growth, imap, intake, latency, mail, slack, telegram

BENCHES: Final[Mapping[str, Callable[[], Coroutine[Any, Any, None]]]] = {
    "P1": mail.mails,
    "P2": intake.chats,
    "P3": intake.slow_disk,
    "P4": latency.chat_to_card,
    "P5": alarms.lateness,
    "P6": growth.growth,
    "P7": growth.weight,
    "P8": latency.postgres,
    "P9": due.due_moments,
    "M1": imap.folder,
    "S1": slack.acknowledgements,
    "S2": slack.locked,
    "S3": slack.cards,
    "T1": telegram.confirmations,
    "T2": telegram.cards,
}


def main() -> None:
    """Run the benches named, or all of them."""
    names = [name.upper() for name in sys.argv[1:]] or list(BENCHES)
    if unknown := [name for name in names if name not in BENCHES]:
        sys.exit(f"there is no bench {', '.join(unknown)}: name some of {', '.join(BENCHES)}")
    for name in names:
        asyncio.run(BENCHES[name]())


if __name__ == "__main__":
    main()
