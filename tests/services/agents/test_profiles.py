"""Profiles: changed in parts, cleared by null, shown to strangers only when listed."""

from typing import Any

import orjson
import pytest

from agents_of import browsed, registered
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.agents.profile import (
    AgentNotFoundError,
    BudgetRangeError,
    Profile,
    ProfileNotFoundError,
    ProfileUnchangedError,
)
from clawmarket.domain.trust.record import Record
from world import START, Member, World

FULL: dict[str, Any] = {
    "displayName": "Summariser",
    "role": "worker",
    "tagline": "Short texts of long ones.",
    "bio": "First line.\nSecond line.",
    "primarySkills": [
        {"id": "summarize", "name": "Summaries", "level": "expert"},
        {"id": "python", "name": "Python", "level": None},
    ],
    "languages": ["en", "zh"],
    "specializations": ["law"],
    "acceptsFree": False,
    "acceptsPaid": True,
    "minBudget": "1000000",
    "maxBudget": "9000000",
    "typicalResponseTime": "an hour",
    "openclawVersion": "2026.9.4",
    "openclawModel": "any",
    "openclawSkillsCount": 12,
    "isListed": True,
    "ownerEmail": "owner@agents.example",
}
EMPTY: dict[str, Any] = {
    "role": "both",
    "tagline": "",
    "bio": "",
    "primarySkills": [],
    "languages": [],
    "specializations": [],
    "acceptsFree": True,
    "acceptsPaid": True,
    "minBudget": None,
    "maxBudget": None,
    "typicalResponseTime": "",
    "openclawVersion": "",
    "openclawModel": "",
    "openclawSkillsCount": None,
    "isListed": True,
    "ownerEmail": None,
}


def sets(member: Member, **fields: Any) -> dict[str, Any]:
    """Change a profile and return it without moments."""
    shown = member.do("web3.agents.profile.set", **fields)
    return {name: shown[name] for name in FULL}


def test_everything_that_is_said_comes_back(world: World) -> None:
    """And the owner reads the same later."""
    member = world.member()

    assert sets(member, **FULL) == FULL
    assert member.do("web3.agents.profile.get").items() >= FULL.items()


@pytest.mark.parametrize("name", FULL)
def test_one_field_changes_alone_and_null_clears_it(world: World, name: str) -> None:
    """The others stay; cleared, a field is as in a profile that says nothing."""
    member = world.member()
    sets(member, **FULL)

    assert sets(member, **{name: None}) == FULL | {name: (EMPTY | {"displayName": member.id})[name]}
    assert sets(member, **{name: FULL[name]}) == FULL


def test_the_first_field_makes_the_profile(world: World) -> None:
    """It is called after its account until it says more."""
    member = world.member()
    with pytest.raises(ProfileNotFoundError):
        member.do("web3.agents.profile.get")

    assert sets(member, languages=["en"]) == EMPTY | {
        "displayName": member.id,
        "languages": ["en"],
    }
    assert browsed(world) == [member.id]


def test_a_change_of_nothing_is_refused(world: World) -> None:
    """It makes no profile either."""
    with pytest.raises(ProfileUnchangedError):
        world.member().do("web3.agents.profile.set")
    assert world.all(Profile) == []


def test_a_record_names_what_changed_and_not_to_what(world: World) -> None:
    """Profiles are shown as they are; the log keeps no history of addresses."""
    member = world.member()
    sets(member, tagline="Anything", ownerEmail="owner@agents.example")
    record = world.all(Record)[-1]

    assert orjson.loads(record.body)["events"] == [
        {
            "kind": "profile_changed",
            "accountId": member.id,
            "fields": ["tagline", "ownerEmail"],
        }
    ]
    assert b"agents.example" not in record.body


def test_a_profile_that_hides_itself_is_nowhere(world: World) -> None:
    """Neither in a list nor as a card, for strangers, members and operators; its owner sees it."""
    member = registered(world)
    member.do("web3.agents.profile.set", isListed=False)
    member.do("web3.agents.heartbeat")

    for sort in ("newest", "evidence", "active"):
        assert browsed(world, sort=sort) == []
    for reader in (world.nobody, world.member(), world.operator):
        answers = []
        for account in (member.id, "agent_7" + "z" * 25):
            with pytest.raises(AgentNotFoundError) as refused:
                reader.do("web3.agents.card", accountId=account)
            answers.append(refused.value.what.replace(account, "…"))
        assert answers[0] == answers[1]
    assert member.do("web3.agents.card", accountId=member.id)["isListed"] is False
    member.do("web3.agents.profile.set", isListed=True)
    assert browsed(world) == [member.id]


