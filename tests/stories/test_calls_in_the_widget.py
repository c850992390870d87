"""A client books a call in the chat of their application: in a form, before or after they have said a word."""

from collections.abc import Mapping

from adapters.card import Form
from adapters.message import Channel, Vouched
from adapters.port import Answer, Press
from bot.app.channels.transcript import StoredTranscript
from bot.store.calls.calls import between
from bot.tickets.calls.call import Call, CallState
from bot.tickets.command import Resolve
from sla.duration import Instant, instant, moment
from tests.builders import story_desk
from tests.harness import Story, new_desk
from tests.stories.conftest import MakeStory
from tests.stories.test_calls import CALLS, SHORTLY_BEFORE, WEDNESDAY_NOON

DATABASES = ("sqlite", "postgresql")
INAPP = Channel.INAPP
LENA = Vouched(client="acme", name="Lena")


async def called(make_desk: MakeStory, *, page: str = "", more: str = CALLS) -> Story:
    desk = await make_desk(story_desk(more=more), start=SHORTLY_BEFORE)
    if page:
        desk.desk = new_desk(desk.database, desk.channels, desk.time, page=page)
        await desk.desk.prepare(is_alone=True)
    return desk


async def presses(
    desk: Story,
    action: str,
    value: str = "",
    *,
    key: str = "",
    who: str = "user-99",
    vouched: Vouched | None = LENA,
    **fields: str,
) -> Answer:
    """What the page of somebody in the application sends, as its session vouches for them."""
    one = desk.channels[INAPP]
    key = f"{who}/{key or len(desk.channels[INAPP].happenings())}-{action}{value}{sorted(fields.items())}"
    identity = desk.identity(who, INAPP)
    press = Press(
        key,
        identity,
        action,
        value,
        moment(desk.time.now()),
        fields,
        one.conversation(identity.address),
        vouched=vouched,
        language="en",
        zone="Europe/Lisbon",
    )
    answer = await desk.desk.press(press)
    await desk.settle()
    return answer


async def above(desk: Story, who: str = "user-99", vouched: Vouched | None = LENA) -> tuple[str, list[str]]:
    found = await StoredTranscript(desk.desk, account="desk").greeting(
        desk.identity(who, INAPP), vouched, "en", "Europe/Lisbon"
    )
    return found.note, [one.action for one in found.buttons]


async def calls(desk: Story) -> list[Call]:
    return await desk.database.read(lambda conn: between(conn, since=Instant(0), until=Instant(2**52)))


def form_of(answer: Answer) -> Form:
    assert answer.form is not None, answer.text
    return answer.form


def times(form: Form) -> Mapping[str, str]:
    """The choices of a time by what they say, each with its day."""
    (slot,) = (one for one in form.inputs if one.name == "slot")
    return {f"{day}, {label}": value for day, (value, label) in zip(slot.headings, slot.choices, strict=True)}


