"""The Slack channel out of the settings: its tokens, the desk's files and memory, and the few words it says itself."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from adapters.slack.adapter import SlackAdapter
from bot.app.channels.slack_app import slack_config
from bot.app.channels.slack_past import StoredPast
from bot.desk.desk import Desk
from bot.now import wall_now
from bot.settings import Settings
from bot.store.files import Files
from bot.tickets.texts import Texts
from sla.duration import moment

#: What the app is called in a window that holds a sentence alone, as in its manifest.
TITLE: Final = "Maitred"


def slack_channel(settings: Settings, desk: Desk, files: Files, now: Callable[[], datetime]) -> SlackAdapter | None:
    """The adapter, not running yet; None where no token asks for it. Whoever asked closes it."""
    config = slack_config(settings)
    if config is None:
        return None

    def too_late() -> str:
        revision = desk.revisions.current
        return Texts(revision.language, revision.zone, revision.texts)("slack_too_late")

    past = StoredPast(desk)
    return SlackAdapter(config, files, past, now, title=TITLE, too_late=too_late, wall=lambda: moment(wall_now()))
