"""Disputes: frozen money, both sides heard, a ruling by somebody who is no party."""

from collections.abc import Callable
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.market.dispute import (
    DisputeLateError,
    DisputeNotFoundError,
    DisputeNotNowError,
    EvidenceFullError,
    NotHeardYetError,
    OwnDisputeError,
)
from clawmarket.domain.trust.session import Role, RoleMissingError
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.trust.files import right_to_read
from clawmarket.services.trust.roles import RoleFixedError
from world import Fields, Member, World


def contested(world: World) -> tuple[Member, Member, Fields, Fields]:
    """Return buyer, worker, award and the buyer's dispute about the result; 40 are locked."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    return buyer, worker, award, buyer.contests(award)


def heard(world: World) -> tuple[Member, Member, Fields, Fields]:
    """Return a dispute in which both sides were heard."""
    buyer, worker, award, dispute = contested(world)
    buyer.shows(dispute)
    worker.shows(dispute, "All chapters are there.")
    return buyer, worker, award, dispute


def test_a_dispute_freezes_the_money(world: World) -> None:
    """Neither release nor refund nor a review moves anything until it is decided."""
    buyer, worker, award, dispute = contested(world)
    assert (dispute["status"], dispute["claim"]) == ("dispute_opened", "refund")
    assert buyer.order(award)["status"] == "order_disputed"
    result = {"resultId": buyer.order(award)["resultId"]}
    refused: list[Callable[[], Fields]] = [
        lambda: buyer.releases(award),
        lambda: worker.refunds(award),
        lambda: buyer.accepts(result),
        lambda: buyer.rejects(result),
        lambda: worker.submits(award),
        lambda: buyer.contests(award),
    ]
    for act in refused:
        with pytest.raises((TransitionRefusedError, DisputeNotNowError)):
            act()
    with pytest.raises(DisputeNotNowError, match="This order is contested and waits for a ruling"):
        worker.contests(award)
    world.pass_time(seconds=86_399)
    assert world.sweep().due == 0
    assert buyer.figures()[1] == "40000000"


@pytest.mark.parametrize(
    ("resolution", "share", "buyer_has", "worker_has", "state"),
    [
        ("release", None, "960000000", "1039600000", "settlement_completed"),
        ("refund", None, "1000000000", "1000000000", "order_refunded"),
        ("partial", "30000001", "969999999", "1029700001", "settlement_completed"),
        ("partial", "1", "999999999", "1000000001", "settlement_completed"),
    ],
)
def test_a_ruling_divides_the_lock_to_the_unit(
    world: World,
    resolution: str,
    share: str | None,
    buyer_has: str,
    worker_has: str,
    state: str,
) -> None:
    """The fee is taken from the seller's share, rounded down; the rest goes back."""
    buyer, worker, award, dispute = heard(world)
    ruled = world.arbiter().rules(dispute, resolution, sellerShare=share)
    assert (buyer.figures()[:2], worker.figures()[:3]) == (
        (buyer_has, "0"),
        (worker_has, "0", "0"),
    )
    assert buyer.order(award)["status"] == state
    assert ruled["status"] == (
        "dispute_rejected" if resolution == "release" else "dispute_resolved"
    )


def test_a_rejected_result_can_be_contested_by_its_maker(world: World) -> None:
    """Who was sent back for nothing gets a ruling, and the result counts as accepted."""
    buyer, worker, award = world.hired()
    buyer.rejects(worker.submits(award))
    dispute = worker.contests(award, "Nothing of what was asked for is missing.")
    assert dispute["claim"] == "release"
    buyer.shows(dispute)
    world.arbiter().rules(dispute, "release")
    result = buyer.do("web3.market.getResult", resultId=buyer.order(award)["resultId"])
    assert result["status"] == "result_accepted"
    assert worker.figures()[0] == "1039600000"


