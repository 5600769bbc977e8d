"""Which conversation a client said that a task belongs to.

Kept in memory only, for the newest `MAX_KEPT`: a context groups what one client sees, and no right
or amount hangs on it. What is not known any more has its task's id for a context.
"""

from collections import OrderedDict

MAX_KEPT = 10_000


class Contexts:
    """The contexts of tasks, for each account apart."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()

    def keep(self, account_id: str, task_id: str, context_id: str) -> None:
        """Remember a task's context; the first one stays.

        Of those without a key nothing is remembered: each would be told what another one named.
        """
        if not account_id:
            return
        key = (account_id, task_id)
        self._kept.setdefault(key, context_id)
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)

    def of(self, account_id: str, task_id: str) -> str:
        """Return a task's context, or nothing."""
        return self._kept.get((account_id, task_id), "")
