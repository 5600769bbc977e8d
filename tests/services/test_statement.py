"""Statements: opening + lines = closing, to the unit, and equal to the stored balance."""

from itertools import pairwise
from typing import Any

import pytest

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.treasury.account import Balance
from clawmarket.ports.store import Query
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.treasury.statement import MAX_LOOKED_AT, MomentInvalidError
from world import START, Fields, Member, World

STATEMENT = "web3.wallet.statement"


def walked(member: Member, **span: Any) -> list[Fields]:
    """Return all pages of a statement."""
    pages = [member.do(STATEMENT, **span)]
    while pages[-1]["nextCursor"]:
        pages.append(member.do(STATEMENT, **span, cursor=pages[-1]["nextCursor"]))
    return pages


def lines_of(pages: list[Fields]) -> list[tuple[str, ...]]:
    """Return method, changes and pockets of every line, the oldest first."""
    names = ("method", "availableChange", "heldChange", "available", "held")
    lines = [item for page in pages for item in page["items"]]
    return [tuple(line[name] for name in names) for line in reversed(lines)]


def check(pages: list[Fields]) -> None:
    """Assert that the pages are one chain from opening to closing."""
    lines = [line for page in pages for line in page["items"]]
    for newer, older in pairwise(lines):
        for pocket in ("available", "held"):
            assert int(newer[pocket]) - int(newer[f"{pocket}Change"]) == int(older[pocket])
    for line in lines:
        assert sum(int(posting["amount"]) for posting in line["postings"]) == 0
    if lines:
        opening = pages[-1]["opening"]
        for pocket in ("available", "held"):
            change = sum(int(line[f"{pocket}Change"]) for line in lines)
            assert int(opening[pocket]) + change == int(lines[0][pocket])


def dealt(world: World) -> tuple[Member, Member, Fields]:
    """Let one deal run through, with an hour before each step that moves money."""
    buyer, worker = world.member(), world.member()
    world.pass_time(seconds=3600)
    task = buyer.publishes("50")
    world.pass_time(seconds=3600)
    award = buyer.awards(worker.bids(task, "40"))
    world.pass_time(seconds=3600)
    buyer.accepts(worker.submits(award))
    return buyer, worker, award


def test_a_deal_is_three_lines_of_the_buyer(world: World) -> None:
    """From the faucet to the payment, with both pockets after each."""
    buyer, worker, award = dealt(world)
    world.log()
    pages = walked(buyer)
    check(pages)

    assert lines_of(pages) == [
        ("web3.siwe.verify", "1000000000", "0", "1000000000", "0"),
        ("web3.market.publishTask", "-50000000", "50000000", "950000000", "50000000"),
        ("web3.market.awardBid", "10000000", "-10000000", "960000000", "40000000"),
        ("web3.market.reviewResult", "0", "-40000000", "960000000", "0"),
    ]
    [page] = pages
    newest, *_ = page["items"]
    assert (newest["orderId"], newest["taskId"]) == (award["orderId"], award["taskId"])
    assert newest["postings"] == [
        {"account": f"{buyer.id}/held", "amount": "-40000000"},
        {"account": f"{worker.id}/available", "amount": "39600000"},
        {"account": "fees", "amount": "400000"},
    ]
    assert page["opening"] == {"available": "0", "held": "0"}
    assert page["closing"] == {"available": "960000000", "held": "0"}
    assert (page["agrees"], page["accountId"], page["asset"]) == (True, buyer.id, "credits")
    assert (newest["recordId"], newest["index"]) == (page["asOf"], page["asOfIndex"])


def test_the_figures_are_those_of_the_wallet_at_the_same_record(world: World) -> None:
    """Four figures, to the digit, with the record until which they hold."""
    buyer, worker, _ = dealt(world)
    buyer.awards(worker.bids(buyer.publishes("9"), "7"))
    for member in (buyer, worker):
        shown, page = member.do("web3.wallet.show"), member.do(STATEMENT)
        names = ("available", "held", "onItsWay", "earned")
        assert page["balance"] == {name: shown[name] for name in names}
        assert (
            page["asOf"] == shown["asOf"] == member.do("web3.audit.query")["items"][0]["recordId"]
        )


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_are_one_statement(world: World, limit: int) -> None:
    """Small pages show what one large page shows, each going on where the last one ended."""
    buyer, _, _ = dealt(world)
    pages = walked(buyer, limit=limit)
    check(pages)

    assert lines_of(pages) == lines_of(walked(buyer))
    assert [page["closing"] for page in pages[1:]] == [page["opening"] for page in pages[:-1]]
    assert {page["agrees"] for page in pages[:-1]} == {None}
    assert pages[-1]["agrees"] is True


