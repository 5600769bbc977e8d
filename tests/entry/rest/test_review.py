"""The automatic review over `/v1`, sealed files, rate limits, events, health."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agents_of import BASE, CARD_URL
from agents_of import card as a_card
from rest.shop import Agent, Shop
from world import World

ASKED = {"kind": "json_schema", "file": "facts.json", "schema": '{"type":"array"}'}


def _claimed(shop: Shop, **terms: object) -> tuple[Agent, Agent, str]:
    buyer, worker = shop.registers("Employer"), shop.registers("Worker")
    task = buyer.posts(**terms)
    worker.post(f"/v1/tasks/{task['id']}/claim")
    return buyer, worker, task["id"]


def test_what_fails_the_review_is_not_handed_in(shop: Shop) -> None:
    """The answer names the finding and is no success; the right file passes."""
    _, worker, task_id = _claimed(shop, checks=[ASKED])
    form = {"data": {"task_id": task_id}}
    wrong = worker.ask("POST", "/v1/submissions", files={"file": ("facts.json", b"{}")}, **form)
    assert (wrong.status_code, wrong.json()["success"]) == (422, False)
    assert wrong.json()["details"]["cause"] == "review_failed"
    assert wrong.json()["details"]["findings"][0]["file"] == "facts.json"
    assert worker.get(f"/v1/tasks/{task_id}/submissions")["items"] == []
    right = worker.ask("POST", "/v1/submissions", files={"file": ("facts.json", b"[]")}, **form)
    assert (right.status_code, right.json()["data"]["review_status"]) == (201, "approved")


def test_a_second_submission_is_refused_for_what_it_is(shop: Shop) -> None:
    """While one is in review the next is a 409, whatever its files are like."""
    _, worker, task_id = _claimed(shop, checks=[ASKED])
    form = {"data": {"task_id": task_id}}
    worker.ask("POST", "/v1/submissions", files={"file": ("facts.json", b"[]")}, **form)
    second = worker.ask("POST", "/v1/submissions", files={"file": ("facts.json", b"{}")}, **form)
    assert (second.status_code, second.json()["details"]["cause"]) == (409, "transition_refused")


def test_an_appeal_leaves_it_to_the_employer(shop: Shop) -> None:
    """The employer sees the findings beside the reason."""
    buyer, worker, task_id = _claimed(shop, checks=[ASKED])
    data = {"task_id": task_id, "appeal": "The schema asks for a list of one."}
    sent = worker.ask("POST", "/v1/submissions", data=data, files={"file": ("facts.json", b"{}")})
    assert sent.status_code == 201, sent.text
    seen = buyer.get(f"/v1/submissions/{sent.json()['data']['id']}")
    assert seen["review_status"] == "rejected"
    assert seen["findings"]
    assert seen["appeal"] == data["appeal"]


def test_a_sealed_file_opens_at_acceptance(shop: Shop) -> None:
    """Before, the employer is told that it is sealed; its hash is known all the time."""
    buyer, worker, task_id = _claimed(shop, sealed=True)
    files = {"file": ("a.md", b"three claims")}
    sent = worker.ask("POST", "/v1/submissions", data={"task_id": task_id}, files=files)
    sub = sent.json()["data"]
    path = f"/v1/submissions/{sub['id']}"
    assert buyer.get(path)["file_hash"] == sub["file_hash"]
    closed = buyer.ask("GET", f"{path}/download")
    assert (closed.status_code, closed.json()["details"]["cause"]) == (409, "file_sealed")
    assert closed.json()["next"] == f"clawmarket task show {task_id}"
    buyer.post(f"{path}/accept")
    assert buyer.ask("GET", f"{path}/download").content == b"three claims"


def test_the_feed_is_where_the_events_are(shop: Shop) -> None:
    """The original's address leads to the stream."""
    answer = shop.ask("GET", "/v1/tasks/feed")
    assert (answer.status_code, answer.headers["location"]) == (307, "/events")


def test_health_and_index_are_plain(shop: Shop) -> None:
    """As the original has them: without an envelope."""
    assert shop.ask("GET", "/health").json()["status"] == "ok"
    assert shop.ask("GET", "/v1").json()["endpoints"]["tasks"] == "/v1/tasks"


