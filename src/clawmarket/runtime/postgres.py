"""PostgreSQL where it is asked for; a market on a file needs no driver for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clawmarket.domain.kernel.secret import Secret
from clawmarket.ports.store import Store, StoreLostError
from clawmarket.runtime.config import ConfigError

Far = Callable[[int, int], None]


class DriverMissingError(ConfigError):
    """The rows are to be in PostgreSQL, and its driver is not installed."""

    advice = 'Install it with pip install "clawmarket[postgres]" and start again.'
    next_command = "clawmarket serve"


class DatabaseAwayError(StoreLostError):
    """The database that holds the rows cannot be reached, so nothing begins."""

    advice = "See that its server runs and that CLAWMARKET_DATABASE names a database and its user."
    next_command = "clawmarket help environment"


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise DriverMissingError("The driver of PostgreSQL is not installed.") from None


@contextmanager
def _reached() -> Iterator[None]:
    """Name the server's own words when whatever looks first at a database cannot reach it."""
    try:
        yield
    except StoreLostError as error:
        # Only what comes behind it: before it the driver repeats parts of the URL, and in a URL
        # that was written wrongly these may be parts of the password.
        before, _, words = str(error.__cause__).partition("\n")[0].rpartition(" failed: ")
        said = f"The database does not answer: {words}." if before else error.what
        raise DatabaseAwayError(said, **error.details) from error


def open_rows(url: Secret) -> Store:
    """Open the store in a database. Raises DriverMissingError, and see `open_postgres`."""
    with _extra():
        from clawmarket.adapters.store.postgres import open_postgres  # noqa: PLC0415 - an extra
    return open_postgres(url)


def schema_of_rows(url: Secret) -> str | None:
    """Return the schema of a database.

    Raises DriverMissingError, DatabaseAwayError, and see `stored_revision`.
    """
    with _extra():
        from clawmarket.adapters.store.postgres import stored_revision  # noqa: PLC0415 - an extra
    with _reached():
        return stored_revision(url)


def migrate_rows(url: Secret) -> None:
    """Bring a database to the newest schema. Raises DriverMissingError, and see `open_postgres`."""
    open_rows(url).close()


def copy_rows(url: Secret, target: Path, progress: Far) -> None:
    """Copy a database into a file. Raises DriverMissingError, and see `copy_postgres`."""
    with _extra():
        from clawmarket.adapters.store.copies.postgres import (  # noqa: PLC0415 - an extra
            copy_postgres,
        )
    copy_postgres(url, target, progress)


def check_free(url: Secret) -> None:
    """Refuse a database with anything in it.

    Raises DriverMissingError, DatabaseAwayError, and see `check_empty`.
    """
    with _extra():
        from clawmarket.adapters.store.copies.loading import check_empty  # noqa: PLC0415 - an extra
    with _reached():
        check_empty(url)


def load_rows(source: Path, url: Secret, progress: Far) -> None:
    """Fill a database from a file. Raises DriverMissingError, and see `load_postgres`."""
    with _extra():
        from clawmarket.adapters.store.copies.loading import (  # noqa: PLC0415 - an extra
            load_postgres,
        )
    load_postgres(source, url, progress)
