"""Who comes first among equals: plans that are ahead in a queue, as premium clients are with their feature requests.

Nobody overtakes what is more urgent, and the queue keeps its order otherwise: of the places that tickets of one urgency
have, those that are ahead get the earlier ones.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_order(queue: Sequence[T], urgency: Callable[[T], str], is_ahead: Callable[[T], bool]) -> list[T]:
    """The queue with those that are ahead before all others of their urgency; each of both in the order they had."""
    if not any(map(is_ahead, queue)):
        return list(queue)
    lanes: dict[str, deque[T]] = defaultdict(deque)
    for has_way in (True, False):
        for one in queue:
            if is_ahead(one) is has_way:
                lanes[urgency(one)].append(one)
    return [lanes[urgency(one)].popleft() for one in queue]
