"""How much one sender may ask of us: token buckets, filled with time.

Time is an argument, in seconds of any clock that only goes forward.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """`capacity` at once, then `per_second`."""

    capacity: float
    per_second: float
    filled_at: float
    tokens: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = self.capacity

    def pause(self, at: float) -> float:
        """Take one token; the answer is how many seconds to wait before acting on it, 0 while there are tokens."""
        self._fill(at)
        self.tokens -= 1
        return max(0.0, -self.tokens / self.per_second)

    def takes(self, at: float) -> bool:
        """Take one token if there is one."""
        self._fill(at)
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def is_full(self, at: float) -> bool:
        self._fill(at)
        return self.tokens >= self.capacity

    def _fill(self, at: float) -> None:
        self.tokens = min(self.capacity, self.tokens + (at - self.filled_at) * self.per_second)
        self.filled_at = at


class Budget:
    """One bucket per sender. A full bucket says nothing that a new one would not, so it is forgotten."""

    _FORGET_FROM = 1_000

    def __init__(self, capacity: float, per_second: float) -> None:
        self._capacity = capacity
        self._per_second = per_second
        self._buckets: dict[str, Bucket] = {}
        self._forget_from = self._FORGET_FROM

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, sender: str, at: float) -> bool:
        if len(self._buckets) >= self._forget_from:
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if not bucket.is_full(at)}
            # A flood from very many senders must not make every call look through all of them.
            self._forget_from = max(self._FORGET_FROM, 2 * len(self._buckets))
        bucket = self._buckets.setdefault(sender, Bucket(self._capacity, self._per_second, at))
        return bucket.takes(at)
