"""What people read: complete in every language, polite, and in the reader's own time."""

import re
from datetime import UTC, datetime, timedelta
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from adapters.inapp.ids import WIDGET_TEXTS
from bot.tickets.texts import CATALOGUE, LANGUAGES, Entry, Texts, nearest_language
from bot.tickets.ticket import OPEN, Status
from routing.route import RULES, WAITING_LIST
from sla.clock import State
from sla.duration import Instant, instant
from sla.policy import Metric

KEYS = sorted(CATALOGUE)
ZONES = ("Europe/Kyiv", "Europe/Madrid", "America/New_York", "Asia/Kathmandu", "fixed:+03:00", "UTC")

#: Words that only friends use with each other, and polite words that Ukrainian letters write with a capital.
TOO_FAMILIAR = {
    "en": r"(?i)\b(guys|hey)\b",
    "uk": r"(?i)\b(ти|тебе|тобі|тобою|тві[йм]|твоя|твоє|твої\w*)\b|(?-i:\b(ви|вас|вам|вами|ваш\w*)\b)",
    "es": r"(?i)\b(tú|te|ti|tu|tus|tienes|escribe|vosotros|os)\b",
    "de": r"(?i)\b(du|dich|dir|dein\w*|euch|euer|eure\w*)\b",
}


def forms(entry: Entry) -> dict[str, str]:
    return {"": entry} if isinstance(entry, str) else dict(entry)


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def at(written: str) -> Instant:
    return instant(datetime.fromisoformat(written).replace(tzinfo=UTC))


@pytest.mark.parametrize("key", KEYS)
def test_a_text_is_there_in_every_language_and_in_no_other(key: str) -> None:
    assert set(CATALOGUE[key]) == set(LANGUAGES)


@pytest.mark.parametrize("key", KEYS)
def test_a_text_says_something_in_every_language(key: str) -> None:
    for entry in CATALOGUE[key].values():
        for text in forms(entry).values():
            assert text
            assert text == " ".join(text.split())


@pytest.mark.parametrize("key", KEYS)
def test_a_text_bends_to_a_number_in_every_language_or_in_none(key: str) -> None:
    assert len({isinstance(entry, str) for entry in CATALOGUE[key].values()}) == 1


