"""Terms of a task: its deadline, what is sealed, what is rated, and what is yours."""

from typing import Any

import pytest

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.kernel.moment import DAY_MS, iso
from clawmarket.domain.market.order import DeliveryLateError, OrderNotFoundError
from clawmarket.domain.market.task import TaskExpiredError, TaskNotFoundError
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.market.claiming.deadlines import DeadlineInvalidError
from clawmarket.services.market.claiming.mine import ResultsUnnamedError
from clawmarket.services.pipeline import FieldInvalidError
from clawmarket.services.trust.files import right_to_read
from world import START, Fields, Member, World


def reads(member: Member, result: Fields) -> bool:
    """Tell whether somebody may read the first file of a result."""
    digest = result["artifacts"][0]["digest"]
    try:
        right_to_read(member.world.pipeline, member.caller, digest)
    except BlobMissingError:
        return False
    return True


@pytest.mark.parametrize("claims", [True, False])
def test_an_order_has_what_is_left_until_the_deadline(world: World, claims: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Awarded or claimed an hour later, the worker has an hour less, in whole seconds."""
    buyer, worker = world.member(), world.member()
    deadline = START + 3 * 3_600_000 + 999
    task = buyer.publishes(deadline=iso(deadline), claims=claims)
    assert (task["deadline"], task["timeoutSec"]) == (iso(deadline), 10_800)
    assert task["expiresAt"] == iso(deadline)
    world.pass_time(seconds=3_600)
    award = worker.claims(task) if claims else buyer.awards(worker.bids(task))
    assert award["dueAt"] == iso(deadline - 999)
    world.reaches(award["dueAt"])
    with pytest.raises(DeliveryLateError):
        worker.submits(award)


def test_the_last_second_before_a_deadline_is_too_short(world: World) -> None:
    """Nobody gets an order without a whole second to deliver in."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes(deadline=iso(START + 60_000), claims=True)
    bid = worker.bids(task)
    world.pass_time(seconds=59)
    world.clock.advance(1)
    with pytest.raises(TaskExpiredError):
        worker.claims(task)
    with pytest.raises(TaskExpiredError):
        buyer.awards(bid)
    world.sweep()
    world.clock.advance(999)
    assert world.sweep().tasks_expired == 1
    assert buyer.figures() == ("1000000000", "0", "0", "0")


@pytest.mark.parametrize(
    "moment",
    [
        START,
        START - 1,
        START + 999,
        START + 366 * DAY_MS + 1,
        "3000-01-01T00:00:00Z",
        "2027-02-30T00:00:00Z",
        "2027-01-01T00:00:00+99:00",
    ],
)
def test_a_deadline_is_a_moment_of_the_coming_year(world: World, moment: int | str) -> None:
    """Past, now, too far off and impossible ones are refused with one that would do."""
    buyer = world.member()
    text = moment if isinstance(moment, str) else iso(moment)
    with pytest.raises(DeadlineInvalidError) as refused:
        buyer.publishes(deadline=text)
    example = refused.value.what.removesuffix(".").rpartition(" ")[2]
    assert refused.value.code == "E_INVALID_ARGUMENT"
    assert buyer.figures() == ("1000000000", "0", "0", "0")
    assert buyer.publishes(deadline=example)["deadline"] == example


def test_the_last_allowed_deadline_is_allowed(world: World) -> None:
    """366 days, also written with another zone than UTC."""
    last = START + 366 * DAY_MS
    text = iso(last + 8 * 3_600_000).replace("Z", "+08:00")
    assert world.member().publishes(deadline=text)["deadline"] == iso(last)


@pytest.mark.parametrize("text", ["tomorrow", "2027-01-01", "2027-01-01T00:00:00", 1, ""])
def test_a_deadline_has_the_form_of_a_moment(world: World, text: Any) -> None:
    """Anything else is a field that is wrong."""
    with pytest.raises(FieldInvalidError):
        world.member().publishes(deadline=text)


def test_milestones_have_no_deadline(world: World) -> None:
    """Each has its own time to deliver."""
    with pytest.raises(DeadlineInvalidError):
        world.member().publishes_parts(50, 50, deadline=iso(START + DAY_MS))


def test_sealed_files_are_read_after_acceptance(world: World) -> None:
    """The buyer sees names and hashes at once, the content once it is paid for."""
    buyer, worker, award = world.hired(sealed=True)
    first = worker.submits(award, b"a first try")
    shown = buyer.do("web3.market.getResult", resultId=first["resultId"])
    assert (shown["artifacts"], reads(buyer, first)) == (first["artifacts"], False)
    buyer.rejects(first)
    second = worker.submits(award)
    assert reads(buyer, second) is False
    buyer.accepts(second)
    assert (reads(buyer, second), reads(buyer, first), reads(worker, first)) == (True, False, True)


def test_silence_opens_what_was_sealed(world: World) -> None:
    """What counts as accepted is paid for, and so it is read."""
    buyer, worker, award = world.hired(sealed=True)
    result = worker.submits(award)
    world.pass_time(seconds=600)
    assert world.sweep().released == 1
    assert reads(buyer, result) is True


def test_a_release_opens_what_was_sealed(world: World) -> None:
    """Also in parts: each acceptance opens its own part."""
    buyer, worker = world.member(), world.member()
    award = buyer.awards(worker.bids(buyer.publishes_parts(50, 50, sealed=True)))
    first = worker.submits(award, b"part one")
    buyer.releases(award)
    second = worker.submits(award, b"part two")
    assert (reads(buyer, first), reads(buyer, second)) == (True, False)


@pytest.mark.parametrize(("ruling", "opened"), [("refund", False), ("release", True)])
def test_the_arbiter_reads_what_is_contested(world: World, ruling: str, opened: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """While the dispute is open; the buyer only if something of it is paid for."""
    buyer, worker, award = world.hired(sealed=True)
    arbiter, other = world.arbiter(), world.arbiter()
    result = worker.submits(award)
    assert reads(arbiter, result) is False
    dispute = buyer.contests(award)
    assert (reads(arbiter, result), reads(buyer, result)) == (True, False)
    buyer.shows(dispute)
    worker.shows(dispute)
    arbiter.rules(dispute, ruling)
    assert (reads(buyer, result), reads(other, result)) == (opened, False)


def test_a_file_that_was_never_stored_is_not_sealed(world: World) -> None:
    """Nobody hands in a hash of nothing."""
    _, worker, award = world.hired(sealed=True)
    lie = [{"name": "a", "digest": "sha256:" + "0" * 64, "size": 1}]
    with pytest.raises(BlobMissingError):
        worker.do("web3.market.submitResult", orderId=award["orderId"], artifacts=lie)


def test_a_result_shows_what_the_buyer_gave_it(world: World) -> None:
    """Rating and words on both verdicts; attempts are counted."""
    buyer, worker, award = world.hired()
    first = worker.submits(award, b"one")
    about: Fields = {"decision": "reject", "feedback": "Too short.", "rating": 2}
    sent_back = buyer.do("web3.market.reviewResult", resultId=first["resultId"], **about)
    assert (sent_back["rating"], sent_back["feedback"], sent_back["attempt"]) == (
        2,
        "Too short.",
        1,
    )
    second = worker.submits(award, b"two")
    about = {"decision": "accept", "feedback": "Good.", "rating": 5}
    accepted = buyer.do("web3.market.reviewResult", resultId=second["resultId"], **about)
    assert (accepted["rating"], accepted["feedback"], accepted["attempt"]) == (5, "Good.", 2)
    for named in ({"taskId": award["taskId"]}, {"orderId": award["orderId"]}):
        for party in (buyer, worker):
            shown = party.do("web3.market.listResults", **named)
            assert shown == {"items": [sent_back, accepted], "nextCursor": None}


@pytest.mark.parametrize("rating", [0, 6, -1, "5", True])
def test_a_rating_is_a_whole_number_from_one_to_five(world: World, rating: Any) -> None:
    """Anything else is refused and reviews nothing."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)
    about = {"resultId": result["resultId"], "decision": "accept", "rating": rating}
    with pytest.raises(FieldInvalidError):
        buyer.do("web3.market.reviewResult", **about)
    assert buyer.order(award)["status"] == "delivery_completed"


def test_results_are_for_both_parties_only(world: World) -> None:
    """To others task and order are not there; and one of the two is named."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    stranger = world.member()
    with pytest.raises(TaskNotFoundError):
        stranger.do("web3.market.listResults", taskId=award["taskId"])
    with pytest.raises(OrderNotFoundError):
        stranger.do("web3.market.listResults", orderId=award["orderId"])
    for named in ({}, {"taskId": award["taskId"], "orderId": award["orderId"]}):
        with pytest.raises(ResultsUnnamedError):
            buyer.do("web3.market.listResults", **named)
    waiting = buyer.publishes()
    assert buyer.do("web3.market.listResults", taskId=waiting["taskId"])["items"] == []


def _one_after_another(buyer: Member) -> Fields:
    buyer.world.clock.advance(1)
    return buyer.publishes("1", claims=True)


def test_everybody_finds_their_own_tasks(world: World) -> None:
    """As employer what was published, as worker what one has or had; nothing given back."""
    buyer, worker = world.member(), world.member()
    done, given_back, held, waiting = (_one_after_another(buyer) for _ in range(4))
    buyer.accepts(worker.submits(worker.claims(done)))
    world.clock.advance(1)
    worker.claims(given_back)
    worker.steps_back(given_back)
    world.clock.advance(1)
    worker.claims(held)

    def mine(member: Member, side: str, **more: Any) -> list[str]:
        page = member.do("web3.market.task.mine", side=side, **more)
        return [task["taskId"] for task in page["items"]]

    ids = [task["taskId"] for task in (waiting, held, given_back, done)]
    assert mine(buyer, "employer") == ids
    assert mine(buyer, "employer", status="task_open") == [ids[0], ids[2]]
    assert mine(buyer, "worker") == []
    assert mine(worker, "worker") == [ids[1], ids[3]]
    assert mine(worker, "worker", status="task_closed") == [ids[3]]
    first = worker.do("web3.market.task.mine", side="worker", limit=1)
    rest = worker.do("web3.market.task.mine", side="worker", cursor=first["nextCursor"])
    assert [task["taskId"] for task in first["items"] + rest["items"]] == [ids[1], ids[3]]
    with pytest.raises(InvalidArgumentError):
        worker.do("web3.market.task.mine", side="owner")