def test_an_offers_order_can_be_contested_too(world: World) -> None:
    """There is no review to send it back with, but a dispute."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    seller.delivers(seller.begins(order))
    dispute = buyer.contests(order)
    buyer.shows(dispute)
    world.pass_time(seconds=86_400)
    world.sweep()
    assert buyer.order(order)["status"] == "order_refunded"


@pytest.mark.parametrize(
    ("shown", "wait", "state"),
    [
        ("", 86_400, "settlement_completed"),
        ("buyer", 86_400, "order_refunded"),
        ("worker", 86_400, "settlement_completed"),
        ("buyer, worker", 3 * 86_400, "settlement_completed"),
    ],
)
def test_a_dispute_ends_when_somebody_is_silent(
    world: World, shown: str, wait: int, state: str
) -> None:
    """To the second: one side within a day, the arbiter within three more."""
    buyer, worker, award, dispute = contested(world)
    for name, member in (("buyer", buyer), ("worker", worker)):
        if name in shown:
            member.shows(dispute)
    world.pass_time(seconds=wait - 1)
    assert world.sweep().due == 0
    world.pass_time(seconds=1)
    assert world.sweep().due == 1
    assert buyer.order(award)["status"] == state
    assert buyer.figures()[1] == "0"
    assert buyer.do("web3.dispute.get", disputeId=dispute["disputeId"])["arbiter"] is None


def test_nobody_disputes_too_early_or_too_late(world: World) -> None:
    """A buyer only within the review, a seller only after a rejection, nobody else at all."""
    buyer, worker, award = world.hired()
    for early in (buyer, worker):
        with pytest.raises(DisputeNotNowError, match="This order waits for the delivery; you"):
            early.contests(award)
    result = worker.submits(award)
    with pytest.raises(DisputeNotNowError, match="This order was delivered; you"):
        worker.contests(award)
    with pytest.raises(Refused):
        world.member().contests(award)
    world.pass_time(seconds=600)
    with pytest.raises(DisputeNotNowError, match="The time to contest this delivery is over"):
        buyer.contests(award)
    assert result["status"] == "result_submitted"


def test_only_an_arbiter_rules_and_never_in_his_own_case(world: World) -> None:
    """Parties, strangers and members are refused; so is an arbiter who is a side."""
    buyer, worker, _, dispute = heard(world)
    for party in (buyer, worker):
        with pytest.raises(RoleMissingError):
            party.rules(dispute, "refund")
        with pytest.raises(RoleMissingError):
            party.dismisses(dispute)
    with pytest.raises(RoleMissingError):
        world.member().rules(dispute, "refund")
    world.operator.do("market.arbiter.appoint", accountId=buyer.id)
    judging = Member(world, world.sign_in(buyer.known_wallet), buyer.wallet)
    with pytest.raises(OwnDisputeError):
        judging.rules(dispute, "refund")
    with pytest.raises(OwnDisputeError):
        judging.dismisses(dispute)


def test_an_arbiter_who_was_dismissed_rules_no_more(world: World) -> None:
    """From the next call on, also in the session that is open."""
    *_, dispute = heard(world)
    arbiter = world.arbiter()
    world.operator.do("market.arbiter.dismiss", accountId=arbiter.id)
    again = Member(world, world.sign_in(arbiter.known_wallet), arbiter.wallet)
    assert again.caller.role is Role.MEMBER
    with pytest.raises(RoleMissingError):
        again.rules(dispute, "refund")
    with pytest.raises(RoleFixedError):
        world.operator.do("market.arbiter.dismiss", accountId=arbiter.id)


def test_a_ruling_on_its_way_does_not_outlive_its_arbiter(world: World) -> None:
    """The role is judged at the command's turn: here it was taken between the two."""
    buyer, *_, dispute = heard(world)
    arbiter = world.arbiter()
    world.operator.do("market.arbiter.dismiss", accountId=arbiter.id)
    assert arbiter.caller.role is Role.ARBITER
    with pytest.raises(RoleMissingError):
        arbiter.rules(dispute, "refund")
    with pytest.raises(RoleMissingError):
        arbiter.dismisses(dispute)
    assert buyer.do("web3.dispute.get", disputeId=dispute["disputeId"])["arbiter"] is None