@pytest.mark.parametrize("key", [key for key in KEYS if not isinstance(CATALOGUE[key]["en"], str)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_that_bends_has_all_the_forms_of_its_language(key: str, language: str) -> None:
    assert set(forms(CATALOGUE[key][language])) == {*Locale.parse(language).plural_form.tags, "other"}
    assert all("count" in values(text) for text in forms(CATALOGUE[key][language]).values())


@pytest.mark.parametrize("key", KEYS)
def test_all_languages_and_forms_of_a_text_name_the_same_values(key: str) -> None:
    said = {frozenset(values(text)) for entry in CATALOGUE[key].values() for text in forms(entry).values()}
    assert len(said) == 1
    assert all(re.fullmatch(r"[a-z]+", name) for name in next(iter(said)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_addressed_like_a_friend(language: str) -> None:
    said = {key: text for key in KEYS for text in forms(CATALOGUE[key][language]).values()}
    assert {key: text for key, text in said.items() if re.search(TOO_FAMILIAR[language], text)} == {}


@pytest.mark.parametrize(
    "key",
    [
        *(f"metric_{metric}" for metric in Metric),
        *(f"promise_{state}" for state in State if state not in {State.RUNNING, State.BREACHED}),
        *(f"status_word_{status}" for status in Status if status not in OPEN),
        *(f"rule_{rule}" for rule in (*(rule.__name__ for rule in RULES), WAITING_LIST, "handed_over", "taken")),
    ],
)
def test_whatever_a_card_can_show_has_words(key: str) -> None:
    assert key in CATALOGUE


def test_the_widget_finds_all_its_words_and_no_more_are_kept_for_it() -> None:
    assert {key for key in KEYS if key.startswith("widget_")} == set(WIDGET_TEXTS)
    assert all(isinstance(entry, str) for key in WIDGET_TEXTS for entry in CATALOGUE[key].values())


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        pytest.param("en", 1, "1 ticket waited for you", id="one in English"),
        pytest.param("en", 0, "0 tickets waited for you", id="none in English"),
        pytest.param("uk", 1, "На Вас чекало 1 звернення", id="one in Ukrainian"),
        pytest.param("uk", 2, "На Вас чекали 2 звернення", id="a few in Ukrainian"),
        pytest.param("uk", 5, "На Вас чекало 5 звернень", id="many in Ukrainian"),
        pytest.param("uk", 12, "На Вас чекало 12 звернень", id="the teens in Ukrainian"),
        pytest.param("uk", 21, "На Вас чекало 21 звернення", id="twenty-one in Ukrainian"),
        pytest.param("es", 1, "Le esperaba 1 solicitud", id="one in Spanish"),
        pytest.param("es", 7, "Le esperaban 7 solicitudes", id="several in Spanish"),
        pytest.param("de", 1, "1 Anliegen hat auf Sie gewartet", id="one in German"),
        pytest.param("de", 4, "4 Anliegen haben auf Sie gewartet", id="several in German"),
    ],
)
def test_a_text_bends_to_its_number(language: str, count: int, said: str) -> None:
    assert Texts(language)("ping_digest", count=count) == said


@given(count=st.integers(0, 10_000_000), language=st.sampled_from(LANGUAGES))
def test_every_number_has_a_form(count: int, language: str) -> None:
    assert str(count) in Texts(language)("length_days", count=count)


NOW = "2026-03-25 12:00"  # a Wednesday: 14:00 in Kyiv, 13:00 in Madrid and Berlin


@pytest.mark.parametrize(
    ("language", "zone", "written", "said"),
    [
        pytest.param("en", "Europe/Kyiv", "2026-03-25 13:00", "15:00", id="today in English"),
        pytest.param("uk", "Europe/Kyiv", "2026-03-25 13:00", "о 15:00", id="today in Ukrainian"),
        pytest.param("es", "Europe/Madrid", "2026-03-25 14:00", "a las 15:00", id="today in Spanish"),
        pytest.param("de", "Europe/Berlin", "2026-03-25 14:00", "15:00 Uhr", id="today in German"),
        pytest.param("en", "Europe/Kyiv", "2026-03-26 13:00", "tomorrow 15:00", id="tomorrow in English"),
        pytest.param("uk", "Europe/Kyiv", "2026-03-26 13:00", "завтра о 15:00", id="tomorrow in Ukrainian"),
        pytest.param("es", "Europe/Madrid", "2026-03-26 14:00", "mañana a las 15:00", id="tomorrow in Spanish"),
        pytest.param("de", "Europe/Berlin", "2026-03-26 14:00", "morgen, 15:00 Uhr", id="tomorrow in German"),
        pytest.param("en", "Europe/Kyiv", "2026-03-27 13:00", "Friday 15:00", id="a weekday in English"),
        pytest.param("uk", "Europe/Kyiv", "2026-03-27 13:00", "у пʼятницю о 15:00", id="a weekday in Ukrainian"),
        pytest.param("es", "Europe/Madrid", "2026-03-27 14:00", "el viernes a las 15:00", id="a weekday in Spanish"),
        pytest.param("de", "Europe/Berlin", "2026-03-27 14:00", "Freitag, 15:00 Uhr", id="a weekday in German"),
        pytest.param("en", "Europe/Kyiv", "2026-05-03 12:00", "May 3, 15:00", id="a date in English"),
        pytest.param("uk", "Europe/Kyiv", "2026-05-03 12:00", "3 травня о 15:00", id="a date in Ukrainian"),
        pytest.param("es", "Europe/Madrid", "2026-05-03 13:00", "el 3 de mayo a las 15:00", id="a date in Spanish"),
        pytest.param("de", "Europe/Berlin", "2026-05-03 13:00", "3. Mai, 15:00 Uhr", id="a date in German"),
        pytest.param("uk", "Europe/Kyiv", "2026-03-26 09:30", "завтра об 11:30", id="eleven o'clock in Ukrainian"),
        pytest.param("es", "Europe/Madrid", "2026-03-26 00:30", "mañana a la 01:30", id="one o'clock in Spanish"),
        pytest.param("en", "Europe/Kyiv", "2026-03-25 11:00", "13:00", id="earlier today"),
        pytest.param("en", "Europe/Kyiv", "2026-03-24 13:00", "March 24, 15:00", id="yesterday is a date"),
        pytest.param("en", "UTC", "2026-03-31 12:00", "Tuesday 12:00", id="six days ahead is a weekday"),
        pytest.param("en", "UTC", "2026-04-01 00:00", "April 1, 00:00", id="the same weekday of next week is a date"),
        pytest.param("en", "Asia/Tokyo", "2026-03-25 15:00", "tomorrow 00:00", id="the day turns where the reader is"),
        pytest.param("en", "America/New_York", "2026-03-26 03:59", "23:59", id="not yet tomorrow where the reader is"),
        pytest.param("en", "Asia/Kathmandu", "2026-03-25 13:00", "18:45", id="a zone of quarter hours"),
        pytest.param("en", "fixed:+03:00", "2026-03-30 07:00", "Monday 10:00", id="an agreed offset"),
        pytest.param("en", "UTC", "2026-03-25 12:00:59", "12:00", id="seconds are cut off"),
    ],
)
def test_a_moment_is_said_in_the_readers_own_time(language: str, zone: str, written: str, said: str) -> None:
    assert Texts(language, zone).moment(at(written), now=at(NOW)) == said


@pytest.mark.parametrize(
    ("zone", "now", "written", "said"),
    [
        pytest.param("Europe/Kyiv", "2026-03-28 21:30", "2026-03-29 01:30", "tomorrow 04:30", id="a lost hour between"),
        pytest.param("Europe/Kyiv", "2026-03-28 22:30", "2026-03-29 20:30", "23:30", id="within the short day"),
        pytest.param("Europe/Kyiv", "2026-03-27 12:00", "2026-03-30 07:00", "Monday 10:00", id="over the weekend"),
        pytest.param("Europe/Berlin", "2026-10-24 21:30", "2026-10-25 22:30", "tomorrow 23:30", id="a day of 25 hours"),
        pytest.param("Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:30", "tomorrow 02:30", id="02:30 in summer"),
        pytest.param("Europe/Berlin", "2026-10-24 12:00", "2026-10-25 01:30", "tomorrow 02:30", id="02:30 in winter"),
        pytest.param("America/New_York", "2026-10-30 20:00", "2026-11-02 14:00", "Monday 09:00", id="back to winter"),
    ],
)
def test_a_moment_is_right_across_the_change_of_the_clocks(zone: str, now: str, written: str, said: str) -> None:
    assert Texts("en", zone).moment(at(written), now=at(now)) == said


@given(
    language=st.sampled_from(LANGUAGES),
    zone=st.sampled_from(ZONES),
    now=st.integers(at("2020-01-01"), at("2035-01-01")),
    ahead=st.integers(-30 * 86_400_000, 400 * 86_400_000),
)
def test_a_moment_always_shows_the_time_on_the_readers_wall(language: str, zone: str, now: int, ahead: int) -> None:
    texts = Texts(language, zone)
    place = ZoneInfo("Etc/GMT-3" if zone.startswith("fixed") else zone)
    wall = f"{datetime.fromtimestamp((now + ahead) / 1000, place):%H:%M}"
    assert wall in texts.moment(Instant(now + ahead), now=Instant(now))
    assert texts.clock_time(Instant(now + ahead)) == wall


@pytest.mark.parametrize("language", LANGUAGES)
def test_seven_days_have_seven_names(language: str) -> None:
    texts, now = Texts(language), at(NOW)
    said = {texts.moment(Instant(now + days * 86_400_000), now=now) for days in range(7)}
    assert len(said) == 7
    assert all("12:00" in one for one in said)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Vera is back Monday 10:00 and answers by Monday 11:00 (your time)."),
        ("uk", "Vera буде на звʼязку у понеділок о 10:00 і відповість не пізніше ніж у понеділок об 11:00"),
        ("es", "Vera vuelve el lunes a las 10:00 y le responderá a más tardar el lunes a las 11:00"),
        ("de", "Vera ist ab Montag, 10:00 Uhr wieder da und antwortet Ihnen bis Montag, 11:00 Uhr"),
    ],
)
def test_a_moment_fits_into_its_sentence(language: str, said: str) -> None:
    texts = Texts(language)
    opening, due = (texts.moment(at(f"2026-03-30 {hour}:00"), now=at(NOW)) for hour in (10, 11))
    assert said in texts("off_hours_by", number="T-1", name="Vera", opening=opening, due=due)


