"""`make proof`: a hundred thousand random questions to the SLA engine, each answered by brute force as well.

Questions are made of their numbers, so a disagreement can be asked again alone: `make proof ARGS="--only 4711"`.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.golden.questions import changes, disagreements

QUESTIONS = 100_000
PART = 500


def main() -> None:
    """Ask, tell what disagrees, and end with 1 if anything does."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--questions", type=int, default=QUESTIONS)
    wanted.add_argument("--only", type=int, help="Ask this one question.")
    chosen = wanted.parse_args()
    numbers = range(chosen.questions) if chosen.only is None else range(chosen.only, chosen.only + 1)
    parts = [numbers[start : start + PART] for start in range(0, len(numbers), PART)]
    wrong = 0
    with ProcessPoolExecutor() as pool:
        for asked, said in enumerate(pool.map(disagreements, parts), start=1):
            for sentence in said:
                print(sentence)
            wrong += len(said)
            if asked % 20 == 0:
                print(f"{min(asked * PART, len(numbers)):,} questions, {wrong} disagreements", flush=True)
    print(f"{len(numbers):,} questions around {len(changes())} changes of clocks: {wrong} disagreements")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
