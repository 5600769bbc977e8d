"""What is written into the host's configuration, and that it is taken back to the letter."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.entry.cli.openclaw.plan import Plan, PluginEntryTakenError, undoing

Config = dict[str, Any]

PLAN = Plan.make("/plugin", "http://127.0.0.1:8787", "/home/key")
OURS = {"enabled": True, "config": {"serviceUrl": "http://127.0.0.1:8787", "keyFile": "/home/key"}}
NAMES = st.sampled_from(["memory", "a2a", "clawmarket"])
OTHERS = st.sampled_from(["memory", "a2a"])
LOADS = st.fixed_dictionaries(
    {},
    optional={
        "paths": st.lists(st.sampled_from(["/other", "/more", "/plugin"]), unique=True),
        "watch": st.booleans(),
    },
)
PLUGINS = st.fixed_dictionaries(
    {},
    optional={
        "allow": st.lists(NAMES, unique=True),
        "load": LOADS,
        "entries": st.dictionaries(OTHERS, st.just({"enabled": False})),
        "slots": st.just({"memory": "none"}),
    },
)


def merged(before: Config, change: Config) -> Config:
    """Return a configuration after a patch, as the host merges it (RFC 7396)."""
    after = deepcopy(before)
    for name, value in change.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            old = after.get(name)
            after[name] = merged(old if isinstance(old, dict) else {}, value)
        else:
            after[name] = deepcopy(value)
    return after


def without_empty(config: Config) -> Config:
    """Return plugins without a list of entries that is empty: the host writes one by itself."""
    return {name: value for name, value in config.items() if (name, value) != ("entries", {})}


def test_a_host_without_lists_gets_none() -> None:
    """An allow list that is not there allows everything; it is not begun for us."""
    assert PLAN.change({}) == {
        "plugins": {"entries": {"clawmarket": OURS}, "load": {"paths": ["/plugin"]}}
    }


def test_lists_that_are_there_are_added_to() -> None:
    """Other plugins stay allowed and loaded."""
    change = PLAN.change({"allow": ["memory"], "load": {"paths": ["/other"]}})

    assert change["plugins"]["allow"] == ["memory", "clawmarket"]
    assert change["plugins"]["load"] == {"paths": ["/other", "/plugin"]}


@given(before=PLUGINS)
def test_undoing_gives_back_what_was_there(before: Config) -> None:
    """Whatever a host had configured, install and uninstall leave exactly that."""
    change = PLAN.change(before)
    now = merged({"plugins": before}, change)["plugins"]
    undone = merged({"plugins": now}, undoing(before, change, now))["plugins"]

    assert without_empty(undone) == without_empty(before)


def test_what_others_wrote_since_stays() -> None:
    """A plugin that came later is still there afterwards."""
    before: Config = {"allow": ["memory"]}
    change = PLAN.change(before)
    now = merged({"plugins": before}, change)["plugins"]
    now["allow"].append("later")
    now["load"]["paths"].append("/later")

    assert undoing(before, change, now) == {
        "plugins": {
            "entries": {"clawmarket": None},
            "allow": ["memory", "later"],
            "load": {"paths": ["/later"]},
        }
    }


def test_an_entry_of_somebody_else_is_not_replaced() -> None:
    """What was configured by hand is left alone, even if it is switched off."""
    with pytest.raises(PluginEntryTakenError):
        PLAN.change({"entries": {"clawmarket": {"enabled": False}}})


def test_nothing_is_undone_twice() -> None:
    """Where the owner took everything out by hand, nothing is written."""
    assert undoing({}, PLAN.change({}), {"allow": ["memory"]}) == {}