async def test_a_call_is_booked_before_a_word_was_said_and_stands_above_the_conversation(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk)
    assert await above(desk) == ("", ["call.book"])

    form = form_of(await presses(desk, "call.book"))
    kind, day, slot = form.inputs
    assert (kind.name, kind.initial, kind.redraws) == ("kind", "troubleshooting", True)
    assert ("education", "Training, 1 h") in kind.choices
    assert (day.name, day.initial, day.redraws) == ("day", "2026-03-04", True)
    assert next(iter(times(form))) == "Wednesday, March 4, 2026, 09:00 (12:00 for Vera)"
    assert "All times are in your own time (Europe/Lisbon, UTC+00:00)" in form.note
    other = form_of(await presses(desk, "call.book", kind="education"))
    assert (other.inputs[0].initial, other.inputs[-1].label) == ("education", slot.label)

    chosen = slot.choices[1][0]
    answer = await presses(desk, "call.book", key="one", kind="troubleshooting", slot=chosen)
    (call,) = await calls(desk)
    assert answer.text == (
        f"Booked: Troubleshooting with Vera, tomorrow 09:30 (12:30 for Vera).\nJoin here: {call.url}"
    )
    assert await presses(desk, "call.book", key="one", kind="troubleshooting", slot=chosen) == answer
    desk.expect_message("user-99", INAPP, containing="Booked: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="Lena booked a call with Vera")
    desk.expect_card("vera", containing="Call: Troubleshooting")
    (call,) = await calls(desk)
    assert (call.state, call.person, call.client) == (CallState.CONFIRMED, "vera", "acme")
    assert await above(desk) == (
        f"Troubleshooting with Vera, tomorrow 09:30 (12:30 for Vera)\nJoin here: {call.url}",
        ["call.move", "call.cancel", "call.file"],
    )
    desk.expect_quiet()


async def test_the_call_is_moved_and_then_called_off_each_in_a_form_of_its_own(make_desk: MakeStory) -> None:
    desk = await called(make_desk, page="https://desk.test")
    await desk.receives(INAPP, sender="lena", text="Payroll failed")
    first = times(form_of(await presses(desk, "call.book", who="lena", vouched=None)))
    nine = first["Wednesday, March 4, 2026, 09:00 (12:00 for Vera)"]
    await presses(desk, "call.book", who="lena", vouched=None, kind="troubleshooting", slot=nine)
    desk.forget()

    # A button that is old leads to what can be done now.
    moving = form_of(await presses(desk, "call.book", who="lena", vouched=None, key="stale"))
    assert (moving.action, moving.value) == ("call.move", "1.1")
    assert moving.note.startswith("Troubleshooting with Vera, tomorrow 09:00 (12:00 for Vera)")
    wanted = times(moving)["Wednesday, March 4, 2026, 10:00 (13:00 for Vera)"]
    moved = await presses(desk, "call.move", "1.1", who="lena", vouched=None, slot=wanted)
    assert moved.text.startswith("Moved: Troubleshooting with Vera is now tomorrow 10:00 (13:00 for Vera)")
    desk.expect_message("lena", INAPP, containing="tomorrow 10:00 (13:00 for Vera)")
    desk.expect_ping("vera", containing="13:00")
    file = await presses(desk, "call.file", who="lena", vouched=None)
    assert file.text.startswith("Add it to your calendar: https://desk.test/call/")
    desk.forget()

    sure = form_of(await presses(desk, "call.cancel", who="lena", vouched=None))
    assert (sure.value, sure.inputs, sure.submit) == ("1.1", (), "Yes, cancel it")
    gone = await presses(desk, "call.cancel", "1.1", key="off", who="lena", vouched=None)
    assert not gone.is_refused
    assert await presses(desk, "call.cancel", "1.1", key="off", who="lena", vouched=None) == gone
    desk.expect_message("lena", INAPP, containing="Cancelled: Troubleshooting with Vera")
    desk.expect_ping("vera", containing="cancelled")
    assert [one.state for one in await calls(desk)] == [CallState.CANCELLED]
    for action in ("call.cancel", "call.move"):
        late = await presses(desk, action, "1.1", who="lena", vouched=None)
        assert (late.is_refused, late.text) == (True, "You have no call booked. /call shows the free times.")
    desk.forget()
    desk.expect_quiet()


async def test_a_time_that_just_went_is_answered_with_those_that_are_left(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    lena = times(form_of(await presses(desk, "call.book")))
    nine = lena["Wednesday, March 4, 2026, 09:00 (12:00 for Vera)"]
    await presses(
        desk, "call.book", who="user-98", vouched=Vouched(client="acme", name="Mo"), kind="education", slot=nine
    )
    desk.forget()
    answer = await presses(desk, "call.book", kind="troubleshooting", slot=nine)
    assert answer.is_refused
    assert answer.text == "tomorrow 09:00 (12:00 for Vera) has just been taken. The next free times:"
    assert nine not in times(form_of(answer)).values()
    assert len(await calls(desk)) == 1
    desk.expect_quiet()


async def test_what_came_too_late_may_be_asked_of_the_lead(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    nine = times(form_of(await presses(desk, "call.book")))["Wednesday, March 4, 2026, 09:00 (12:00 for Vera)"]
    await desk.fast_forward(minutes=30)
    answer = await presses(desk, "call.book", kind="troubleshooting", slot=nine)
    assert "is too soon" in answer.text
    (lead,) = form_of(answer).buttons
    assert (lead.action, lead.label) == ("call.lead", "Ask the team lead")
    asked = await presses(desk, lead.action, lead.value)
    assert not asked.is_refused
    desk.expect_message("user-99", INAPP, containing="team lead")
    (call,) = await calls(desk)
    assert (call.state, call.waits_for) == (CallState.REQUESTED, "lead")
    note, buttons = await above(desk)
    assert note.endswith("· asked for")
    assert buttons == ["call.move", "call.cancel"]
    desk.forget()
    desk.expect_quiet()


async def test_whoever_is_no_client_of_ours_is_offered_no_calls(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    refused = Answer(
        "Calls are booked by clients we know. Write what it is about, and we answer here.", is_refused=True
    )
    for who, vouched in (
        ("anon-1", None),
        ("user-99", Vouched(client="nobody")),
        ("user-99", Vouched(name="Lena", email="lena@elsewhere.test")),
    ):
        assert await above(desk, who, vouched) == ("", ["client.link"])
        assert await presses(desk, "call.book", who=who, vouched=vouched) == refused
        slot = f"{instant(WEDNESDAY_NOON)} vera"
        assert await presses(desk, "call.book", who=who, vouched=vouched, slot=slot) == refused
    assert await calls(desk) == []
    desk.expect_quiet()


async def test_a_time_that_no_form_offered_books_nothing(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    noon = instant(WEDNESDAY_NOON)
    for slot in (
        "99999999999999999999 vera",  # beyond every number
        "9999999999999 vera",  # centuries ahead
        "١٢ vera",
        f"{noon}",
        f"{noon} dana",  # who takes no calls of theirs
        f"{noon + 60_001} vera",  # beside the grid
        "1 vera",
    ):
        answer = await presses(desk, "call.book", kind="troubleshooting", slot=slot)
        assert form_of(answer).action == "call.book"
    assert form_of(await presses(desk, "call.book", kind="fishing")).inputs[0].initial == "troubleshooting"
    assert await calls(desk) == []
    desk.expect_quiet()


async def test_no_desk_without_calls_offers_any_and_a_call_of_a_resolved_ticket_stands_no_more(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk, more="")
    assert await above(desk) == ("", [])
    desk = await called(make_desk)
    form = form_of(await presses(desk, "call.book"))
    await presses(desk, "call.book", kind="troubleshooting", slot=next(iter(times(form).values())))
    await desk.does("vera", Resolve("Fixed"))
    assert await above(desk) == ("", ["call.book"])
    desk.forget()
    desk.expect_quiet()


async def test_calls_that_were_booked_elsewhere_stand_above_the_conversation_and_are_changed_there(
    make_desk: MakeStory,
) -> None:
    desk = await called(make_desk, page="https://desk.test")
    for words in ("/call tomorrow 12:00", "1"):
        await desk.receives(sender="lena", text=words)
    desk.forget()
    note, buttons = await above(desk, "lena", None)
    assert note.startswith("Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera)")
    assert buttons == ["call.move", "call.cancel", "call.file", "call.book"]
    booking = form_of(await presses(desk, "call.book", who="lena", vouched=None))
    assert booking.note.startswith("Your calls:\n• Troubleshooting with Vera, tomorrow 12:00 (15:00 for Vera)\n")
    file = await presses(desk, "call.file", "?1.1", who="lena", vouched=None)
    assert file.text.endswith(".ics?call=1.1")
    moving = form_of(await presses(desk, "call.move", "?1.1", who="lena", vouched=None))
    wanted = times(moving)["Wednesday, March 4, 2026, 10:00 (13:00 for Vera)"]
    for _ in range(2):
        moved = await presses(desk, "call.move", moving.value, key="one", who="lena", vouched=None, slot=wanted)
        assert moved.text.startswith("Moved: Troubleshooting with Vera is now tomorrow 10:00 (13:00 for Vera)")
    desk.expect_message("lena", INAPP, containing="is now tomorrow 10:00 (13:00 for Vera)")
    desk.expect_ping("vera", containing="the call is now tomorrow 13:00")
    desk.expect_nothing("lena", Channel.TELEGRAM)
    # Somebody else in the same application neither sees it nor changes it.
    assert await above(desk) == ("", ["call.book"])
    for action in ("call.move", "call.cancel", "call.file"):
        answer = await presses(desk, action, "1.1")
        assert (answer.is_refused, answer.text) == (True, "You have no call booked. /call shows the free times.")
    sure = form_of(await presses(desk, "call.cancel", "?1.1", who="lena", vouched=None))
    assert not (await presses(desk, "call.cancel", sure.value, who="lena", vouched=None)).is_refused
    assert [one.state for one in await calls(desk)] == [CallState.CANCELLED]
    desk.forget()
    desk.expect_quiet()


async def test_of_several_calls_each_has_its_own_buttons(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    for words in ("/call tomorrow 12:00", "1", "/new", "/call fri 12:00", "1"):
        await desk.receives(sender="lena", text=words)
    desk.forget()
    found = await StoredTranscript(desk.desk, account="desk").greeting(
        desk.identity("lena", INAPP), None, "en", "Europe/Lisbon"
    )
    assert [(one.label, one.value) for one in found.buttons if one.action == "call.cancel"] == [
        ("Cancel the call · tomorrow 12:00", "?1.1"),
        ("Cancel the call · Friday 12:00", "?2.1"),
    ]
    sure = form_of(await presses(desk, "call.cancel", "?2.1", who="lena", vouched=None))
    assert sure.note.startswith("Troubleshooting with Vera, Friday 12:00")
    await presses(desk, "call.cancel", sure.value, who="lena", vouched=None)
    assert [one.state for one in await calls(desk)] == [CallState.CONFIRMED, CallState.CANCELLED]
    gone = await presses(desk, "call.cancel", sure.value, key="late", who="lena", vouched=None)
    assert (gone.is_refused, gone.text) == (True, "There is no such call any more.")
    desk.forget()
    desk.expect_quiet()


async def test_every_day_that_can_be_booked_is_in_the_form_and_keeps_its_kind(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    form = form_of(await presses(desk, "call.book", kind="education"))
    _, day, _ = form.inputs
    assert day.choices[-1] == ("2026-04-02", "Thursday, April 2, 2026")
    other = form_of(await presses(desk, "call.book", form.value, day="2026-03-31"))
    assert [one.initial for one in other.inputs[:2]] == ["education", "2026-03-31"]
    assert {one.partition(", 0")[0].partition(", 1")[0] for one in times(other)} == {"Tuesday, March 31, 2026"}
    # Lisbon has summer time by then, and Vera's zone has none.
    assert "(Europe/Lisbon, UTC+01:00)" in other.note
    slot = other.inputs[-1].choices[0][0]
    answer = await presses(desk, "call.book", other.value, kind="education", day="2026-03-31", slot=slot)
    assert answer.text.startswith("Booked: Training with Vera, March 31")
    moving = form_of(await presses(desk, "call.move"))
    later = form_of(await presses(desk, "call.move", moving.value, day="2026-04-01"))
    assert [one.name for one in later.inputs] == ["day", "slot"]
    answer = await presses(desk, "call.move", later.value, day="2026-04-01", slot=later.inputs[-1].choices[0][0])
    assert answer.text.startswith("Moved")


async def test_a_day_that_has_filled_up_says_so_and_shows_another(make_desk: MakeStory) -> None:
    desk = await called(make_desk)
    form = form_of(await presses(desk, "call.book", "troubleshooting", day="2026-03-07"))
    assert "Nothing is free any more on the day that was chosen." in form.note
    assert next(iter(times(form))).startswith("Wednesday, March 4, 2026")
