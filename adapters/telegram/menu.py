"""What Telegram shows beside the bot: its commands where each is of use, what it is for, and the button for them.

Telegram keeps all of it, so it is only changed where it differs from what the desk wants: after a start, and whenever
the desk's own wording or people have changed. What was set is remembered before it is: it cannot be listed, and whoever
is none of ours any more loses it also where they left while nobody ran. A person who never wrote to the bot has no chat
to show commands in; they are tried again later.

https://core.telegram.org/bots/api#setmycommands
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog

from adapters.errors import DeliveryError, DeskAwayError
from adapters.shapes import text_or
from adapters.telegram.refusals import RefusedError
from adapters.telegram.timings import Timings
from adapters.telegram.web import Web

log = structlog.get_logger()

#: The languages of a text, `""` for whoever reads none of the others.
ByLanguage = Mapping[str, str]
#: Commands and what each does, in the order they are shown.
Commands = tuple[tuple[str, str], ...]

_PRIVATE: Final = {"type": "all_private_chats"}
_GROUPS: Final = {"type": "all_group_chats"}
#: Looks at an unchanged menu so often where something could not be set.
_AGAIN_EVERY: Final = 60


@dataclass(frozen=True, slots=True)
class Menu:
    """What is to be shown. `ours` are single chats with commands of their own: our people's, and those they share."""

    private: Mapping[str, Commands] = field(default_factory=dict)
    groups: Mapping[str, Commands] = field(default_factory=dict)
    ours: Mapping[int, Commands] = field(default_factory=dict)
    about: ByLanguage = field(default_factory=dict)
    about_short: ByLanguage = field(default_factory=dict)


class Shown(Protocol):
    """Where the desk remembers what was set. Everything raises DeskAwayError while it is away."""

    async def menus(self) -> Collection[str]:
        """What `keep_menus` was given last, nothing before."""

    async def keep_menus(self, names: Collection[str]) -> None:
        """Returns once it is safe."""


class Menus:
    """Keeps Telegram's copy like the desk's. `wanted` may say None while there is no desk yet."""

    def __init__(self, web: Web, wanted: Callable[[], Menu | None], timings: Timings, past: Shown) -> None:
        self._web = web
        self._wanted = wanted
        self._past = past
        self._timings = timings
        self._shown: Menu | None = None
        self._left = 0

    async def run(self) -> None:
        """Look again and again, until cancelled; a menu is a courtesy, so nothing about it ends the channel."""
        while True:
            try:
                await self.once()
            except (DeliveryError, DeskAwayError) as error:
                log.info("the bot's menu could not be set yet", channel="telegram", reason=str(error))
            await asyncio.sleep(self._timings.menu_every_s)

    async def once(self) -> None:
        """Set what differs. Raises what the web raises, but for refusals, which are said and passed over."""
        wanted = self._wanted()
        self._left -= 1
        if wanted is None or (wanted == self._shown and self._left != 0):
            return
        names, before = _names(wanted), set(await self._past.menus())
        if not names <= before:
            await self._past.keep_menus(names | before)
        refused = 0
        for scope, by_language in ((_PRIVATE, wanted.private), (_GROUPS, wanted.groups)):
            for language, commands in by_language.items():
                refused += await self._refused(self._commands(scope, language, commands))
        for chat, commands in wanted.ours.items():
            refused += await self._refused(self._commands(_chat(chat), "", commands), is_usual=True)
        for name, texts in _texts(wanted).items():
            for language, text in texts.items():
                refused += await self._refused(self._text(name, language, text))
        refused += await self._refused(self._button())
        for name in sorted(before - names):
            await self._refused(self._removed(name), is_usual=True)
        if before - names:
            await self._past.keep_menus(names)
        self._shown, self._left = wanted, _AGAIN_EVERY if refused else 0

    async def _commands(self, scope: Mapping[str, Any], language: str, commands: Commands) -> None:
        where = {"scope": scope, "language_code": language or None}
        wanted = [{"command": name, "description": said} for name, said in commands]
        if _read(await self._web.call("getMyCommands", where)) != wanted:
            await self._web.call("setMyCommands", {"commands": wanted, **where})

    async def _text(self, name: str, language: str, text: str) -> None:
        where, key = {"language_code": language or None}, _KEYS[name]
        found = await self._web.call(f"getMy{name}", where)
        if not isinstance(found, Mapping) or text_or(found, key) != text:
            await self._web.call(f"setMy{name}", {key: text, **where})

    async def _removed(self, name: str) -> None:
        """Take back what `_names` calls so."""
        what, _, language = name.partition(":")
        if what in _KEYS:
            await self._web.call(f"setMy{what}", {_KEYS[what]: "", "language_code": language or None})
        elif what in (_PRIVATE["type"], _GROUPS["type"]):
            await self._web.call("deleteMyCommands", {"scope": {"type": what}, "language_code": language or None})
        elif what.removeprefix("-").isdecimal():
            await self._web.call("deleteMyCommands", {"scope": _chat(int(what))})

    async def _button(self) -> None:
        found = await self._web.call("getChatMenuButton", {})
        if not isinstance(found, Mapping) or found.get("type") != "commands":
            await self._web.call("setChatMenuButton", {"menu_button": {"type": "commands"}})

    async def _refused(self, setting: Any, *, is_usual: bool = False) -> bool:  # noqa: ANN401 - a coroutine, whatever it gives
        """`is_usual` where it is refused at every start: a person who never wrote to the bot has no chat with it."""
        try:
            await setting
        except RefusedError as error:
            say = log.debug if is_usual else log.info
            say("a part of the bot's menu was refused", channel="telegram", reason=str(error))
            return True
        return False


_KEYS: Final = {"Description": "description", "ShortDescription": "short_description"}


def _names(menu: Menu) -> set[str]:
    """Every part of a menu: where it stands and for which language, `all_private_chats:de` or `42:`."""
    scopes = {_PRIVATE["type"]: menu.private, _GROUPS["type"]: menu.groups, **_texts(menu)}
    found = {f"{what}:{language}" for what, by_language in scopes.items() for language in by_language}
    return found | {f"{chat}:" for chat in menu.ours}


def _texts(menu: Menu) -> Mapping[str, ByLanguage]:
    return {"Description": menu.about, "ShortDescription": menu.about_short}


def _chat(number: int) -> Mapping[str, Any]:
    return {"type": "chat", "chat_id": number}


def _read(found: object) -> Sequence[Mapping[str, str]]:
    """Commands as they stand, without whatever else Telegram adds to them."""
    if not isinstance(found, list):
        return []
    ours = ("command", "description")
    return [{name: text_or(one, name) for name in ours} for one in found if isinstance(one, Mapping)]
