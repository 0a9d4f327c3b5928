"""Connections that must say what they want in time.

uvicorn waits for the headers of a request without end, so a few hundred connections that send a byte a minute would
keep everybody else out.
"""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Seconds in which the headers of a request must be complete.
PATIENCE = 10.0


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that closes a connection whose request does not become complete."""

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._waited_for: tuple[object, bool] | None = None
        self._watch = self.loop.call_later(PATIENCE, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._watch.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close the connection if it has waited for the same headers since the last look."""
        is_waiting = self.conn.their_state is h11.IDLE and (self.cycle is None or bool(self.conn.trailing_data[0]))
        waits_for = (self.cycle, is_waiting) if is_waiting else None
        if waits_for is not None and waits_for == self._waited_for:
            self.transport.close()
            return
        self._waited_for = waits_for
        self._watch = asyncio.get_running_loop().call_later(PATIENCE / 2, self._look)
