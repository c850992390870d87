"""What was agreed for one ticket alone: kept beside it, because clocks that start later are owed it too."""

import json
from functools import lru_cache

from sla.clock_value import target_from_json, target_to_json
from sla.duration import Instant
from sla.policy import Agreed, Metric


def agreed_to_text(agreed: tuple[Agreed, ...]) -> str | None:
    """As it is kept; nothing for the many tickets about which nothing was agreed."""
    if not agreed:
        return None
    kept = [{"metric": one.metric, "since": one.since, "target": target_to_json(one.target)} for one in agreed]
    return json.dumps(kept, ensure_ascii=False)


@lru_cache(maxsize=512)
def agreed_from_text(text: str) -> tuple[Agreed, ...]:
    """What `agreed_to_text` wrote."""
    return tuple(
        Agreed(Metric(one["metric"]), target_from_json(one["target"]), Instant(one["since"]))
        for one in json.loads(text)
    )
