"""A certificate for this machine, made for one test run and believed by nobody else."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

_MAKE = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Its own authority: a client believes it when it is told to believe `chain`."""

    chain: Path
    key: Path


def certificate(folder: Path) -> Certificate:
    """Make one for localhost and 127.0.0.1."""
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        [*_MAKE, "-addext", names, "-keyout", str(made.key), "-out", str(made.chain)],
        check=True,
        capture_output=True,
    )
    return made
