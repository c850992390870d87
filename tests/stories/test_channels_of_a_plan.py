"""A plan lists its channels. Whoever writes on another one is told so kindly, and served as by mail."""

from adapters.message import Channel
from tests.builders import story_desk
from tests.stories.conftest import MakeStory

PUBLIC = 'name = "Public"\npolicy = "premium"\nline = "managers"\nladder = "lead"\nchannels = '
#: The public plan is reached by mail alone; mail has two hours where other channels have one.
NARROW = story_desk(
    (
        f'{PUBLIC}["telegram", "slack", "email", "inapp"]',
        f'{PUBLIC}["email"]',
    ),
    (
        'first_response = { within = "1h", quote = "within 1 hour" }',
        'first_response = { within = "1h" }\nchannels.email.first_response = { within = "2h" }',
    ),
)


async def test_a_channel_outside_the_plan_is_told_kindly_and_served_as_mail(make_desk: MakeStory) -> None:
    desk = await make_desk(NARROW)
    await desk.receives(Channel.INAPP, sender="anna", text="Hello")
    told = desk.expect_message("anna", Channel.INAPP, containing="Mira answers by 14:00 (your time).")
    assert "your plan does not include live chat. We have your message all the same" in told
    desk.expect_card("mira", containing="T-1 · Anna: Hello")
    clock = await desk.clock("first_response")
    assert clock.due_at == clock.started_at + 7_200_000
    desk.expect_quiet()


async def test_it_is_told_once_a_ticket(make_desk: MakeStory) -> None:
    desk = await make_desk(NARROW)
    await desk.receives(Channel.INAPP, sender="anna", text="Hello")
    await desk.fast_forward(minutes=5)
    desk.forget()
    await desk.receives(Channel.INAPP, sender="anna", text="Are you there?")
    desk.expect_ping("mira", containing="Anna wrote on T-1")
    desk.expect_quiet()


async def test_a_channel_of_the_plan_is_nothing_to_speak_of(make_desk: MakeStory) -> None:
    desk = await make_desk(NARROW)
    await desk.receives(Channel.EMAIL, sender="anna@example.test", text="Hello")
    told = desk.expect_message("anna@example.test", Channel.EMAIL, containing="Mira answers by 14:00 (your time).")
    assert "plan" not in told
    desk.expect_card("mira", containing="T-1")
    desk.expect_quiet()
