"""Tasks over `/v1`: posting, budgets as JSON numbers, lists, pages, tags."""

import pytest

from rest.shop import POSTED, Shop

TAKEN = {
    "50": "50000000",
    "50.0": "50000000",
    "50.00": "50000000",
    "49.5": "49500000",
    "0.01": "10000",
    "0.30": "300000",
    "19.99": "19990000",
    "1000.00": "1000000000",
}
REFUSED = (
    "0",
    "0.001",
    "-1",
    "1e2",
    "1E-2",
    "50.001",
    "0.30000000000000004",
    "10000.01",
    "99999999999999999999",
    '"50"',
    "null",
    "true",
    "[50]",
)


def _posted(shop: Shop, budget: str) -> str:
    return (
        '{"title":"Digest a document","description":"One page, three claims.",'
        f'"deadline":"{shop.in_days(3)}","budget":{budget}}}'
    )


@pytest.mark.parametrize(("spelling", "minor"), TAKEN.items())
def test_a_budget_is_what_its_spelling_says(shop: Shop, spelling: str, minor: str) -> None:
    """No float comes between what was written and what is held."""
    answer = shop.agent().ask("POST", "/v1/tasks", content=_posted(shop, spelling))
    assert answer.status_code == 201
    assert answer.json()["data"]["budget_minor"] == minor
    assert float(spelling) == answer.json()["data"]["budget"]


@pytest.mark.parametrize("spelling", REFUSED)
def test_a_budget_is_never_rounded(shop: Shop, spelling: str) -> None:
    """What is not exact in cents, or not a plain number, is refused and names the field."""
    answer = shop.agent().ask("POST", "/v1/tasks", content=_posted(shop, spelling))
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "E_INVALID_ARGUMENT"
    assert "budget" in answer.json()["error"]


@pytest.mark.parametrize("tail", ['5,"budget":6', "NaN", "Infinity", "-0", "05"])
def test_a_body_that_two_readers_read_differently_is_refused(shop: Shop, tail: str) -> None:
    """Names given twice and numbers that are no JSON are no budget."""
    answer = shop.agent().ask("POST", "/v1/tasks", content=_posted(shop, tail))
    assert answer.status_code == 400
    assert answer.json()["details"]["cause"] == "json_invalid"


def test_a_posted_task_is_open_and_its_money_is_held(shop: Shop) -> None:
    """The answer is the row that the list and the address show, and the money is set aside."""
    buyer = shop.agent()
    task = buyer.posts()
    token = task.pop("task_token")
    assert len(token) == 64
    assert (task["status"], task["payment_status"]) == ("open", "held")
    assert shop.ask("GET", f"/v1/tasks/{task['id']}").json() == {
        "success": True,
        "data": task,
        "test_money": True,
    }
    assert shop.ask("GET", "/v1/tasks").json()["data"]["items"] == [task]


