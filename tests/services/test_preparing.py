"""Before a result is handed in: one conversation for every caller, near or far."""

from collections.abc import Callable

import pytest

from clawmarket.domain.kernel.errors import UnavailableError
from clawmarket.domain.market.inspection.verdict import Inspection, InspectionFailedError
from clawmarket.domain.market.order import OrderNotFoundError, OtherSideError
from clawmarket.services.market.delivering.results import NotATaskOrderError
from clawmarket.services.market.inspections.preparing import (
    INSPECT,
    inspection_behind,
    prepared,
    prepared_now,
    preparing,
)
from world import Fields, Member, World

SUBMIT = "web3.market.submitResult"
PROGRAM = b"\x7fELF and so on"

Prepare = Callable[..., Fields]


def _near(member: Member, *made: object) -> Fields:
    async def ask(method: str, /, **params: object) -> Fields:
        return await member.world.pipeline.submit(member.caller, method, params)

    answer: Fields = member.world.run(prepared(ask, preparing(*made)))  # type: ignore[arg-type]  # a story's values
    return answer


def _far(member: Member, *made: object) -> Fields:
    questions = preparing(*made)  # type: ignore[arg-type]  # a story's values
    return prepared_now(lambda method, params: member.do(method, key="", **params), questions)


@pytest.fixture(params=[_near, _far], ids=["near", "far"])
def prepare(request: pytest.FixtureRequest) -> Prepare:
    """Each way to ask."""
    asks: Prepare = request.param
    return asks


def test_files_of_a_task_that_inspects_are_inspected_first(world: World, prepare: Prepare) -> None:
    """What passed is handed in with what was prepared, word for word."""
    _, worker, award = world.hired(inspect=True)
    file = worker.stores()

    params = prepare(worker, award["orderId"], [file], "As agreed.")

    assert params == {"orderId": award["orderId"], "artifacts": [file], "note": "As agreed."}
    result = worker.do(SUBMIT, **params)
    assert (result["inspection"]["verdict"], result["note"]) == ("passed", "As agreed.")


def test_a_task_that_does_not_ask_has_nothing_inspected(world: World, prepare: Prepare) -> None:
    """Not even a program; and an appeal, which would be against nothing, is left out."""
    _, worker, award = world.hired()
    file = worker.stores(PROGRAM, "tool.md")

    params = prepare(worker, award["orderId"], [file], "", "You asked for the tool itself.")

    assert params == {"orderId": award["orderId"], "artifacts": [file], "note": ""}
    assert worker.do(SUBMIT, **params)["inspection"] is None
    assert world.all(Inspection) == []


@pytest.mark.parametrize("blank", ["", " \n"])
def test_what_failed_is_not_handed_in_without_a_reason(
    world: World, prepare: Prepare, blank: str
) -> None:
    """The refusal is the market's own, with all findings; blanks are no reason."""
    _, worker, award = world.hired(inspect=True)
    file = worker.stores(PROGRAM, "tool.md")

    with pytest.raises(InspectionFailedError) as failed:
        prepare(worker, award["orderId"], [file], "", blank)

    asked = {"orderId": award["orderId"], "artifacts": [file]}
    inspection = worker.do(INSPECT, **asked)
    names = ("inspectionId", "verdict", "findings")
    assert inspection_behind(failed.value) == {name: inspection[name] for name in names}
    with pytest.raises(InspectionFailedError) as refused:
        worker.do(SUBMIT, **asked)
    assert (refused.value.what, refused.value.details) == (failed.value.what, failed.value.details)
    assert worker.order(award)["status"] == "delivery_ready"


def test_an_appeal_goes_along_only_against_findings(world: World, prepare: Prepare) -> None:
    """Whoever hands in cannot know the verdict: a reason that is not needed is left out."""
    buyer, worker, award = world.hired(inspect=True)
    whole, program = worker.stores(), worker.stores(PROGRAM, "tool.md")

    assert "appeal" not in prepare(worker, award["orderId"], [whole], "", "Just in case.")
    result = worker.do(SUBMIT, **prepare(worker, award["orderId"], [program], "", "It was asked."))

    seen = buyer.do("web3.market.getResult", resultId=result["resultId"])["inspection"]
    assert (seen["verdict"], seen["appeal"]) == ("failed", "It was asked.")


@pytest.mark.parametrize("content", [b"made", PROGRAM])
def test_a_repetition_under_the_same_key_is_the_same_result(
    world: World, prepare: Prepare, content: bytes
) -> None:
    """The reply was lost: asked again, the parameters are equal, so the key finds its answer."""
    _, worker, award = world.hired(inspect=True)
    made = (award["orderId"], [worker.stores(content, "made.md")], "A note.", "It was asked.")

    first = worker.do(SUBMIT, key="once", **prepare(worker, *made))
    world.pass_time(seconds=5)
    again = worker.do(SUBMIT, key="once", **prepare(worker, *made))

    assert again == first
    assert len(world.all(Inspection)) == 1


def test_other_files_and_another_order_are_inspected_anew(world: World, prepare: Prepare) -> None:
    """A verdict is never that of files that were sent back, or of another task."""
    buyer, worker, award = world.hired(inspect=True)
    other = buyer.awards(worker.bids(buyer.publishes(inspect=True)))
    first, second = worker.stores(), worker.stores(b"made better")
    buyer.rejects(worker.do(SUBMIT, **prepare(worker, award["orderId"], [first])))
    worker.do(SUBMIT, **prepare(worker, award["orderId"], [second]))
    worker.do(SUBMIT, **prepare(worker, other["orderId"], [first]))

    inspected = {(each.order_id, each.artifacts[0].digest) for each in world.all(Inspection)}
    assert inspected == {
        (award["orderId"], first["digest"]),
        (award["orderId"], second["digest"]),
        (other["orderId"], first["digest"]),
    }


def test_what_refuses_a_question_refuses_the_preparation(world: World, prepare: Prepare) -> None:
    """The buyer, a stranger and an order that is delivered in another way hear why."""
    buyer, worker, award = world.hired(inspect=True)
    file = worker.stores()
    with pytest.raises(OtherSideError):
        prepare(buyer, award["orderId"], [file])
    with pytest.raises(OrderNotFoundError):
        prepare(world.member(), award["orderId"], [file])


def test_an_order_of_an_offer_is_refused_by_what_delivers_it(
    world: World, prepare: Prepare
) -> None:
    """No task asks for an inspection; `submitResult` names the methods that deliver."""
    seller, buyer = world.member(), world.member()
    order = buyer.orders(seller.offers())
    params = prepare(seller, order["orderId"], [seller.stores()], "", "No reason.")
    with pytest.raises(NotATaskOrderError):
        seller.do(SUBMIT, **params)


def test_a_lost_answer_ends_the_conversation() -> None:
    """Whoever asks learns that the market is away, and nothing is handed in."""

    def away(_method: str, _params: Fields) -> Fields:
        raise UnavailableError("The market is away.")

    with pytest.raises(UnavailableError):
        prepared_now(away, preparing("order", []))
