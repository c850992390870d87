"""A private Exim: SMTP with STARTTLS and AUTH on one port, TLS from the first byte on another. Runs as root or anybody.

What it is told to do with a mail stands in the address: `defer@` and `reject@` are answered 451 and 550 at once,
`defer.data@` and `reject.data@` after the whole mail; `full@`, `over@` and `noroom@` as by servers without room. Whom
it puts off is answered 450.
Everything else for desk.test goes to Dovecot; other domains are swallowed, and what came for them is kept as files.
"""

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.peers.certificate import Certificate, certificate
from tests.peers.missing import PeerMissingError
from tests.peers.ports import free_port, is_listening, stop

PROGRAM = Path("/usr/sbin/exim4")
USER, PASSWORD = "support", "correct-horse"
GREYLIST = "greylist"
LARGEST = 2 * 2**20
STARTS = 3

_CONFIGURATION = """
primary_hostname = mx.desk.test
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
local_interfaces = 127.0.0.1
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
exim_user = {user}
exim_group = {group}
never_users =
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
tls_advertise_hosts = *
tls_certificate = {chain}
tls_privatekey = {key}
message_size_limit = {largest}
smtp_accept_max = 50
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
begin acl
acl_rcpt:
  defer   recipients = lsearch;{folder}/{greylist}
          message = 450 4.2.0 greylisted, come again later
  deny    message = 550 no relaying
         !authenticated = *
         !domains = desk.test
  defer   local_parts = defer
          message = 451 4.3.0 try again later
  deny    local_parts = reject
          message = 550 5.1.1 nobody of that name here
  defer   local_parts = full
          message = 452 4.2.2 mailbox full
  deny    local_parts = over
          message = 552 5.2.2 over quota
  defer   local_parts = noroom
          message = 452 4.3.1 insufficient system storage
  warn    local_parts = ^(defer|reject)\\\\.data\\$
          set acl_m_fate = $local_part
  accept
acl_data:
  defer   condition = ${{if eq{{$acl_m_fate}}{{defer.data}}}}
          message = 451 4.3.1 no room just now
  deny    condition = ${{if eq{{$acl_m_fate}}{{reject.data}}}}
          message = 554 5.7.1 this looks like spam
  accept
begin routers
desk:
  driver = manualroute
  domains = desk.test
  transport = to_dovecot
  route_list = * 127.0.0.1
  self = send
outside:
  driver = accept
  transport = to_files
begin transports
to_dovecot:
  driver = smtp
  protocol = lmtp
  port = {lmtp}
  allow_localhost
  hosts_avoid_tls = *
  return_path = $return_path
to_files:
  driver = appendfile
  directory = {folder}/outside
  maildir_format
  create_directory
  envelope_to_add
  return_path_add
  user = {user}
  group = {group}
begin retry
* * F,1h,2s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{name}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


@dataclass(frozen=True, slots=True)
class Exim:
    """A running server."""

    folder: Path
    port: int
    tls_port: int
    certificate: Certificate

    def puts_off(self, *addresses: str) -> None:
        """Answer 450 to these addresses from now on, and to no others."""
        (self.folder / GREYLIST).write_text("".join(f"{one}: yes\n" for one in addresses))

    def outside(self, address: str) -> list[bytes]:
        """What was sent to an address outside, in the order it came."""
        places = sorted((self.folder / "outside/new").glob("*"), key=lambda one: one.stat().st_mtime_ns)
        mails = [one.read_bytes() for one in places]
        return [mail for mail in mails if f"Envelope-to: {address}\n".encode() in mail]


_processes: "dict[Path, subprocess.Popen[bytes]]" = {}


def start(lmtp: int) -> Exim:
    """Start one that hands mail for desk.test to this LMTP port. Raises PeerMissingError."""
    if not PROGRAM.exists():
        raise PeerMissingError("Exim", "exim4-daemon-light", "a private one is started for each run")
    folder = Path(tempfile.mkdtemp(prefix="maitred-exim-"))
    made = certificate(folder)
    account = pwd.getpwnam("Debian-exim") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    said = ""
    for _ in range(STARTS):  # somebody else may take a port between our look and the start
        server = Exim(folder, free_port(), free_port(), made)
        text = _CONFIGURATION.format(
            folder=folder,
            port=server.port,
            tls_port=server.tls_port,
            lmtp=lmtp,
            user=account.pw_name,
            group=grp.getgrgid(account.pw_gid).gr_name,
            chain=made.chain,
            key=made.key,
            largest=LARGEST,
            greylist=GREYLIST,
            name=USER,
            password=PASSWORD,
        )
        (folder / "exim.conf").write_text(text)
        server.puts_off()
        for name in ("spool", "log", "outside"):
            (folder / name).mkdir(exist_ok=True)
        if os.geteuid() == 0:
            for one in (folder, *folder.rglob("*")):
                os.chown(one, account.pw_uid, account.pw_gid)
            os.chown(folder / "exim.conf", 0, 0)  # Exim believes no other owner
        with (folder / "out").open("wb") as output:
            command = [str(PROGRAM), "-C", str(folder / "exim.conf"), "-bdf", "-q1m"]
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        if is_listening(process, server.port):
            _processes[folder] = process
            return server
        stop(process)
        said = (folder / "out").read_text()
    raise RuntimeError(f"Exim did not start: {said}")


def end(server: Exim) -> None:
    stop(_processes.pop(server.folder))
    shutil.rmtree(server.folder, ignore_errors=True)
