"""The app as an admin meets it: its manifest asks for what is called and no more; `check --live` says what is wrong."""

import ast
from pathlib import Path

import pytest
import yaml

from adapters.slack.check import Doubt, doubts
from adapters.slack.config import Config
from adapters.slack.manifest import EVENTS_PATH, PRESSES_PATH, manifest, yaml_from_manifest
from adapters.slack.scopes import APP_METHODS, BOT_SCOPES, METHODS
from bot.app.channels.slack_app import slack_doubts
from bot.app.channels.slack_manifest import slack_manifest
from bot.settings import read_settings
from tests.peers.slack_api import Fault
from tests.peers.slack_front import SlackFront

ROOT = Path(__file__).parents[3]
#: What threats.md allows at most, and what reading direct messages back needs beside it.
ALLOWED = {
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:history",
    "mpim:read",
    "reactions:read",
    "reactions:write",
    "users:read",
}
FAMILIES = ("apps", "auth", "bots", "chat", "conversations", "files", "reactions", "team", "users", "views")


def called() -> set[str]:
    """The methods of the Web API that the adapter's source calls, by their dotted names or as the SDK spells them."""
    found: set[str] = set()
    for module in sorted((ROOT / "adapters/slack").glob("*.py")):
        if module.name in {"scopes.py", "pacing.py", "web.py", "refusals.py"}:
            continue  # tables of methods, not calls
        tree = ast.parse(module.read_text())
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                family, _, rest = node.value.partition(".")
                if family in FAMILIES and rest.replace(".", "").isalpha():
                    found.add(node.value)
            if isinstance(node, ast.Attribute) and node.attr.partition("_")[0] in FAMILIES and "_" in node.attr:
                found.add(node.attr.replace("_", "."))
    return found


def test_every_method_that_is_called_stands_in_the_table_and_no_other() -> None:
    assert called() == METHODS.keys() | APP_METHODS.keys()


def test_the_manifest_asks_for_exactly_what_the_tables_need_and_nobody_allows_more() -> None:
    asked = yaml.safe_load(slack_manifest(is_http=False))["oauth_config"]["scopes"]
    assert asked == {"bot": list(BOT_SCOPES)}
    assert set(BOT_SCOPES) <= ALLOWED


@pytest.mark.parametrize(("name", "is_http"), [("slack-manifest.yaml", False), ("slack-manifest-http.yaml", True)])
def test_the_manifests_that_are_shipped_are_the_generated_ones(name: str, *, is_http: bool) -> None:
    assert (ROOT / "deploy" / name).read_text() == slack_manifest(is_http=is_http), "make docs writes them"


@pytest.mark.parametrize("address", [None, "https://desk.test: # [x] 'y' \"z\" {}\\n"])
def test_the_manifest_reads_back_as_it_was_made(address: str | None) -> None:
    assert yaml.safe_load(yaml_from_manifest(manifest(address))) == manifest(address)


def test_over_http_the_manifest_says_where_we_are_and_with_sockets_it_says_nothing() -> None:
    over_http = yaml.safe_load(slack_manifest(is_http=True, address="https://desk.test/"))
    assert over_http["settings"]["event_subscriptions"]["request_url"] == f"https://desk.test{EVENTS_PATH}"
    assert over_http["settings"]["interactivity"]["request_url"] == f"https://desk.test{PRESSES_PATH}"
    assert over_http["features"]["slash_commands"][0]["url"] == f"https://desk.test{PRESSES_PATH}"
    assert not over_http["settings"]["socket_mode_enabled"]
    by_socket = slack_manifest(is_http=False)
    assert "http" not in by_socket
    assert yaml.safe_load(by_socket)["settings"]["socket_mode_enabled"]


def config(slack: SlackFront, *, bot_token: str | None = None, app_token: str | None = "") -> Config:
    return Config(
        bot_token=bot_token or slack.bot_token,
        app_token=slack.app_token if app_token == "" else app_token,
        signing_secret=slack.signing_secret,
        api_url=slack.api_url,
    )


