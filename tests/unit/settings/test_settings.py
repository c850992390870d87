"""Settings are judged together, and a secret is never repeated."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.setting_shapes import Listen
from bot.settings import ALIASES, SECRETS, SettingsError, read_settings
from sla.duration import Instant

KEY = "k" * 40


def _mistakes(environ: Mapping[str, str], from_file: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read_settings(environ, from_file)
    return [str(mistake) for mistake in raised.value.mistakes]


def test_without_any_setting_there_is_a_desk_on_this_machine() -> None:
    settings = read_settings({})

    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///var/maitred.db"
    assert settings.desk == Path("desk")
    assert settings.http == Listen("127.0.0.1", 8080)
    assert settings.address == "http://127.0.0.1:8080"
    assert not settings.is_rehearsal


def test_the_environment_wins_over_the_file() -> None:
    settings = read_settings({"MAITRED_LOG": "json"}, {"MAITRED_LOG": "text", "MAITRED_DESK": "ours"})

    assert (settings.log, settings.desk) == ("json", Path("ours"))


def test_an_empty_value_is_no_value() -> None:
    assert read_settings({"TELEGRAM_BOT_TOKEN": "", "MAITRED_HTTP": " "}).telegram_bot_token is None


def test_every_mistake_is_named_at_once() -> None:
    found = _mistakes(
        {
            "DATABASE_URL": "mysql://nowhere",
            "MAITRED_HTTP": "8080",
            "MAITRED_LOG": "loud",
            "TELEGRAM_BOT_TOKEN": "hunter2",
            "MAITRED_TIME_SPEED": "60",
            "IMAP_HOST": "imap.example.org",
            "MAITRED_DEKS": "desk",
        }
    )

    assert [line.partition(":")[0] for line in sorted(found)] == [
        "DATABASE_URL",
        "IMAP_HOST",
        "IMAP_HOST",
        "IMAP_HOST",
        "MAITRED_DEKS",
        "MAITRED_HTTP",
        "MAITRED_LOG",
        "MAITRED_TIME_SPEED",
        "TELEGRAM_BOT_TOKEN",
    ]


@pytest.mark.parametrize(
    ("environ", "mend"),
    [
        pytest.param({"MAITRED_HTTP": "localhost"}, "MAITRED_HTTP: write an address and a port", id="no port"),
        pytest.param(
            {"MAITRED_HTTP": "[::1]:99999"}, "MAITRED_HTTP: write an address and a port", id="a port too high"
        ),
        pytest.param({"MAITRED_PUBLIC_URL": "desk.test"}, "write a whole address", id="an address without its scheme"),
        pytest.param({"MAITRED_DEKS": "x"}, "did you mean MAITRED_DESK?", id="a name that is nearly one of ours"),
        pytest.param({"MAITRED_SECRET_KEY": "short"}, "write 32 letters or more", id="a short key"),
        pytest.param({"TELEGRAM_MODE": "push"}, "write poll or webhook", id="an unknown mode"),
        pytest.param(
            {"TELEGRAM_MODE": "webhook", "MAITRED_PUBLIC_URL": "https://desk.test"},
            "TELEGRAM_MODE: webhook needs TELEGRAM_WEBHOOK_SECRET",
            id="a webhook without its secret",
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1"},
            "SLACK_BOT_TOKEN: needs SLACK_APP_TOKEN or SLACK_SIGNING_SECRET beside it",
            id="a bot that hears nothing",
        ),
        pytest.param({"SLACK_BOT_TOKEN": "xoxp-1", "SLACK_APP_TOKEN": "xapp-1"}, "xoxb-", id="another kind of token"),
        pytest.param(
            {"SMTP_HOST": "mail.example.org", "SMTP_TLS": "none", "MAIL_ADDRESS": "a@b.test"},
            "SMTP_TLS: none would send the password to mail.example.org",
            id="a password in the open",
        ),
        pytest.param({"MAIL_ADDRESS": "nobody"}, "as in support@desk.example.org", id="no mail address"),
        pytest.param({"IMAP_PORT": "imaps"}, "IMAP_PORT: write a whole number", id="a port in words"),
        pytest.param({"INAPP_JWT_SECRET": "justone"}, "write a name and a secret", id="a secret without its name"),
        pytest.param(
            {"INAPP_JWT_SECRET": "web:one, app:two, web:three"},
            "INAPP_JWT_SECRET: two secrets go by the name web",
            id="two secrets of one name",
        ),
        pytest.param({"INAPP_ORIGINS": "https://app.test/page"}, "an origin has no path", id="an origin with a path"),
        pytest.param({"MAITRED_CRASHPOINT": "intake.kept"}, "needs MAITRED_REHEARSAL=1", id="a crash point in earnest"),
        pytest.param(
            {"MAITRED_REHEARSAL": "0", "MAITRED_TIME_SPEED": "60"},
            "needs MAITRED_REHEARSAL=1",
            id="a rehearsal that is off",
        ),
        pytest.param(
            {"MAITRED_REHEARSAL": "1", "MAITRED_CRASHPOINT": "nowhere:2"},
            "'nowhere' is no crash point",
            id="an unknown crash point",
        ),
        pytest.param(
            {"MAITRED_REHEARSAL": "1", "MAITRED_TIME_START": "2026-03-02 09:00"},
            "write a moment with its offset",
            id="a moment without a zone",
        ),
        pytest.param(
            {"MAITRED_REHEARSAL": "1", "MAITRED_TIME_SPEED": "0"}, "write a number above 0", id="time that stands still"
        ),
        pytest.param(
            {"MAITRED_REHEARSAL": "1", "MAITRED_TIME_START": "0001-01-01T00:00:00+14:00"},
            "MAITRED_TIME_START: write a year from 1970 to 2200",
            id="a moment before all calendars",
        ),
        pytest.param(
            {"MAITRED_REHEARSAL": "1", "MAITRED_TIME_START": "5000-01-01T00:00:00+00:00"},
            "MAITRED_TIME_START: write a year from 1970 to 2200",
            id="a moment after all calendars",
        ),
        pytest.param(
            {"MAITRED_HTTP": "127.0.0.1:9090", "MAITRED_METRICS": "127.0.0.1:9090"},
            "MAITRED_METRICS: is MAITRED_HTTP",
            id="two listeners on one port",
        ),
        pytest.param({"MAITRED_PUBLIC_URL": "https://desk.test:http"}, "write a whole address", id="a port in letters"),
        pytest.param({"MAITRED_PUBLIC_URL": "https://desk.test:99999"}, "write a whole address", id="no such port"),
        pytest.param({"MAITRED_PUBLIC_URL": "https://[desk.test"}, "write a whole address", id="half a bracket"),
        pytest.param(
            {"DATABASE_URL": "postgresql+asyncpg://desk:hunter2@db.test:pg/desk"},
            "DATABASE_URL: write sqlite+aiosqlite:///",
            id="a database's port in letters",
        ),
        pytest.param(
            {"DATABASE_URL": "postgresql+asyncpg://[desk:hunter2@db.test/desk"},
            "DATABASE_URL: write sqlite+aiosqlite:///",
            id="half a bracket in a database's address",
        ),
    ],
)
def test_a_mistake_comes_with_its_mend(environ: Mapping[str, str], mend: str) -> None:
    (found,) = _mistakes(environ)

    assert mend in found


def test_a_strange_name_in_the_environment_is_somebody_elses_and_in_the_file_a_slip() -> None:
    assert read_settings({"TELEGRAM_TOKEN": "of another program"}) == read_settings({})
    assert _mistakes({}, {"TELEGRAM_TOKEN": "1:a"}) == [
        "TELEGRAM_TOKEN: is no setting: did you mean TELEGRAM_BOT_TOKEN?"
    ]


def test_a_signing_secret_in_an_empty_file_is_none() -> None:
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET_FILE": "secret"}
    with pytest.raises(SettingsError, match="SLACK_SIGNING_SECRET: write the signing secret"):
        read_settings(environ, read=lambda _: "\n")


def test_a_secret_may_stand_in_a_file_of_its_own() -> None:
    files = {Path("/run/secrets/key"): f"{KEY}\n"}

    settings = read_settings({"MAITRED_SECRET_KEY_FILE": "/run/secrets/key"}, read=files.__getitem__)

    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == KEY


def test_a_secret_file_that_cannot_be_read_is_a_mistake() -> None:
    def read(place: Path) -> str:
        raise FileNotFoundError(place)

    with pytest.raises(SettingsError) as raised:
        read_settings({"MAITRED_SECRET_KEY_FILE": "/nowhere"}, read=read)

    (mistake,) = raised.value.mistakes
    assert str(mistake) == "MAITRED_SECRET_KEY_FILE: /nowhere cannot be read (FileNotFoundError): mend the path"


def test_a_secret_that_stands_twice_is_a_mistake() -> None:
    with pytest.raises(SettingsError, match="keep one"):
        read_settings({"MAITRED_SECRET_KEY": KEY, "MAITRED_SECRET_KEY_FILE": "/a"}, read=lambda _: "x" * 40)


def test_whatever_can_be_a_secret_can_stand_in_a_file() -> None:
    assert set(SECRETS) == {
        "DATABASE_URL",
        "MAITRED_SECRET_KEY",
        "TELEGRAM_BOT_TOKEN",
        "TELEGRAM_WEBHOOK_SECRET",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "IMAP_PASSWORD",
        "SMTP_PASSWORD",
        "INAPP_JWT_SECRET",
    }


def test_a_mistake_never_repeats_a_secret() -> None:
    canary = "canary-0d1f"
    wrong = {name: f"{canary} {name}" for name in SECRETS}

    found = _mistakes(wrong)

    assert len(found) >= 6
    assert canary not in "".join(found)


def test_shown_settings_hide_their_secrets() -> None:
    canary = "canary0d1fcanary0d1fcanary0d1fcanary0d1f"
    settings = read_settings(
        {
            "DATABASE_URL": f"postgresql+asyncpg://maitred:{canary}@db/maitred",
            "MAITRED_SECRET_KEY": canary,
            "INAPP_JWT_SECRET": f"web:{canary}",
        }
    )

    assert canary not in repr(settings)
    assert canary not in str(settings)
    assert set(settings.secrets()) == {canary, f"web:{canary}"}


def test_widget_secrets_go_by_their_names_while_one_replaces_the_other() -> None:
    settings = read_settings({"INAPP_JWT_SECRET": "old:s3cret:with:colons, new:other"})

    assert settings.jwt_secrets() == {"old": "s3cret:with:colons", "new": "other"}


def test_origins_are_a_list() -> None:
    settings = read_settings({"INAPP_ORIGINS": "https://a.test, https://b.test:8443/"})

    assert settings.inapp_origins == ("https://a.test", "https://b.test:8443")


def test_a_rehearsal_starts_when_it_is_told_to() -> None:
    settings = read_settings(
        {
            "MAITRED_REHEARSAL": "1",
            "MAITRED_TIME_SPEED": "60",
            "MAITRED_TIME_START": "1970-01-01T01:00:01+01:00",
            "MAITRED_CRASHPOINT": "sender.sent:3",
        }
    )

    assert settings.is_rehearsal
    assert (settings.time_start, settings.time_speed) == (Instant(1000), 60)


def test_a_token_that_others_renew_takes_the_place_of_a_password() -> None:
    settings = read_settings(
        {
            "IMAP_HOST": "mail.test",
            "IMAP_USER": "support",
            "IMAP_MAILBOX": "INBOX, Sales",
            "MAIL_ADDRESS": "desk@mail.test",
            "MAIL_TOKEN_FILE": "/run/mail-token",
            "MAIL_PLUS": "0",
        }
    )

    assert settings.mail_token_file == Path("/run/mail-token")
    assert not settings.mail_plus


def test_every_setting_has_a_name_outside() -> None:
    assert all(alias.isupper() for alias in ALIASES)