def test_a_role_is_ones_own_choice(world: World) -> None:
    """Both, for whoever never said; what is said later counts."""
    member = world.member()
    sets(member, tagline="Mine")
    roles = [member.do("web3.agents.profile.get")["role"]]
    for role in ("employer", "worker"):
        sets(member, role=role)
        roles.append(member.do("web3.agents.profile.get")["role"])
    assert roles == ["both", "employer", "worker"]


def test_a_reading_key_changes_no_profile(world: World) -> None:
    """And its account's own key changes no other account's."""
    first, second = world.member(), registered(world)
    sets(first, tagline="Mine")
    sets(second, tagline="Its own")

    assert first.do("web3.agents.profile.get")["tagline"] == "Mine"
    assert second.do("web3.agents.profile.get")["tagline"] == "Its own"


def test_budgets_are_in_order(world: World) -> None:
    """Together, and against what is there already."""
    member = world.member()
    with pytest.raises(BudgetRangeError):
        sets(member, minBudget="2", maxBudget="1")
    sets(member, maxBudget="5")
    with pytest.raises(BudgetRangeError):
        sets(member, minBudget="6")

    assert member.do("web3.agents.profile.get")["minBudget"] is None


@pytest.mark.parametrize(
    "text", ['<script>alert("x")</script>', "'; DROP TABLE agents; --", "{{7*7}}", "日本語 ✓"]
)
def test_a_text_is_a_text(world: World, text: str) -> None:
    """Kept and shown as it was written, in the list too."""
    member = registered(world, name=text)
    sets(member, bio=text, tagline=text)
    card = world.nobody.do("web3.agents.card", accountId=member.id)
    (listed,) = world.nobody.do("web3.agents.browse")["items"]

    assert (card["displayName"], card["bio"], listed["tagline"]) == (text, text, text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"displayName": ""},
        {"displayName": "x" * 101},
        {"tagline": "x" * 161},
        {"tagline": "two\nlines"},
        {"tagline": "\x1b[31mred"},
        {"bio": "x" * 2_001},
        {"bio": "a\x00b"},
        {"bio": "a\u202eb"},
        {"primarySkills": [{"id": "python", "name": "Python"}] * 21},
        {"primarySkills": [{"id": "Python", "name": "Python"}]},
        {"primarySkills": [{"id": "python"}]},
        {"primarySkills": [{"id": "python", "name": "Python", "level": "guru"}]},
        {"primarySkills": [{"id": "python", "name": "Python", "more": 1}]},
        {"primarySkills": ["python"]},
        {"primarySkills": "python"},
        {"languages": ["en"] * 21},
        {"languages": [""]},
        {"languages": [7]},
        {"specializations": ["x" * 81]},
        {"acceptsFree": "yes"},
        {"acceptsPaid": 1},
        {"minBudget": -1},
        {"minBudget": "-1"},
        {"minBudget": "1.5"},
        {"maxBudget": 5},
        {"typicalResponseTime": "x" * 51},
        {"openclawVersion": "x" * 21},
        {"openclawSkillsCount": -1},
        {"openclawSkillsCount": 10**9},
        {"openclawSkillsCount": True},
        {"isListed": "no"},
        {"role": "boss"},
        {"ownerEmail": "nobody"},
        {"isVerified": True},
        {"display_name": "Snake"},
        {"accountId": "agent_01h00000000000000000000000"},
    ],
    ids=lambda wrong: str(wrong)[:40],
)
def test_a_wrong_field_changes_nothing(world: World, wrong: dict[str, Any]) -> None:
    """Not even the other fields that were sent with it."""
    member = world.member()
    with pytest.raises(InvalidArgumentError):
        sets(member, **{"tagline": "New"} | wrong)
    assert world.all(Profile) == []


def test_an_agent_is_a_member_since_its_account_was_opened(world: World) -> None:
    """However late it says something of itself."""
    member = world.member()
    world.pass_time(seconds=3_600)
    member.do("web3.agents.profile.set", displayName="Late")
    assert world.nobody.do("web3.agents.card", accountId=member.id)["memberSince"] == iso(START)
