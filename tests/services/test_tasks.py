"""Tasks: published, found, taken back; the budget is held from the first moment."""

from collections.abc import Callable
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.ids import PREFIXES
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.task import TaskNotFoundError, TaskNotOpenError
from clawmarket.domain.treasury.account import FundsMissingError
from clawmarket.ports.blobs import BlobMissingError
from world import START, Fields, World

UNKNOWN = PREFIXES["task"] + "7" + "z" * 25


def test_a_published_task_is_there_for_everybody(world: World) -> None:
    """What the buyer is answered is what anybody reads, with the defaults filled in."""
    buyer = world.member()
    task = buyer.publishes("50", skills=["python", "summarize", "python"])

    assert task == {
        "taskId": task["taskId"],
        "buyer": buyer.id,
        "title": "Digest a document",
        "summary": "",
        "requirements": "",
        "skills": ["python", "summarize"],
        "attachments": [],
        "asset": "credits",
        "budget": "50000000",
        "funded": True,
        "timeoutSec": 86_400,
        "disputeWindowSec": 600,
        "resubmitSec": 86_400,
        "milestones": [],
        "status": "task_open",
        "bids": 0,
        "orderId": None,
        "worker": None,
        "claims": False,
        "sealed": False,
        "deadline": None,
        "createdAt": iso(START),
        "expiresAt": iso(START + 7 * 86_400_000),
        "shortened": False,
    }
    assert world.nobody.do("web3.market.getTask", taskId=task["taskId"]) == task


def test_publishing_holds_the_budget(world: World) -> None:
    """What is promised is set aside; an unfunded task promises nothing yet."""
    buyer = world.member()
    buyer.publishes("50")
    assert buyer.figures() == ("950000000", "50000000", "0", "0")
    assert buyer.publishes("10", fund=False)["funded"] is False
    assert buyer.figures() == ("950000000", "50000000", "0", "0")


def test_nobody_promises_more_than_they_have(world: World) -> None:
    """The refusal names what is there and what is missing; an unfunded task is not refused."""
    buyer = world.member()
    with pytest.raises(FundsMissingError) as refused:
        buyer.publishes("1000.000001")
    assert refused.value.details == {"available": "1000000000", "missing": "1"}
    assert (
        str(refused.value)
        == "There are 1,000.00 credits available; 0.000001 credits more are needed."
    )
    assert buyer.publishes("1000.000001", fund=False)["status"] == "task_open"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"budget": "0"}, "$.budget"),
        ({"budget": "01"}, "$.budget"),
        ({"budget": "-1"}, "$.budget"),
        ({"budget": "1.5"}, "$.budget"),
        ({"budget": "\u0661"}, "$.budget"),
        ({"budget": 50}, "$.budget"),
        ({"budget": "1" + "0" * 16}, "$.budget"),
        ({"title": ""}, "$.title"),
        ({"title": "x" * 201}, "$.title"),
        ({"skills": ["Python"]}, "$.skills.0"),
        ({"fund": "true"}, "$.fund"),
        ({"fund": 1}, "$.fund"),
        ({"expirySec": 0}, "$.expirySec"),
        ({"timeoutSec": 90 * 86_400 + 1}, "$.timeoutSec"),
        ({"asset": "euros"}, "$.asset"),
        ({"bonus": "1"}, "$.bonus"),
    ],
)
def test_a_field_that_cannot_be_is_named(world: World, wrong: Fields, path: str) -> None:
    """Each wrong field is refused by its path, and nothing is held."""
    buyer = world.member()
    with pytest.raises(Refused) as refused:
        buyer.do("web3.market.publishTask", **({"title": "A task", "budget": "1"} | wrong))
    assert (refused.value.code, refused.value.cause) == ("E_INVALID_ARGUMENT", "field_invalid")
    assert refused.value.details["path"] == path
    assert buyer.figures() == ("1000000000", "0", "0", "0")


def test_taking_a_task_back_frees_the_budget(world: World) -> None:
    """The money is available again at once, and the task takes no bids any more."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    bid = worker.bids(task)
    assert buyer.cancels(task) == task | {"status": "task_cancelled", "bids": 1}
    assert buyer.figures() == ("1000000000", "0", "0", "0")
    steps: list[Callable[[], object]] = [lambda: worker.bids(task), lambda: buyer.cancels(task)]
    for late in steps:
        with pytest.raises(TaskNotOpenError) as refused:
            late()
        assert refused.value.next_step == f"clawmarket task show {task['taskId']}"
    assert worker.do("web3.market.listBids")["items"] == [bid | {"status": "bid_rejected"}]


def test_an_awarded_task_cannot_be_taken_back(world: World) -> None:
    """Once somebody works for it, the money is theirs to earn."""
    buyer, _, award = world.hired()
    with pytest.raises(TaskNotOpenError):
        buyer.cancels(award)
    assert buyer.figures() == ("960000000", "40000000", "0", "0")


def test_only_the_buyer_takes_a_task_back(world: World) -> None:
    """Somebody else's task is answered like one that does not exist."""
    task = world.member().publishes()
    with pytest.raises(TaskNotFoundError):
        world.member().cancels(task)
    with pytest.raises(TaskNotFoundError):
        world.member().cancels({"taskId": UNKNOWN})


def test_a_task_shows_its_attachments_to_everybody(world: World) -> None:
    """A buyer attaches files they stored; files of others cannot be attached."""
    buyer, other = world.member(), world.member()
    file = buyer.stores(b"the document", "document.txt")

    assert buyer.publishes(attachments=[file])["attachments"] == [file]
    with pytest.raises(BlobMissingError):
        other.publishes(attachments=[file])


def test_lists_show_the_newest_first_and_filter(world: World) -> None:
    """Every filter narrows the list; together they narrow it together."""
    ann, bob = world.member(), world.member()
    small = ann.publishes("1", skills=["python"])
    world.pass_time(seconds=1)
    large = ann.publishes("9", skills=["rust"])
    world.pass_time(seconds=1)
    gone = bob.cancels(bob.publishes("9", skills=["python"]))

    def listed(**filters: Any) -> list[Fields]:
        items: list[Fields] = world.nobody.do("web3.market.listTasks", **filters)["items"]
        return items

    assert listed() == [gone, large, small]
    assert listed(status="task_open") == [large, small]
    assert listed(buyer=ann.id, skill="python") == [small]
    assert listed(minBudget="9000000") == [gone, large]
    assert listed(minBudget="9000001") == []


def test_pages_walk_through_all_rows_once(world: World) -> None:
    """Following `nextCursor` shows each task once, also those that a filter makes rare."""
    buyer = world.member()
    made = []
    for number in range(7):
        world.pass_time(seconds=1)
        made.append(buyer.publishes("1", skills=["odd" if number % 2 else "even"])["taskId"])

    def walk(**filters: Any) -> list[str]:
        found, page = [], world.nobody.do("web3.market.listTasks", limit=2, **filters)
        found += [task["taskId"] for task in page["items"]]
        while page["nextCursor"]:
            filters["cursor"] = page["nextCursor"]
            page = world.nobody.do("web3.market.listTasks", limit=2, **filters)
            found += [task["taskId"] for task in page["items"]]
        return found

    assert walk() == made[::-1]
    assert walk(skill="odd") == made[5::-2]