def test_a_ruling_waits_for_the_other_side(world: World) -> None:
    """Before it was heard an arbiter can only let the claim fall."""
    buyer, worker, _, dispute = contested(world)
    buyer.shows(dispute)
    arbiter = world.arbiter()
    with pytest.raises(NotHeardYetError):
        arbiter.rules(dispute, "refund")
    arbiter.dismisses(dispute)
    assert worker.figures()[0] == "1039600000"


def test_evidence_is_bounded_and_read_by_those_concerned(world: World) -> None:
    """Five pieces a side; the other side and arbiters read the files, strangers do not."""
    buyer, worker, _, dispute = contested(world)
    file = buyer.stores(b"the outline", "outline.md")
    for _ in range(5):
        buyer.shows(dispute, artifacts=[file])
    with pytest.raises(EvidenceFullError):
        buyer.shows(dispute)
    for reader in (worker, world.arbiter(), world.operator):
        assert right_to_read(world.pipeline, reader.caller, file["digest"]).size == file["size"]
    with pytest.raises(BlobMissingError):
        right_to_read(world.pipeline, world.member().caller, file["digest"])
    with pytest.raises(BlobMissingError):
        worker.shows(dispute, artifacts=[{**file, "size": 1}])
    assert len(worker.do("web3.dispute.get", disputeId=dispute["disputeId"])["evidence"]) == 5


def test_an_arbiter_reads_what_was_delivered(world: World) -> None:
    """Nobody could judge it otherwise."""
    buyer, _, award, _ = contested(world)
    result = buyer.do("web3.market.getResult", resultId=buyer.order(award)["resultId"])
    digest = result["artifacts"][0]["digest"]
    assert right_to_read(world.pipeline, world.arbiter().caller, digest).digest == digest


def test_late_evidence_is_refused(world: World) -> None:
    """When the day is over the market decides, whether or not it has swept yet."""
    buyer, worker, _, dispute = contested(world)
    buyer.shows(dispute)
    world.pass_time(seconds=86_400)
    with pytest.raises(DisputeLateError):
        worker.shows(dispute)


def test_an_arbiter_who_comes_later_reads_nothing_of_it(world: World) -> None:
    """Dispute, evidence and files stay with the sides, whoever ruled, and operators."""
    buyer, _, award, dispute = heard(world)
    file = buyer.stores(b"the outline", "outline.md")
    buyer.shows(dispute, artifacts=[file])
    ruling, later = world.arbiter(), world.arbiter()
    ruling.rules(dispute, "refund")
    result = buyer.do("web3.market.getResult", resultId=buyer.order(award)["resultId"])
    of_dispute = {"disputeId": dispute["disputeId"]}
    digests = [file["digest"], result["artifacts"][0]["digest"]]
    for judge in (ruling, world.operator):
        assert judge.do("web3.dispute.get", **of_dispute)["status"] == "dispute_resolved"
        assert len(judge.do("web3.dispute.list")["items"]) == 1
        assert [right_to_read(world.pipeline, judge.caller, d).digest for d in digests] == digests
    assert later.do("web3.dispute.list")["items"] == []
    with pytest.raises(DisputeNotFoundError):
        later.do("web3.dispute.get", **of_dispute)
    for digest in digests:
        with pytest.raises(BlobMissingError):
            right_to_read(world.pipeline, later.caller, digest)


def test_each_sees_the_own_disputes_and_an_arbiter_all(world: World) -> None:
    """By side for members; strangers see none."""
    buyer, worker, _, dispute = contested(world)

    def ids(member: Member, **asked: Any) -> list[str]:
        return [each["disputeId"] for each in member.do("web3.dispute.list", **asked)["items"]]

    assert ids(buyer) == ids(worker, side="respondent") == [dispute["disputeId"]]
    assert ids(worker) == ids(buyer, side="respondent") == ids(world.member()) == []
    assert ids(world.arbiter(), status="dispute_opened") == [dispute["disputeId"]]