def test_new_records_do_not_upset_a_walk(world: World) -> None:
    """The cursor carries the pockets: what happens meanwhile belongs to another statement."""
    buyer, _, _ = dealt(world)
    before = lines_of(walked(buyer))
    first = buyer.do(STATEMENT, limit=2)
    buyer.publishes("3")
    rest = buyer.do(STATEMENT, cursor=first["nextCursor"])

    assert lines_of([first, rest]) == before
    assert rest["agrees"] is True


def test_statements_that_meet_share_no_line_and_lose_none(world: World) -> None:
    """`from` is inside, `until` is not; the closing of one is the opening of the next."""
    buyer, _, _ = dealt(world)
    moment = iso(START + 2 * 3_600_000)
    early, late = walked(buyer, until=moment), walked(buyer, **{"from": moment})

    assert [line[0] for line in lines_of(early)] == ["web3.siwe.verify", "web3.market.publishTask"]
    assert lines_of(early) + lines_of(late) == lines_of(walked(buyer))
    assert (
        early[0]["closing"] == late[-1]["opening"] == {"available": "950000000", "held": "50000000"}
    )
    assert (early[-1]["agrees"], late[-1]["agrees"]) == (True, None)


def test_a_span_without_lines_has_its_balance(world: World) -> None:
    """Nothing moved: opening and closing are the same."""
    buyer, _, _ = dealt(world)
    span = {"from": iso(START + 3_600_001), "until": iso(START + 3_600_002)}
    [page] = walked(buyer, **span)

    assert page["items"] == []
    assert page["opening"] == page["closing"] == {"available": "950000000", "held": "50000000"}


def test_records_that_move_nothing_are_passed_over(world: World) -> None:
    """Even more of them than a page looks at: an empty page goes on."""
    member = world.member()
    for number in range(MAX_LOOKED_AT):
        member.stores(str(number).encode())
    first, second = walked(member)

    assert (first["items"], first["agrees"]) == ([], None)
    assert [line["method"] for line in second["items"]] == ["web3.siwe.verify"]
    assert second["agrees"] is True


def test_nobody_sees_the_statement_of_another(world: World) -> None:
    """A newcomer's statement has the newcomer's faucet, an operator's has nothing."""
    dealt(world)
    newcomer = world.member()

    assert [line[0] for line in lines_of(walked(newcomer))] == ["web3.siwe.verify"]
    assert lines_of(walked(world.operator)) == []


def test_a_balance_that_the_records_do_not_lead_to_is_named(world: World) -> None:
    """One unit too many in the store, and the walk does not end at nothing."""
    buyer, _, _ = dealt(world)

    def plant(rows: Any) -> None:
        [row] = rows.find(Query(Balance, prefix=buyer.id))
        rows.save(Balance(row.balance_id, row.available + 1, row.held, row.on_its_way, row.earned))

    world.run(world.store.write(plant))
    [page] = walked(buyer)

    assert (page["agrees"], page["opening"]) == (False, {"available": "1", "held": "0"})


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-31", "2026-01-31T12:00:00", "9" * 40])
def test_a_moment_has_its_zone(world: World, text: str) -> None:
    """Anything else is refused by its own name."""
    with pytest.raises(MomentInvalidError):
        world.member().do(STATEMENT, **{"from": text})


@pytest.mark.parametrize(
    "cursor", ["x", "rec_1", "rec_01h00000000000000000000000|1", "agent_1|1|1"]
)
def test_a_cursor_is_one_of_this_list(world: World, cursor: str) -> None:
    """A made-up cursor shows no made-up page."""
    with pytest.raises(CursorInvalidError):
        world.member().do(STATEMENT, cursor=cursor)


def test_moments_of_long_ago_and_far_ahead_are_legal(world: World) -> None:
    """The whole history lies between 1900 and 9999."""
    buyer, _, _ = dealt(world)
    span = {"from": "1900-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}

    assert lines_of(walked(buyer, **span)) == lines_of(walked(buyer))
