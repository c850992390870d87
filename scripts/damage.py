"""`make proof`: twenty thousand damaged mails, each kept, parsed, decided and answered by a whole desk.

A part has a desk and a seed of its own: `python -m scripts.damage --only 4` repeats one.
"""

import argparse
import asyncio
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bot.log import configure
from tests.contract.desk.mail_damage import damaged, damaged_home, wrong_with

MAILS = 20_000
PART = 500


def main() -> None:
    """Send them, tell what is wrong, and end with 1 if anything is."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--mails", type=int, default=MAILS)
    wanted.add_argument("--only", type=int, help="The seed of this one part.")
    chosen = wanted.parse_args()
    seeds = range(-(-chosen.mails // PART)) if chosen.only is None else [chosen.only]
    wrong = answers = 0
    with ProcessPoolExecutor() as pool:
        for seed, (said, sentences) in zip(seeds, pool.map(_part, seeds), strict=True):
            for sentence in sentences:
                print(f"part {seed}: {sentence}", flush=True)
            wrong, answers = wrong + len(sentences), answers + said
    print(f"{len(seeds) * PART:,} damaged mails, {answers:,} answers of machines: {wrong} wrong")
    sys.exit(1 if wrong else 0)


def _part(seed: int) -> tuple[int, list[str]]:
    configure("text", level="ERROR")
    return asyncio.run(_told(seed))


async def _told(seed: int) -> tuple[int, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        async with damaged_home(Path(folder)) as home:
            wrong = await wrong_with(home, damaged(seed, PART))
            return len(home.channel.answers), wrong


if __name__ == "__main__":
    main()
