"""The commands and the description that Telegram shows beside the bot, out of the desk in force and the catalogue.

Everybody else reads the desk's own language; whoever's Telegram speaks one of ours reads that. Our own people have
commands of their own in their private chats and in the groups that they share.
"""

from collections.abc import Sequence
from typing import Final

from adapters.message import Channel
from adapters.telegram.menu import Commands, Menu
from bot.desk.directory import shared_places
from bot.tickets.outcome import person_texts
from bot.tickets.revision import Revision
from bot.tickets.texts import LANGUAGES, Texts

PRIVATE: Final = ("status", "call", "urgent", "escalate", "new", "link", "language", "help")
GROUPS: Final = ("status", "call", "urgent", "escalate", "new", "help")
PEOPLE: Final = ("queue", "desk", "away", "back", "help")
#: Telegram takes no more.
_LONGEST_ABOUT: Final = 512
_LONGEST_SHORT: Final = 120
_LONGEST_COMMAND: Final = 256


def menu_from_revision(revision: Revision) -> Menu:
    """The whole menu; `""` stands for whoever's language is none of ours."""
    voices = {language: Texts(language, revision.zone, revision.texts) for language in LANGUAGES}
    voices[""] = Texts(revision.language, revision.zone, revision.texts)
    return Menu(
        private={language: _commands(PRIVATE, speak) for language, speak in voices.items()},
        groups={language: _commands(GROUPS, speak) for language, speak in voices.items()},
        ours=_places(revision, voices[""]) | _people(revision),
        about={
            language: speak("telegram_about", desk=revision.name)[:_LONGEST_ABOUT] for language, speak in voices.items()
        },
        about_short={language: speak("telegram_about_short")[:_LONGEST_SHORT] for language, speak in voices.items()},
    )


def _places(revision: Revision, speak: Texts) -> dict[int, Commands]:
    """The desk's own places, in its own language: no client reads there."""
    found = shared_places(revision, Channel.TELEGRAM)
    return {int(one): _commands(PEOPLE, speak) for one in found if one.removeprefix("-").isdecimal()}


def _people(revision: Revision) -> dict[int, Commands]:
    found: dict[int, Commands] = {}
    for person in revision.people.values():
        address = person.addresses.get(Channel.TELEGRAM.value, "")
        if address.isascii() and address.isdecimal():
            found[int(address)] = _commands(PEOPLE, person_texts(revision, person.id))
    return found


def _commands(names: Sequence[str], speak: Texts) -> Commands:
    return tuple((name, speak(f"telegram_command_{name}")[:_LONGEST_COMMAND]) for name in names)
