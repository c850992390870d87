"""A time inside a sentence is read while times are offered; what anybody needs help with is no time."""

from datetime import datetime

import pytest

from bot.tickets.calls.call import KINDS
from bot.tickets.calls.sentences import moment_in
from bot.tickets.calls.words import is_like_an_answer, wish_from_text, without_a_name_below
from sla.calendar import CalendarSpec, compile_calendar, parse_week
from sla.duration import Instant, instant, moment

LISBON = "Europe/Lisbon"
#: A Tuesday noon in Lisbon, in the winter.
NOW = instant(datetime.fromisoformat("2026-03-03T12:00+00:00"))
OFFICE = compile_calendar(
    CalendarSpec("managers", LISBON, parse_week({"mon-fri": ["10:00-19:00"]})),
    start=Instant(NOW - 86_400_000 * 30),
    end=Instant(NOW + 86_400_000 * 400),
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("could we speak tomorrow at 15?", "Wed 15:00"),
        ("Hi, can you call me tomorrow at 3 p.m.?", "Wed 15:00"),
        ("Good morning! Would thursday 15:00 work for you?", "Thu 15:00"),
        ("can we do tomorrow 15:00", "Wed 15:00"),
        ("tomorrow 15:00 works for me, thanks", "Wed 15:00"),
        ("friday 15 works for me", "Fri 15:00"),
        ("call me at 15 please", "Tue 15:00"),
        ("could we talk in 2 hours?", "Tue 14:00"),
        ("Чи можемо ми поговорити завтра о 15?", "Wed 15:00"),
        ("Доброго дня! Завтра о 15:00 Вам зручно?", "Wed 15:00"),
        ("Мені краще завтра о 3 дня", "Wed 15:00"),
        ("А можна у четвер о 15 годині?", "Thu 15:00"),
        ("¿Podemos hablar mañana a las 15?", "Wed 15:00"),
        ("Buenos días, ¿qué tal el jueves a las 3 de la tarde?", "Thu 15:00"),
        ("Me viene bien el jueves a las 15h", "Thu 15:00"),
        ("Könnten wir morgen um 15 Uhr sprechen?", "Wed 15:00"),
        ("Guten Morgen, passt Ihnen Freitag um 15 Uhr?", "Fri 15:00"),
        ("Geht es auch am Donnerstag um 15:00?", "Thu 15:00"),
        ("Good day, could we perhaps speak on Thursday at 3 in the afternoon instead, please? Thank you", "Thu 15:00"),
        ("Buenas tardes, ¿le viene bien el jueves a las 3 de la tarde, por favor? Gracias", "Thu 15:00"),
        ("Добрий день, чи можна нам поговорити у четвер о 3 годині дня, будь ласка? Дякую", "Thu 15:00"),
    ],
)
def test_a_sentence_that_asks_for_a_time_is_read(text: str, meant: str) -> None:
    wish = wish_from_text(text, KINDS, now=NOW, zone=LISBON, calendar=OFFICE)

    assert is_like_an_answer(text)
    assert wish.at is not None, wish
    assert (wish.what, f"{moment(wish.at).astimezone(OFFICE.tz):%a %H:%M}") == ("moment", meant)


@pytest.mark.parametrize(
    "text",
    [
        "errors since yesterday 15:00",
        "It has been down since 15:00",
        "Our shop is down, call me at 15",
        "could we speak tomorrow at 15 about the outage",
        "The export at 15:00 failed",
        "server restarts tomorrow at 15",
        "not tomorrow at 15",
        "anything but 15:00",
        "after 15:00 please",
        "can we get it by 15:00?",
        "it works for 2h",
        "can you do 3?",
        "we need 3",
        "it is 15",
        "i can get 404",
        "Is 15:00 UTC ok?",
        "so could we speak 15:00",
        "could we speak tomorrow?",
        "помилка з 15:00",
        "Завтра о 15:00 буде реліз",
        "error desde ayer a las 15:00",
        "Fehler seit gestern 15:00",
        "morgen um 15 Uhr gehen wir live",
        "could we speak about row 15 of the export that our payroll has not had since the last of last week",
        f"could we speak {'please ' * 20}tomorrow at 15?",
        "",
    ],
)
def test_a_sentence_that_says_anything_else_is_a_message(text: str) -> None:
    assert not moment_in(text)
    assert not is_like_an_answer(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("tomorrow at 15\n\nKind regards\nLena Novak", "tomorrow at 15"),
        (
            "Hi Vera,\n\ncould we speak tomorrow at 15?\n\nBest,\nLena\nCTO, Acme GmbH\n+1 555 0100",
            "could we speak tomorrow at 15?",
        ),
        ("Доброго дня,\nзавтра о 15\nЗ повагою,\nОлена Петренко", "завтра о 15"),
        ("Hola:\nmañana a las 15\n\nUn cordial saludo,\nLuis", "mañana a las 15"),
        ("morgen um 15 Uhr\n--\nMit freundlichen Grüßen\nJana Weiß", "morgen um 15 Uhr"),
    ],
)
def test_a_mail_is_read_without_what_stands_around_its_words(text: str, read: str) -> None:
    assert without_a_name_below(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow at 15\nOur shop is down",
        "tomorrow at 15\n\nPlease help",
        "Payroll failed,\ntomorrow at 15",
        "tomorrow at 15\n" + "Lena\n" * 8,
        "tomorrow at 15\nAnna Berta Carla Dora Emma",
    ],
)
def test_a_mail_that_says_more_stays_as_it_is(text: str) -> None:
    assert without_a_name_below(text) == text
