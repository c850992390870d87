"""The Slack app that the settings name, and what Slack says about it when it is asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.slack.check import Doubt, doubts
from adapters.slack.config import Config
from bot.desk.directory import DESK_ACCOUNT
from bot.settings import Settings


def slack_config(settings: Settings) -> Config | None:
    """How Slack is reached, None where no app is set."""
    if settings.slack_bot_token is None:
        return None
    app, secret = settings.slack_app_token, settings.slack_signing_secret
    return Config(
        bot_token=settings.slack_bot_token.get_secret_value(),
        app_token=app.get_secret_value() if app is not None else None,
        signing_secret=secret.get_secret_value() if secret is not None else None,
        api_url=settings.slack_api_url,
        account=DESK_ACCOUNT,
    )


async def slack_doubts(settings: Settings, document: Mapping[str, Any] | None) -> Sequence[Doubt]:
    """What Slack says about the tokens and about the places of the desk; nothing where no app is set."""
    config = slack_config(settings)
    if config is None:
        return []
    return await doubts(config, dict(_places(document or {})), public_url=settings.public_url)


def _places(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The desk's places in Slack, each with where it is written."""
    for key, client in document.get("clients", {}).items():
        for address in client.get("channels", {}).get("slack", []):
            yield str(address), f"clients.{key}.channels"
    for name in ("alerts", "cards"):
        if address := document.get("desk", {}).get(name, {}).get("slack"):
            yield str(address), f"desk.{name}"
