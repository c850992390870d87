"""People's own calendars: leave out of a feed is leave, what is busy takes no call, and a feed that fails is told."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.feed_child import FeedRead
from adapters.message import Channel
from bot.desk.people.feeds import FeedAwayError, Feeds
from bot.store import audit
from bot.store.calls.calls import of_ticket
from bot.store.people import absences, feeds
from bot.tickets.calls.command import MoveCall
from bot.tickets.command import Reply
from bot.tickets.ticket import TicketId
from routing.calls import Busy
from routing.people import PersonId
from sla.duration import instant
from tests.builders import document, story_desk
from tests.harness import NOON, Story
from tests.stories.conftest import MakeStory

DATABASES = ("sqlite", "postgresql")
VERA = PersonId("vera")
LEAVE, OWN = "https://calendars.test/leave.ics", "https://calendars.test/own.ics"
WITH_FEEDS = story_desk(
    (
        'identities = { slack = "T1/U1"',
        f'absence_feed = "{LEAVE}"\nbusy_feed = "{OWN}"\nidentities = {{ slack = "T1/U1"',
    )
)
Stretch = tuple[datetime, datetime]
#: From tomorrow's opening to the one after.
TOMORROW: Stretch = (datetime(2026, 3, 4, 7, tzinfo=UTC), datetime(2026, 3, 5, 7, tzinfo=UTC))


class Calendars:
    """What stands behind each address; an error is raised."""

    def __init__(self) -> None:
        self.shown: dict[str, list[Stretch] | Exception] = {LEAVE: [], OWN: []}
        self.asked: list[str] = []
        self.ours: Collection[str] = ()
        self.broken: dict[str, tuple[str, ...]] = {}

    async def read(
        self,
        url: str,
        *,
        zone: str,
        since: datetime,
        until: datetime,
        ours: Collection[str] = (),
        is_leave: bool = False,
    ) -> FeedRead:
        self.asked.append(url)
        self.ours = ours
        assert is_leave == (url == LEAVE)  # free time of a calendar of leave is leave, and of no other
        shown = self.shown[url]
        if isinstance(shown, Exception):
            raise shown
        return FeedRead([one for one in shown if one[1] > since and one[0] < until], self.broken.get(url, ()))


@pytest.fixture
async def desk(make_desk: MakeStory) -> Story:
    return await make_desk(WITH_FEEDS)


@pytest.fixture
def calendars() -> Calendars:
    return Calendars()


def reader(desk: Story, calendars: Calendars) -> Feeds:
    """What one process has."""
    inner = desk.desk
    return Feeds(desk.database, inner.revisions, inner.directory, lambda: desk.time.at, calendars.read)


async def reads(desk: Story, calendars: Calendars, *, minutes: int = 0) -> None:
    """Time in which the process reads calendars every quarter of an hour, and once more at the end."""
    mine = reader(desk, calendars)
    for _ in range(minutes // 15):
        await mine.once()
        await desk.settle()
        await desk.fast_forward(minutes=15)
    await mine.once()
    await desk.desk.refresh()
    await desk.settle()


async def alive(desk: Story) -> list[absences.Leave]:
    return await desk.database.read(absences.alive)


async def test_leave_out_of_a_calendar_is_leave_and_hands_tickets_on(desk: Story, calendars: Calendars) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Reply("Looking into it"))
    desk.forget()
    calendars.shown[LEAVE] = [TOMORROW]
    await reads(desk, calendars)
    (leave,) = await alive(desk)
    assert (leave.person, leave.by) == (VERA, "feed")
    assert (leave.since, leave.until) == tuple(map(instant, TOMORROW))
    desk.expect_quiet()

    await desk.go_to(TOMORROW[0])
    digest = desk.expect_ping("oleg", containing="1 ticket is yours meanwhile")
    assert "Vera Kova is away and back tomorrow 10:00." in digest
    assert (await desk.ticket(1)).assignee == "oleg"


async def test_the_same_calendar_read_twice_or_by_two_is_one_leave(desk: Story, calendars: Calendars) -> None:
    calendars.shown[LEAVE] = [TOMORROW]
    await reads(desk, calendars, minutes=45)
    another = reader(desk, calendars)
    await another.once()
    assert len(await alive(desk)) == 1
    assert calendars.asked.count(LEAVE) == 4  # every quarter of an hour, whoever asks
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=20))
    said = [one for one in deeds if one.action == "away"]
    assert [one.actor for one in said] == ["feed"]
    desk.expect_quiet()


async def test_leave_that_is_taken_out_of_the_calendar_is_over_after_two_readings(
    desk: Story, calendars: Calendars
) -> None:
    calendars.shown[LEAVE] = [TOMORROW]
    await reads(desk, calendars)
    calendars.shown[LEAVE] = []
    await reads(desk, calendars, minutes=30)
    assert not [one for one in await alive(desk) if one.ended_at is None]
    desk.expect_quiet()


async def test_a_calendar_that_is_empty_once_calls_nothing_off(desk: Story, calendars: Calendars) -> None:
    calendars.shown[LEAVE] = [TOMORROW]
    await reads(desk, calendars)
    calendars.shown[LEAVE] = []
    await desk.fast_forward(minutes=15)
    await reads(desk, calendars)
    calendars.shown[LEAVE] = [TOMORROW]
    await desk.fast_forward(minutes=15)
    await reads(desk, calendars)
    (leave,) = await alive(desk)
    assert leave.ended_at is None


async def test_whoever_says_they_are_back_is_not_sent_away_again(desk: Story, calendars: Calendars) -> None:
    calendars.shown[LEAVE] = [(NOON - timedelta(hours=1), TOMORROW[0])]
    await reads(desk, calendars)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "back")
    await desk.settle()
    desk.forget()
    await reads(desk, calendars, minutes=30)
    assert not [one for one in await alive(desk) if one.ends_at is None or one.ends_at > desk.time.at]
    desk.expect_quiet()


async def test_what_is_busy_takes_no_call_and_stays_while_the_calendar_is_down(
    desk: Story, calendars: Calendars
) -> None:
    calendars.shown[OWN] = [TOMORROW]
    await reads(desk, calendars)
    calendars.shown[OWN] = FeedAwayError("its server answers 503")
    await reads(desk, calendars, minutes=15)
    since, until = map(instant, TOMORROW)

    def busy(conn: object) -> Sequence[Busy]:
        return feeds.busy_of(conn, VERA, since=since, until=until)  # type: ignore[arg-type]

    assert await desk.database.read(busy) == (Busy(since, until),)
    desk.expect_quiet()


async def test_a_calendar_that_stays_away_is_told_once_and_so_is_its_return(desk: Story, calendars: Calendars) -> None:
    await reads(desk, calendars)
    calendars.shown[OWN] = FeedAwayError("its server answers 503")
    await reads(desk, calendars, minutes=60)
    desk.expect_quiet()
    await reads(desk, calendars, minutes=120)
    for person in ("vera", "dana"):
        said = desk.expect_alert(person, containing="Vera Kova: the own calendar cannot be read any more")
        assert "its server answers 503. What it said 12:00 goes on to count" in said
    calendars.shown[OWN] = []
    await reads(desk, calendars, minutes=60)
    for person in ("vera", "dana"):
        desk.expect_alert(person, containing="Vera Kova: the own calendar is read again")
    desk.expect_quiet()


async def test_what_no_time_mends_is_told_at_once(desk: Story, calendars: Calendars) -> None:
    calendars.shown[LEAVE] = ValueError("it is no iCalendar file")
    await reads(desk, calendars, minutes=60)
    for person in ("vera", "dana"):
        desk.expect_alert(person, containing="the calendar of leave cannot be read: it is no iCalendar file")
    desk.expect_quiet()


async def test_a_broken_event_is_named_once_and_all_others_count(desk: Story, calendars: Calendars) -> None:
    calendars.shown[OWN] = [TOMORROW]
    calendars.broken[OWN] = tuple(f"no. {place} (RRULE)" for place in range(1, 6))
    await reads(desk, calendars, minutes=60)
    named = "events of the own calendar are broken: no. 1 (RRULE), no. 2 (RRULE), no. 3 (RRULE) +2. Each takes as much"
    for person in ("vera", "dana"):
        desk.expect_alert(person, containing=named)
    desk.expect_quiet()
    since, until = map(instant, TOMORROW)
    known = await desk.database.read(lambda conn: feeds.busy_of(conn, VERA, since=since, until=until))
    assert known == (Busy(since, until),)
    # That nobody can read it at all any more is other news, and so is that it is read again.
    calendars.shown[OWN] = ValueError("it is no iCalendar file")
    await reads(desk, calendars, minutes=30)
    for person in ("vera", "dana"):
        desk.expect_alert(person, containing="the own calendar cannot be read any more: it is no iCalendar file")
    desk.expect_quiet()
    calendars.shown[OWN] = [TOMORROW]
    await reads(desk, calendars, minutes=30)
    for person in ("vera", "dana"):
        desk.expect_alert(person, containing=named)
    calendars.broken.clear()
    await reads(desk, calendars, minutes=30)
    for person in ("vera", "dana"):
        desk.expect_alert(person, containing="Vera Kova: the own calendar is read again")
    desk.expect_quiet()


async def test_no_leave_ends_while_events_of_its_calendar_are_broken(desk: Story, calendars: Calendars) -> None:
    calendars.shown[LEAVE] = [TOMORROW]
    await reads(desk, calendars)
    calendars.shown[LEAVE], calendars.broken[LEAVE] = [], ("no. 1 (DTSTART)",)
    await reads(desk, calendars, minutes=45)
    assert [one.ended_at for one in await alive(desk)] == [None]
    calendars.broken.clear()
    await reads(desk, calendars, minutes=45)
    assert not [one for one in await alive(desk) if one.ended_at is None]


async def test_a_feed_that_the_desk_names_no_more_is_forgotten_with_its_leave(
    desk: Story, calendars: Calendars
) -> None:
    calendars.shown[LEAVE] = [TOMORROW]
    await reads(desk, calendars)
    await desk.apply(document(story_desk()))
    await reads(desk, calendars)
    assert not [one for one in await alive(desk) if one.ended_at is None]
    assert await desk.database.read(lambda conn: feeds.known(conn, "vera:absence")) is None
    desk.expect_quiet()


async def test_another_address_is_asked_at_once(desk: Story, calendars: Calendars) -> None:
    await reads(desk, calendars)
    other = "https://calendars.test/other.ics"
    calendars.shown[other] = [TOMORROW]
    await desk.apply(document(WITH_FEEDS.replace(OWN, other)))
    await reads(desk, calendars)
    assert calendars.asked[-1] == other


async def test_a_calendar_shortens_no_leave_that_somebody_said_themselves(desk: Story, calendars: Calendars) -> None:
    await reads(desk, calendars)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away until friday", by="T1/U1")
    await desk.settle()
    (said,) = await alive(desk)
    desk.forget()
    calendars.shown[LEAVE] = [(NOON - timedelta(hours=1), NOON + timedelta(hours=2))]
    await reads(desk, calendars, minutes=45)
    (leave,) = await alive(desk)
    assert (leave.until, leave.by) == (said.until, VERA)
    deeds = await desk.database.read(lambda conn: audit.latest(conn, count=20))
    assert [one.actor for one in deeds if one.action == "away"] == [VERA]
    desk.expect_quiet()


async def test_whoever_stays_away_longer_than_their_calendar_says_is_not_brought_back(
    desk: Story, calendars: Calendars
) -> None:
    calendars.shown[LEAVE] = [(NOON - timedelta(hours=1), TOMORROW[0])]
    await reads(desk, calendars)
    await desk.channels[Channel.SLACK].command("T1/U1", "desk", "away until friday", by="T1/U1")
    await desk.settle()
    desk.forget()
    await reads(desk, calendars, minutes=45)
    (leave,) = await alive(desk)
    assert leave.ended_at is None
    assert leave.until is not None
    assert leave.until > instant(TOMORROW[1])
    desk.expect_quiet()


async def test_whoever_leaves_the_desk_while_their_calendar_is_read_stops_no_other(
    desk: Story, calendars: Calendars
) -> None:
    without_vera = document(WITH_FEEDS.replace("[people.vera]", "[people.vira]").replace('"vera"', '"vira"'))

    class Leaving(Calendars):
        async def read(
            self,
            url: str,
            *,
            zone: str,
            since: datetime,
            until: datetime,
            ours: Collection[str] = (),
            is_leave: bool = False,
        ) -> FeedRead:
            if not self.asked:
                self.asked.append(url)
                await desk.apply(without_vera)
                raise ValueError("it is no iCalendar file")
            return await super().read(url, zone=zone, since=since, until=until, ours=ours, is_leave=is_leave)

    leaving = Leaving()
    await reader(desk, leaving).once()
    await reads(desk, leaving)
    assert leaving.asked == [LEAVE, LEAVE, OWN]
    assert await desk.database.read(lambda conn: feeds.known(conn, "vera:absence")) is None


async def test_a_calendar_that_shows_our_own_call_is_not_in_its_way(make_desk: MakeStory, calendars: Calendars) -> None:
    """An appointment ends where the call begins, so that the calendar's busy time is one piece with it."""
    desk = await make_desk(f'{WITH_FEEDS}\n[calls]\ngrid = "15m"\n', start=NOON - timedelta(minutes=10))
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    await desk.receives(sender="lena", text="1")
    begins, ends = NOON + timedelta(days=1, hours=3), NOON + timedelta(days=1, hours=3, minutes=30)
    calendars.shown[OWN] = [
        (begins - timedelta(minutes=30), ends),
        (ends + timedelta(hours=1), ends + timedelta(hours=2)),
    ]
    await reads(desk, calendars)
    (call,) = await desk.database.read(lambda conn: of_ticket(conn, TicketId(1)))
    assert list(calendars.ours) == [call.uid]
    desk.forget()

    async def moved(to: datetime) -> bool:
        answer = await desk.does("vera", MoveCall(instant(to)))
        desk.forget()
        return not answer.is_refused

    assert not await moved(begins - timedelta(minutes=15))  # into the appointment before it
    assert await moved(begins + timedelta(minutes=15))
    assert await moved(begins + timedelta(minutes=45))
    assert not await moved(ends + timedelta(minutes=45))  # into the one after it
    desk.expect_quiet()
