"""The Telegram channel out of the settings: its token, the desk's memory and files, its own few words."""

from collections.abc import Callable
from datetime import datetime

from adapters.telegram.adapter import TelegramAdapter
from adapters.telegram.menu import Menu
from bot.app.channels.telegram_app import telegram_config
from bot.app.channels.telegram_memory import telegram_memory
from bot.app.channels.telegram_menu import menu_from_revision
from bot.app.channels.telegram_past import StoredPast
from bot.app.turn import StoredTurn
from bot.desk.desk import Desk
from bot.now import wall_now
from bot.settings import Settings
from bot.store.files import Files
from bot.tickets.texts import Texts, nearest_language
from sla.duration import moment


def telegram_channel(
    settings: Settings, desk: Desk, files: Files, now: Callable[[], datetime]
) -> TelegramAdapter | None:
    """The adapter, not running yet; None where no token asks for it. Whoever asked closes it."""
    config = telegram_config(settings)
    if config is None:
        return None

    def say(name: str, language: str | None) -> str:
        revision = desk.revisions.current
        spoken = nearest_language(language, revision.language)
        return Texts(spoken, revision.zone, revision.texts)(f"telegram_{name}")

    def menu() -> Menu | None:
        return menu_from_revision(desk.revisions.current) if desk.revisions.number else None

    key = settings.secret_key
    return TelegramAdapter(
        config,
        files,
        telegram_memory(desk, files, key.get_secret_value() if key is not None else ""),
        now,
        say=say,
        turn=StoredTurn(desk.database, f"telegram:{config.bot_id}"),
        past=StoredPast(desk),
        menu=menu,
        wall=lambda: moment(wall_now()),
    )
