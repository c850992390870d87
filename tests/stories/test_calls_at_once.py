"""Many want one time, processes die, zones change their clocks: nobody is booked twice, and no time is said wrong."""

import asyncio
from datetime import UTC, datetime, timedelta

from ical.calendar_stream import IcsCalendarStream
from icalendar import Calendar
from sqlalchemy import Connection, text

from adapters.ics import ics_from_invites
from adapters.message import Channel, Invite, OutboundMessage
from bot.store.calls.call_offers import Asker
from bot.tickets.calls.call import CallState
from bot.tickets.ticket import ContactId, ConversationId
from routing.people import ClientId, PersonId
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, SHORTLY_BEFORE, called, calls
from tests.stories.test_calls_in_calendars import IN_SLACK, MAIL

DATABASES = ("sqlite", "postgresql")
MANY = 50
CONTACTS = (
    'contacts = [{ name = "Lena", telegram = 1001, email = "lena@acme.test", slack = "T2/U9", inapp = "user-17" }]'
)


async def askers(desk: Story) -> list[Asker]:
    """Everybody of Acme who has written, each in their own conversation."""

    def look(conn: Connection) -> list[Asker]:
        found = conn.execute(text("SELECT id, contact_id FROM conversation ORDER BY id")).all()
        return [Asker(ConversationId(row.id), ContactId(row.contact_id), ClientId("acme")) for row in found]

    return await desk.database.read(look)


async def test_of_fifty_who_want_one_time_one_has_it_and_each_gets_a_clear_answer(make_desk: MakeStory) -> None:
    people = ", ".join(f'{{ name = "Guest {one}", telegram = {3000 + one} }}' for one in range(MANY))
    desk = await called(make_desk, (CONTACTS, f"contacts = [{people}]"))
    for one in range(MANY):
        await desk.arrives(sender=f"guest {one}", text="/help")
    await desk.settle()
    desk.forget()
    begins_at = instant(SHORTLY_BEFORE + timedelta(days=1, hours=1, minutes=10))
    door, wanting = desk.desk.calls, await askers(desk)
    assert len(wanting) == MANY

    found = await asyncio.gather(
        *(
            door.book(one, kind="troubleshooting", person=PersonId("vera"), begins_at=begins_at, key="once")
            for one in wanting
        )
    )
    again = await asyncio.gather(
        *(
            door.book(one, kind="troubleshooting", person=PersonId("vera"), begins_at=begins_at, key="once")
            for one in wanting
        )
    )

    booked = [one for one in found if not one.is_refused]
    assert len(booked) == 1
    refused = [one for one in found if one.is_refused]
    assert len(refused) == MANY - 1
    assert {one.text for one in refused} == {
        "tomorrow 10:00 (13:00 for Vera) has just been taken. The next free times:"
    }
    assert all(one.slots and begins_at not in [slot.begins_at for slot in one.slots] for one in refused)
    assert [(one.text, one.is_refused) for one in again] == [(one.text, one.is_refused) for one in found]
    await desk.settle()
    kept = await door.listed(since=begins_at, until=instant(SHORTLY_BEFORE + timedelta(days=9)))
    assert [one.call.key for one in kept] == [booked[0].call.key if booked[0].call else ""]
    desk.expect_ping("vera", containing="booked a call with Vera: Troubleshooting, tomorrow 13:00")
    desk.forget()
    desk.expect_quiet()