@pytest.mark.parametrize(
    ("length", "en", "uk", "de"),
    [
        pytest.param(timedelta(), "0 min", "0 хв", "0 Min.", id="none"),
        pytest.param(timedelta(seconds=59), "0 min", "0 хв", "0 Min.", id="less than a minute"),
        pytest.param(timedelta(minutes=-5), "0 min", "0 хв", "0 Min.", id="never less than nothing"),
        pytest.param(timedelta(minutes=14, seconds=59), "14 min", "14 хв", "14 Min.", id="rounded down"),
        pytest.param(timedelta(hours=1), "1 h", "1 год", "1 Std.", id="a whole hour"),
        pytest.param(timedelta(hours=3, minutes=12), "3 h 12 min", "3 год 12 хв", "3 Std. 12 Min.", id="two units"),
        pytest.param(timedelta(days=1), "1 day", "1 день", "1 Tag", id="a whole day"),
        pytest.param(timedelta(days=2, minutes=59), "2 days", "2 дні", "2 Tage", id="minutes of days are left out"),
        pytest.param(timedelta(days=5, hours=4), "5 days 4 h", "5 днів 4 год", "5 Tage 4 Std.", id="days and hours"),
    ],
)
def test_a_length_is_said_in_two_units_at_most(length: timedelta, en: str, uk: str, de: str) -> None:
    assert [Texts(language).length(length) for language in ("en", "uk", "de")] == [en, uk, de]


