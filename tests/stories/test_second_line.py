"""To the second line: by a button, to people of its own, who are promised by the urgency and not by the chat."""

from adapters.message import Channel
from bot.tickets.command import HandOver, Reply
from routing.people import PersonId
from sla.duration import moment
from tests.builders import story_desk
from tests.harness import Story
from tests.stories.conftest import MakeStory

CELLS = """first_response = { within = "1h" }
next_response = { within = "2h" }
[policies.premium.targets.medium.channels.telegram]
first_response = { within = "10m" }
next_response = { within = "10m" }"""
CHATS = story_desk(
    ('first_response = { within = "1h", quote = "within 1 hour" }\nnext_response = { within = "1h" }', CELLS)
)


async def due(desk: Story, metric: str) -> str:
    """When the latest clock of a metric is due, to the minute."""
    clock = await desk.clock(metric)
    assert clock.due_at is not None
    return f"{moment(clock.due_at):%H:%M}"


async def test_a_chat_that_goes_to_the_second_line_has_the_time_of_its_urgency(make_desk: MakeStory) -> None:
    desk = await make_desk(CHATS)
    await desk.receives(sender="lena", text="Payroll failed")
    assert await due(desk, "first_response") == "09:10"
    await desk.fast_forward(minutes=4)
    desk.forget()
    await desk.does("vera", HandOver(None, "Needs the code", is_second_line=True))
    desk.expect_card("tara", containing="With Tara Lindt (second line)")
    desk.expect_ping("tara", containing="Vera Kova handed T-1 (Acme) over to you")
    desk.expect_message("lena", containing="Tara looks after T-1 from now on")
    assert await due(desk, "first_response") == "10:00"
    await desk.does("tara", Reply("I read the code"))
    await desk.fast_forward(minutes=20)
    desk.forget()
    await desk.receives(sender="lena", text="And?")
    assert await due(desk, "next_response") == "11:24"
    desk.expect_ping("tara", containing="Lena wrote on T-1")
    desk.expect_quiet()


async def test_whoever_gets_it_back_has_the_time_of_the_chat_again(make_desk: MakeStory) -> None:
    desk = await make_desk(CHATS)
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", HandOver(None, is_second_line=True))
    await desk.does("tara", HandOver(None))
    assert (await desk.ticket()).assignee == "vera"
    assert await due(desk, "first_response") == "09:10"


TWO_LINES = story_desk(
    ('kind = "integration" },', 'kind = "integration" },\n    { words = ["script"], kind = "script" },'),
    more="""
[lines.writers]
people = ["pia", "quin"]
calendar = "office"
kinds = ["script"]
turns_from = 2026-03-02
[people.pia]
name = "Pia Sand"
roles = ["senior"]
calendar = "office"
identities = { slack = "T1/U21" }
[people.quin]
name = "Quin Dale"
roles = ["senior"]
calendar = "office"
identities = { slack = "T1/U22" }
""",
)


async def test_a_kind_has_a_line_of_its_own_with_turns_of_its_own(make_desk: MakeStory) -> None:
    """The first week is Pia's, and the button takes a script to those who write them, not to the first line."""
    desk = await make_desk(TWO_LINES)
    await desk.receives(sender="bill", text="The script stops")
    assert (await desk.ticket()).assignee == "pia"
    desk.expect_card("pia", containing="With Pia Sand (second line)")
    await desk.does("pia", HandOver(PersonId("vera")))
    await desk.does("vera", HandOver(None, is_second_line=True))
    assert (await desk.ticket()).assignee == "pia"
    desk.forget()
    await desk.fast_forward(days=7)
    desk.forget()
    await desk.receives(Channel.EMAIL, sender="bill", text="Another script")
    assert (await desk.ticket(2)).assignee == "quin"
    desk.forget()
    desk.expect_quiet()
