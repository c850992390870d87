"""What other programs have to know about us before we can be connected to them."""

from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.beside import settings_of
from bot.cli.printed import say


class Manifested(StrEnum):
    """Channels that want a description of the app."""

    SLACK = "slack"


def manifest(
    ctx: typer.Context,
    channel: Annotated[Manifested, typer.Argument(help="The channel.")],  # noqa: ARG001 - there is one so far
    *,
    http: Annotated[bool, typer.Option("--http", help="Slack comes to MAITRED_PUBLIC_URL: no Socket Mode.")] = False,
) -> None:
    """The app to paste into *Create an app from a manifest*: least privilege, generated from what is really called."""
    from bot.app.channels.slack_manifest import slack_manifest

    address = settings_of(ctx).public_url if http else None
    say(slack_manifest(is_http=http, address=address).rstrip("\n"))
