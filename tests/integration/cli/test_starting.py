"""Starting: what is wrong is listed in one go, nothing is changed, and the exit code says whose turn it is."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.integration.cli.conftest import ROOT, Terminal, read_until


def test_help_names_every_command(terminal: Terminal) -> None:
    shown = terminal("--help").stdout

    for command in ("run", "demo", "check", "apply", "tail", "tickets", "ticket", "inbox", "outbox", "link", "db"):
        assert f" {command} " in shown


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["bogus"], id="an unknown command"),
        pytest.param(["tickets", "--bogus"], id="an unknown option"),
        pytest.param(["ticket", "12th", "show"], id="no ticket number"),
        pytest.param(["tickets"], id="no database yet"),
        pytest.param(["--env-file", "missing.env", "tickets"], id="no such file of settings"),
    ],
)
def test_wrong_usage_ends_with_two_and_makes_nothing(words: list[str], terminal: Terminal) -> None:
    assert terminal(*words).returncode == 2
    assert not list(terminal.directory.iterdir())


def test_check_is_content_with_the_example(terminal: Terminal) -> None:
    done = terminal("check", MAITRED_SECRET_KEY="k" * 40)

    assert done.returncode == 0, done.stderr
    assert "no mistakes, no warnings" in done.stdout
    assert not list(terminal.directory.iterdir())


def test_a_warning_is_a_failure_when_strictly_asked(terminal: Terminal) -> None:
    done = terminal("check", "--strict", MAITRED_SECRET_KEY="k" * 40, TELEGRAM_BOT_TOKEN="1:a")

    assert done.returncode == 1
    assert "this version does not serve the channel telegram yet" in done.stderr


def test_check_lists_the_mistakes_of_settings_and_desk_together(terminal: Terminal) -> None:
    desk = _copied(terminal)
    people = desk / "people.toml"
    people.write_text(people.read_text().replace("backup = ", "bakcup = ", 1))
    clients = desk / "clients.toml"
    clients.write_text(clients.read_text().replace('plan = "premium"', 'plan = "gold"', 1))

    done = terminal("check", MAITRED_DESK="desk", MAITRED_HTTP="nowhere", MAITRED_LOG="loud")

    assert done.returncode == 2
    assert "MAITRED_HTTP: write an address and a port" in done.stderr
    assert "MAITRED_LOG: write json or text" in done.stderr
    assert "desk/people.toml:" in done.stderr
    assert "desk/clients.toml:" in done.stderr
    assert "4 mistakes" in done.stdout


def test_a_wrong_desk_is_neither_applied_nor_run(terminal: Terminal) -> None:
    (_copied(terminal) / "clients.toml").write_text("[clients.acme]\nname = 1\n")

    applied = terminal("apply", MAITRED_DESK="desk")
    run = terminal("run", MAITRED_DESK="desk", MAITRED_HTTP="127.0.0.1:0")

    assert (applied.returncode, run.returncode) == (2, 2)
    assert "desk/clients.toml:2" in applied.stderr
    assert "clients.toml:2" in run.stderr


def test_secrets_that_everyone_may_read_are_refused(terminal: Terminal) -> None:
    env_file = terminal.directory / ".env"
    env_file.write_text(f"MAITRED_SECRET_KEY={'k' * 40}\n")
    env_file.chmod(0o644)

    loose = terminal("check")
    env_file.chmod(0o600)
    tight = terminal("check")

    assert loose.returncode == 2
    assert "chmod 600 .env" in loose.stderr
    assert tight.returncode == 0, tight.stderr


def test_a_secret_comes_out_of_a_file_and_a_dollar_stays_a_dollar(terminal: Terminal) -> None:
    (terminal.directory / "key").write_text("$HOME${PATH}" + "k" * 40)
    (terminal.directory / ".env").write_text("MAITRED_SECRET_KEY_FILE=key\n")
    for file in terminal.directory.iterdir():
        file.chmod(0o600)

    assert terminal("check", "--strict").returncode == 0


def test_a_plan_changes_nothing_and_a_second_apply_neither(terminal: Terminal) -> None:
    planned = terminal("apply", "--plan")
    assert "+ client acme" in planned.stdout
    assert not list(terminal.directory.iterdir())

    first, second = terminal("apply"), terminal("apply")

    assert "revision 1 is in force" in first.stdout
    assert "nothing changes; revision 1 stays in force" in second.stdout
    assert terminal.facts("apply", "--plan") == {"revision": 1, "changes": [], "applied": False}


def test_a_run_says_where_it_listens_keeps_others_out_and_stops_in_order(terminal: Terminal) -> None:
    running = terminal.start("run", MAITRED_HTTP="127.0.0.1:0", MAITRED_LOG="json")
    try:
        assert running.stderr is not None
        assert read_until(running.stderr, "ready")["http"].startswith("http://127.0.0.1:")
        second = terminal("run", MAITRED_HTTP="127.0.0.1:0")
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
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
