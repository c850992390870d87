"""How far one ticket has climbed its ladder: kept beside the ticket, so that a restart goes on from there.

The steps themselves are not kept: they are those of the revision the ticket opened under, so that a new desk changes
no escalation that has begun. What happens to this value is in `standing`.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache

from routing.people import PersonId
from sla.duration import Instant


@dataclass(frozen=True, slots=True)
class Climbing:
    """`told` steps are behind it, told or skipped; `people` are those who were told.

    `metric` and `started_at` name the broken clock in whose time its steps fall, counted from `broken_at`. Before
    a breach, when only somebody asked for more, nothing falls by itself. `ladder` names one other than the plan's:
    the one that is paged out of hours, in real time from `broken_at`. Between `quiet_since` and `quiet_until` it
    waits, since `quiet_by` acknowledged. While we wait for others (`waits_since`) no step falls, and what that
    took (`put_off_ms`, in the clock's time) puts the steps off. `asked` steps were reached because somebody asked,
    a client last at `asked_at`. `was` is the same as a text from before an answer, which may turn out never to
    have arrived. `on_call` took on at `on_call_at` what was paged for, outside their own hours: until their next
    shift the client's words call them. Where a promise was broken already, those on call were paged beside its
    ladder at `paged_at`, and nobody looked after it since.
    """

    told: int = 0
    people: tuple[PersonId, ...] = ()
    metric: str | None = None
    started_at: Instant | None = None
    broken_at: Instant | None = None
    ladder: str | None = None
    quiet_since: Instant | None = None
    quiet_until: Instant | None = None
    quiet_by: PersonId | None = None
    waits_since: Instant | None = None
    put_off_ms: int = 0
    asked: int = 0
    asked_at: Instant | None = None
    was: str = ""
    on_call: PersonId | None = None
    on_call_at: Instant | None = None
    paged_at: Instant | None = None

    @property
    def is_begun(self) -> bool:
        """Whether its steps fall: something is broken, or somebody is paged."""
        return self.metric is not None or self.ladder is not None


def climbing_to_text(climbing: Climbing) -> str:
    """As it is kept; what has its default is left out."""
    kept = {name: value for name, value in asdict(climbing).items() if value not in (None, 0, (), "")}
    return json.dumps(kept, ensure_ascii=False)


@lru_cache(maxsize=512)
def climbing_from_text(text: str) -> Climbing:
    """What `climbing_to_text` wrote."""
    kept = json.loads(text)
    return Climbing(**{**kept, "people": tuple(kept.get("people", ()))})
