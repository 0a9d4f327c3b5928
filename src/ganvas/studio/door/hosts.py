"""The names by which the studio may be called.

Any page on the web can have its name resolved to 127.0.0.1 (DNS rebinding), and then shares an origin with whatever
listens there. Its name is in the `Host` header of all that it asks for, and that is what gives it away.
"""

import ipaddress
import socket
from dataclasses import dataclass

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Hosts:
    """The accepted values of `Host`.

    Attributes:
        names: host names and addresses, in lower case.
        port: the port.
        takes_addresses: whether any address will do, because all of them are listened on. An address cannot be rebound.
    """

    names: frozenset[str]
    port: int
    takes_addresses: bool = False

    @classmethod
    def of(cls, host: str, port: int) -> "Hosts":
        """Those for a studio that listens on `host`."""
        if host in LOOPBACK:
            return cls(LOOPBACK, port)
        return cls(LOOPBACK | {host.lower(), socket.gethostname().lower()}, port, host in ("0.0.0.0", "::"))

    def accepts(self, host: str) -> bool:
        """Whether this value of a `Host` header is one of them."""
        name, port = _split(host)
        if (80 if port is None else port) != self.port:
            return False
        return name in self.names or (self.takes_addresses and _is_address(name))

    def accepts_origin(self, origin: str) -> bool:
        """Whether this value of an `Origin` header is a page of the studio."""
        scheme, _, host = origin.partition("://")
        return scheme == "http" and self.accepts(host)


def _split(host: str) -> tuple[str, int | None]:
    """Name and port of a `Host` header; the name is empty if it is malformed."""
    name, port = host.strip().lower(), ""
    if name.startswith("["):
        name, bracket, port = name[1:].partition("]")
        if not bracket:
            return "", None
    elif ":" in name:
        name, _, port = name.rpartition(":")
        port = f":{port}"
    if not port:
        return name, None
    digits = port[1:]
    is_port = port[0] == ":" and digits.isascii() and digits.isdigit() and len(digits) <= 5
    return (name, int(digits)) if is_port else ("", None)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
