"""The menu that Telegram shows is the desk's own, in every language we speak, and fits what Telegram takes."""

import re
from dataclasses import replace
from typing import Final

from bot.app.channels.telegram_menu import GROUPS, PEOPLE, PRIVATE, menu_from_revision
from bot.desk.talk.desk_words import question_from_text
from bot.deskfile.revise import revision_from_document
from bot.tickets.texts import LANGUAGES
from bot.tickets.words.decide_words import NAMES
from tests.builders import document

DESK: Final = revision_from_document(document(), 1)


def test_every_language_of_ours_has_its_menu_and_everybody_else_the_desks() -> None:
    menu = menu_from_revision(DESK)
    assert set(menu.private) == set(menu.groups) == set(menu.about) == set(menu.about_short) == {"", *LANGUAGES}
    assert menu.private[""] == menu.private[DESK.language]
    assert menu.private["de"] != menu.private["en"]


def test_what_is_offered_to_clients_is_understood() -> None:
    assert {*PRIVATE, *GROUPS} <= {*NAMES, "link"}


def test_our_people_have_commands_of_their_own_in_their_private_chats() -> None:
    menu = menu_from_revision(DESK)
    assert set(menu.ours) == {2001}
    assert [name for name, _ in menu.ours[2001]] == list(PEOPLE)


def test_the_desks_own_places_have_the_commands_of_our_people_and_not_the_clients() -> None:
    cards, alerts = {"telegram": "-100777"}, {"telegram": "-100888"}
    menu = menu_from_revision(replace(DESK, cards=cards, alerts=alerts))
    assert menu.ours.keys() == {2001, -100777, -100888}
    assert [name for name, _ in menu.ours[-100777]] == list(PEOPLE)


def test_what_is_offered_to_our_people_is_understood() -> None:
    assert [name for name in PEOPLE if question_from_text(f"/{name}") is None] == []


def test_everything_fits_what_telegram_takes() -> None:
    menu = menu_from_revision(DESK)
    listed = [*menu.private.values(), *menu.groups.values(), *menu.ours.values()]
    for name, said in (command for commands in listed for command in commands):
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 1 <= len(said) <= 256
    assert all(len(said) <= 512 for said in menu.about.values())
    assert all(len(said) <= 120 for said in menu.about_short.values())
