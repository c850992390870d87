"""How long to wait before a server is tried again: longer with every failure, and never the same for two of us."""

import random


class Backoff:
    """Counts failures since the last success."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def over(self) -> None:
        """It works again."""
        self._failures = 0

    def pause_s(self) -> float:
        """How long to wait after one more failure."""
        pause_s = min(self._first_s * 2.0 ** min(self._failures, 16), self._longest_s)
        self._failures += 1
        return pause_s * random.uniform(0.5, 1)  # noqa: S311 - jitter
