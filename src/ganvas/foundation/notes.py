"""Warnings for the user, each shown once per process."""

import logging

_log = logging.getLogger("ganvas")
_noted: set[str] = set()


def note_once(topic: str, message: str) -> None:
    """Log a warning, unless this process has already logged one about the same topic.

    Args:
        topic: such as "locks".
        message: one line. If logging is not configured, Python prints it on stderr.
    """
    if topic not in _noted:
        _noted.add(topic)
        _log.warning("note: %s", message)
