"""Browsing: a thousand agents, every filter against a plain count, every order, every page."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from agents_of import browsed, registered
from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.agents.endpoint import Endpoint
from clawmarket.domain.market.agents.presence import Presence, beat
from clawmarket.domain.market.agents.profile import (
    AgentRole,
    Profile,
    ProfileState,
    SkillClaim,
    new_profile,
)
from clawmarket.domain.market.agents.standing import Standing, no_standing, place_of
from clawmarket.ports.store import Transaction
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.market.agents import browsing
from world import START, World

MANY = 1_000
SKILLS = ("python", "translation", "summarize", "research")


@dataclass(frozen=True)
class Known:
    """An agent of the crowd, as the test knows it."""

    profile: Profile
    presence: Presence
    standing: Standing
    endpoint: Endpoint | None

    @property
    def id(self) -> str:
        """The account."""
        return self.profile.account_id


def account(n: int) -> str:
    """Return the id of an agent; later ones sort later."""
    return "agent_01" + f"{n:024d}"


def made(n: int) -> Known:
    """Return one of many agents; each property has a rhythm of its own."""
    profile = new_profile(account(n), START + n)
    says = {
        "state": ProfileState.UNLISTED if n % 10 == 9 else ProfileState.LISTED,
        "skills": tuple(SkillClaim(s, s, None) for i, s in enumerate(SKILLS) if n >> i & 1),
        "languages": (("en",), ("zh", "EN"), ("de",))[n % 3],
        "role": list(AgentRole)[n % 3],
        "accepts_free": n % 4 != 0,
        "accepts_paid": n % 5 != 0,
        "min_budget": None if n % 7 == 0 else n * 1_000,
    }
    presence = beat(account(n), 30 if n % 2 else 86_400, START - n * 1_000)
    buyers, paid = n % 6, n % 11
    standing = Standing(
        account(n), paid, 0, 0, buyers, 0, 0, START, place_of(account(n), buyers, paid)
    )
    url = f"https://a{n}.example.net"
    endpoint = Endpoint(
        *(account(n), url, url, url, (), "", "", (), False, False, START, START),
        *(n % 2, "", None),
    )
    return Known(_with(profile, says), presence, standing, endpoint if n % 3 == 0 else None)


def _with(profile: Profile, says: dict[str, Any]) -> Profile:
    return Profile(**(vars(profile) | says))


CROWD = [made(n) for n in range(MANY)]
LISTED = [each for each in CROWD if each.profile.is_listed]


@pytest.fixture(scope="module")
def crowd() -> Iterator[World]:
    """A market with a thousand agents; nothing here is allowed to change it."""
    world = World()

    def fill(rows: Transaction) -> None:
        for each in CROWD:
            for row in (each.profile, each.presence, each.standing, each.endpoint):
                if row is not None:
                    rows.add(row)

    world.run(world.store.write(fill))
    yield world
    world.close()


Wanted = Callable[[Known], bool]

FILTERS: list[tuple[dict[str, Any], Wanted]] = [
    ({}, lambda _: True),
    ({"skills": ["python"]}, lambda a: a.profile.can(frozenset({"python"}))),
    (
        {"skills": ["python", "research"]},
        lambda a: bool({"python", "research"} & {s.skill_id for s in a.profile.skills}),
    ),
    ({"skills": ["pytho"]}, lambda _: False),
    ({"language": "en"}, lambda a: a.profile.languages[-1].lower() == "en"),
    ({"language": "DE"}, lambda a: a.profile.languages == ("de",)),
    ({"role": "worker"}, lambda a: a.profile.role is not AgentRole.EMPLOYER),
    ({"role": "employer"}, lambda a: a.profile.role is not AgentRole.WORKER),
    ({"role": "both"}, lambda a: a.profile.role is AgentRole.BOTH),
    ({"acceptsFree": True}, lambda a: a.profile.accepts_free),
    ({"acceptsFree": False}, lambda a: not a.profile.accepts_free),
    ({"acceptsPaid": True}, lambda a: a.profile.accepts_paid),
    ({"acceptsPaid": False}, lambda a: not a.profile.accepts_paid),
    ({"online": True}, lambda a: a.presence.online_until > START),
    ({"online": False}, lambda a: a.presence.online_until <= START),
    ({"maxPrice": "0"}, lambda a: not a.profile.min_budget),
    ({"maxPrice": "500000"}, lambda a: (a.profile.min_budget or 0) <= 500_000),
    ({"minTasks": 10}, lambda a: a.standing.paid >= 10),
    ({"hasEndpoint": True}, lambda a: a.endpoint is not None and a.endpoint.answers),
    ({"hasEndpoint": False}, lambda a: a.endpoint is None or not a.endpoint.answers),
    (
        {"skills": ["python"], "language": "en", "online": True, "minTasks": 3},
        lambda a: (
            a.profile.can(frozenset({"python"}))
            and a.profile.speaks("en")
            and a.presence.is_online(START)
            and a.standing.paid >= 3
        ),
    ),
]
ORDERS: dict[str, Callable[[Known], str]] = {
    "newest": lambda a: a.id,
    "evidence": lambda a: a.standing.place,
    "active": lambda a: a.presence.place,
}


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize(("filters", "wanted"), FILTERS, ids=[str(each) for each, _ in FILTERS])
def test_a_filter_finds_what_fits_and_nothing_else(
    crowd: World, filters: dict[str, Any], wanted: Wanted, sort: str
) -> None:
    """Over all pages, in the order asked for, each once."""
    fitting = sorted(filter(wanted, LISTED), key=ORDERS[sort], reverse=True)

    assert browsed(crowd, sort=sort, limit=77, **filters) == [each.id for each in fitting]


@pytest.mark.parametrize("limit", [1, 7, 200])
def test_a_page_has_at_most_its_limit(crowd: World, limit: int) -> None:
    """The first page holds so many, and the next one goes on behind them."""
    first = crowd.nobody.do("web3.agents.browse", limit=limit)
    second = crowd.nobody.do("web3.agents.browse", limit=limit, cursor=first["nextCursor"])
    shown = [item["accountId"] for item in first["items"] + second["items"]]

    assert shown == [each.id for each in reversed(LISTED)][: 2 * limit]


def test_a_page_looks_at_a_bounded_number(crowd: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that hardly anybody passes ends a page early, with a cursor; nothing is missed."""
    monkeypatch.setattr(browsing, "MAX_SCANNED", 100)
    page = crowd.nobody.do("web3.agents.browse", skills=["cobol"])
    rare = {"minTasks": 10, "language": "de", "hasEndpoint": False}

    assert page == {"items": [], "nextCursor": [each.id for each in reversed(LISTED)][99]}
    assert len(browsed(crowd, **rare)) == sum(
        each.standing.paid == 10 and each.profile.languages == ("de",) for each in LISTED
    )


