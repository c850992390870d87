"""The email channel out of the settings: its servers, the desk's memory and files, its own few words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from adapters.email.adapter import EmailAdapter
from bot.app.channels.email_app import email_config, ourselves_from
from bot.app.channels.email_memory import StoredMail, StoredPace
from bot.app.turn import StoredTurn
from bot.desk.desk import Desk
from bot.settings import Settings
from bot.store.files import Files
from bot.tickets.texts import LANGUAGES, Texts
from routing.people import PersonId


def email_channel(settings: Settings, desk: Desk, files: Files, now: Callable[[], datetime]) -> EmailAdapter | None:
    """The adapter, not running yet; None where no mail server is set. Whoever asked closes it."""
    config = email_config(settings)
    if config is None:
        return None

    def say(name: str, language: str | None) -> str:
        revision = desk.revisions.current
        spoken = language if language in LANGUAGES else revision.language
        return Texts(spoken, revision.zone, revision.texts)(f"email_{name}")

    def name_of(key: str) -> str:
        person = desk.revisions.current.person(PersonId(key))
        return person.name if person is not None else ""

    memory = StoredMail(desk)
    return EmailAdapter(
        config,
        replace(ourselves_from(settings, config), machines=lambda: desk.revisions.current.phone_system),
        files,
        memory,
        now,
        say=say,
        name_of=name_of,
        turn=lambda mailbox: StoredTurn(desk.database, f"email:{mailbox}"),
        past=memory,
        pace=StoredPace(desk.committer, config.address, config.per_minute),
    )
