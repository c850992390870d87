"""`.env.example` lists every setting there is, with its default, and nothing else."""

import re
from pathlib import Path
from typing import Final

from bot.settings import ALIASES, SECRETS, Settings, read_settings
from tests.peers.certificate import certificate

ROOT: Final = Path(__file__).parents[3]
#: Shown as an example, because there is no default.
LINE: Final = re.compile(r"^#?([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)


def _written() -> dict[str, str]:
    return dict(LINE.findall((ROOT / ".env.example").read_text()))


def test_the_example_lists_every_setting_once_in_the_order_of_the_settings() -> None:
    names = [name for name, _ in LINE.findall((ROOT / ".env.example").read_text())]

    assert names == list(ALIASES)


def test_the_example_writes_every_default() -> None:
    given = {
        name: field.default
        for name, field in ((alias, Settings.model_fields[inside]) for alias, inside in ALIASES.items())
        if field.default not in {None, (), False}
    }
    read = read_settings({name: _written()[name] for name in given})

    assert {name: getattr(read, ALIASES[name]) for name in given} == given


def test_the_example_holds_no_secret() -> None:
    written = _written()

    assert {written[name] for name in SECRETS if name != "DATABASE_URL"} == {""}


def test_the_whole_example_is_right_once_its_secrets_are_filled_in(tmp_path: Path) -> None:
    certificates = certificate(tmp_path).chain.read_text()
    filled = {
        **_written(),
        "MAITRED_SECRET_KEY": "k" * 40,
        "TELEGRAM_BOT_TOKEN": "1:a",
        "TELEGRAM_WEBHOOK_SECRET": "s",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "IMAP_PASSWORD": "p",
        "SMTP_PASSWORD": "p",
        "INAPP_JWT_SECRET": "web:s",
    }

    assert read_settings(filled, read=lambda _: certificates).is_rehearsal
