"""The Slack channel out of the settings: its tokens, the desk's files and memory, and the few words it says itself."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from adapters.message import Identity
from adapters.slack.adapter import SlackAdapter
from bot.app.channels.slack_app import slack_config
from bot.app.channels.slack_past import StoredPast
from bot.desk.desk import Desk
from bot.now import wall_now
from bot.settings import Settings
from bot.store.files import Files
from bot.store.people.asking import texts_for
from bot.tickets.outcome import person_texts
from sla.duration import moment

#: What the app is called in a window that holds a sentence alone, as in its manifest.
TITLE: Final = "Maitred"


def slack_channel(settings: Settings, desk: Desk, files: Files, now: Callable[[], datetime]) -> SlackAdapter | None:
    """The adapter, not running yet; None where no token asks for it. Whoever asked closes it."""
    config = slack_config(settings)
    if config is None:
        return None

    past = StoredPast(desk)
    return SlackAdapter(config, files, past, now, title=TITLE, too_late=too_late(desk), wall=lambda: moment(wall_now()))


def too_late(desk: Desk) -> Callable[[Identity], Awaitable[str]]:
    """What somebody is told in their language where Slack opened no window."""

    async def said(who: Identity) -> str:
        revision, person = desk.revisions.current, desk.directory.person_of(who)
        if person is not None:
            return person_texts(revision, person)("slack_too_late")
        return await desk.database.read(lambda conn: texts_for(conn, revision, who)("slack_too_late"))

    return said
