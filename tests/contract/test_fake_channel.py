"""What the channel in memory does beyond the port, for stories and for the demo."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.card import Card, Form, Input, OutboundCard, Promise
from adapters.errors import MalformedError, PermanentError, TemporaryError, UncertainError
from adapters.fake import FakeChannel
from adapters.message import Button, Channel, InboundEdit, InboundMessage, OutboundMessage, Untrusted
from adapters.port import Answer, Limits, Raw
from tests.contract.peer import RecordingAsk, RecordingJournal

NINE = datetime(2026, 3, 27, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Watch:
    """A moment the test moves."""

    def __init__(self) -> None:
        self.at = NINE

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def journal() -> RecordingJournal:
    return RecordingJournal()


@pytest.fixture
def ask() -> RecordingAsk:
    return RecordingAsk()


@pytest.fixture
def fake(watch: Watch, journal: RecordingJournal, ask: RecordingAsk) -> FakeChannel:
    fake = FakeChannel(Channel.SLACK, now=watch)
    fake.connect(journal, ask)
    return fake


def text(fake: FakeChannel, words: str, *, key: str = "k1", address: str = "vera") -> OutboundMessage:
    return OutboundMessage(key, fake.conversation(address), words, NINE)


def card(
    fake: FakeChannel, title: str, *, key: str = "k1", number: str = "12", replaces: str | None = None
) -> OutboundCard:
    shown = Card(
        title,
        lines=("Payroll failed",),
        quote=Untrusted("help"),
        promises=(Promise("First response", "1 h left", "ok"),),
        buttons=(Button("ticket.take", "Take it", number), Button("ticket.eta", "Give ETA", number)),
    )
    return OutboundCard(key, fake.conversation("vera"), shown, NINE, replaces)


def texts(fake: FakeChannel, raws: Sequence[Raw]) -> list[str]:
    inbound = [fake.convert(raw)[0] for raw in raws]
    return [said.text for said in inbound if isinstance(said, InboundMessage | InboundEdit)]


async def test_what_is_said_while_nobody_listens_is_offered_when_somebody_does(
    watch: Watch, journal: RecordingJournal, ask: RecordingAsk
) -> None:
    fake = FakeChannel(Channel.TELEGRAM, now=watch)
    for words in ("one", "two"):
        await fake.says("lena", words)
    assert [raw.external_id for raw in fake.unacknowledged] == ["in-1", "in-2"]

    run = asyncio.create_task(fake.run(journal, ask))
    assert texts(fake, await journal.called()) == ["one", "two"]
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert fake.unacknowledged == ()


async def test_a_journal_that_fails_at_the_start_does_not_end_the_listening(
    watch: Watch, journal: RecordingJournal, ask: RecordingAsk
) -> None:
    fake = FakeChannel(Channel.TELEGRAM, now=watch)
    await fake.says("lena", "one")
    journal.broken_for = 1
    run = asyncio.create_task(fake.run(journal, ask))
    await journal.called()
    await fake.says("lena", "two")
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert texts(fake, journal.kept) == ["one", "two"]


async def test_what_the_journal_raises_comes_back_to_who_speaks_and_nothing_is_lost(
    fake: FakeChannel, journal: RecordingJournal
) -> None:
    journal.broken_for = 1
    with pytest.raises(OSError, match="disk full"):
        await fake.says("lena", "one")
    await fake.says("lena", "two")
    assert texts(fake, journal.kept) == ["one", "two"]


async def test_what_is_said_while_the_channel_is_down_waits_until_it_is_up(
    fake: FakeChannel, journal: RecordingJournal
) -> None:
    fake.down()
    await fake.says("lena", "one")
    assert (journal.kept, fake.health().is_up) == ([], False)
    await fake.up()
    assert texts(fake, journal.kept) == ["one"]
    assert fake.health().is_up


async def test_an_edit_is_a_payload_of_its_own_about_the_same_message(
    fake: FakeChannel, journal: RecordingJournal
) -> None:
    said = await fake.says("lena", "Payrol failed")
    edited = await fake.edits("lena", said.external_id, "Payroll failed")
    (edit,) = fake.convert(edited)
    assert isinstance(edit, InboundEdit)
    assert edited.key != said.key
    assert edit.external_id == said.external_id
    assert texts(fake, journal.kept) == ["Payrol failed", "Payroll failed"]


async def test_an_unreadable_payload_is_journaled_and_what_is_behind_it_flows(
    fake: FakeChannel, journal: RecordingJournal
) -> None:
    broken = await fake.receives(b"\xff not json", address="lena")
    await fake.says("lena", "after it")
    assert journal.kept[0].payload == b"\xff not json"
    with pytest.raises(MalformedError):
        fake.convert(broken)
    assert texts(fake, journal.kept[1:]) == ["after it"]


async def test_a_story_may_give_a_journal_without_anybody_listening(watch: Watch, journal: RecordingJournal) -> None:
    fake = FakeChannel(Channel.EMAIL, now=watch)
    raw = await fake.receives(b"{}", journal=journal)
    assert journal.kept == [raw]
    assert raw.lane == ""


async def test_the_cursor_moves_with_what_was_journaled(fake: FakeChannel, journal: RecordingJournal) -> None:
    for words in ("one", "two"):
        await fake.says("lena", words)
    assert [cursor.value for cursor in journal.cursors] == ["1", "2"]


async def test_a_prefix_keeps_the_names_of_two_runs_apart(watch: Watch, journal: RecordingJournal) -> None:
    for prefix in ("a-", "b-"):
        await FakeChannel(Channel.SLACK, now=watch, prefix=prefix).receives(b"{}", journal=journal)
    assert [raw.external_id for raw in journal.kept] == ["a-raw-1", "b-raw-1"]


async def test_the_newest_card_is_pressed_and_an_older_one_by_its_value(fake: FakeChannel, ask: RecordingAsk) -> None:
    await fake.send(card(fake, "T-12", key="k1", number="12"))
    await fake.send(card(fake, "T-13", key="k2", number="13"))
    await fake.press("vera", "Take it")
    await fake.press("vera", "ticket.take", "12", by="T1/U1")
    assert [(press.action, press.value, press.by.address) for press in ask.presses] == [
        ("ticket.take", "13", "vera"),
        ("ticket.take", "12", "T1/U1"),
    ]


async def test_nobody_presses_a_button_that_is_not_there(fake: FakeChannel, ask: RecordingAsk) -> None:
    await fake.send(card(fake, "T-12"))
    for name, value in (("ticket.escalate", None), ("ticket.take", "13")):
        with pytest.raises(LookupError, match=r"Take it \(ticket.take 12\)"):
            await fake.press("vera", name, value)
    with pytest.raises(LookupError, match="none"):
        await fake.press("oleg", "Take it")
    assert ask.presses == []


async def test_a_press_while_the_channel_is_down_is_refused(fake: FakeChannel) -> None:
    await fake.send(card(fake, "T-12"))
    fake.down()
    with pytest.raises(TemporaryError):
        await fake.press("vera", "Take it")


async def test_a_form_stays_open_until_it_is_right(fake: FakeChannel, ask: RecordingAsk) -> None:
    inputs = (
        Input("until", "When", "moment", initial="16:00"),
        Input("kind", "Kind", "choice", choices=(("fix", "A fix"), ("answer", "An answer")), initial="fix"),
    )
    await fake.send(card(fake, "T-12"))
    ask.answer = Answer(form=Form("eta.submit", "When will it be done?", "12", inputs, "Promise"))
    await fake.press("vera", "Give ETA")
    assert fake.form("vera").title == "When will it be done?"

    ask.answer = Answer(errors={"until": "That is in the past."})
    await fake.submit("vera", {"until": "08:00"})
    ask.answer = Answer("Promised for 15:00.")
    await fake.submit("vera", {"until": "15:00"})
    assert [(press.action, press.value, dict(press.fields)) for press in ask.presses[1:]] == [
        ("eta.submit", "12", {"until": "08:00", "kind": "fix"}),
        ("eta.submit", "12", {"until": "15:00", "kind": "fix"}),
    ]
    with pytest.raises(LookupError, match="no form"):
        fake.form("vera")


async def test_a_form_takes_only_what_it_offers(fake: FakeChannel, ask: RecordingAsk) -> None:
    choice = Input("to", "To whom", "choice", choices=(("oleg", "Oleg"),))
    ask.answer = Answer(form=Form("handover.submit", "Hand over", "12", (choice,), "Hand over"))
    await fake.command("vera", "ticket.handover", "12")
    with pytest.raises(LookupError, match="does not offer"):
        await fake.submit("vera", {"to": "vera"})
    with pytest.raises(LookupError, match="no field"):
        await fake.submit("vera", {"whom": "oleg"})
    assert len(ask.presses) == 1


async def test_a_card_reads_as_it_does_now_and_keeps_what_it_read_before(fake: FakeChannel, watch: Watch) -> None:
    first = await fake.send(card(fake, "T-12 new"))
    watch.at += SECOND
    await fake.send(card(fake, "T-12 taken", key="k2", replaces=first.external_id))
    watch.at += SECOND
    await fake.send(text(fake, "a note", key="k3"))
    (shown,) = fake.cards("vera")
    assert shown.text == "T-12 taken\nPayroll failed\n> help\nFirst response: 1 h left\n[Take it]\n[Give ETA]"
    assert [earlier.card.title for earlier in shown.history if isinstance(earlier, OutboundCard)] == ["T-12 new"]
    assert [message.text for message in fake.messages("vera")] == ["a note"]
    assert [one.external_id for one in fake.sent] == [first.external_id, "out-2"]
    assert fake.shown("oleg") == ()


async def test_mail_cannot_be_changed_after_it_was_sent(watch: Watch) -> None:
    fake = FakeChannel(Channel.EMAIL, now=watch)
    receipt = await fake.send(text(fake, "one"))
    await fake.edit(receipt.external_id, text(fake, "one"))
    with pytest.raises(PermanentError, match="cannot be changed"):
        await fake.edit(receipt.external_id, text(fake, "two"))


async def test_a_stand_in_started_again_may_adopt_what_it_showed_before(watch: Watch) -> None:
    fake = FakeChannel(Channel.SLACK, now=watch, adopts=True)
    receipt = await fake.edit("out-of-another-life", card(fake, "T-12"))
    assert [shown.external_id for shown in fake.cards("vera")] == [receipt.external_id] == ["out-of-another-life"]


@pytest.mark.parametrize(
    ("limits", "gap", "rules"),
    [
        pytest.param(Limits(), timedelta(0), [], id="no limits, no hurry"),
        pytest.param(Limits(per_conversation=SECOND), SECOND, [], id="a message each second"),
        pytest.param(Limits(per_conversation=SECOND), SECOND / 2, ["per_conversation"] * 2, id="two each second"),
        pytest.param(Limits(per_second=2), SECOND / 2, [], id="two a second in all"),
        pytest.param(Limits(per_second=2), SECOND / 4, ["per_second"], id="three a second in all"),
    ],
)
async def test_haste_is_noticed(watch: Watch, limits: Limits, gap: timedelta, rules: list[str]) -> None:
    fake = FakeChannel(Channel.TELEGRAM, now=watch, limits=limits)
    for number in range(3):
        await fake.send(text(fake, "hello", key=f"k{number}"))
        watch.at += gap
    assert [violation.rule for violation in fake.violations] == rules


async def test_conversations_are_paced_apart(watch: Watch) -> None:
    fake = FakeChannel(Channel.TELEGRAM, now=watch)
    for address in ("vera", "oleg"):
        await fake.send(text(fake, "hello", key=address, address=address))
    assert fake.violations == ()


async def test_a_failure_is_repeated_as_often_as_asked(fake: FakeChannel) -> None:
    fake.fail_next(TemporaryError("busy", retry_after=SECOND), times=2)
    for _ in range(2):
        with pytest.raises(TemporaryError, match="busy") as failed:
            await fake.send(text(fake, "hello"))
        assert failed.value.retry_after == SECOND
    await fake.send(text(fake, "hello"))
    assert len(fake.sent) == 1


async def test_an_edit_may_be_uncertain_too(fake: FakeChannel) -> None:
    receipt = await fake.send(text(fake, "one"))
    fake.drop_after_sending()
    with pytest.raises(UncertainError):
        await fake.edit(receipt.external_id, text(fake, "two", key="k2"))
    assert await fake.reconcile(text(fake, "two", key="k2")) == receipt
    assert fake.sent[0].text == "two"


async def test_a_slow_channel_lets_others_pass_and_a_cancelled_send_never_arrives(fake: FakeChannel) -> None:
    on_its_way: asyncio.Queue[None] = asyncio.Queue()
    may_arrive = asyncio.Event()

    async def wait() -> None:
        on_its_way.put_nowait(None)
        await may_arrive.wait()

    fake.slow(wait)
    kept, given_up = (asyncio.create_task(fake.send(text(fake, "slow", key=key))) for key in ("k1", "k2"))
    for _ in (kept, given_up):
        await on_its_way.get()
    await fake.says("lena", "meanwhile")
    given_up.cancel()
    may_arrive.set()
    await kept
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert len(fake.sent) == 1


async def test_who_follows_the_channel_sees_both_sides_in_order(fake: FakeChannel) -> None:
    with fake.subscribe() as follower:
        await fake.says("vera", "Payroll failed", sender="lena")
        receipt = await fake.send(card(fake, "T-12"))
        await fake.edit(receipt.external_id, card(fake, "T-12 taken", key="k2"))
        await fake.press("vera", "Take it")
        seen = [follower.get_nowait() for _ in range(follower.qsize())]
    assert [(happening.what, happening.by) for happening in seen] == [
        ("said", "lena"),
        ("sent", ""),
        ("changed", ""),
        ("pressed", "vera"),
        ("answered", "vera"),
    ]
    assert fake.happenings("vera") == tuple(seen)
    assert fake.happenings("oleg") == ()
    await fake.says("vera", "nobody follows any more")
    assert follower.empty()
