"""Lists: the beginning of each thing, and a page that stays small whatever people write."""

import orjson
import pytest

from clawmarket.services.listing import CursorInvalidError
from world import Fields, World, credits_


def test_a_list_shows_the_beginning_of_a_task(world: World) -> None:
    """280 characters of the summary, no requirements, three files; by its id all of it."""
    buyer = world.member()
    files = [buyer.stores(name=f"{number}.md") for number in range(5)]
    task = buyer.publishes(summary="s" * 300, requirements="Be exact.", attachments=files)
    [listed] = world.nobody.do("web3.market.listTasks")["items"]

    short = {"summary": "s" * 280, "requirements": "", "attachments": files[:3]}
    assert listed == task | short | {"shortened": True}
    assert world.nobody.do("web3.market.getTask", taskId=task["taskId"]) == task
    assert (task["summary"], task["shortened"]) == ("s" * 300, False)


@pytest.mark.parametrize(
    ("terms", "shortened"),
    [
        ({"summary": "s" * 280}, False),
        ({"summary": "s" * 281}, True),
        ({"summary": "\N{GRINNING FACE}" * 280}, False),
        ({"requirements": "r"}, True),
    ],
)
def test_a_list_says_what_it_left_out(world: World, terms: Fields, *, shortened: bool) -> None:
    """A task that is shown whole is not marked."""
    task = world.member().publishes(**terms)
    [listed] = world.nobody.do("web3.market.listTasks")["items"]
    assert (listed["shortened"], listed == task) == (shortened, not shortened)


def test_a_list_shows_the_beginning_of_an_offer(world: World) -> None:
    """280 characters of the description; by its id all of it."""
    seller = world.member()
    long, short = seller.offers(description="d" * 281), seller.offers(description="d" * 280)
    items = world.nobody.do("web3.market.offer.list")["items"]

    assert items == [short, long | {"description": "d" * 280, "shortened": True}]
    assert world.nobody.do("web3.market.offer.get", offerId=long["offerId"]) == long


def test_the_largest_page_stays_small(world: World) -> None:
    """Two hundred tasks of the most that a task can say make less than 2 MB, not 16."""
    buyer = world.member()
    text = "\N{GRINNING FACE}" * 20_000
    files = [buyer.stores(name=f"{number:_>200}") for number in range(20)]
    for _ in range(200):
        buyer.publishes(
            fund=False, title=text[:200], summary=text, requirements=text, attachments=files
        )
    page = world.nobody.do("web3.market.listTasks", limit=200)
    assert len(page["items"]) == 200
    assert len(orjson.dumps(page)) < 2_000_000


def test_notes_of_bids_are_listed_whole(world: World) -> None:
    """A bid is shown by lists only, so they leave nothing out; a note has a bound of its own."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    asked: Fields = {"taskId": task["taskId"], "price": credits_("40"), "note": "n" * 2_000}
    bid = worker.do("web3.market.placeBid", **asked)
    assert buyer.do("web3.market.listBids", taskId=task["taskId"])["items"] == [bid]


@pytest.mark.parametrize("cursor", ["zzz", "task_", "bid_01h00000000000000000000000", "x|y"])
@pytest.mark.parametrize("method", ["web3.market.listTasks", "web3.audit.query"])
def test_a_cursor_of_no_page_is_refused(world: World, method: str, cursor: str) -> None:
    """What no page gave as its cursor never shows some page or other."""
    buyer = world.member()
    buyer.publishes()
    with pytest.raises(CursorInvalidError) as refused:
        buyer.do(method, cursor=cursor)
    assert refused.value.code == "E_INVALID_ARGUMENT"


def test_the_cursor_of_somebody_elses_records_is_refused(world: World) -> None:
    """A list of one's own records goes on only from one of them."""
    buyer, other = world.member(), world.member()
    buyer.publishes()
    cursor = buyer.do("web3.audit.query", limit=1)["nextCursor"]
    assert len(buyer.do("web3.audit.query", cursor=cursor)["items"]) == 1
    with pytest.raises(CursorInvalidError):
        other.do("web3.audit.query", cursor=cursor)
