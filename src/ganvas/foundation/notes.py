"""Notes for the user that nothing depends on, each given once per process."""

import logging

_log = logging.getLogger("ganvas")
_given: set[str] = set()


def note_once(topic: str, message: str) -> None:
    """Log a warning, unless this process gave a note about the same topic before.

    Args:
        topic: what the note is about, such as "locks".
        message: one line; without a logging configuration, Python prints it on stderr.
    """
    if topic not in _given:
        _given.add(topic)
        _log.warning("note: %s", message)
