"""Names behind `?` in addresses of `/v1`, and words of refusals there: none is an inner one."""

import re

import pytest

from clawmarket.entry.rest.reading.queries import QueryUnknownError
from rest.shop import Agent, Shop


def _claimed(shop: Shop) -> tuple[Agent, Agent, str]:
    buyer, worker = shop.registers("Employer"), shop.registers("Worker")
    task = str(buyer.posts()["id"])
    worker.post(f"/v1/tasks/{task}/claim")
    return buyer, worker, task


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("statsu=open", "This address takes no 'statsu'. Did you mean `status`?"),
        ("status=open&pre_page=5", "This address takes no 'pre_page'. Did you mean `per_page`?"),
        ("Status=open", "This address takes no 'Status'. Did you mean `status`?"),
        ("utm_source=x", "This address takes no 'utm_source'. It takes cursor, limit, max_budget,"),
        ("__=1", "This address takes no '__'. It takes cursor,"),
    ],
)
def test_a_name_that_a_list_does_not_take_is_refused(shop: Shop, query: str, said: str) -> None:
    """With the nearest one, or all there are; a list of everything would look like an answer."""
    answer = shop.ask("GET", f"/v1/tasks?{query}")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "E_INVALID_ARGUMENT")
    assert body["details"]["cause"] == QueryUnknownError.cause
    assert body["error"].startswith(said)
    assert body["next"] == "clawmarket explain query_unknown"


@pytest.mark.parametrize(
    "address",
    [
        "/v1/tasks?status=all&skills=python,web&page=1&per_page=50&_=1700000000",
        "/v1/agents/browse?skills=python&accepts_paid=true&accepts_free=true",
        "/v1/agents/browse?is_verified=true&is_online=true&sort=rating&page=1&per_page=50",
        "/v1/tasks?limit=5&_=",
    ],
)
def test_the_first_version_s_names_stay_good(shop: Shop, address: str) -> None:
    """All that its clients send, and `_`, which keeps caches away."""
    assert shop.ask("GET", address).status_code == 200


def test_nobody_is_verified(shop: Shop) -> None:
    """The filter of the first version is the truth, and not passed over."""
    shop.registers("Somebody")
    found = {
        said: len(shop.ask("GET", f"/v1/agents/browse?is_verified={said}").json()["data"]["agents"])
        for said in ("true", "false")
    }
    assert found == {"true": 0, "false": 1}


def test_a_change_takes_no_stray_name_either(shop: Shop) -> None:
    """Nothing is posted; who has no key hears of that first."""
    buyer = shop.agent()
    answer = buyer.ask("POST", "/v1/tasks?dry_run=true", json={})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(
        "This address takes no 'dry_run'. It takes nothing behind `?`."
    )
    assert shop.ask("POST", "/v1/tasks?dry_run=true", json={}).status_code == 401


def test_a_conflict_is_said_in_words(shop: Shop) -> None:
    """How the thing stands and what to do; a wire name is among the details only."""
    buyer, _, task = _claimed(shop)
    other = shop.registers("Other")
    for who, path in ((other, "claim"), (buyer, "cancel")):
        answer = who.ask("POST", f"/v1/tasks/{task}/{path}", json={})
        body = answer.json()
        assert (answer.status_code, body["code"]) == (409, "E_CONFLICT"), body
        assert body["error"].startswith("This task has its worker.")
        assert not re.search(r"[a-z]_[a-z]", body["error"]), body["error"]


def test_a_claimed_task_is_not_claimable(shop: Shop) -> None:
    """In its own row, in the list, and to its parties; one that was given back is so again."""
    buyer, worker, task = _claimed(shop)
    for who in (buyer, worker):
        assert not who.get(f"/v1/tasks/{task}")["claimable"]
    (row,) = shop.ask("GET", "/v1/tasks?status=claimed").json()["data"]["items"]
    assert (row["id"], row["claimable"]) == (task, False)

    worker.post(f"/v1/tasks/{task}/unclaim")
    assert buyer.get(f"/v1/tasks/{task}")["claimable"]


def test_a_cursor_is_named_as_this_wire_names_it(shop: Shop) -> None:
    """Who sends a wrong one is told of `next_cursor`."""
    answer = shop.ask("GET", "/v1/tasks?cursor=task_x")
    assert answer.json()["details"]["cause"] == "cursor_invalid"
    assert "`next_cursor`" in answer.json()["error"]
    assert "nextCursor" not in answer.text
