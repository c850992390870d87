"""Plans that are ahead in a queue come first among equals, and overtake nobody else."""

from hypothesis import given
from hypothesis import strategies as st

from routing.ahead import in_order

Waiting = tuple[int, str, bool]


def ordered(queue: list[Waiting]) -> list[Waiting]:
    return in_order(queue, lambda one: one[1], lambda one: one[2])


QUEUES = st.lists(st.tuples(st.sampled_from(["high", "feature"]), st.booleans())).map(
    lambda found: [(place, urgency, is_ahead) for place, (urgency, is_ahead) in enumerate(found)]
)


def test_a_feature_request_that_is_ahead_goes_before_others_and_not_before_what_is_urgent() -> None:
    first, urgent, second, ours = (1, "feature", False), (2, "high", False), (3, "feature", False), (4, "feature", True)
    assert ordered([first, urgent, second, ours]) == [ours, urgent, first, second]


@given(QUEUES)
def test_every_place_keeps_its_urgency_and_nobody_is_lost(queue: list[Waiting]) -> None:
    found = ordered(queue)
    assert [urgency for _, urgency, _ in found] == [urgency for _, urgency, _ in queue]
    assert sorted(found) == queue


@given(QUEUES)
def test_among_equals_those_ahead_come_first_and_all_keep_their_order(queue: list[Waiting]) -> None:
    for urgency in ("high", "feature"):
        lane = [one for one in ordered(queue) if one[1] == urgency]
        assert lane == sorted(lane, key=lambda one: (not one[2], one[0]))
