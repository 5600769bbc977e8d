"""What is written into the host's configuration, and that it is taken back to the letter."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.entry.cli.openclaw.plan import Plan, PluginEntryTakenError, undoing

Config = dict[str, Any]

PLAN = Plan.make("/plugin", "http://127.0.0.1:8787", "/home/key")
CONFIG = {"serviceUrl": "http://127.0.0.1:8787", "keyFile": "/home/key"}
OURS = {"enabled": True, "config": CONFIG, "hooks": {"allowConversationAccess": True}}
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


TOOLS = st.fixed_dictionaries(
    {},
    optional={
        "profile": st.sampled_from(["minimal", "coding", "full"]),
        "allow": st.lists(st.sampled_from(["read", "clawmarket", "*"]), unique=True),
        "alsoAllow": st.lists(st.sampled_from(["exec", "group:plugins"]), unique=True),
        "deny": st.just(["exec"]),
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
    change = PLAN.change({"plugins": {"allow": ["memory"], "load": {"paths": ["/other"]}}})

    assert change["plugins"]["allow"] == ["memory", "clawmarket"]
    assert change["plugins"]["load"] == {"paths": ["/other", "/plugin"]}


def test_who_only_reads_sees_no_conversation() -> None:
    """Without hooks the entry asks for none of the host's consents."""
    plan = Plan.make("/plugin", "http://127.0.0.1:8787", "/home/key", read_only=True)

    assert plan.change({})["plugins"]["entries"]["clawmarket"] == {
        "enabled": True,
        "config": CONFIG,
    }


@pytest.mark.parametrize(
    ("tools", "written"),
    [
        ({}, {}),
        ({"profile": "full"}, {}),
        ({"profile": "coding"}, {"alsoAllow": ["clawmarket"]}),
        ({"profile": "minimal", "alsoAllow": ["exec"]}, {"alsoAllow": ["exec", "clawmarket"]}),
        ({"profile": "coding", "alsoAllow": ["group:plugins"]}, {}),
        ({"allow": ["read"]}, {"allow": ["read", "clawmarket"]}),
        ({"allow": []}, {}),
        ({"allow": ["*"]}, {}),
        ({"profile": "coding", "allow": ["read"]}, {}),
    ],
)
def test_tools_are_shown_by_the_least_there_is(tools: Config, written: Config) -> None:
    """A list is added to where the host would hide our tools; what cannot be said is left."""
    assert PLAN.change({"tools": tools}).get("tools", {}) == written


@given(before=st.fixed_dictionaries({"plugins": PLUGINS, "tools": TOOLS}))
def test_undoing_gives_back_what_was_there(before: Config) -> None:
    """Whatever a host had configured, install and uninstall leave exactly that."""
    change = PLAN.change(before)
    now = merged(before, change)
    undone = merged(now, undoing(before, change, now))

    assert without_empty(undone["plugins"]) == without_empty(before["plugins"])
    assert undone["tools"] == before["tools"]


def test_what_others_wrote_since_stays() -> None:
    """A plugin or a tool that came later is still there afterwards."""
    before: Config = {"plugins": {"allow": ["memory"]}, "tools": {"profile": "coding"}}
    change = PLAN.change(before)
    now = merged(before, change)
    now["plugins"]["allow"].append("later")
    now["plugins"]["load"]["paths"].append("/later")
    now["tools"]["alsoAllow"].append("exec")

    assert undoing(before, change, now) == {
        "plugins": {
            "entries": {"clawmarket": None},
            "allow": ["memory", "later"],
            "load": {"paths": ["/later"]},
        },
        "tools": {"alsoAllow": ["exec"]},
    }


def test_a_list_that_others_emptied_does_not_come_to_allow_all() -> None:
    """With our name gone an empty list would shut nobody out; so the name stays."""
    before: Config = {"plugins": {"allow": ["memory"]}, "tools": {"allow": ["read"]}}
    change = PLAN.change(before)
    now: Config = {"plugins": {"allow": ["clawmarket"]}, "tools": {"allow": ["clawmarket"]}}

    assert undoing(before, change, now) == {}


def test_an_entry_of_somebody_else_is_not_replaced() -> None:
    """What was configured by hand is left alone, even if it is switched off."""
    with pytest.raises(PluginEntryTakenError):
        PLAN.change({"plugins": {"entries": {"clawmarket": {"enabled": False}}}})


def test_nothing_is_undone_twice() -> None:
    """Where the owner took everything out by hand, nothing is written."""
    assert undoing({}, PLAN.change({}), {"plugins": {"allow": ["memory"]}}) == {}
