"""A private Dovecot: IMAP in the clear and over TLS, and LMTP, on ports of its own. Runs as root or as anybody.

Whoever logs in with the password exists from then on and has a mail box of their own, so every test takes a new name.
Mail is put into the folders as files, whose time is what IMAP calls INTERNALDATE.
"""

import grp
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO

from tests.peers.certificate import Certificate, certificate
from tests.peers.missing import PeerMissingError
from tests.peers.ports import free_port, is_listening, stop

PROGRAM = Path("/usr/sbin/dovecot")
PASSWORD = "correct-horse"
STARTS = 3

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_login_user = {login}
default_internal_user = {internal}
default_internal_group = {group}
first_valid_uid = 0
mail_uid = {uid}
mail_gid = {gid}
mail_home = {folder}/home/%u
mail_location = maildir:{folder}/mail/%u:INDEX={folder}/index/%u
mail_max_userip_connections = 100
mailbox_idle_check_interval = 1s
imap_idle_notify_interval = 10 s
login_trusted_networks = 127.0.0.1
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


#: Without MOVE, as older servers are: a mail that is moved is in two places for a moment.
_ROOM = """
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
imap_capability = IMAP4rev1 IDLE UIDPLUS QUOTA
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage={room}
  quota_grace = 0
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A running server."""

    folder: Path
    imap: int
    imaps: int
    lmtp: int
    certificate: Certificate
    owner: tuple[int, int]
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def box(self) -> "Box":
        """Somebody's mail box that nobody has used yet."""
        box = Box(self, f"support{next(self._names)}@desk.test")
        box.make("INBOX")
        return box

    def doveadm(self, *arguments: str) -> str:
        done = subprocess.run(
            ["doveadm", "-c", str(self.folder / "dovecot.conf"), *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout

    def save(self, user: str, folder: str, mail: bytes) -> None:
        """Put a mail into a folder of any name."""
        command = ["doveadm", "-c", str(self.folder / "dovecot.conf"), "save", "-u", user, "-m", folder]
        subprocess.run(command, check=True, input=mail, capture_output=True)


@dataclass(slots=True)
class Box:
    """One account and its folders."""

    server: Dovecot
    user: str
    password: str = PASSWORD
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def make(self, folder: str) -> None:
        """Make a folder."""
        place = self._place(folder)
        for part in ("cur", "new", "tmp"):
            (place / part).mkdir(parents=True, exist_ok=True)
        for one in (place, *place.rglob("*")):
            os.chown(one, *self.server.owner)

    def receives(self, mail: bytes, *, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Put one mail there, as delivery does: written aside, then named."""
        place, name = self._place(folder), f"{next(self._count):08}.M1P1.desk"
        written = place / "tmp" / name
        written.write_bytes(mail)
        os.chown(written, *self.server.owner)
        if at is not None:
            os.utime(written, (at.timestamp(), at.timestamp()))
        written.rename(place / "new" / name)

    def is_read_by_somebody(self, mails: str = "ALL") -> None:
        """Somebody opened these mails in a program of their own; `mails` is a search, as in doveadm."""
        self.server.doveadm("flags", "add", "-u", self.user, r"\Seen", "mailbox", "INBOX", *mails.split())

    def forgets_numbers(self) -> None:
        """The folder gets a new UIDVALIDITY, as after a restore; nobody may be in it meanwhile."""
        pause = threading.Event()
        for _ in range(500):
            if self.user not in self.server.doveadm("who", "-1", self.user):
                break
            pause.wait(0.02)
        self.server.doveadm("mailbox", "update", "-u", self.user, "--uid-validity", "4000000000", "INBOX")

    def is_locked(self, folder: str, *, is_locked: bool = True) -> None:
        """Nobody may open the folder any more, or again."""
        self._place(folder).chmod(0o000 if is_locked else 0o700)

    def deletes(self, mails: str) -> None:
        """Somebody deletes mails for good."""
        self.server.doveadm("expunge", "-u", self.user, "mailbox", "INBOX", *mails.split())

    def kicks(self) -> None:
        """Everybody who is logged in is shown out with a goodbye."""
        self.server.doveadm("kick", self.user)

    def count(self, folder: str = "INBOX", mails: str = "ALL") -> int:
        """How many mails of a folder a search finds."""
        found = self.server.doveadm("search", "-u", self.user, "mailbox", folder, *mails.split())
        return len(found.splitlines())

    def mails(self, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder, in the order they came."""
        place = self._place(folder)
        files = sorted([*place.glob("new/*"), *place.glob("cur/*")], key=lambda one: (one.stat().st_mtime_ns, one.name))
        return [one.read_bytes() for one in files]

    def _place(self, folder: str) -> Path:
        root = self.server.folder / "mail" / self.user
        return root if folder == "INBOX" else root / ("." + folder.replace("/", "."))


def start(*, room: str = "") -> Dovecot:
    """Start one. Every mail box has as much `room` as that says, as in 100k. Raises PeerMissingError."""
    if not PROGRAM.exists() or not Path("/usr/lib/dovecot/lmtp").exists():
        raise PeerMissingError("Dovecot", "dovecot-imapd dovecot-lmtpd", "a private one is started for each run")
    # Not in pytest's own folders, which are for their owner alone: as root, mail is kept by somebody else.
    folder = Path(tempfile.mkdtemp(prefix="maitred-dovecot-"))
    made = certificate(folder)
    said = ""
    for _ in range(STARTS):  # somebody else may take a port between our look and the start
        server = _configured(folder, made, room)
        with (folder / "out").open("wb") as output:
            process = _run(folder, output)
        if is_listening(process, server.imap):
            _processes[folder] = process
            return server
        stop(process)
        log = folder / "dovecot.log"
        said = (folder / "out").read_text() + (log.read_text() if log.exists() else "")
    raise RuntimeError(f"Dovecot did not start: {said[-3000:]}")


def end(server: Dovecot) -> None:
    stop(_processes.pop(server.folder))
    shutil.rmtree(server.folder, ignore_errors=True)


_processes: "dict[Path, subprocess.Popen[bytes]]" = {}


def _run(folder: Path, output: IO[bytes]) -> "subprocess.Popen[bytes]":
    command = [str(PROGRAM), "-F", "-c", str(folder / "dovecot.conf")]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def _configured(folder: Path, made: Certificate, room: str) -> Dovecot:
    ours = pwd.getpwuid(os.geteuid())
    is_root = os.geteuid() == 0
    # Dovecot refuses to keep mail as root, and to let root answer the door: the package brings accounts for both.
    internal = pwd.getpwnam("dovecot") if is_root else ours
    keeper = pwd.getpwnam("mail") if is_root else ours
    server = Dovecot(folder, free_port(), free_port(), free_port(), made, (keeper.pw_uid, keeper.pw_gid))
    for name in ("run", "state", "home", "mail", "index"):
        (folder / name).mkdir(exist_ok=True)
    if is_root:
        folder.chmod(0o755)
        for name in ("home", "mail", "index"):
            os.chown(folder / name, *server.owner)
    text = _CONFIGURATION.format(
        folder=folder,
        login="dovenull" if is_root else ours.pw_name,
        internal=internal.pw_name,
        group=grp.getgrgid(internal.pw_gid).gr_name,
        uid=keeper.pw_uid,
        gid=keeper.pw_gid,
        chain=made.chain,
        key=made.key,
        password=PASSWORD,
        imap=server.imap,
        imaps=server.imaps,
        lmtp=server.lmtp,
    )
    (folder / "dovecot.conf").write_text(text + (_ROOM.format(room=room) if room else ""))
    return server
