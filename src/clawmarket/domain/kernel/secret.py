"""A text that must not be shown: keys, tokens and passwords live in it from edge to edge."""

from hmac import compare_digest
from typing import ClassVar, NoReturn, final

__all__ = ["Secret"]

_SHOWN = "Secret(***)"


@final
class Secret:
    """A str that no log, traceback, encoder or format string prints; `reveal()` is the only door.

    It compares in constant time and only with another Secret, has no hash (a dict of secrets would
    compare them early), can't be pickled or copied, and no JSON encoder takes it.
    """

    __slots__ = ("__text",)
    __hash__: ClassVar[None]  # type: ignore[assignment]  # object promises a hash, a Secret has none

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError("a Secret wraps a str")  # without the value, whatever it is
        self.__text = text

    def reveal(self) -> str:
        """Give the plain text, to the one call that needs it."""
        return self.__text

    def __repr__(self) -> str:
        return _SHOWN

    def __format__(self, format_spec: str) -> str:
        return _SHOWN

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # Bytes, since compare_digest takes only ASCII text; surrogates must not raise here.
        mine, theirs = (
            secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other)
        )
        return compare_digest(mine, theirs)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not copied or stored; reveal() it where it is needed")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret does not show its state")
