"""The channels that the settings ask for, built and not running.

The library of a channel is loaded only where that channel is served: those of Slack, Telegram and mail take a quarter
of the memory of an idle desk, and a second of its start.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from adapters.message import Channel
from adapters.port import Adapter
from bot.app.channels.configured import configured
from bot.desk.desk import Desk
from bot.settings import Settings
from bot.store.files import Files


class ClosedAdapter(Adapter, Protocol):
    """An adapter that whoever built it closes."""

    async def close(self) -> None:
        """Let go of its connections."""


def asked_for(
    settings: Settings, desk: Desk, files: Files, now: Callable[[], datetime]
) -> Iterator[tuple[Channel, ClosedAdapter]]:
    """Each of them, in the order in which they are listed everywhere."""
    for channel in configured(settings):
        adapter = _built(channel, settings, desk, files, now)
        if adapter is not None:
            yield channel, adapter


def _built(
    channel: Channel, settings: Settings, desk: Desk, files: Files, now: Callable[[], datetime]
) -> ClosedAdapter | None:
    if channel is Channel.SLACK:
        from bot.app.channels.slack_channel import slack_channel  # noqa: PLC0415 - see above

        return slack_channel(settings, desk, files, now)
    if channel is Channel.TELEGRAM:
        from bot.app.channels.telegram_channel import telegram_channel  # noqa: PLC0415 - see above

        return telegram_channel(settings, desk, files, now)
    from bot.app.channels.email_channel import email_channel  # noqa: PLC0415 - see above

    return email_channel(settings, desk, files, now)
