"""Starting: what is wrong is listed in one go, nothing is changed, and the exit code says whose turn it is."""

import shutil
import signal
import socket
from pathlib import Path

import pytest

from tests.integration.cli.conftest import ROOT, Terminal, read_until


def test_help_names_every_command(terminal: Terminal) -> None:
    shown = terminal.begun("--help").stdout

    for command in ("run", "demo", "check", "apply", "tail", "tickets", "ticket", "inbox", "outbox", "link", "db"):
        assert f" {command} " in shown


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["bogus"], id="an unknown command"),
        pytest.param(["ticket", "12th", "show"], id="no ticket number"),
        pytest.param(["--env-file", "missing.env", "tickets"], id="no settings and no database yet"),
    ],
)
def test_wrong_usage_ends_with_two_and_makes_nothing(words: list[str], terminal: Terminal) -> None:
    assert terminal(*words).returncode == 2
    assert not list(terminal.directory.iterdir())


def test_a_warning_is_a_failure_when_strictly_asked(terminal: Terminal) -> None:
    done = terminal("check", "--strict", MAITRED_SECRET_KEY="k" * 40, INAPP_JWT_SECRET="first:" + "k" * 40)

    assert done.returncode == 1
    assert "INAPP_ORIGINS" in done.stderr
    assert "the widget works on our own pages only" in done.stderr


def test_check_and_run_list_the_mistakes_of_settings_and_desk_together(terminal: Terminal) -> None:
    desk = _copied(terminal)
    people = desk / "people.toml"
    people.write_text(people.read_text().replace("backup = ", "bakcup = ", 1))
    clients = desk / "clients.toml"
    clients.write_text(clients.read_text().replace('plan = "premium"', 'plan = "gold"', 1))

    check, run = (
        terminal(command, MAITRED_DESK="desk", MAITRED_HTTP="nowhere", MAITRED_LOG="loud")
        for command in ("check", "run")
    )

    assert (check.returncode, run.returncode) == (2, 2)
    assert "MAITRED_HTTP: write an address and a port" in check.stderr
    assert "MAITRED_LOG: write json or text" in check.stderr
    assert "desk/people.toml:" in check.stderr
    assert "desk/clients.toml:" in check.stderr
    assert "4 mistakes" in check.stdout
    assert run.stderr == check.stderr
    assert list(terminal.directory.iterdir()) == [desk]


def test_a_wrong_desk_is_neither_applied_nor_run(terminal: Terminal) -> None:
    desk = _copied(terminal)
    (desk / "clients.toml").write_text("[clients.acme]\nname = 1\n")

    applied = terminal("apply", MAITRED_DESK="desk")
    run = terminal("run", MAITRED_DESK="desk", MAITRED_HTTP="127.0.0.1:0")

    assert (applied.returncode, run.returncode) == (2, 2)
    assert "desk/clients.toml:2" in applied.stderr
    assert run.stderr == applied.stderr
    assert list(terminal.directory.iterdir()) == [desk]


def test_secrets_that_everyone_may_read_are_refused(terminal: Terminal) -> None:
    env_file = terminal.directory / ".env"
    env_file.write_text(f"MAITRED_SECRET_KEY={'k' * 40}\n")
    env_file.chmod(0o644)

    loose = terminal("check")

    assert loose.returncode == 2
    assert "chmod 600 .env" in loose.stderr


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        pytest.param("MAITRED_LOG json\nMAITRED_LOG=loud\n", 1, id="no sign between"),
        pytest.param('MAITRED_LOG=loud\n\nSMTP_PASSWORD="half\n', 3, id="half a pair of quotes"),
    ],
)
def test_a_line_that_sets_nothing_is_named_with_the_other_mistakes(lines: str, wrong: int, terminal: Terminal) -> None:
    place = terminal.directory / ".env"
    place.write_text(lines)
    place.chmod(0o600)

    done = terminal("check")

    assert done.returncode == 2
    assert f".env:{wrong}: is no setting" in done.stderr
    assert "MAITRED_LOG: write json or text" in done.stderr
    assert "half" not in done.stderr
    assert "dotenv" not in done.stderr


def test_a_setting_that_stands_twice_in_a_file_is_named_with_both_lines(terminal: Terminal) -> None:
    place = terminal.directory / ".env"
    place.write_text("MAITRED_LOG=json\n# once more\nSMTP_PASSWORD=first\nMAITRED_LOG=text\nSMTP_PASSWORD=second\n")
    place.chmod(0o600)

    done = terminal("check")

    assert done.returncode == 2
    assert ".env:4: MAITRED_LOG is set in line 1 already: keep one of them" in done.stderr
    assert ".env:5: SMTP_PASSWORD is set in line 3 already" in done.stderr
    assert "second" not in done.stderr


