"""What a client reads by itself: in their language, in their own time, and only when there is something to say."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Channel, Vouched
from bot.tickets.command import AskDetails, GiveEta, HandOver, Resolve
from routing.people import PersonId
from sla.duration import instant
from tests.builders import story_desk
from tests.harness import NOON
from tests.stories.conftest import MakeStory

#: What Lena reads from the receipt to the closing, in her own language; New York is eight hours behind the desk.
READ = {
    "uk": [
        "Дякуємо, ми отримали Ваше повідомлення (T-1). Vera відповість не пізніше ніж о 05:00 (за Вашим часом).",
        "Чекаємо на Вашу відповідь",
        "Vera планує завершити не пізніше ніж об 11:00 (за Вашим часом).",
        "Відтепер зверненням T-1 опікується Mira.",
        "T-1 вирішено. Якщо чогось бракує, напишіть сюди не пізніше ніж у пʼятницю о 04:00",
    ],
    "es": [
        "Gracias, lo hemos recibido (T-1). Vera le responderá a más tardar a las 05:00 (en su hora local).",
        "Quedamos a la espera de su respuesta",
        "Vera prevé tenerlo listo a más tardar a las 11:00 (en su hora local).",
        "A partir de ahora Mira se ocupa de T-1.",
        "Hemos resuelto T-1. Si falta algo, escríbanos aquí a más tardar el viernes a las 04:00",
    ],
    "de": [
        "Vielen Dank, Ihre Nachricht ist da (T-1). Vera antwortet Ihnen bis 05:00 Uhr (Ihre Ortszeit).",
        "Wir warten auf Ihre Antwort",
        "Vera wird voraussichtlich bis 11:00 Uhr damit fertig sein (Ihre Ortszeit).",
        "Ab jetzt kümmert sich Mira um T-1.",
        "T-1 ist gelöst. Falls etwas fehlt, schreiben Sie bis Freitag, 04:00 Uhr hier",
    ],
}


@pytest.mark.parametrize("language", READ)
async def test_a_client_is_written_to_in_their_language_and_time(make_desk: MakeStory, language: str) -> None:
    lena = 'contacts = [{ name = "Lena", telegram = 1001,'
    theirs = f'contacts = [{{ name = "Lena", language = "{language}", zone = "America/New_York", telegram = 1001,'
    desk = await make_desk(story_desk((lena, theirs)))
    received, waits, promised, given, resolved = READ[language]
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing=received)
    await desk.does("vera", AskDetails("?"))
    desk.expect_message("lena", containing=waits)
    await desk.does("vera", GiveEta(instant(NOON + timedelta(hours=7))))
    desk.expect_message("lena", containing=promised)
    await desk.does("vera", HandOver(PersonId("mira")))
    desk.expect_message("lena", containing=given)
    await desk.does("mira", Resolve())
    desk.expect_message("lena", containing=resolved)
    desk.forget()
    desk.expect_quiet()


async def test_a_contact_without_language_and_zone_reads_their_clients(make_desk: MakeStory) -> None:
    desk = await make_desk(start=datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    await desk.receives(sender="taras", text="Не працює")
    desk.expect_message(
        "taras", containing="Oleg буде на звʼязку завтра о 09:00 і відповість не пізніше ніж завтра о 10:00"
    )
    desk.expect_quiet()


async def test_a_stranger_reads_what_the_channel_says_about_them(make_desk: MakeStory) -> None:
    desk = await make_desk()
    await desk.receives(Channel.INAPP, sender="anna", text="Hallo", language="de-AT", zone="Europe/Vienna")
    desk.expect_message("anna", Channel.INAPP, containing="Mira antwortet Ihnen bis 11:00 Uhr (Ihre Ortszeit).")
    desk.expect_card("mira", containing="not verified")
    desk.expect_quiet()


async def test_a_zone_that_is_none_is_not_believed(make_desk: MakeStory) -> None:
    desk = await make_desk()
    await desk.receives(Channel.INAPP, sender="anna", text="Hello", language="tlh", zone="../../etc/passwd")
    desk.expect_message("anna", Channel.INAPP, containing="Mira answers by 13:00 (your time).")
    desk.forget()
    desk.expect_quiet()


async def test_the_desk_may_word_a_text_itself(make_desk: MakeStory) -> None:
    texts = 'zone = "fixed:+03:00"\npublic_plan'
    own = 'zone = "fixed:+03:00"\ntexts.receipt_by.en = "Got it, {number}: {name}, {due}."\npublic_plan'
    desk = await make_desk(story_desk((texts, own)))
    await desk.receives(sender="lena", text="Payroll failed")
    desk.expect_message("lena", containing="Got it, T-1: Vera, 10:00.")
    desk.expect_card("vera", containing="T-1")
    desk.expect_quiet()


async def test_a_host_application_vouches_for_its_people(make_desk: MakeStory) -> None:
    desk = await make_desk()
    vouched = Vouched(client="acme", name="Ada Reyes", email="ada@acme.test")
    await desk.receives(Channel.INAPP, sender="user-99", text="Hello", vouched=vouched)
    desk.expect_message("user-99", Channel.INAPP, containing="Vera answers by 10:00 (your time).")
    desk.expect_card("vera", containing="Ada Reyes on live chat · Premium")
    desk.expect_quiet()
