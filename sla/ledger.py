"""Hours bought by the month: how many there are, what burns them, what rolls over and what expires.

Each month grants its bucket. Hours that rolled over are spent first and expire with the month; of the month's own
hours that were not used, up to a share of the bucket rolls over. What is used beyond both is overage, which the client
approves before it burns. Kept as double entry: every hour goes from somewhere to somewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

ZERO = timedelta(0)
WHOLE = 100


@dataclass(frozen=True, slots=True)
class LedgerTerms:
    """`rolls_over` is a percentage, of the bucket, or of what was left unused where the contract says so."""

    bucket: timedelta
    rolls_over: int = 50
    is_of_unused: bool = False

    def __post_init__(self) -> None:
        if self.bucket < ZERO or not 0 <= self.rolls_over <= WHOLE:
            raise ValueError("a bucket is no time or more, and 0 to 100 percent of it roll over")


class Side(StrEnum):
    """Where hours come from and go to."""

    CONTRACT = "contract"
    NEW = "new"
    ROLLED = "rolled"
    WORK = "work"
    OVERAGE = "overage"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Entry:
    """So many hours moved."""

    month: int
    source: Side
    target: Side
    hours: timedelta


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the book, counted from the first."""

    number: int
    granted: timedelta
    rolled_in: timedelta
    used: timedelta
    rolled_out: timedelta

    @property
    def available(self) -> timedelta:
        return self.granted + self.rolled_in

    @property
    def overage(self) -> timedelta:
        return max(ZERO, self.used - self.available)

    @property
    def expired(self) -> timedelta:
        return max(ZERO, self.available - self.used) - self.rolled_out

    def entries(self) -> Iterator[Entry]:
        """Every hour of the month, from where to where; moves of nothing are left out."""
        of_rolled = min(self.used, self.rolled_in)
        of_new = min(self.used - of_rolled, self.granted)
        moves = (
            (Side.CONTRACT, Side.NEW, self.granted),
            (Side.ROLLED, Side.WORK, of_rolled),
            (Side.NEW, Side.WORK, of_new),
            (Side.OVERAGE, Side.WORK, self.overage),
            (Side.ROLLED, Side.EXPIRED, self.rolled_in - of_rolled),
            (Side.NEW, Side.EXPIRED, self.granted - of_new - self.rolled_out),
            (Side.NEW, Side.ROLLED, self.rolled_out),
        )
        return (Entry(self.number, source, target, hours) for source, target, hours in moves if hours)


def months(terms: LedgerTerms, used: Iterable[timedelta]) -> Iterator[Month]:
    """The book, month by month, from what each of them burned."""
    rolled = ZERO
    for number, burned in enumerate(used):
        if burned < ZERO:
            raise ValueError("a month cannot burn less than nothing: correct the entry of the month it was made in")
        unused = max(ZERO, terms.bucket - max(ZERO, burned - rolled))
        limit = (unused if terms.is_of_unused else terms.bucket) * terms.rolls_over / WHOLE
        month = Month(number, terms.bucket, rolled, burned, min(unused, limit))
        yield month
        rolled = month.rolled_out