async def test_two_processes_give_one_time_to_one_of_two(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    for sender in ("lena", "bill"):
        await desk.receives(sender=sender, text="/help")
    lena, bill = await askers(desk)
    bill = Asker(bill.talk, bill.contact, ClientId("initech"))
    first = desk.desk.calls
    await desk.dies()
    second = desk.desk.calls
    begins_at = instant(SHORTLY_BEFORE + timedelta(days=1, hours=1, minutes=10))
    offer = await second.offered(bill)
    assert begins_at in offer.slots
    assert offer.person is not None
    found = await asyncio.gather(
        first.book(lena, kind="troubleshooting", person=offer.person, begins_at=begins_at, key="a"),
        second.book(bill, kind="troubleshooting", person=offer.person, begins_at=begins_at, key="b"),
    )
    assert sorted(one.is_refused for one in found) in ([False, True], [True, True])
    await desk.settle()
    desk.forget()
    desk.expect_quiet()


async def test_a_process_that_dies_has_booked_all_of_it_or_nothing(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    await desk.receives(sender="lena", text="/call tomorrow 12:00")
    raw = await desk.arrives(sender="lena", text="1")
    await desk.dies()
    await desk.settle()
    await desk.channels[Channel.TELEGRAM].redelivers(raw)
    await desk.dies()
    await desk.settle()
    assert [one.state for one in await calls(desk)] == [CallState.CONFIRMED]
    desk.expect_message("lena", containing="Booked: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="booked a call")
    desk.forget()
    desk.expect_quiet()


async def test_times_are_right_in_both_zones_over_changed_clocks_and_a_holiday(make_desk: MakeStory) -> None:
    """Los Angeles goes to summer time on 8 March 2026, while +03:00 never does; Monday the 9th is a holiday there."""
    holiday = (
        '[calendars.long]\nzone = "fixed:+03:00"',
        'days."2026-03-09" = []\n\n[calendars.long]\nzone = "fixed:+03:00"',
    )
    away = ('zone = "America/Chicago"', 'manager = "vera"\nzone = "America/Los_Angeles"')
    # Friday 15:00 at +03:00, four in the morning in Los Angeles.
    desk = await make_desk(story_desk(holiday, away, more=CALLS), start=datetime(2026, 3, 6, 12, 0, tzinfo=UTC))
    await desk.receives(sender="bill", text="/call")
    said = desk.expect_message("bill", containing="Troubleshooting, 30 min, with Vera")
    # The next working day after Friday is Tuesday, and by then eleven hours have become ten.
    assert "1. Tuesday 05:00 (15:00 for Vera)\n2. Tuesday 05:30 (15:30 for Vera)" in said
    assert "6. Tuesday 07:30 (17:30 for Vera)" in said
    await desk.receives(sender="bill", text="/call monday 06:00")
    desk.expect_message("bill", containing="Monday 06:00 (16:00 for Vera) is not a time we can offer")
    await desk.receives(sender="bill", text="/call 2026-03-11 00:30")
    desk.expect_message("bill", containing="1. Wednesday 00:30 (10:30 for Vera)")
    await desk.receives(sender="bill", text="1")
    desk.expect_message("bill", containing="Booked: Troubleshooting with Vera, Wednesday 00:30 (10:30 for Vera).")
    desk.expect_ping(
        "vera", containing="Initech): Bill booked a call with Vera: Troubleshooting, Wednesday 10:30 (00:30 for Bill)"
    )
    (call,) = await calls(desk)
    assert call.begins_at == instant(datetime(2026, 3, 11, 7, 30, tzinfo=UTC))
    desk.forget()
    # One working day before Wednesday 10:30 is Tuesday 10:30, half past midnight in Los Angeles.
    await desk.go_to(datetime(2026, 3, 10, 7, 29, tzinfo=UTC))
    desk.expect_quiet()
    await desk.go_to(datetime(2026, 3, 10, 7, 30, tzinfo=UTC))
    desk.expect_message(
        "bill", containing="A reminder of your call: Troubleshooting with Vera, tomorrow 00:30 (10:30 for Vera)"
    )
    desk.expect_ping("vera", containing="a reminder of the call with Bill, tomorrow 10:30 (00:30 for Bill)")
    desk.expect_quiet()


async def test_calendars_of_both_read_the_same_moments_as_summer_time_ends_and_change_one_entry(
    make_desk: MakeStory,
) -> None:
    """Los Angeles goes back to eight hours behind on 1 November 2026; the Monday after it is a holiday at +03:00."""
    holiday = (
        '[calendars.long]\nzone = "fixed:+03:00"',
        'days."2026-11-02" = []\n\n[calendars.long]\nzone = "fixed:+03:00"',
    )
    away = ('zone = "Europe/Lisbon"', 'zone = "America/Los_Angeles"')
    desk = await make_desk(
        story_desk(holiday, away, IN_SLACK, more=CALLS), start=datetime(2026, 10, 30, 12, 0, tzinfo=UTC)
    )
    await desk.receives(Channel.EMAIL, sender="lena", text="call")
    said = desk.expect_message("lena", Channel.EMAIL, containing="Troubleshooting, 30 min, with Vera")
    # Friday 15:00 and a working day are Tuesday 15:00; seven hours behind have become eight.
    assert "1. Tuesday 04:00 (15:00 for Vera)\n" in said
    for words in ("2", "/call move tuesday 5:30", "1", "/call cancel"):
        await desk.receives(Channel.EMAIL, sender="lena", text=words)
    first, moved = datetime(2026, 11, 3, 12, 30, tzinfo=UTC), datetime(2026, 11, 3, 13, 30, tzinfo=UTC)
    for address in ("lena@acme.test", MAIL):
        found = [read_by_both(one) for one in invites_of(desk, address)]
        assert [(method, sequence) for method, sequence, _, _ in found] == [
            ("REQUEST", 0),
            ("REQUEST", 1),
            ("CANCEL", 2),
        ]
        assert len({uid for _, _, uid, _ in found}) == 1, "one entry all along"
        assert [at for _, _, _, at in found] == [first, moved, moved]
    desk.expect_message("lena", Channel.EMAIL, containing="Cancelled: Troubleshooting with Vera, Tuesday 05:30 (16:30")


def invites_of(desk: Story, address: str) -> list[Invite]:
    sent = [one.message for one in desk.channels[Channel.EMAIL].messages(address)]
    return [one.invite for one in sent if isinstance(one, OutboundMessage) and one.invite is not None]


def read_by_both(invite: Invite) -> tuple[str, int, str, datetime]:
    """Method, version, name and beginning of an invitation, on which two programs have to agree."""
    written = ics_from_invites([invite], made_at=datetime(2026, 10, 30, 12, 0, tzinfo=UTC), address="support@desk.test")
    (one,) = Calendar.from_ical(written).walk("VEVENT")
    (other,) = IcsCalendarStream.calendar_from_ics(written.decode()).events
    begins = one.decoded("dtstart").astimezone(UTC)
    assert (str(one["uid"]), str(one["sequence"])) == (other.uid, str(other.sequence))
    assert isinstance(other.dtstart, datetime)
    assert begins == other.dtstart.astimezone(UTC)
    return invite.method, other.sequence or 0, str(other.uid), begins
