"""The channels that our people are reached on by the settings, and what each can do.

For whoever writes beside the running bot: what they write leaves by the bot's own channels, so it has to fit those.
Nothing is connected to.
"""

from collections.abc import Mapping
from typing import Final

from adapters.email import config as email
from adapters.fake import GUISES
from adapters.message import Channel
from adapters.port import Limits
from adapters.slack import config as slack
from adapters.telegram import config as telegram
from bot.settings import Settings

#: The channels that others own; the demo has each of them in memory.
STOOD_IN_FOR: Final = (Channel.TELEGRAM, Channel.SLACK, Channel.EMAIL)


def configured(settings: Settings, *, is_demo: bool = False) -> Mapping[Channel, Limits]:
    """What there is beside the board, which is always there."""
    if is_demo:
        return {one: GUISES[one].limits for one in STOOD_IN_FOR}
    asked = (
        (Channel.SLACK, settings.slack_bot_token, slack.LIMITS),
        (Channel.TELEGRAM, settings.telegram_bot_token, telegram.LIMITS),
        (Channel.EMAIL, settings.imap_host or settings.smtp_host, email.LIMITS),
    )
    return {channel: limits for channel, setting, limits in asked if setting is not None}
