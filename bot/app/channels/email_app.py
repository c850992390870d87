"""The mail servers that the settings name, and who we are in the world's mail."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.email.check import Doubt, doubts
from adapters.email.classify import Ourselves
from adapters.email.config import Config, Server
from adapters.email.letters import Sender, name_of_letter
from adapters.email.threading import Signer
from adapters.message import Channel
from bot.desk.directory import DESK_ACCOUNT
from bot.settings import Settings, SettingsError, with_secret_key
from bot.store.delivery.copy_rows import copy_of
from bot.store.delivery.outbox import Outgoing
from bot.store.delivery.told import COPY, where_aside

_IMAP_PORTS: Final = {"implicit": 993, "none": 143}
_SMTP_PORTS: Final = {"implicit": 465, "starttls": 587, "none": 25}


def email_config(settings: Settings) -> Config | None:
    """How mail comes and goes, None where no mail server is set."""
    if settings.mail_address is None or not (settings.imap_host or settings.smtp_host):
        return None
    return Config(
        address=settings.mail_address.lower(),
        imap=_imap(settings),
        smtp=_smtp(settings),
        mailboxes=tuple(one.strip() for one in settings.imap_mailbox.split(",") if one.strip()),
        processed=settings.imap_processed,
        name=settings.mail_name or "",
        account=DESK_ACCOUNT,
        per_minute=settings.mail_per_minute,
        has_plus=settings.mail_plus,
    )


def ourselves_from(settings: Settings, config: Config) -> Ourselves:
    """Our address, whose word on senders counts, and the key of our tokens."""
    trusted = (settings.mail_authserv_id or "").split(",")
    key = settings.secret_key
    return Ourselves(
        addresses=(config.address,),
        authserv_ids=frozenset(one.strip().lower() for one in trusted if one.strip()),
        signer=Signer((key.get_secret_value() if key is not None else "").encode()),
    )


async def email_doubts(settings: Settings) -> Sequence[Doubt]:
    """What the mail servers say about logins and folders; nothing where none is set."""
    config = email_config(settings)
    return [] if config is None else await doubts(config)


def message_id_of(row: Outgoing, settings: Settings) -> str | None:
    """The Message-ID, without its brackets, that a row by mail has or will have; None where that cannot be known here.

    It is made with the desk's own key, which this machine, or whoever asks, may not have.
    """
    config = email_config(settings)
    if config is None or row.channel != Channel.EMAIL:
        return None
    try:
        settings = with_secret_key(settings, may_make=False)
    except (OSError, SettingsError):
        return None
    kept = json.loads(row.payload) if row.what == "word" else {}
    is_inward = row.what in {"card", "ping", "invite"} or (row.what == "word" and not kept.get("is_outward", False))
    sender = Sender(config.address, config.name, ourselves_from(settings, config).signer, config.has_plus)
    lane, key = (row.lane, row.key) if row.what != COPY else (copy_of(row).lane, copy_of(row).reply)
    return name_of_letter(where_aside(lane, row.what).address, key, sender, is_inward=is_inward)


def _imap(settings: Settings) -> Server | None:
    if settings.imap_host is None:
        return None
    return Server(
        settings.imap_host,
        settings.imap_port or _IMAP_PORTS[settings.imap_tls],
        settings.imap_tls,
        settings.imap_user or "",
        settings.imap_password.get_secret_value() if settings.imap_password is not None else "",
        _Token(settings.mail_token_file) if settings.mail_token_file is not None else None,
        str(settings.imap_ca_file) if settings.imap_ca_file is not None else None,
    )


def _smtp(settings: Settings) -> Server | None:
    if settings.smtp_host is None:
        return None
    has_token = settings.mail_token_file is not None and settings.smtp_user is not None
    return Server(
        settings.smtp_host,
        settings.smtp_port or _SMTP_PORTS[settings.smtp_tls],
        settings.smtp_tls,
        settings.smtp_user or "",
        settings.smtp_password.get_secret_value() if settings.smtp_password is not None else "",
        _Token(settings.mail_token_file) if has_token and settings.mail_token_file is not None else None,
        str(settings.smtp_ca_file) if settings.smtp_ca_file is not None else None,
    )


class _Token:
    """An access token that somebody else renews in a file: read anew at each login, since it is good for an hour."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __call__(self) -> str:
        return self._place.read_text(encoding="utf-8").strip()
