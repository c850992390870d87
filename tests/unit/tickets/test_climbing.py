"""How far a ticket was escalated is kept as it is."""

from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.ladder.climbing import Climbing, climbing_from_text, climbing_to_text

instants = st.none() | st.integers(1, 2**40)
climbings = st.builds(
    Climbing,
    told=st.integers(0, 9),
    people=st.lists(st.sampled_from(["dana", "hana", "ines"]), unique=True).map(tuple),
    metric=st.none() | st.sampled_from(["first_response", "eta"]),
    started_at=instants,
    broken_at=instants,
    ladder=st.none() | st.just("нічна"),
    quiet_since=instants,
    quiet_until=instants,
    quiet_by=st.none() | st.just("tara"),
    waits_since=instants,
    put_off_ms=st.integers(0, 2**40),
    asked=st.integers(0, 9),
    asked_at=instants,
    was=st.sampled_from(["", '{"told": 1}']),
)


@given(climbings)
def test_what_is_kept_is_read_back(climbing: Climbing) -> None:
    assert climbing_from_text(climbing_to_text(climbing)) == climbing


def test_nothing_is_written_of_what_has_not_happened() -> None:
    assert climbing_to_text(Climbing(told=1)) == '{"told": 1}'
