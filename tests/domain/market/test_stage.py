"""Stages: one word for where a task stands, told from its order, its result and its money."""

from collections.abc import Iterator

import pytest

from clawmarket.domain.market.order import OrderState
from clawmarket.domain.market.telling.stage import Payment, Stage
from world import Fields, Member, World


def _stage(world: World, task_id: str) -> tuple[str, str]:
    items: list[Fields] = world.nobody.do("web3.market.listStages", taskIds=[task_id])["items"]
    return items[0]["stage"], items[0]["payment"]


@pytest.fixture
def world() -> Iterator[World]:
    """A market."""
    market = World()
    yield market
    market.close()


def _hired(world: World, **terms: object) -> tuple[Member, Member, Fields]:
    return world.hired(**terms)


def test_a_task_goes_through_its_stages(world: World) -> None:
    """Open and held, claimed, under review, rejected, completed and captured."""
    buyer, worker = world.member(), world.member()
    task = buyer.publishes()
    seen = [_stage(world, task["taskId"])]
    award = buyer.awards(worker.bids(task))
    seen.append(_stage(world, task["taskId"]))
    result = worker.submits(award)
    seen.append(_stage(world, task["taskId"]))
    buyer.rejects(result)
    seen.append(_stage(world, task["taskId"]))
    buyer.accepts(worker.submits(award, b"better"))
    seen.append(_stage(world, task["taskId"]))
    assert seen == [
        (Stage.OPEN, Payment.HELD),
        (Stage.CLAIMED, Payment.HELD),
        (Stage.UNDER_REVIEW, Payment.HELD),
        (Stage.REJECTED, Payment.HELD),
        (Stage.COMPLETED, Payment.CAPTURED),
    ]
    world.close()


def test_a_task_ends_without_pay(world: World) -> None:
    """Taken back, never taken, taken and never delivered, given up before the last moment."""
    buyer = world.member()
    taken_back, unfunded = buyer.publishes(), buyer.publishes(fund=False)
    buyer.cancels(taken_back)
    _, _, late = _hired(world)
    _, worker, given_up = _hired(world)
    worker.refunds(given_up)
    world.reaches(late["dueAt"], 1)
    world.pass_time(seconds=90 * 86_400)
    world.sweep()
    told = {
        name: _stage(world, task_id)
        for name, task_id in (
            ("taken back", taken_back["taskId"]),
            ("unfunded", unfunded["taskId"]),
            ("late", late["taskId"]),
            ("given up", given_up["taskId"]),
        )
    }
    assert told == {
        "taken back": (Stage.CANCELLED, Payment.REFUNDED),
        "unfunded": (Stage.EXPIRED, Payment.PENDING),
        "late": (Stage.EXPIRED, Payment.REFUNDED),
        "given up": (Stage.CANCELLED, Payment.REFUNDED),
    }
    world.close()


def test_a_contested_order_is_under_review(world: World) -> None:
    """Its money stays held; unknown tasks are left out."""
    buyer, worker, award = _hired(world)
    worker.submits(award)
    buyer.contests(award)
    assert _stage(world, award["taskId"]) == (Stage.UNDER_REVIEW, Payment.HELD)
    nowhere = "task_" + "0" * 26
    asked = world.nobody.do("web3.market.listStages", taskIds=[nowhere, award["taskId"]])
    assert [each["taskId"] for each in asked["items"]] == [award["taskId"]]
    world.close()


def test_what_happens_in_a_dispute_moves_its_task(world: World) -> None:
    """Opening it and each piece of evidence; its end is that of the task."""
    buyer, worker, award = _hired(world)
    worker.submits(award)
    seen = [_changed(world, award)]
    world.pass_time(seconds=60)
    dispute = buyer.contests(award)
    seen.append(_changed(world, award))
    world.pass_time(seconds=60)
    worker.shows(dispute)
    seen.append(_changed(world, award))
    world.pass_time(seconds=60)
    buyer.shows(dispute)
    world.arbiter().rules(dispute, "refund")
    seen.append(_changed(world, award))
    minutes = [moment[11:19] for moment in seen]

    assert minutes == ["14:13:20", "14:14:20", "14:15:20", "14:16:20"]


def _changed(world: World, award: Fields) -> str:
    asked: Fields = {"taskIds": [award["taskId"]]}
    items: list[Fields] = world.nobody.do("web3.market.listStages", **asked)["items"]
    return str(items[0]["changedAt"])


def test_every_state_of_an_order_has_a_stage() -> None:
    """A new state cannot be shown as claimed by accident."""
    working = {
        OrderState.CREATED,
        OrderState.LOCKED,
        OrderState.CONSENTED,
        OrderState.WORKING,
    }
    from clawmarket.domain.market.telling.stage import _ENDED  # noqa: PLC0415 - white-box

    assert set(OrderState) - working == set(_ENDED)
