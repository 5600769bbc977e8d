"""A path or an address that a refusal may show to whoever named it, and to nobody else."""

from typing import final

__all__ = ["OwnText"]


@final
class OwnText(str):
    """A path or a URL of the user's own, among the details of a refusal in the user's own process.

    The command line shows it as it is. Everywhere else it is a text like any other, and the
    redactor hides it: in answers of a market and in logs.
    """

    __slots__ = ()