def test_a_desk_may_say_it_differently_in_one_language() -> None:
    overrides = {
        "done": {"en": "All set."},
        "moment_tomorrow": {"de": "am Folgetag {time}"},
    }
    assert Texts("en", overrides=overrides)("done") == "All set."
    assert Texts("uk", overrides=overrides)("done") == "Готово."
    assert Texts("de", overrides=overrides).moment(at("2026-03-26 09:00"), now=at(NOW)) == "am Folgetag 09:00 Uhr"


def test_an_empty_wording_of_the_desk_leaves_ours() -> None:
    assert Texts("en", overrides={"done": {"en": ""}})("done") == "Done."


def test_braces_in_a_clients_words_stay_braces() -> None:
    subject = "{number} {0} {name.__class__} {{}} %s"
    assert subject in Texts("en")("status", number="T-1", subject=subject, name="Vera")


def test_an_unknown_text_is_a_defect() -> None:
    with pytest.raises(KeyError):
        Texts("en")("no_such_text")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("uk", "uk"),
        ("uk-UA", "uk"),
        ("es_MX", "es"),
        ("DE-at", "de"),
        (" en ", "en"),
        ("zh-Hant-TW", "es"),
        ("", "es"),
        (None, "es"),
    ],
)
def test_a_language_tag_finds_the_nearest_of_our_languages(wanted: str | None, language: str) -> None:
    assert nearest_language(wanted, "es") == language
