"""Where the workers of a sweep meet: a journal file on one machine, or a database for many."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from ganvas.experiments.sweep.journal import Journal
from ganvas.foundation.errors import ConfigError, GanvasError

JOURNAL = "journal.jsonl"
# Databases and their drivers, which `ganvas[sweep]` installs.
DRIVERS: Final = {"postgresql": "psycopg", "mysql": "pymysql"}
# A connection that the database or a network has closed is opened again before it is used.
_ENGINE: Final = {"pool_pre_ping": True}


def open_storage(url: str | None, out: Path) -> BaseStorage:
    """Open the storage of a sweep.

    Args:
        url: of a PostgreSQL or MySQL database; None for a journal file.
        out: the directory of the sweep, which holds the journal.

    Raises:
        ConfigError: the URL is not one of such a database.
        GanvasError: the database cannot be reached, or the file cannot be used.
    """
    with reachable(url):
        if url is None:
            return _journal(out / JOURNAL)
        return RDBStorage(_with_driver(url), engine_kwargs=_ENGINE)


def close(storage: BaseStorage) -> None:
    """Close the connections to a database."""
    if isinstance(storage, RDBStorage):
        storage.remove_session()
        storage.engine.dispose()


@contextlib.contextmanager
def reachable(url: str | None) -> Iterator[None]:
    """Within, the storage is used.

    Raises:
        GanvasError: the database cannot be reached, or refuses.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        reason = str(error.__cause__ or error).split("\n", maxsplit=1)[0]
        raise GanvasError(f"--storage {shown(url)} cannot be used: {reason}") from error


def shown(url: str | None) -> str:
    """A URL without its password."""
    return make_url(url).render_as_string(hide_password=True) if url else JOURNAL


def _journal(path: Path) -> BaseStorage:
    try:
        return JournalStorage(Journal(path))
    except (ValueError, KeyError, TypeError) as error:  # another file of this name
        raise GanvasError(f"{path} cannot be read as the journal of a sweep: {error}") from error


def _with_driver(url: str) -> str:
    """The URL with the driver that is installed, unless it names one itself."""
    expected = "write postgresql://USER@HOST/DATABASE or mysql://USER@HOST/DATABASE"
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError(f"--storage {url!r} is not the URL of a database; {expected}") from None
    kind, _, driver = parsed.drivername.partition("+")
    if kind == "sqlite":
        raise ConfigError(
            "--storage: SQLite does not serve several workers reliably; leave --storage out for a journal file on one "
            f"machine, or {expected}"
        )
    if kind not in DRIVERS:
        raise ConfigError(f"--storage: {kind} is not supported; {expected}")
    return parsed.set(drivername=f"{kind}+{driver or DRIVERS[kind]}").render_as_string(hide_password=False)