def test_a_summary_has_every_field(crowd: World) -> None:
    """As the interface of the market names them."""
    (shown,) = crowd.nobody.do("web3.agents.browse", limit=1)["items"]
    newest = LISTED[-1]

    assert shown == {
        "accountId": newest.id,
        "displayName": newest.id,
        "role": newest.profile.role,
        "tagline": "",
        "skills": [
            {"id": s.skill_id, "name": s.name, "level": None} for s in newest.profile.skills
        ],
        "languages": list(newest.profile.languages),
        "acceptsFree": newest.profile.accepts_free,
        "acceptsPaid": newest.profile.accepts_paid,
        "minBudget": str(newest.profile.min_budget),
        "maxBudget": None,
        "online": newest.presence.is_online(START),
        "lastSeen": shown["lastSeen"],
        "a2aUrl": None,
        "tasksCompleted": newest.standing.paid,
        "successRate": newest.standing.success_rate,
        "averageRating": None,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": -1},
        {"limit": 201},
        {"limit": 10**9},
        {"limit": "5"},
        {"limit": True},
        {"skills": "python"},
        {"skills": ["Python"]},
        {"skills": ["a%"]},
        {"skills": ["a"] * 13},
        {"language": ""},
        {"language": "x" * 41},
        {"acceptsFree": "true"},
        {"online": 1},
        {"maxPrice": "-1"},
        {"maxPrice": 5},
        {"minTasks": -1},
        {"minTasks": 1.5},
        {"sort": "rating"},
        {"role": "boss"},
        {"page": 2},
    ],
    ids=str,
)
def test_a_wrong_filter_is_refused(crowd: World, wrong: dict[str, Any]) -> None:
    """It is named, and no page is shown instead."""
    with pytest.raises(InvalidArgumentError):
        crowd.nobody.do("web3.agents.browse", **wrong)


@pytest.mark.parametrize(
    ("sort", "cursor"),
    [
        ("newest", "nothing"),
        ("newest", "task_01h00000000000000000000000"),
        ("newest", place_of(account(1), 1, 1)),
        ("evidence", account(1)),
        ("active", account(1)),
        ("active", "1|" + account(1)),
    ],
)
def test_a_cursor_of_another_list_is_refused(crowd: World, sort: str, cursor: str) -> None:
    """It would silently show some other page."""
    with pytest.raises(CursorInvalidError):
        crowd.nobody.do("web3.agents.browse", sort=sort, cursor=cursor)


def test_who_is_seen_comes_to_the_front(world: World) -> None:
    """The order by activity follows each heartbeat; who was never seen comes last."""
    first, second, third = (registered(world) for _ in range(3))
    first.do("web3.agents.heartbeat")
    world.pass_time(seconds=10)
    second.do("web3.agents.heartbeat")
    assert browsed(world, sort="active") == [second.id, first.id, third.id]

    world.pass_time(seconds=10)
    first.do("web3.agents.heartbeat")
    assert browsed(world, sort="active") == [first.id, second.id, third.id]
    assert no_standing(third.id) in world.all(Standing)
