"""Serving the studio until Ctrl-C."""

import socket
import webbrowser
from pathlib import Path

import uvicorn

from ganvas.foundation.errors import ConfigError, GanvasError
from ganvas.studio.app import application
from ganvas.studio.door.hosts import LOOPBACK, Hosts
from ganvas.studio.door.keys import SHORTEST_PASSWORD, Keys
from ganvas.studio.door.patience import PatientProtocol
from ganvas.studio.events import Audience
from ganvas.studio.studio import Studio

# Connections that are served at once; others are told that the studio is busy.
MOST_CONNECTIONS = 400


class Server:
    """A studio that listens on a port but does not answer yet.

    Args:
        folder: the folder of datasets and runs.
        host: the address to listen on.
        port: the port; 0 for any that is free.
        password: asked for instead of the token; needed for any host but loopback.

    Raises:
        GanvasError: the folder, host, port or password cannot be used.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0, password: str | None = None) -> None:
        if host not in LOOPBACK and not password:
            raise ConfigError(f"--host {host} lets other machines in, so it needs a password: add --password")
        if password is not None and len(password) < SHORTEST_PASSWORD:
            raise ConfigError(f"the password has {len(password)} characters; choose {SHORTEST_PASSWORD} or more")
        self._socket = _listening(host, port)
        self.port: int = self._socket.getsockname()[1]
        keys = Keys(self.port, password)
        self.studio = Studio.of(folder, keys)
        self._app = application(self.studio, Hosts.of(host, self.port))
        shown = "127.0.0.1" if host in ("0.0.0.0", "localhost") else f"[{host}]" if ":" in host else host
        self.address = f"http://{shown}:{self.port}/" + (f"?token={keys.token}" if keys.token else "")
        config = uvicorn.Config(
            self._app,
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, self.studio.audience)

    def run(self) -> None:
        """Answer until Ctrl-C or `stop`."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """End `run`, from another thread."""
        self._server.should_exit = True

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self._server.started


class _Server(uvicorn.Server):
    """A server that lets the open pages go before it ends, which would otherwise wait for them."""

    def __init__(self, config: uvicorn.Config, audience: Audience) -> None:
        super().__init__(config)
        self._audience = audience

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._audience.dismiss()
        await super().shutdown(sockets)


def open_browser(address: str) -> bool:
    """Open an address in the user's browser; returns whether there is one."""
    try:
        return webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        GanvasError: the address is none of this machine, or the port is taken.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GanvasError(
            f"the studio cannot listen on {host}, port {port}: {reason}; choose another --port"
        ) from error
    listening.listen(256)
    return listening