def test_the_figures_of_the_market_count_what_is_held(shop: Shop) -> None:
    """One answer in camelCase, as the original had it."""
    shop.registers("Employer").posts()
    shop.world.log()
    figures = shop.ask("GET", "/v1/stats").json()["data"]
    assert (figures["totalTasks"], figures["openTasks"], figures["heldNow"]) == (1, 1, 50)


@pytest.fixture
def slow() -> Iterator[Shop]:
    """A market where an account may call once a second."""
    market = World(calls_per_s=1)
    yield Shop(market)
    market.close()


def test_whoever_asks_too_often_is_told_when_to_come_back(slow: Shop) -> None:
    """Each answer says what is left; the refusal says how many seconds to wait."""
    agent = slow.registers("Worker")
    first = agent.ask("GET", "/v1/tasks/mine")
    assert first.headers["ratelimit-limit"] == "4"
    left = int(first.headers["ratelimit-remaining"])
    assert 0 <= left < 4
    answers = [agent.ask("GET", "/v1/tasks/mine") for _ in range(5)]
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (429, "E_RATE_LIMITED")
    assert refused.headers["retry-after"] == "1"
    assert refused.headers["ratelimit-remaining"] == "0"
    slow.world.pass_time(seconds=4)
    assert agent.ask("GET", "/v1/auth/me").status_code == 200


def test_each_address_of_strangers_has_calls_of_its_own(slow: Shop) -> None:
    """Whoever reads too much from one address leaves the others theirs."""
    loud, quiet = (replace(slow, peer=f"203.0.113.{n}") for n in (7, 8))
    read = [loud.ask("GET", "/v1/agents/browse").status_code for _ in range(5)]
    assert read == [200, 200, 200, 200, 429]
    assert quiet.ask("GET", "/v1/agents/browse").status_code == 200


def test_an_agent_is_online_for_as_long_as_it_says(shop: Shop) -> None:
    """A heartbeat counts within its own interval, and not a second longer."""
    agent = shop.registers("Worker")
    agent.post("/v1/agents/heartbeat", {"interval_sec": 60})
    shop.world.pass_time(seconds=59)
    online = "/v1/agents/browse?is_online=true"
    assert [each["name"] for each in agent.get(online)["agents"]] == ["Worker"]
    shop.world.pass_time(seconds=1)
    assert agent.get(online)["agents"] == []


def test_a_profile_changes_in_what_was_sent(shop: Shop) -> None:
    """Null clears a field; budgets are credits; strangers see the card."""
    agent = shop.registers("Worker")
    skills = [{"id": "Web Scraping", "name": "Web scraping", "level": "expert"}]
    agent.post("/v1/agents/profile", {"tagline": "Fast.", "primary_skills": skills})
    agent.post("/v1/agents/profile", {"min_budget": 2.50, "tagline": None})
    shown = agent.get("/v1/agents/profile")
    assert (shown["tagline"], shown["min_budget"]) == ("", 2.5)
    card = shop.ask("GET", f"/v1/agents/{shown['agent_id']}/card").json()["data"]
    assert card["skills"] == [{"id": "web-scraping", "name": "Web scraping", "level": "expert"}]
    assert card["pricing"]["platform_fee"] == "1%"
    assert json.dumps(card).count("owner_email") == 0


def test_an_endpoint_is_registered_with_its_skills(shop: Shop) -> None:
    """The card at the address is fetched; the skills that come along become the profile's."""
    agent = shop.registers("Worker")
    shop.world.cards.pages[CARD_URL] = a_card()
    skills = [{"id": "python", "name": "Python"}]
    made = agent.post("/v1/agents/register-a2a", {"a2a_url": BASE, "skills": skills})
    assert (made["a2a_url"], [each["id"] for each in made["skills"]]) == (f"{BASE}/a2a", ["python"])
    (found,) = shop.ask("GET", "/v1/agents/browse?skills=python").json()["data"]["agents"]
    assert found["agent_id"] == made["agent_id"]
