"""The Telegram bot that the settings name, and what Telegram says about it when it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.telegram.check import Doubt, Room, doubts
from adapters.telegram.config import Config
from bot.desk.directory import DESK_ACCOUNT
from bot.settings import Settings


def telegram_config(settings: Settings) -> Config | None:
    """How Telegram is reached, None where no bot is set."""
    if settings.telegram_bot_token is None:
        return None
    secret = settings.telegram_webhook_secret
    return Config(
        token=settings.telegram_bot_token.get_secret_value(),
        api_url=settings.telegram_api_url,
        mode=settings.telegram_mode,
        webhook_secret=secret.get_secret_value() if secret is not None else "",
        public_url=settings.public_url or "",
        account=DESK_ACCOUNT,
    )


async def telegram_doubts(settings: Settings, document: Mapping[str, Any] | None) -> Sequence[Doubt]:
    """What Telegram says about the token and about the places of the desk; nothing where no bot is set."""
    config = telegram_config(settings)
    if config is None:
        return []
    return await doubts(config, list(_rooms(document or {})))


def _rooms(document: Mapping[str, Any]) -> Iterator[Room]:
    """The desk's places in Telegram, each with where it is written and what the bot does there."""
    for key, client in document.get("clients", {}).items():
        for address in client.get("channels", {}).get("telegram", []):
            yield Room(str(address), f"clients.{key}.channels", is_heard=True)
    for name in ("alerts", "cards"):
        if address := document.get("desk", {}).get(name, {}).get("telegram"):
            yield Room(str(address), f"desk.{name}", is_heard=name == "cards", has_topics=name == "cards")
