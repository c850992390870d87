"""What is not sent after all, with the reason that is recorded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is not sent, because of this. Where it `is_told`, somebody wrote it for a client, and hears that."""

    reason: str
    is_told: bool = False
