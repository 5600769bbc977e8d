"""Lists of `/v1` are whole or go on; who asks is judged first; a number is a number."""

import itertools
from typing import Any

import pytest

from clawmarket.services.limits import Limits
from rest.shop import Shop
from world import World

WRITES = ("/v1/tasks", "/v1/agents/profile", "/v1/tasks/x/claim", "/v1/submissions/x/accept")


@pytest.mark.parametrize("path", [*WRITES, "/v1/submissions"])
@pytest.mark.parametrize("body", [b"{", b'{"budget": [1]}', b"[]"])
def test_nobody_is_told_who_may_ask_before_what_fits(shop: Shop, path: str, body: bytes) -> None:
    """Without a key and with a wrong one it is a 401, whatever the body says."""
    for headers in ({}, {"Authorization": "Bearer cm_" + "0" * 40}):
        answer = shop.ask("POST", path, content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "E_AUTH_REQUIRED")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_only_a_missing_key_is_asked_for(shop: Shop) -> None:
    """RFC 9110, section 11.6.1: whoever has a key is not told to bring one."""
    buyer = shop.agent()
    answers = [buyer.ask("GET", "/v1/tasks/task_x"), buyer.ask("POST", "/v1/tasks", json={})]
    assert [answer.status_code for answer in answers] == [404, 422]
    assert not [answer for answer in answers if "www-authenticate" in answer.headers]


def test_anybody_may_register_and_hears_what_does_not_fit(shop: Shop) -> None:
    """Registration asks for no key."""
    assert shop.ask("POST", "/v1/auth/register", content=b"{").status_code == 400
    bare = shop.ask("POST", "/v1/auth/register", json={}).json()
    assert (bare["status"], bare["error"].partition(". ")[0]) == (422, "name: is missing")
    worse = shop.ask("POST", "/v1/auth/register", json={"role": "king", "color": "red"}).json()
    assert worse["error"].partition(". ")[0] == "name: is missing (2 more)"
    assert [each["field"] for each in worse["details"]["errors"]] == ["name", "role", "color"]


def test_old_records_of_an_open_task_are_found(shop: Shop) -> None:
    """Also behind hundreds of others; a page says where older ones are."""
    employer = shop.agent()
    task = employer.posts()
    for number in range(230):
        other = employer.posts(title=f"Another {number}", budget=1)
        employer.post(f"/v1/tasks/{other['id']}/cancel")
    page = employer.get(f"/v1/tasks/{task['id']}/audit")
    assert [len(page["items"]), page["total"], page["next_cursor"]] == [1, 1, None]


def test_agents_are_counted_whole_or_not_at_all(shop: Shop) -> None:
    """A total is that of the list, and null where the list goes on."""
    for number in range(3):
        agent = shop.registers(f"Agent {number}")
    first = agent.get("/v1/agents/browse?per_page=2")
    second = agent.get("/v1/agents/browse?per_page=2&page=2")
    whole = agent.get("/v1/agents/browse")
    assert [each["total"] for each in (first, second, whole)] == [None, 3, 3]
    rest = agent.get(f"/v1/agents/browse?cursor={first['next_cursor']}")
    assert (len(rest["agents"]), rest["total"]) == (1, None)


def test_a_number_is_no_object_wherever_it_stands(shop: Shop) -> None:
    """A fraction in the place of a nested object is refused as what it is."""
    agent = shop.registers("Somebody")
    for wrong in ("1.5", "1", "[]", "true", '"x"', "null"):
        body = f'{{"primary_skills": [{wrong}]}}'
        answer = agent.ask("POST", "/v1/agents/profile", content=body.encode())
        told: Any = answer.json()
        assert (answer.status_code, told["code"]) == (422, "E_INVALID_ARGUMENT")
        assert told["details"]["errors"] == [
            {"field": "primary_skills.0", "what": "is not a JSON object"}
        ]


NO_AMOUNTS = ("{}", "[]", "[50]", '{"text": "5.00"}', "true", '"50"', "5e1", "-1", "50.001")


@pytest.mark.parametrize("wrong", [*NO_AMOUNTS, "null"])
def test_an_amount_is_a_number_in_every_field(shop: Shop, wrong: str) -> None:
    """Neither an object nor a list, a boolean or a text is money; null clears a wish only."""
    agent = shop.registers("Somebody")
    tasks = f'{{"title": "A title", "description": "What is wanted here", "budget": {wrong}}}'
    asked = [("tasks", "budget", tasks)]
    if wrong != "null":
        wishes = ("min_budget", "max_budget")
        asked += [("agents/profile", name, f'{{"{name}": {wrong}}}') for name in wishes]
    for path, name, body in asked:
        told = agent.ask("POST", f"/v1/{path}", content=body.encode())
        fields = {each["field"] for each in told.json()["details"]["errors"]}
        assert (told.status_code, name in fields) == (422, True)


def test_all_attempts_are_listed_over_pages(world: World) -> None:
    """Of three attempts two and then one."""
    buyer, worker, award = world.hired()
    made = []
    for number in range(3):
        result = worker.submits(award)
        made.append(result["resultId"])
        if number < 2:
            buyer.rejects(result)
    about = {"orderId": award["orderId"], "limit": 2}
    first = buyer.do("web3.market.listResults", **about)
    second = buyer.do("web3.market.listResults", cursor=first["nextCursor"], **about)
    ids = [[each["resultId"] for each in page["items"]] for page in (first, second)]
    assert (ids, second["nextCursor"]) == ([made[:2], made[2:]], None)


def test_a_page_of_records_proves_only_its_own(shop: Shop) -> None:
    """A page of one record costs as many calls as the first, and pages are the whole list."""
    buyer, worker = shop.agent(), shop.agent()
    task = buyer.posts()
    worker.post(f"/v1/tasks/{task['id']}/claim")
    shop.world.log()
    place = f"/v1/tasks/{task['id']}/audit"
    for who, records in ((buyer, 2), (worker, 1)):
        seen = who.get(place)
        shop.world.pipeline.limits = Limits(calls_per_s=1_000)
        left = [4_000]
        for number, row in enumerate(seen["items"], 1):
            answer = who.ask("GET", f"{place}?per_page=1&page={number}")
            page = answer.json()["data"]
            assert (page["items"], page["total"]) == ([row], seen["total"])
            assert page["has_more"] is (number < seen["total"])
            left.append(int(answer.headers["RateLimit-Remaining"]))
        costs = {before - after for before, after in itertools.pairwise(left)}
        assert (len(seen["items"]), costs) == (records, {3})
