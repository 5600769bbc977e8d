"""Every state machine: whatever is tried on it, only its table decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.machine import MACHINES, Machine, TransitionRefusedError
from clawmarket.services.discover import discover

discover()

# Machines that a test made up are that test's business.
NOUNS = sorted(n for n, m in MACHINES.items() if type(m.initial[0]).__module__.startswith("claw"))


def reached(machine: Machine) -> set[str]:  # type: ignore[type-arg]  # any machine's states
    """Return the states that some sequence of actions leads to."""
    found = set(machine.initial)
    while True:
        more = {
            after
            for table in machine.moves.values()
            for before, after in table.items()
            if before in found
        }
        if more <= found:
            return found
        found |= more


@pytest.mark.parametrize("noun", NOUNS)
@given(data=st.data())
def test_only_the_table_moves_a_thing(noun: str, data: st.DataObject) -> None:
    """An action leads where the table says; every other one is refused and changes nothing."""
    machine = MACHINES[noun]
    state = data.draw(st.sampled_from(machine.initial))
    for action in data.draw(st.lists(st.sampled_from(sorted(machine.moves)), max_size=12)):
        after = machine.moves[action].get(state)
        if after is None:
            with pytest.raises(TransitionRefusedError) as refused:
                machine.step(state, action)
            assert refused.value.details == {"state": str(state), "action": action}
        else:
            assert machine.step(state, action) is after
            state = after


@pytest.mark.parametrize("noun", NOUNS)
@given(data=st.data())
def test_nothing_leaves_a_final_state(noun: str, data: st.DataObject) -> None:
    """What has ended stays ended, whatever is tried."""
    machine = MACHINES[noun]
    state = data.draw(st.sampled_from(sorted(machine.final)))
    action = data.draw(st.sampled_from(sorted(machine.moves)))

    with pytest.raises(TransitionRefusedError):
        machine.step(state, action)


@pytest.mark.parametrize("noun", NOUNS)
def test_every_state_can_be_reached_and_some_end_it(noun: str) -> None:
    """No state is there for nothing, and every life has an end."""
    machine = MACHINES[noun]

    assert reached(machine) == set(machine.states)
    assert machine.final


@pytest.mark.parametrize("noun", NOUNS)
def test_the_diagram_shows_every_move(noun: str) -> None:
    """The reference's picture has one arrow for each entry of the table."""
    machine = MACHINES[noun]
    arrows = {
        f"  {before} --> {after}: {action}"
        for action, table in machine.moves.items()
        for before, after in table.items()
    }

    assert arrows <= set(machine.mermaid().splitlines())