async def asked(slack: SlackFront, config: Config, **places: str) -> list[Doubt]:
    return await doubts(config, {address: written for written, address in places.items()}, public_url=None)


async def test_an_app_that_is_set_up_well_leaves_no_doubt(slack: SlackFront) -> None:
    acme = await slack.channel("C0ACME")
    assert await asked(slack, config(slack), acme=f"{slack.team}/{acme}", lena=f"{slack.team}/U0LENA") == []


async def test_a_channel_that_is_archived_is_named(slack: SlackFront) -> None:
    acme = await slack.channel("C0ACME")
    await slack.archives(acme)
    (doubt,) = await asked(slack, config(slack), acme=f"{slack.team}/{acme}")
    assert (doubt.name, doubt.is_error) == ("acme", True)
    assert "C0ACME, or it is archived" in doubt.mend


async def test_a_token_that_slack_does_not_know_is_named(slack: SlackFront) -> None:
    (doubt,) = await asked(slack, config(slack, bot_token="xoxb-2-another"))
    assert (doubt.name, doubt.is_error) == ("SLACK_BOT_TOKEN", True)
    assert "invalid_auth" in doubt.mend


async def test_a_permission_that_is_missing_and_one_too_many_are_named(slack: SlackFront) -> None:
    slack.api.scopes = [*(scope for scope in slack.api.scopes if scope != "im:write"), "admin.users:write"]
    missing, spare = await asked(slack, config(slack))
    assert (missing.name, missing.is_error) == ("SLACK_BOT_TOKEN", True)
    assert "im:write" in missing.mend
    assert not spare.is_error
    assert "admin.users:write" in spare.mend


async def test_an_app_token_that_opens_nothing_is_named(slack: SlackFront) -> None:
    (doubt,) = await asked(slack, config(slack, app_token="xapp-1-another"))
    assert doubt.name == "SLACK_APP_TOKEN"
    assert "connections:write" in doubt.mend


async def test_over_http_the_public_address_is_asked_for(slack: SlackFront) -> None:
    (doubt,) = await asked(slack, config(slack, app_token=None))
    assert (doubt.name, doubt.is_error) == ("MAITRED_PUBLIC_URL", False)
    good = await doubts(config(slack, app_token=None), {}, public_url="https://desk.test")
    assert good == []


async def test_slack_out_of_reach_is_told_from_a_wrong_token(slack: SlackFront) -> None:
    slack.api.fail("auth.test", Fault(cut="before"))
    (doubt,) = await asked(slack, config(slack))
    assert doubt.name == "SLACK_API_URL"
    slack.api.fail("users.conversations", Fault(status=500))
    (doubt,) = await asked(slack, config(slack), acme=f"{slack.team}/C0ACME")
    assert "cannot be listed" in doubt.mend
    slack.api.fail("apps.connections.open", Fault(retry_after=3))
    (doubt,) = await asked(slack, config(slack))
    assert doubt.name == "SLACK_API_URL"


async def test_places_of_the_desk_that_the_app_cannot_see_are_named(slack: SlackFront) -> None:
    document = {
        "desk": {"alerts": {"slack": "T0OTHER/C0ALERTS"}, "cards": {"slack": f"{slack.team}/C0CARDS"}},
        "clients": {"acme": {"channels": {"slack": [f"{slack.team}/C0ACME", "nowhere"]}}},
    }
    await slack.channel("C0CARDS")
    settings = read_settings(
        {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token, "SLACK_API_URL": slack.api_url}
    )
    found = {(doubt.name, doubt.is_error): doubt.mend for doubt in await slack_doubts(settings, document)}
    assert len(await slack_doubts(settings, document)) == 3
    assert f"{slack.team}/C0ALERTS" in found["desk.alerts", True]
    assert "clients.acme.channels" in {name for name, _ in found}
    assert await slack_doubts(read_settings({}), document) == []
