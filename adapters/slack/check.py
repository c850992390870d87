"""Slack asked about itself, before anybody relies on it: the tokens, what they may do, and the places of the desk.

Every doubt names a setting or a place, and what to do about it. Nothing is changed and nobody is written to.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

from adapters.errors import DeliveryError
from adapters.shapes import each, inner_or, text_or
from adapters.slack.config import Config
from adapters.slack.ids import CHANNEL, place_from_address
from adapters.slack.refusals import RefusedError
from adapters.slack.scopes import APP_METHODS, BOT_SCOPES
from adapters.slack.web import Web

BOT_TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the setting's name
APP_TOKEN: Final = "SLACK_APP_TOKEN"  # noqa: S105 - the setting's name
SIGNING_SECRET: Final = "SLACK_SIGNING_SECRET"  # noqa: S105 - the setting's name
ADDRESS: Final = "SLACK_API_URL"
_MANIFEST: Final = "update the app from `maitred manifest slack` and install it again"
_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing wrong (or only worth a look), by the setting or the place of the desk where it is mended."""

    name: str
    mend: str
    is_error: bool = True


async def doubts(config: Config, places: Mapping[str, str], *, public_url: str | None) -> list[Doubt]:
    """Ask Slack. `places` are the desk's channels, `TEAM/CHANNEL`, each with where it is written."""
    web = Web(config)
    try:
        try:
            me = await web.client.auth_test()
        except SlackApiError as error:
            return [_refused_token(error)]
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            return [Doubt(ADDRESS, f"Slack cannot be reached at {config.api_url} ({type(error).__name__})")]
        found = list(_scope_doubts(str(me.headers.get("x-oauth-scopes") or "")))
        found += [one async for one in _way_in(web, config, public_url)]
        found += await _place_doubts(web, str(me.get("team_id") or ""), places)
        return found
    finally:
        await web.close()


def _refused_token(error: SlackApiError) -> Doubt:
    code = "" if isinstance(error.response, str) else str(error.response.get("error") or "")
    if code in {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}:
        where = "OAuth & Permissions, Bot User OAuth Token"
        return Doubt(BOT_TOKEN, f"Slack does not know this token ({code}): copy it again from {where}")
    return Doubt(BOT_TOKEN, f"Slack refused it ({code or 'without a word'}): see the app's settings")


def _scope_doubts(header: str) -> Iterator[Doubt]:
    granted = {scope.strip() for scope in header.split(",") if scope.strip()}
    if missing := sorted(set(BOT_SCOPES) - granted):
        yield Doubt(BOT_TOKEN, f"the app lacks {', '.join(missing)}: {_MANIFEST}")
    if spare := sorted(granted - set(BOT_SCOPES)):
        yield Doubt(BOT_TOKEN, f"the app may do more than it needs ({', '.join(spare)}): {_MANIFEST}", is_error=False)


async def _way_in(web: Web, config: Config, public_url: str | None) -> AsyncIterator[Doubt]:
    if config.app_token is None:
        if public_url is None or not public_url.startswith("https://"):
            words = "Slack comes to a public https address: set it, or use Socket Mode (SLACK_APP_TOKEN)"
            yield Doubt("MAITRED_PUBLIC_URL", words, is_error=False)
        return
    try:
        await web.call("apps.connections.open", {}, token=config.app_token)
    except RefusedError as error:
        (scope,) = APP_METHODS["apps.connections.open"]
        where = f"make an app-level token with {scope} under Basic Information"
        yield Doubt(APP_TOKEN, f"Slack opens no socket for it ({error.code}): {where}, and switch Socket Mode on")
    except DeliveryError as error:
        yield Doubt(ADDRESS, f"Slack opened no socket just now: {error}")


async def _place_doubts(web: Web, team: str, places: Mapping[str, str]) -> list[Doubt]:
    ours: set[str] = set()
    asked: dict[str, Any] = {"types": "public_channel,private_channel", "limit": _PAGE, "exclude_archived": True}
    try:
        while places:
            page = await web.call("users.conversations", asked)
            ours |= {text_or(one, "id") for one in each(page, "channels")}
            asked["cursor"] = text_or(inner_or(page, "response_metadata"), "next_cursor")
            if not asked["cursor"]:
                break
    except DeliveryError as error:
        return [Doubt(BOT_TOKEN, f"the app's channels cannot be listed: {error}")]
    return [doubt for address, written in places.items() for doubt in _place_doubt(address, written, team, ours)]


def _place_doubt(address: str, written: str, team: str, ours: set[str]) -> Iterator[Doubt]:
    try:
        place = place_from_address(address)
    except ValueError as error:
        yield Doubt(written, str(error))
        return
    if not CHANNEL.fullmatch(place.target):
        return
    if place.team != team:
        yield Doubt(
            written, f"{address} names another workspace: the app lives in {team}, so write {team}/{place.target}"
        )
    elif place.target not in ours:
        yield Doubt(written, f"the app is not in {place.target}, or it is archived: write /invite @Maitred there")
