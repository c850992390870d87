"""Telegram asked about itself, before anybody relies on it: the token, the way in, and the groups of the desk.

Every doubt names a setting or a place, and what to do about it. Nothing is changed and nobody is written to.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from adapters.errors import DeliveryError
from adapters.telegram.config import Config
from adapters.telegram.ids import place_from_address
from adapters.telegram.refusals import UNAUTHORIZED, RefusedError
from adapters.telegram.web import Web
from adapters.telegram.webhook import PATH

TOKEN: Final = "TELEGRAM_BOT_TOKEN"  # noqa: S105 - the setting's name
MODE: Final = "TELEGRAM_MODE"
ADDRESS: Final = "TELEGRAM_API_URL"
PUBLIC: Final = "MAITRED_PUBLIC_URL"
#: Telegram comes to these and no others: https://core.telegram.org/bots/api#setwebhook
_PORTS: Final = (None, 80, 88, 443, 8443)
_NOT_FOUND: Final = 404
_MANY: Final = 100
_PRIVACY: Final = (
    "the bot hears only commands and replies to itself there: send /setprivacy to BotFather, choose Disable, then "
    "remove the bot from the group and add it again; or make it an admin of the group"
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing wrong (or only worth a look), by the setting or the place of the desk where it is mended."""

    name: str
    mend: str
    is_error: bool = True


@dataclass(frozen=True, slots=True)
class Room:
    """A place of the desk, where it is `written`, and what it is for.

    `is_heard`: whatever people write there counts. `has_topics`: the bot opens a topic for each client there.
    """

    address: str
    written: str
    is_heard: bool
    has_topics: bool = False


async def doubts(config: Config, rooms: Sequence[Room]) -> list[Doubt]:
    """Ask Telegram."""
    web = Web(config)
    try:
        try:
            me = await web.call("getMe", {})
        except RefusedError as error:
            return [_refused_token(error)]
        except DeliveryError as error:
            return [Doubt(ADDRESS, f"Telegram cannot be reached at {config.api_url} ({error})")]
        found = list(_address_doubts(config))
        found += [one async for one in _way_in(web, config)]
        for room in rooms:
            found += [one async for one in _room_doubts(web, config, room, me)]
        return found
    finally:
        await web.close()


def _refused_token(error: RefusedError) -> Doubt:
    if error.code in {UNAUTHORIZED, _NOT_FOUND}:
        return Doubt(TOKEN, "Telegram does not know this token: copy it again from BotFather (/mybots, API Token)")
    return Doubt(TOKEN, f"Telegram refused it: {error}")


def _address_doubts(config: Config) -> Iterator[Doubt]:
    if config.mode != "webhook":
        return
    public = urlsplit(config.public_url)
    if public.scheme != "https":
        yield Doubt(PUBLIC, "Telegram comes to a public https address only: set one, or use TELEGRAM_MODE=poll")
    elif public.port not in _PORTS:
        yield Doubt(PUBLIC, "Telegram comes to the ports 80, 88, 443 and 8443 only: use one of them")


async def _way_in(web: Web, config: Config) -> AsyncIterator[Doubt]:
    try:
        state = await web.call("getWebhookInfo", {})
    except DeliveryError as error:
        yield Doubt(ADDRESS, f"Telegram did not say whether a webhook is set: {error}")
        return
    address, waiting = str(state.get("url") or ""), state.get("pending_update_count") or 0
    where = urlsplit(address).hostname  # the rest of an address may be a secret of somebody's
    if config.mode == "poll" and address:
        words = f"a webhook is set for this bot (at {where}), so nobody can ask for its updates"
        yield Doubt(MODE, f"{words}: have it removed there, use another bot, or set TELEGRAM_MODE=webhook")
    ours = f"{config.public_url.rstrip('/')}{PATH}"
    if config.mode == "webhook" and address and address != ours:
        words = f"another webhook is set for this bot (at {where}); maitred run puts its own in its place"
        yield Doubt(MODE, words, is_error=False)
    if config.mode == "webhook" and address == ours and (said := state.get("last_error_message")):
        yield Doubt(PUBLIC, f"Telegram last could not bring an update there: {said}", is_error=False)
    if waiting > _MANY:
        words = f"{waiting} updates wait with Telegram, which keeps them for 24 hours: start the bot"
        yield Doubt(MODE, words, is_error=False)


async def _room_doubts(web: Web, config: Config, room: Room, me: Any) -> AsyncIterator[Doubt]:  # noqa: ANN401 - JSON
    try:
        place = place_from_address(room.address)
    except ValueError as error:
        yield Doubt(room.written, str(error))
        return
    try:
        chat = await web.call("getChat", {"chat_id": place.chat})
        if place.is_person:
            return
        member = await web.call("getChatMember", {"chat_id": place.chat, "user_id": int(config.bot_id)})
    except RefusedError as error:
        yield Doubt(room.written, _refused_place(room.address, error, is_person=place.is_person))
        return
    except DeliveryError as error:
        yield Doubt(room.written, f"Telegram did not say whether the bot is in {room.address}: {error}", is_error=False)
        return
    for words, is_error in _room_words(room, chat, member, me):
        yield Doubt(room.written, words, is_error)


def _room_words(room: Room, chat: Any, member: Any, me: Any) -> Iterator[tuple[str, bool]]:  # noqa: ANN401 - JSON
    """What is wrong with a group that the bot can see, and whether that is an error."""
    status = member.get("status")
    if room.is_heard and chat.get("type") == "channel":
        yield f"{room.address} is a channel, in which nobody is served: write a group's number", True
        return
    if status in {"left", "kicked"}:
        yield f"the bot is not in the group {room.address}: add it there", True
    elif status == "restricted" and not member.get("can_send_messages"):
        yield f"the bot may not write in the group {room.address}: ask its admins", True
    elif room.has_topics:
        for words, is_error in _forum_words(chat, member):
            yield f"{room.address}: {words}", is_error
    if room.is_heard and status in {"member", "restricted"} and not me.get("can_read_all_group_messages"):
        yield f"{room.address}: {_PRIVACY}", True


def _refused_place(address: str, error: RefusedError, *, is_person: bool) -> str:
    if error.migrated_to is not None:
        return f"the group {address} has become a supergroup: write {error.migrated_to}"
    if is_person:
        return f"{address} has never written to the bot: ask them to open it and press Start"
    return f"the bot is not in the group {address} ({error}): add it there, and look at the number"


def _forum_words(chat: Any, member: Any) -> Iterator[tuple[str, bool]]:  # noqa: ANN401 - JSON
    if not chat.get("is_forum"):
        yield "it has no topics, so the cards of all clients stand in one row: switch Topics on in its settings", False
    elif not (member.get("status") == "creator" or member.get("can_manage_topics")):
        yield "the bot may not open topics there: make it an admin with the right Manage Topics", True
