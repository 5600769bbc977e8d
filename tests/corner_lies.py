"""Lies at which readers could differ: truths for numbers, empty names, nothing for a list."""

from typing import Any

from lies import StoryLie
from receipts import Deal, Json, with_event


def _without_a_name(party: str) -> StoryLie:
    """Let an account have an empty id, wherever it stands."""

    def change(records: list[Json], _: Deal) -> None:
        account = with_event(records, "order_created")[1][party]
        records[:] = [_renamed(each, account) for each in records]

    return change


def _renamed(value: Any, account: str) -> Any:  # any JSON value
    if isinstance(value, dict):
        return {name: _renamed(item, account) for name, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, account) for item in value]
    return "" if value == account else value


def _published(parts: object, amounts: list[list[str]]) -> StoryLie:
    """Let the buyer have published other milestones, and the order name what they come to."""

    def change(records: list[Json], _: Deal) -> None:
        asked, _task = with_event(records, "task_published")
        asked["statement"]["said"]["params"]["milestones"] = parts
        with_event(records, "order_created")[1]["milestones"] = amounts

    return change


def _first_milestone_is_false(records: list[Json], _: Deal) -> None:
    with_event(records, "settlement_part_released")[1]["milestone"] = False


def _one_day_is_true(records: list[Json], _: Deal) -> None:
    """Let the buyer have said true days, where the consent is for one."""
    granted, event = with_event(records, "consent_granted")
    granted["statement"]["said"]["params"]["consentScope"]["durationDays"] = True
    event["scope"]["durationDays"] = 1


def _a_fee_that_is_true(records: list[Json], _: Deal) -> None:
    """Let the buyer have asked for a fee of true hundredths, where the order says one."""
    with_event(records, "task_published")[0]["statement"]["said"]["params"]["feeBps"] = True
    with_event(records, "order_created")[1]["feeBps"] = 1


REFUNDED = ("task", "refunded", "attested")
CORNER_LIES: dict[str, tuple[tuple[str, str, str], StoryLie]] = {
    "a number that is false": (("task", "stopped", "signed"), _first_milestone_is_false),
    "a rate that is true": (REFUNDED, _a_fee_that_is_true),
    "days that are true": (("offer", "permitted", "attested"), _one_day_is_true),
    "a buyer without a name": (REFUNDED, _without_a_name("buyer")),
    "a seller without a name": (REFUNDED, _without_a_name("seller")),
    "milestones of nothing": (
        REFUNDED,
        _published([{"title": "All", "percent": 0}], [["All", "0"]]),
    ),
    "milestones that are null": (REFUNDED, _published(None, [])),
}
"""By their names: the deal that each is about; all of them leave no finished order."""