def test_a_file_of_settings_that_was_named_and_is_not_there_is_no_empty_one(terminal: Terminal) -> None:
    done = terminal("--env-file", "missing.env", "check", MAITRED_DESK=str(ROOT / "desk.example"))

    assert done.returncode == 2
    assert "missing.env: is not there: name a file of settings, or leave --env-file out" in done.stderr


@pytest.mark.parametrize(
    "words", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_file_of_certificates_without_one_is_named(words: str, terminal: Terminal) -> None:
    (terminal.directory / "ca.pem").write_text(words)

    done = terminal("check", SMTP_CA_FILE="ca.pem", MAITRED_DESK=str(ROOT / "desk.example"))

    assert done.returncode == 2
    assert "SMTP_CA_FILE: ca.pem cannot be read: name a file of PEM certificates" in done.stderr


@pytest.mark.parametrize("kind", ["directory", "link to itself"])
def test_settings_that_are_no_file_are_one_sentence(kind: str, terminal: Terminal) -> None:
    place = terminal.directory / ".env"
    if kind == "directory":
        place.mkdir()
    else:
        place.symlink_to(place)

    done = terminal("check")

    assert done.returncode == 2
    assert ".env: cannot be read" in done.stderr


def test_settings_that_are_no_text_are_one_sentence(terminal: Terminal) -> None:
    (terminal.directory / ".env").write_bytes(b"\xff\xfe=1")

    done = terminal("check")

    assert done.returncode == 2
    assert ".env: cannot be read" in done.stderr


def test_check_is_content_with_the_example_and_a_secret_in_a_file(terminal: Terminal) -> None:
    (terminal.directory / "key").write_text("$HOME${PATH}" + "k" * 40)
    (terminal.directory / ".env").write_text("MAITRED_SECRET_KEY_FILE=key\n")
    files = set(terminal.directory.iterdir())
    for file in files:
        file.chmod(0o600)

    done = terminal("check", "--strict")

    assert done.returncode == 0, done.stderr
    assert "no mistakes, no warnings" in done.stdout
    assert set(terminal.directory.iterdir()) == files


def test_a_plan_changes_nothing_and_a_second_apply_neither(terminal: Terminal) -> None:
    planned = terminal("apply", "--plan")
    assert "+ client acme" in planned.stdout
    assert not list(terminal.directory.iterdir())

    first, second = terminal("apply"), terminal.facts("apply")

    assert "revision 1 is in force" in first.stdout
    assert second == {"revision": 1, "changes": [], "applied": True}


def test_where_others_listen_and_a_file_for_a_directory_are_one_sentence_each(terminal: Terminal) -> None:
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.listen()
        taken = f"127.0.0.1:{theirs.getsockname()[1]}"
        metrics = terminal("run", MAITRED_HTTP="127.0.0.1:0", MAITRED_METRICS=taken)
    (terminal.directory / "file").write_text("")
    file = terminal("run", MAITRED_HTTP="127.0.0.1:0", MAITRED_DATA="file")

    assert (metrics.returncode, file.returncode) == (2, 2)
    assert f"{taken} cannot be listened on" in metrics.stderr
    assert "MAITRED_DATA: file is no directory: name another" in file.stderr


def test_a_run_says_where_it_listens_keeps_others_out_and_stops_in_order(terminal: Terminal) -> None:
    running = terminal.begin("run", MAITRED_HTTP="127.0.0.1:0", MAITRED_LOG="json")
    try:
        assert running.stderr is not None
        assert read_until(running.stderr, "ready")["http"].startswith("http://127.0.0.1:")
        second = terminal("run", MAITRED_HTTP="127.0.0.1:0")
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.communicate()

    key = terminal.directory / "var" / "attachments" / "secret.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert second.returncode == 2
    assert "in use by process" in second.stderr


def test_a_crash_point_kills_at_its_hit(terminal: Terminal) -> None:
    done = terminal("run", MAITRED_HTTP="127.0.0.1:0", MAITRED_REHEARSAL="1", MAITRED_CRASHPOINT="apply.after_commit:1")

    assert done.returncode == -signal.SIGKILL
    assert terminal("people").returncode == 0


def _copied(terminal: Terminal) -> Path:
    return Path(shutil.copytree(ROOT / "desk.example", terminal.directory / "desk"))
