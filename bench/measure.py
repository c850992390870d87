"""How figures are taken and told: the best of a few rounds, because on a shared machine noise only ever adds.

Ours and its control take turns within one run. Beside the clock on the wall the processor time is told: where both
cores are busy with somebody else, it is the figure that still means something.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """What a number of things took, in seconds by the wall and of the processor."""

    things: int
    wall: float = 0.0
    cpu: float = 0.0

    @property
    def per_second(self) -> float:
        return self.things / self.wall

    @property
    def cpu_us(self) -> float:
        """Microseconds of the processor for each, whichever thread spent them."""
        return self.cpu / self.things * 1e6

    def __str__(self) -> str:
        return f"{self.per_second:,.0f} per s, {self.cpu_us:,.0f} us of CPU each"


@contextmanager
def timed(things: int) -> Iterator[Pace]:
    """Measure a block in which so many things are done."""
    pace = Pace(things)
    wall, cpu = time.perf_counter(), time.process_time()
    yield pace
    pace.wall, pace.cpu = time.perf_counter() - wall, time.process_time() - cpu


def run_timed(things: int, work: Callable[[], object]) -> Pace:
    """The same for a function."""
    with timed(things) as pace:
        work()
    return pace


def best(paces: Sequence[Pace]) -> Pace:
    """The fastest round by the wall, with the least processor time of any round."""
    fastest = min(paces, key=lambda one: one.wall / one.things)
    cpu = min(one.cpu / one.things for one in paces)
    return Pace(fastest.things, fastest.wall, cpu * fastest.things)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of all of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def title(name: str, goal: str) -> None:
    """Begin a bench."""
    print(f"\n{name}  goal: {goal}", flush=True)


def tell(what: str, figure: object) -> None:
    """One line of a bench."""
    print(f"    {what:<58} {figure}", flush=True)


def verdict(*goals: tuple[str, bool]) -> None:
    """Which goals this run reached; said plainly where not."""
    for goal, is_reached in goals:
        print(f"    {'reached' if is_reached else 'NOT REACHED'}: {goal}", flush=True)


def complain(sentence: str) -> None:
    """Something a bench needs is missing; its figure is left out."""
    print(f"    {sentence}", file=sys.stderr, flush=True)