def test_the_explanation_says_who_has_to_be_heard(world: World) -> None:
    """In words, with the moment and the money, at every step."""
    buyer, worker, award, dispute = contested(world)

    def told() -> tuple[str, str]:
        words = worker.do("web3.market.order.explain", orderId=award["orderId"])
        return words["waitsFor"], words["then"]

    at = "2026-09-22T14:13:20.000Z (in 1 d)"
    pays = "39.60 credits go to you and 0.40 credits to the market."
    falls = f"If the buyer brings no evidence, the claim falls at {at} and {pays}"
    assert told() == ("buyer", falls)
    buyer.shows(dispute)
    back = "40.00 credits go back to the buyer."
    assert told() == (
        "seller",
        f"If you bring no evidence, the claim holds at {at} and {back}",
    )
    worker.shows(dispute)
    at = "2026-09-24T14:13:20.000Z (in 3 d)"
    assert told() == ("arbiter", f"If no arbiter rules, the claim falls at {at} and {pays}")
    world.arbiter().rules(dispute, "partial", sellerShare="10000000")
    words = buyer.do("web3.market.order.explain", orderId=award["orderId"])
    assert words["now"] == (
        "It was ruled: 9.90 credits went to the seller, 0.10 credits to the market and "
        "30.00 credits back to you."
    )


def test_an_operator_may_rule_without_being_named(world: World) -> None:
    """A market whose arbiters are all away is not stuck with its disputes."""
    buyer, *_, dispute = heard(world)
    world.operator.rules(dispute, "refund")
    ruled = buyer.do("web3.dispute.get", disputeId=dispute["disputeId"])
    assert (ruled["status"], ruled["arbiter"]) == ("dispute_resolved", world.operator.id)


def test_a_dismissed_arbiter_is_not_even_told_again(world: World) -> None:
    """A repeated ruling is refused before anything is looked up, also under its own key."""
    *_, dispute = heard(world)
    arbiter = world.arbiter()
    asked = {"disputeId": dispute["disputeId"], "resolution": "refund", "reason": "So it is."}
    arbiter.do("web3.dispute.resolve", key="the ruling", **asked)
    world.operator.do("market.arbiter.dismiss", accountId=arbiter.id)
    dismissed = Member(world, world.sign_in(arbiter.known_wallet), arbiter.wallet)
    with pytest.raises(RoleMissingError):
        dismissed.do("web3.dispute.resolve", key="the ruling", **asked)


@pytest.mark.parametrize("ended", [0, 1])
def test_a_file_is_read_by_any_of_its_disputes(world: World, ended: int) -> None:
    """One that is still open is enough, be it the earlier or the later of two."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    other = buyer.awards(worker.bids(buyer.publishes()))
    worker.submits(other)
    disputes = [buyer.contests(each) for each in (award, other)]
    file = buyer.stores(b"the outline", "outline.md")
    for dispute in disputes:
        buyer.shows(dispute, artifacts=[file])
        worker.shows(dispute)
    world.arbiter().rules(disputes[ended], "refund")
    later = world.arbiter()
    found = right_to_read(world.pipeline, later.caller, file["digest"])
    assert found.account_id == disputes[1 - ended]["disputeId"]


def test_of_very_many_disputes_the_latest_are_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound leaves out old disputes, which have an end, and not new ones."""
    monkeypatch.setattr("clawmarket.services.trust.files.MAX_DISPUTES_OF_A_FILE", 1)
    buyer, worker, _, first = heard(world)
    again = buyer.awards(worker.bids(buyer.publishes()))
    worker.submits(again)
    file = buyer.stores(b"the outline", "outline.md")
    for dispute in (first, buyer.contests(again)):
        buyer.shows(dispute, artifacts=[file])
    world.arbiter().rules(first, "refund")
    assert right_to_read(world.pipeline, world.arbiter().caller, file["digest"])
