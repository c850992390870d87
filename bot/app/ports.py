"""Where we listen: asked before anything is built, because pages and origins name the port."""

import socket


class PortInUseError(Exception):
    """The address cannot be listened on; the message says what to do."""


def free_port(host: str, port: int) -> int:
    """The port itself if it can be listened on; for 0 one that is free. Raises PortInUseError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortInUseError(
                f"{host}:{port} cannot be listened on ({error.strerror}): stop whoever does, or choose another port "
                "(0: any that is free)"
            ) from error
        return int(probe.getsockname()[1])
