"""What the widget may rely on: safe before acknowledged, nothing twice, nothing missing, whatever breaks."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import WSServerHandshakeError

from adapters.message import Identity, Vouched
from tests.contract.inapp.desk import MemoryDesk, Served, Wall, config_for, conversation, served, token
from tests.contract.inapp.page import Site, fresh_id


async def test_a_message_is_acknowledged_after_the_journal_has_it_and_not_before(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    desk.may_return.clear()
    async with site.page(token=token()) as page:
        client_id = await page.say("Nothing reaches our tracker")
        assert await page.texts(1) == ["Nothing reaches our tracker"]  # it is in the database, but not yet committed
        assert not page.heard("ack")

        desk.may_return.set()
        assert (await page.hear("ack"))["id"] == client_id


async def test_a_journal_that_fails_acknowledges_nothing_and_lets_the_page_come_back(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    desk.fails = 1
    client_id = fresh_id()
    async with site.page(token=token()) as page:
        await page.say("Is anybody there?", client_id)
        assert await page.closed() == 1013
        assert not page.heard("ack")
        assert desk.texts(conversation()) == []

    async with site.page(token=token()) as page:
        await page.say("Is anybody there?", client_id)
        assert (await page.hear("ack"))["id"] == client_id
    assert desk.texts(conversation()) == ["Is anybody there?"]


async def test_a_message_sent_again_is_acknowledged_again_and_kept_once(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    client_id = fresh_id()
    async with (
        site.page(token=token()) as page,
        site.page(token=token()) as other,
    ):
        for each in (page, page, other):
            await each.say("Once, please", client_id)
            assert (await each.hear("ack"))["id"] == client_id

    assert desk.texts(conversation()) == ["Once, please"]
    assert desk.repeated == 2


async def test_two_people_may_choose_the_same_message_id(desk: MemoryDesk, life: Served, site: Site) -> None:
    client_id = fresh_id()
    async with (
        site.page(token=token()) as lena,
        site.page(token=token("m")) as mo,
    ):
        await lena.say("From Lena", client_id)
        await mo.say("From Mo", client_id)
        await lena.hear("ack")
        await mo.hear("ack")
        assert await lena.texts(1) == ["From Lena"]
        assert await mo.texts(1) == ["From Mo"]


async def test_all_pages_of_one_person_see_the_same(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with (
        site.page(token=token()) as laptop,
        site.page(token=token()) as phone,
    ):
        await laptop.say("Written on the laptop")
        assert await phone.texts(1) == ["Written on the laptop"]

        await desk.reply(conversation(), "Read on both")
        assert await phone.texts(1) == ["Read on both"]
        assert await laptop.texts(2) == ["Written on the laptop", "Read on both"]


async def test_what_another_replica_wrote_is_found_by_looking(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        await desk.reply(conversation(), "Written elsewhere", wake=False)
        assert await page.texts(1) == ["Written elsewhere"]


async def test_a_page_that_comes_back_is_shown_only_what_it_missed(desk: MemoryDesk, life: Served, site: Site) -> None:
    await desk.reply(conversation(), "First")
    async with site.page(token=token()) as page:
        rev = (await page.hear("lines"))["rev"]
    changed = await desk.reply(conversation(), "Second")
    await desk.reply(conversation(), "Third")
    desk.change(conversation(), changed, text="Second, corrected", is_edited=True)

    async with site.page(token=token(), after=rev) as page:
        assert (await page.hear("welcome"))["rev"] == rev
        assert await page.texts(2) == ["Second, corrected", "Third"]


async def test_a_page_that_remembers_more_than_the_desk_begins_anew(desk: MemoryDesk, life: Served, site: Site) -> None:
    await desk.reply(conversation(), "Restored from a backup")
    async with site.page(token=token(), after=900) as page:
        assert (await page.hear("welcome"))["rev"] == 0
        assert await page.texts(1) == ["Restored from a backup"]


async def test_a_long_history_comes_whole_and_in_order(desk: MemoryDesk, life: Served, site: Site) -> None:
    for number in range(180):
        await desk.reply(conversation(), f"line {number}")
    async with site.page(token=token()) as page:
        assert await page.texts(180) == [f"line {number}" for number in range(180)]


async def test_a_deleted_line_comes_without_its_words(desk: MemoryDesk, life: Served, site: Site) -> None:
    line_id = await desk.reply(conversation(), "sent to the wrong client")
    desk.change(conversation(), line_id, is_deleted=True)
    async with site.page(token=token()) as page:
        (line,) = (await page.hear("lines"))["lines"]
    assert line["deleted"]
    assert line["text"] == ""


async def test_a_message_can_be_worded_anew(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        said = await page.say("It is on fir")
        await page.hear("ack")
        edit = fresh_id()
        for _ in range(2):  # sent again after trouble, an edit is one edit
            await page.tell("edit", id=edit, of=said, text="It is on fire")
            assert (await page.hear("ack"))["id"] == edit
    assert desk.texts(conversation()) == ["It is on fire"]
    assert desk.repeated == 1


async def test_reading_a_reply_is_told_once(desk: MemoryDesk, life: Served, site: Site) -> None:
    key = await desk.reply(conversation(), "Fixed by 13:00")
    await desk.reply(conversation(), "We wait for you", kind="auto")
    async with (
        site.page(token=token()) as page,
        site.page(token=token()) as other,
    ):
        for each in (page, other):
            lines = (await each.hear("lines"))["lines"]
            await each.tell("seen", position=lines[0]["position"])
            await each.tell("seen", position=lines[1]["position"])
            await each.say("Thanks")
            await each.hear("ack")
    assert [(notice.external_id, notice.state) for notice in desk.seen] == [(key, "seen")]


async def test_who_is_greeted_is_who_the_host_application_signed_for(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token(email="lena@acme.test"), language="es", zone="Europe/Lisbon") as page:
        welcome = await page.hear("welcome")
        await page.say("Hola")
        await page.hear("ack")
    assert welcome["profile"]["label"] == "Vera Kova, your manager"
    assert welcome["texts"]["widget_send"] == "Enviar"
    assert "visitor" not in welcome
    lena = Identity(conversation().channel, "user-17")
    assert desk.greeted[0] == (lena, Vouched("acme", "Lena", "lena@acme.test"), "es", "Europe/Lisbon")
    assert (desk.said[0].sender, desk.said[0].vouched) == (lena, Vouched("acme", "Lena", "lena@acme.test"))
    assert (desk.said[0].language, desk.said[0].zone) == ("es", "Europe/Lisbon")


async def test_a_visitor_is_given_a_token_and_recognised_by_it(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page() as page:
        visitor = (await page.hear("welcome"))["visitor"]
        await page.say("Hello from nobody")
        await page.hear("ack")
    async with site.page(visitor=visitor) as page:
        assert "visitor" not in await page.hear("welcome")
        assert await page.texts(1) == ["Hello from nobody"]
    async with site.page(visitor="a token of another shape") as page:
        assert (await page.hear("welcome"))["visitor"] != visitor
    (key,) = desk.shown
    assert visitor not in key  # the database alone does not open the door


async def test_nothing_a_visitor_types_makes_them_somebody(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page() as page:
        await page.say("I am user-17 of acme, lena@acme.test, premium")
        await page.hear("ack")
    said = desk.said[0]
    assert said.vouched is None
    assert said.sender_name == ""
    assert said.sender.address.startswith("anon-")

    forged = ({"address": "user-17"}, {"vouched": {"client": "acme"}}, {"at": "2020-01-01T00:00:00+00:00"})
    for claim in forged:
        async with site.page() as page:
            await page.tell("say", id=fresh_id(), text="mine", **claim)
            assert await page.closed() == 1008
    assert len(desk.said) == 1


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param({"within": timedelta(minutes=-6)}, "expired", id="expired"),
        pytest.param({"aud": "somebody else"}, "identity", id="for another audience"),
        pytest.param({"sub": ""}, "identity", id="for nobody"),
    ],
)
async def test_a_token_that_proves_nothing_is_refused_and_not_taken_for_a_visitor(
    claims: dict[str, str], reason: str, desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token(**claims)) as page:  # type: ignore[arg-type]
        assert (await page.hear("bye"))["reason"] == reason
        await page.closed()
        assert not page.heard("welcome")
    assert desk.greeted == []


async def test_a_token_that_expires_meanwhile_ends_the_session_and_a_fresh_one_goes_on(
    desk: MemoryDesk, life: Served, now: Wall, site: Site
) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        now.at += timedelta(hours=1, minutes=4)
        await page.say("Within the skew of the clocks")
        await page.hear("ack")

        now.at += timedelta(minutes=2)
        assert (await page.hear("bye"))["reason"] == "expired"
        await page.closed()
    async with site.page(token=token(now=now.at)) as page:
        assert await page.texts(1) == ["Within the skew of the clocks"]


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("https://evil.test", id="a foreign page"),
        pytest.param("null", id="a sandboxed page"),
        pytest.param("https://app.acme.test.evil.test", id="a name that begins like ours"),
        pytest.param("http://app.acme.test", id="the same name without TLS"),
        pytest.param("https://app.acme.test:8443", id="another port"),
        pytest.param(None, id="a page that names none"),
    ],
)
async def test_a_page_that_is_not_on_the_list_gets_no_socket(origin: str | None, life: Served, site: Site) -> None:
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(WSServerHandshakeError) as refused:
        await site.session.ws_connect(site.at("/inapp/ws"), headers=headers)
    assert refused.value.status == 403


async def test_a_page_on_the_list_gets_a_socket(life: Served, site: Site) -> None:
    async with site.page(origin="https://app.acme.test", token=token()) as page:
        await page.hear("welcome")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("not JSON", id="not JSON"),
        pytest.param("[" * 50_000, id="nested without end"),
        pytest.param('"hello"', id="a text"),
        pytest.param('{"type":"say","id":"1","text":"x"}', id="a message id of another shape"),
        pytest.param('{"type":"say","text":"x"}', id="a message without id"),
        pytest.param('{"type":"conquer"}', id="an unknown kind"),
        pytest.param('{"type":"hello"}', id="a second hello"),
        pytest.param('{"type":"seen","position":1e300}', id="a position beyond all numbers"),
    ],
)
async def test_a_frame_that_makes_no_sense_ends_the_socket_and_nothing_else(
    frame: str, desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        await page.socket.send_str(frame)
        assert await page.closed() == 1008
    assert desk.raws == {}
    async with site.page(token=token()) as page:
        await page.hear("welcome")


async def test_a_frame_that_is_too_large_is_not_read(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        await page.say("x" * 500_000)
        assert await page.closed() == 1009
    assert desk.raws == {}


@pytest.mark.parametrize(
    ("text", "files", "reason"),
    [
        pytest.param("x" * 20_001, (), "too_long", id="too long"),
        pytest.param(" \n\t ", (), "empty", id="nothing but spaces"),
        pytest.param("look", ("note",) * 11, "too_many_files", id="too many files"),
        pytest.param("look", ("a.b.c",), "file", id="a file nobody uploaded"),
    ],
)
async def test_a_message_that_cannot_be_taken_is_refused_in_words_and_the_next_one_is_taken(
    text: str, files: tuple[str, ...], reason: str, life: Served, site: Site
) -> None:
    async with site.page(token=token()) as page:
        client_id = await page.say(text, files=files)
        assert await page.hear("refused") == {"type": "refused", "id": client_id, "reason": reason}
        await page.say("x" * 20_000)
        await page.hear("ack")


async def test_half_a_character_and_other_horrors_are_kept_readable(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        await page.say("a\ud83dz\0 \u202eb")
        await page.hear("ack")
    (text,) = desk.texts(conversation())
    assert text == "a\N{REPLACEMENT CHARACTER}z b"
    text.encode()


async def test_a_flood_is_slowed_and_nothing_of_it_is_lost(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        started = asyncio.get_running_loop().time()
        for number in range(55):
            await page.say(str(number))
        for _ in range(55):
            await page.hear("ack")
        assert asyncio.get_running_loop().time() - started > 1
    assert desk.texts(conversation()) == [str(number) for number in range(55)]


async def test_one_person_has_a_bounded_number_of_pages(desk: MemoryDesk, now: Wall, site: Site) -> None:
    async with (
        served(desk, config_for(site.port, sockets_per_conversation=1), now, site.port),
        site.page(token=token()) as page,
    ):
        await page.hear("welcome")
        async with site.page(token=token()) as second:
            assert (await second.hear("bye"))["reason"] == "busy"
        async with site.page(token=token("somebody else")) as other:
            await other.hear("welcome")


async def test_a_full_house_refuses_at_the_door(desk: MemoryDesk, now: Wall, site: Site) -> None:
    async with (
        served(desk, config_for(site.port, sockets_in_all=1), now, site.port),
        site.page(token=token()) as page,
    ):
        await page.hear("welcome")
        with pytest.raises(WSServerHandshakeError) as refused:
            async with site.page(token=token("somebody else")):
                pass
        assert refused.value.status == 429


async def test_a_stop_says_goodbye_and_refuses_who_comes_after(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        assert life.adapter.health().is_up
        assert life.adapter.health().detail == "1 open"

        await life.end_run()

        assert (await page.hear("bye"))["reason"] == "restart"
        assert await page.closed() == 1012
        assert not life.adapter.health().is_up
        with pytest.raises(WSServerHandshakeError) as refused:
            async with site.page(token=token()):
                pass
        assert refused.value.status == 503


async def test_a_database_that_cannot_be_read_closes_the_page_and_the_looking_goes_on(
    desk: MemoryDesk, life: Served, site: Site
) -> None:
    async with site.page(token=token()) as page:
        await page.hear("welcome")
        desk.is_unreadable = True
        await desk.reply(conversation(), "Written meanwhile")
        assert await page.closed() == 1013
        desk.is_unreadable = False
    async with site.page(token=token()) as page:
        assert await page.texts(1) == ["Written meanwhile"]
        await desk.reply(conversation(), "And after", wake=False)
        assert await page.texts(1) == ["And after"]


async def test_the_hours_are_told_afresh(desk: MemoryDesk, now: Wall, site: Site) -> None:
    async with (
        served(desk, config_for(site.port, greet_every=timedelta(milliseconds=20)), now, site.port),
        site.page(token=token()) as page,
    ):
        await page.hear("welcome")
        desk.subtitle = "back Monday 10:00 your time"
        while (await page.hear("profile"))["profile"]["subtitle"] != desk.subtitle:
            pass


async def test_a_page_may_ask_for_a_ticket_that_still_holds(life: Served, now: Wall, site: Site) -> None:
    async with site.page(token=token()) as page:
        old = (await page.hear("welcome"))["ticket"]
        now.at += timedelta(minutes=11)
        await page.tell("refresh")
        assert (await page.hear("profile"))["ticket"] != old


async def test_a_page_that_says_no_hello_is_not_listened_to(desk: MemoryDesk, life: Served, site: Site) -> None:
    async with site.page(is_greeted=False) as page:
        await page.say("without a hello")
        assert await page.closed() == 1008
    assert desk.raws == {}


async def test_a_stop_does_not_wait_for_a_database_that_never_answers(desk: MemoryDesk, now: Wall, site: Site) -> None:
    config = config_for(site.port, drain_within=timedelta(milliseconds=50))
    async with served(desk, config, now, site.port) as life, site.page(token=token()) as page:
        desk.may_return.clear()
        await page.say("Stuck")
        await desk.heard.until(1)
        async with asyncio.timeout(60):
            await life.end_run()
        assert life.adapter.health().detail == "0 open"
        assert not page.heard("ack")
