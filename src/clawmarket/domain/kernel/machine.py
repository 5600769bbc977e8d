"""Table-driven state machines: what may follow what, stated once and kept pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from clawmarket.domain.kernel.errors import ConflictError
from clawmarket.domain.kernel.state_words import said

S = TypeVar("S", bound=StrEnum)

MACHINES: dict[str, "Machine[StrEnum]"] = {}


class TransitionRefusedError(ConflictError):
    """The present state does not allow this step."""

    advice = "Look at how it stands now; another step may be possible."
    next_command = "clawmarket explain transition_refused"

    @property
    def next_step(self) -> str:
        """The command that shows the thing, as far as the refusal knows which one it is."""
        for name, command in _SHOWN_BY.items():
            if isinstance(self.details.get(name), str):
                return f"clawmarket {command} {self.details[name]}"
        return super().next_step


# Which command shows how a thing stands, by what its id is called; the most telling first.
_SHOWN_BY = {
    "disputeId": "dispute show",
    "orderId": "order explain",
    "tabId": "tab show",
    "taskId": "task show",
}


@dataclass(frozen=True)
class Machine(Generic[S]):
    """The legal moves of one noun, as a table of action → state before → state after.

    `initial` holds every state in which a thing of this noun may come into being.
    """

    noun: str
    initial: tuple[S, ...]
    moves: Mapping[str, Mapping[S, S]]

    def __post_init__(self) -> None:
        if self.noun in MACHINES:
            raise ValueError(f"there are two machines for {self.noun}")
        MACHINES[self.noun] = self  # type: ignore[assignment]  # S is invariant, reading is safe

    def step(self, state: S, action: str, **about: str) -> S:
        """Return the state after an action.

        `about` are the ids that a refusal names. Raises TransitionRefusedError.
        """
        after = self.moves[action].get(state)
        if after is None:
            raise TransitionRefusedError(
                f"This {self.noun} {said(state, self.noun)}; this is not possible now.",
                state=str(state),
                action=action,
                **about,
            )
        return after

    @property
    def states(self) -> tuple[S, ...]:
        """Every state of the noun, in the order of its enum."""
        return tuple(type(self.initial[0]))

    @property
    def final(self) -> frozenset[S]:
        """The states that nothing leaves."""
        return frozenset(self.states) - {
            before for table in self.moves.values() for before in table
        }

    def mermaid(self) -> str:
        """Return the diagram that the reference pages show."""
        starts = [f"  [*] --> {state}" for state in self.initial]
        arrows = [
            f"  {before} --> {after}: {action}"
            for action, table in self.moves.items()
            for before, after in table.items()
        ]
        ends = [f"  {state} --> [*]" for state in self.states if state in self.final]
        return "\n".join(["stateDiagram-v2", *starts, *arrows, *ends])
