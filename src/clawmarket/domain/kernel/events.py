"""Events: what happened, one frozen dataclass each; their fields go into the record as they are."""

import re
from dataclasses import dataclass, fields
from typing import ClassVar, TypeVar

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")

EVENTS: dict[str, type["Event"]] = {}

E = TypeVar("E", bound="Event")

Fact = str | int | bool | None | list[object] | dict[str, object]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one thing.

    The first field of every event is the id of that thing. Values are what canonical JSON can
    hold: strings, integers, booleans, None, and lists or objects of those.
    """

    kind: ClassVar[str] = "event"
    _names: ClassVar[tuple[tuple[str, str], ...]] = ()

    @classmethod
    def declare(cls) -> None:
        """Register a finished event class under its kind; called by the `event` decorator."""
        kind = _WORD_START.sub("_", cls.__name__).lower()
        if kind in EVENTS:
            raise TypeError(f"two events share the kind {kind}")
        cls.kind = kind
        cls._names = tuple((field.name, _camel(field.name)) for field in fields(cls))
        EVENTS[kind] = cls

    @classmethod
    def wire_names(cls) -> tuple[str, ...]:
        """Return the names of the fields as they stand in a record, in declared order."""
        return tuple(wire for _, wire in cls._names)

    def facts(self) -> dict[str, Fact]:
        """Return the event as it stands in a record, in wire names."""
        shown: dict[str, Fact] = {"kind": self.kind}
        for name, wire in self._names:
            shown[wire] = getattr(self, name)
        return shown


def event(cls: type[E]) -> type[E]:
    """Register a frozen event dataclass (class decorator, outermost)."""
    cls.declare()
    return cls


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)
