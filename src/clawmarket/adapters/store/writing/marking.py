"""Marks within a transaction: a command that fails takes back what it did, and nothing else."""

from typing import Generic, TypeVar

from clawmarket.adapters.store.writing.deferred import Deferring
from clawmarket.adapters.store.writing.known import KnownRows
from clawmarket.ports.store import StoreLostError

Rows = TypeVar("Rows", bound=Deferring)


class Marking(Generic[Rows]):
    """A writing connection's transaction, and the rows that it keeps in mind between two."""

    def __init__(self) -> None:
        self._known = KnownRows()
        self._rows: Rows | None = None

    def mark(self) -> None:
        """Begin a command that others went before."""
        self._at_work().mark()
        self._known.mark()

    def undo(self) -> None:
        """Take back what was done since the mark. Raises StoreLostError if that cannot be."""
        self._at_work().undo()
        self._known.undo()

    def _at_work(self) -> Rows:
        if self._rows is None:
            raise StoreLostError("There is no transaction of the store.")
        return self._rows
