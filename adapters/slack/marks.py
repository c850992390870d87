"""Signs under the messages of our own people: whether the client's channel took their words.

One sign at a time. The new one is put first and the old one taken away after it, so there is always one to see.
"""

from collections.abc import Mapping
from typing import Final

from adapters.message import OutboundMark, Standing
from adapters.shapes import each, inner_or, text_or
from adapters.slack.pacing import PacedWeb
from adapters.slack.places import message_of
from adapters.slack.refusals import RefusedError

SIGNS: Final[Mapping[Standing, str]] = {
    "waiting": "hourglass",
    "sent": "white_check_mark",
    "failed": "warning",
    "uncertain": "question",
}
_REMEMBERED: Final = 5_000


class Marks:
    """Puts signs; remembers the last one of each message, and asks Slack after a restart."""

    def __init__(self, web: PacedWeb) -> None:
        self._web = web
        self._shown: dict[str, str] = {}

    async def show(self, mark: OutboundMark) -> None:
        """Raises a DeliveryError. A sign that stands there already is a success."""
        channel, ts = message_of(mark.external_id)
        sign = SIGNS[mark.standing]
        await self._call("reactions.add", channel, ts, sign, harmless="already_reacted")
        for old in await self._others(mark, channel, ts, sign):
            await self._call("reactions.remove", channel, ts, old, harmless="no_reaction")
        if len(self._shown) >= _REMEMBERED:
            self._shown.clear()
        self._shown[mark.external_id] = sign

    async def _others(self, mark: OutboundMark, channel: str, ts: str, sign: str) -> list[str]:
        if mark.standing == "waiting" and mark.external_id not in self._shown:
            return []  # nothing comes before it
        if (known := self._shown.get(mark.external_id)) is not None:
            return [known] if known != sign else []
        answer = await self._web.call("reactions.get", {"channel": channel, "timestamp": ts, "full": True})
        ours = {text_or(one, "name") for one in each(inner_or(answer, "message"), "reactions")}
        return [one for one in SIGNS.values() if one in ours and one != sign]

    async def _call(self, method: str, channel: str, ts: str, sign: str, *, harmless: str) -> None:
        try:
            await self._web.call(method, {"channel": channel, "timestamp": ts, "name": sign})
        except RefusedError as error:
            if error.code != harmless:
                raise
