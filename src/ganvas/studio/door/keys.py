"""The keys to the studio: a token in the address, as Jupyter has, or a password."""

import hashlib
import hmac
import secrets
import time
from collections import deque

# The cost of a guess: 16 MiB and about 50 ms (RFC 7914).
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
SHORTEST_PASSWORD = 8
# Wrong passwords that are answered within this many seconds. Beyond that, even the right one must wait.
GUESSES, WITHIN = 5, 60.0


class Password:
    """A password, kept as a salted hash. Guesses are counted."""

    def __init__(self, text: str) -> None:
        self._salt = secrets.token_bytes(16)
        self._hash = self._hashed(text)
        self._wrong: deque[float] = deque(maxlen=GUESSES)

    def _hashed(self, text: str) -> bytes:
        return hashlib.scrypt(text.encode(), salt=self._salt, **_SCRYPT)

    @property
    def wait(self) -> float:
        """Seconds until the next guess is answered; 0 for now."""
        if len(self._wrong) < GUESSES:
            return 0.0
        return max(0.0, self._wrong[0] + WITHIN - time.monotonic())

    def matches(self, text: str) -> bool:
        """Whether it is this one. Takes about 50 ms."""
        is_right = hmac.compare_digest(self._hashed(text), self._hash)
        if not is_right:
            self._wrong.append(time.monotonic())
        return is_right


class Keys:
    """What lets a browser in: the token of the address or the password first, and from then on a cookie.

    Attributes:
        token: the token; None if a password is asked for instead.
        password: the password, or None.
        cookie: the name of the cookie, which has the port in it: browsers share cookies between ports.
        session: the value of the cookie.
    """

    def __init__(self, port: int, password: str | None = None) -> None:
        self.token = None if password else secrets.token_urlsafe(32)
        self.password = Password(password) if password else None
        self.cookie, self.session = f"ganvas-studio-{port}", secrets.token_urlsafe(32)

    def opens(self, token: str) -> bool:
        """Whether this is the token of the address."""
        return self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def is_in(self, cookie: str | None) -> bool:
        """Whether this is the cookie of somebody who was let in."""
        return cookie is not None and hmac.compare_digest(cookie.encode(), self.session.encode())
