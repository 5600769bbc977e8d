"""Task tokens: the original's, still given and still checked, and needed for nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from clawmarket.domain.kernel.money import shortest_text
from clawmarket.entry.tools.token import task_token
from rest.shop import Shop

VECTORS = Path(__file__).parents[2] / "vectors" / "task_token" / "vectors.json"


@pytest.mark.parametrize("case", json.loads(VECTORS.read_text()))
def test_a_token_is_the_originals(case: dict[str, Any]) -> None:
    """The budget goes in as JavaScript spells the number."""
    made = task_token(
        case["secret"],
        case["task_id"],
        case["employer_id"],
        shortest_text(case["budget_minor"]),
        case["created_at"],
    )
    assert made == case["token"]


@pytest.mark.parametrize(
    ("minor", "spelling"),
    [(50_000_000, "50"), (49_500_000, "49.5"), (10_000, "0.01"), (1, "0.000001"), (0, "0")],
)
def test_a_number_is_spelled_as_javascript_does(minor: int, spelling: str) -> None:
    """No zeros at the end, and no exponent at any size that a budget has."""
    assert shortest_text(minor) == spelling


def test_a_claim_takes_the_right_token_and_no_other(shop: Shop) -> None:
    """A wrong one is a 401 and changes nothing; absent is fine, as the paid loop shows."""
    buyer, worker = shop.registers("Employer"), shop.registers("Worker")
    task, other = buyer.posts(), buyer.posts()
    path = f"/v1/tasks/{task['id']}/claim"
    for wrong in (other["task_token"], "0" * 64, "", "\u00e9"):
        refused = worker.ask("POST", path, json={"task_token": wrong})
        assert (refused.status_code, refused.json()["details"]["cause"]) == (
            401,
            "task_token_wrong",
        )
    assert worker.post(path, {"task_token": task["task_token"]})["status"] == "claimed"


def test_only_the_employer_is_given_the_token(shop: Shop) -> None:
    """Neither list nor address shows it."""
    buyer = shop.registers("Employer")
    task = buyer.posts()
    for path in ("/v1/tasks", f"/v1/tasks/{task['id']}", "/v1/tasks/mine"):
        assert task["task_token"] not in buyer.ask("GET", path).text
