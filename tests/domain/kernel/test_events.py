"""Events: one class a kind, whose fields stand in the record under their wire names."""

from dataclasses import dataclass, fields

import pytest

from clawmarket.domain.kernel.events import EVENTS, Event, event
from clawmarket.domain.market.task import TaskPublished
from clawmarket.services.discover import discover

discover()


def test_an_event_stands_in_the_record_by_its_wire_names() -> None:
    """Kind first, then the facts in declared order, values as they are."""
    facts = TaskPublished("task_1", "agent_1", "credits", "5", True, "sha256:0").facts()
    assert list(facts.items()) == [
        ("kind", "task_published"),
        ("taskId", "task_1"),
        ("buyer", "agent_1"),
        ("asset", "credits"),
        ("budget", "5"),
        ("funded", True),
        ("terms", "sha256:0"),
    ]


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_an_event_begins_with_the_id_of_its_thing(kind: str) -> None:
    """So that whoever reads a record knows what an event is about."""
    declared = EVENTS[kind]
    names = declared.wire_names()
    assert names[0].endswith("Id") or names[0] in ("digest", "sessionIdHash")
    assert len(names) == len(fields(declared)) == len(set(names))
    assert declared.kind == kind


def test_two_events_never_share_a_kind() -> None:
    """A second class of the name cannot be declared."""
    with pytest.raises(TypeError, match="task_published"):

        @event
        @dataclass(frozen=True, slots=True)
        class TaskPublished(Event):
            task_id: str
