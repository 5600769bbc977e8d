"""Who may do what to somebody else's task: every route of `/v1` has a row, or the test fails.

The task is claimed, and a submission waits for its employer. A status is what a route answers
nobody, a stranger, a worker of another task of that employer, the worker, the employer.
"""

from typing import Any

import httpx
import pytest

from rest.shop import POSTED, Agent, Shop

WHO = ("nobody", "stranger", "other worker", "worker", "employer")
ROWS: dict[str, tuple[int, int, int, int, int]] = {
    "GET /agents/browse": (200, 200, 200, 200, 200),
    "GET /agents/discover": (200, 200, 200, 200, 200),
    "GET /agents/featured": (200, 200, 200, 200, 200),
    "GET /agents/profile": (401, 200, 200, 200, 200),
    "GET /agents/{agent_id}/card": (200, 200, 200, 200, 200),
    "GET /agents/{agent_id}/stats": (200, 200, 200, 200, 200),
    "GET /auth/me": (401, 200, 200, 200, 200),
    "GET /health": (200, 200, 200, 200, 200),
    "GET /stats": (200, 200, 200, 200, 200),
    "GET /submissions/{submission_id}": (401, 404, 404, 200, 200),
    "GET /submissions/{submission_id}/dispute": (401, 404, 404, 200, 200),
    "GET /submissions/{submission_id}/download": (401, 404, 404, 200, 200),
    "GET /tasks": (200, 200, 200, 200, 200),
    "GET /tasks/feed": (307, 307, 307, 307, 307),
    "GET /tasks/mine": (401, 200, 200, 200, 200),
    "GET /tasks/{task_id}": (200, 200, 200, 200, 200),
    "GET /tasks/{task_id}/audit": (401, 404, 404, 200, 200),
    "GET /tasks/{task_id}/dispute": (401, 404, 404, 200, 200),
    "GET /tasks/{task_id}/messages": (401, 200, 200, 200, 200),
    "GET /tasks/{task_id}/payment": (401, 404, 404, 200, 200),
    "GET /tasks/{task_id}/submissions": (401, 404, 404, 200, 200),
    "POST /agents/heartbeat": (401, 200, 200, 200, 200),
    "POST /agents/profile": (401, 200, 200, 200, 200),
    "POST /agents/register-a2a": (401, 503, 503, 503, 503),
    "POST /auth/keys/rotate": (401, 200, 200, 200, 200),
    "POST /auth/register": (201, 201, 201, 201, 201),
    "POST /submissions": (401, 404, 404, 409, 403),
    "POST /submissions/{submission_id}/accept": (401, 404, 404, 404, 200),
    "POST /submissions/{submission_id}/dispute": (401, 404, 404, 409, 201),
    "POST /submissions/{submission_id}/reject": (401, 404, 404, 404, 200),
    "POST /tasks": (401, 201, 201, 201, 201),
    "POST /tasks/{task_id}/abandon": (401, 404, 404, 409, 404),
    "POST /tasks/{task_id}/cancel": (401, 404, 404, 404, 409),
    "POST /tasks/{task_id}/claim": (401, 409, 409, 409, 409),
    "POST /tasks/{task_id}/dispute": (401, 404, 404, 409, 201),
    "POST /tasks/{task_id}/dispute/evidence": (401, 404, 404, 201, 201),
    "POST /tasks/{task_id}/messages": (401, 403, 403, 201, 201),
    "POST /tasks/{task_id}/unclaim": (401, 404, 404, 409, 404),
}
OF_A_DISPUTE = {
    "GET /submissions/{submission_id}/dispute",
    "GET /tasks/{task_id}/dispute",
    "POST /tasks/{task_id}/dispute/evidence",
}
BODIES: dict[str, Any] = {
    "POST /auth/register": {"name": "Somebody"},
    "POST /agents/profile": {"tagline": "I read so that you need not."},
    "POST /agents/register-a2a": {"a2a_url": "https://agent.example.net"},
    "POST /submissions/{submission_id}/reject": {"feedback": "One is missing."},
    "POST /submissions/{submission_id}/dispute": {"reason": "Two chapters are missing."},
    "POST /tasks/{task_id}/dispute": {"reason": "Two chapters are missing."},
    "POST /tasks/{task_id}/dispute/evidence": {"summary": "See the outline."},
    "POST /tasks/{task_id}/messages": {"text": "Which chapter comes first?"},
}


def routes(shop: Shop) -> set[str]:
    """Return every route that the document names."""
    paths = shop.ask("GET", "/v1/openapi.json").json()["paths"]
    return {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}


class Scene:
    """A task at work, and everybody who could want something of it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.people = {name: shop.registers(name) for name in WHO if name != "nobody"}
        self.people["nobody"] = Agent(shop)
        employer = self.people["employer"]
        self.task, other = employer.posts(), employer.posts()
        self.people["worker"].post(f"/v1/tasks/{self.task['id']}/claim")
        self.people["other worker"].post(f"/v1/tasks/{other['id']}/claim")
        self.submission = self.hands_in("worker").json()["data"]

    def hands_in(self, who: str) -> httpx.Response:
        """Hand something in for the task."""
        data, files = {"task_id": self.task["id"]}, {"file": ("a.md", b"three claims")}
        return self.people[who].ask("POST", "/v1/submissions", data=data, files=files)

    def asks(self, route: str, who: str) -> int:
        """Return the status that a route answers somebody."""
        verb, _, path = route.partition(" ")
        if route == "POST /submissions":
            return self.hands_in(who).status_code
        place = path.format(
            task_id=self.task["id"],
            submission_id=self.submission["id"],
            agent_id=self.task["employer_id"],
        )
        body = BODIES.get(route, {})
        if route == "POST /tasks":
            body = {**POSTED, "deadline": self.shop.in_days(2)}
        how = {"json": body} if verb == "POST" else {}
        return self.people[who].ask(verb, f"/v1{place}", **how).status_code


@pytest.mark.parametrize("route", ROWS)
def test_a_route_answers_each_as_its_row_says(shop: Shop, route: str) -> None:
    """Strangers first: whatever they could have changed, the parties would meet."""
    scene = Scene(shop)
    if route in OF_A_DISPUTE:
        path = f"/v1/tasks/{scene.task['id']}/dispute"
        scene.people["employer"].post(path, BODIES["POST /tasks/{task_id}/dispute"])

    assert tuple(scene.asks(route, who) for who in WHO) == ROWS[route]


def test_every_route_has_a_row(shop: Shop) -> None:
    """A new route says who may use it."""
    assert routes(shop) == set(ROWS)


def test_a_key_for_reading_changes_nothing(shop: Shop) -> None:
    """Every route that changes something asks for the scope write, and says so."""
    key = shop.world.member().do("web3.keys.create", label="eyes", scope="read")["key"]
    eyes = Agent(shop, {"Authorization": f"Bearer {key}"})
    for path, body in (
        ("/v1/tasks", {**POSTED, "deadline": shop.in_days(1)}),
        ("/v1/auth/keys/rotate", {}),
    ):
        answer = eyes.ask("POST", path, json=body)
        assert (answer.status_code, answer.json()["details"]["scope"]) == (403, "write")


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer cmk_nobody", "Basic Zm9vOmJhcg=="])
def test_a_credential_that_is_none_is_refused_everywhere(shop: Shop, token: str) -> None:
    """Also where none would be needed: a wrong key is a mistake to know of."""
    for path in ("/v1/tasks", "/v1/auth/me", "/v1/stats"):
        answer = shop.ask("GET", path, headers={"Authorization": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "E_AUTH_REQUIRED")
        assert answer.headers["www-authenticate"] == "Bearer"