def test_a_cancelled_task_is_paid_back_once(shop: Shop) -> None:
    """The second time it is a conflict, with a code."""
    buyer = shop.agent()
    task = buyer.posts()
    assert buyer.post(f"/v1/tasks/{task['id']}/cancel")["payment_status"] == "refunded"
    again = buyer.ask("POST", f"/v1/tasks/{task['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "E_CONFLICT")


@pytest.mark.parametrize(
    "query", ["page=-1", "page=0", "page=NaN", "per_page=-1", "limit=1000000000"]
)
def test_a_page_that_is_none_is_refused(shop: Shop, query: str) -> None:
    """The answer names the parameter."""
    answer = shop.ask("GET", f"/v1/tasks?{query}")
    assert answer.status_code == 422
    assert answer.json()["details"]["path"] == query.partition("=")[0]


def test_a_page_is_clamped_and_goes_on(shop: Shop) -> None:
    """`per_page` above 100 is 100; page two and the cursor show the same."""
    buyer = shop.agent()
    ids: list[str] = []
    for _ in range(3):
        ids.insert(0, buyer.posts(budget=1)["id"])
        shop.world.pass_time(seconds=1)
    assert shop.ask("GET", "/v1/tasks?limit=500").json()["data"]["per_page"] == 100
    first = shop.ask("GET", "/v1/tasks?per_page=2").json()["data"]
    second = shop.ask("GET", "/v1/tasks?per_page=2&page=2").json()["data"]
    onward = shop.ask("GET", f"/v1/tasks?per_page=2&cursor={first['next_cursor']}").json()["data"]
    assert [each["id"] for each in first["items"]] == ids[:2]
    assert [each["id"] for each in second["items"]] == ids[2:]
    assert onward["items"] == second["items"]
    assert (first["has_more"], second["has_more"]) == (True, False)


@pytest.mark.parametrize(
    ("query", "budgets"),
    [
        ("", [10, 5, 1]),
        ("min_budget=5", [10, 5]),
        ("max_budget=5.00", [5, 1]),
        ("min_budget=1.01&max_budget=9.99", [5]),
        ("max_budget=0.99", []),
        ("sort=budget", [10, 5, 1]),
    ],
)
def test_a_list_is_bounded_by_budgets(shop: Shop, query: str, budgets: list[float]) -> None:
    """The bounds themselves are within."""
    buyer = shop.agent()
    for budget in (1, 5, 10):
        buyer.posts(budget=budget)
        shop.world.pass_time(seconds=1)
    found = shop.ask("GET", f"/v1/tasks?{query}").json()["data"]["items"]
    assert [each["budget"] for each in found] == budgets


@pytest.mark.parametrize("amount", ["-1", "5.001", "1e3", "5,00", "x", "9" * 10])
@pytest.mark.parametrize("bound", ["min_budget", "max_budget"])
def test_a_bound_that_is_no_amount_is_refused(shop: Shop, bound: str, amount: str) -> None:
    """The answer names the parameter."""
    answer = shop.ask("GET", "/v1/tasks", params={bound: amount})
    assert (answer.status_code, answer.json()["details"]["path"]) == (422, bound)


def test_an_answer_that_is_known_is_not_sent_again(shop: Shop) -> None:
    """The tag changes with the task; what changes something or is not there has none."""
    buyer = shop.agent()
    task = buyer.posts()
    shown = shop.ask("GET", f"/v1/tasks/{task['id']}").headers
    tag = shown["etag"]
    assert (shown["cache-control"], shown["vary"]) == ("private, no-cache", "Authorization")
    same = shop.ask("GET", f"/v1/tasks/{task['id']}", headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    ended = buyer.ask("POST", f"/v1/tasks/{task['id']}/cancel")
    assert (ended.status_code, "etag" in ended.headers) == (200, False)
    missing = shop.ask("GET", "/v1/tasks/task_x")
    assert (missing.status_code, "etag" in missing.headers) == (404, False)
    other = shop.ask("GET", f"/v1/tasks/{task['id']}", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_repeated_request_posts_one_task(shop: Shop) -> None:
    """With the same key the answer is the same, also later; with another body it is a conflict."""
    buyer, how = shop.agent(), {"Idempotency-Key": "a-key-of-mine"}
    body = {**POSTED, "deadline": shop.in_days(2)}
    first = buyer.post("/v1/tasks", body, headers=how)
    shop.world.pass_time(seconds=90)
    assert buyer.post("/v1/tasks", body, headers=how) == first
    other = buyer.ask("POST", "/v1/tasks", json={**body, "budget": 51}, headers=how)
    assert (other.status_code, other.json()["details"]["cause"]) == (409, "key_reused")
    assert len(shop.ask("GET", "/v1/tasks").json()["data"]["items"]) == 1


def test_an_empty_key_is_refused(shop: Shop) -> None:
    """Taken for none, a repetition would post and hold twice."""
    buyer = shop.agent()
    body = {**POSTED, "deadline": shop.in_days(7)}
    answer = buyer.ask("POST", "/v1/tasks", json=body, headers={"Idempotency-Key": ""})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (400, "header_invalid")
    assert buyer.get("/v1/tasks/mine")["items"] == []


def test_no_route_answers_with_the_envelope(shop: Shop) -> None:
    """What the original had and this market has not is a 404 that says so."""
    for path in ("/v1/newsletter/subscribe", "/v1/newsletter/stats", "/v1/nothing"):
        answer = shop.ask("POST", path)
        assert answer.status_code == 404
        assert answer.json()["success"] is False
        assert answer.json()["code"] == "E_NOT_FOUND"


def test_a_wrong_verb_is_told_the_right_ones(shop: Shop) -> None:
    """RFC 9110, section 15.5.6: the Allow header names them all."""
    answer = shop.ask("DELETE", "/v1/tasks")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
    assert shop.ask("HEAD", "/v1/tasks").status_code == 200
