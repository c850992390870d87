"""A client who is waited for is nudged once, then their ticket rests; a third party may not hold a clock for ever."""

from datetime import timedelta

from bot.tickets.command import AskDetails, Reply, Resolve, WaitThirdParty
from sla.clock import State
from tests.harness import NOON, Story


async def asked(desk: Story) -> None:
    """At noon on Tuesday Vera has asked Lena for details."""
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", AskDetails("Which month?"))
    desk.forget()


async def test_a_silent_client_is_nudged_then_resolved_then_closed(desk: Story) -> None:
    await asked(desk)
    await desk.go_to(NOON + timedelta(days=1, hours=23))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=2, minutes=1))
    desk.expect_message("lena", containing="We still need your answer to go on with T-1.")
    await desk.go_to(NOON + timedelta(days=6, hours=23))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=7, minutes=1))
    desk.expect_message("lena", containing="We have not heard from you, so T-1 rests now.")
    assert (await desk.ticket()).status == "resolved"
    await desk.go_to(NOON + timedelta(days=10, minutes=1))
    assert (await desk.ticket()).status == "closed"
    await desk.fast_forward(days=30)
    desk.expect_quiet()


async def test_a_client_who_answers_is_not_nudged(desk: Story) -> None:
    await asked(desk)
    await desk.go_to(NOON + timedelta(days=1))
    await desk.receives(sender="lena", text="March")
    await desk.does("vera", Reply("Fixed"))
    desk.forget()
    assert (await desk.ticket()).status == "open"
    await desk.fast_forward(days=9)
    desk.expect_quiet()


async def test_a_further_word_of_ours_lets_the_silence_count_anew(desk: Story) -> None:
    await asked(desk)
    await desk.go_to(NOON + timedelta(days=1))
    await desk.does("vera", Reply("Or send me the file."))
    desk.forget()
    await desk.go_to(NOON + timedelta(days=2, hours=1))
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=3, hours=1))
    desk.expect_message("lena", containing="We still need your answer")
    desk.expect_quiet()


async def test_a_resolved_ticket_is_closed_after_three_business_days(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", Resolve("Fixed"))
    desk.forget()
    await desk.go_to(NOON + timedelta(days=2, hours=23))
    assert (await desk.ticket()).status == "resolved"
    await desk.go_to(NOON + timedelta(days=3, minutes=1))
    assert (await desk.ticket()).status == "closed"
    desk.expect_quiet()


async def test_a_third_party_holds_the_clock_for_five_business_days_at_most(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", WaitThirdParty("bank 4711"))
    desk.forget()
    await desk.go_to(NOON + timedelta(days=6, hours=23))
    assert (await desk.clock("first_response")).state is State.PAUSED
    desk.expect_quiet()
    await desk.go_to(NOON + timedelta(days=7, minutes=1))
    desk.expect_ping("vera", containing="T-1 (Acme): waited long enough, the clock goes on")
    desk.expect_message("lena", containing="A change for T-1: we answer by 10:00 (your time).")
    assert ((await desk.ticket()).status, (await desk.clock("first_response")).state) == ("open", State.RUNNING)
    desk.expect_quiet()


async def test_the_client_ends_the_wait_for_a_third_party(desk: Story) -> None:
    await desk.receives(sender="lena", text="Payroll failed")
    await desk.does("vera", WaitThirdParty("bank 4711"))
    await desk.fast_forward(hours=1)
    desk.forget()
    await desk.receives(sender="lena", text="The bank says it is you")
    desk.expect_ping("vera", containing="Lena wrote on T-1")
    desk.expect_message("lena", containing="A change for T-1: we answer by 11:00 (your time).")
    assert ((await desk.ticket()).status, (await desk.clock("first_response")).state) == ("open", State.RUNNING)
    desk.expect_quiet()


async def test_a_word_in_between_does_not_end_the_wait_for_a_third_party(desk: Story) -> None:
    await desk.receives(sender="taras", text="Payroll failed")
    await desk.does("oleg", WaitThirdParty("bank 4711"))
    await desk.does("oleg", Reply("The bank has not answered yet."))
    desk.forget()
    assert (await desk.ticket()).status == "waiting_third_party"
    await desk.go_to(NOON + timedelta(days=7, minutes=1))
    desk.expect_ping("oleg", containing="waited long enough")
    desk.expect_message("taras", containing="Зміна щодо T-1: відповімо не пізніше ніж о 12:00 (за Вашим часом).")
    assert (await desk.clock("first_response")).state is State.RUNNING
    desk.expect_quiet()
