"""One-line fields: nothing that breaks a line or hides what is said comes in by any of them."""

from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.task import Task
from clawmarket.services.market.views.tasks import task_view
from world import World

WRONG = ("a\nb", "a\r\nnext: b", "a\x1b[2Jb", "a\u2028b", "a\u202eb", "a\x00b", "a\tb", "a\x85b")
FIELDS: dict[str, tuple[str, Any]] = {
    "task": ("web3.market.publishTask", lambda text: {"title": text, "budget": "1"}),
    "milestone": (
        "web3.market.publishTask",
        lambda text: {"title": "T", "budget": "9", "milestones": [{"title": text, "percent": 100}]},
    ),
    "offer": ("web3.market.offer.create", lambda text: {"title": text, "price": "1"}),
    "purpose": (
        "web3.market.offer.create",
        lambda text: {"title": "T", "price": "1", "usageScope": {"purpose": text}},
    ),
    "region": (
        "web3.market.offer.create",
        lambda text: {"title": "T", "price": "1", "usageScope": {"purpose": "p", "region": text}},
    ),
    "key": ("web3.keys.create", lambda text: {"label": text}),
    "agent": ("web3.agents.profile.set", lambda text: {"displayName": text}),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_line_is_a_line(world: World, field: str) -> None:
    """Refused at the edge, with the field's name; other letters of any script are fine."""
    member = world.member()
    method, params = FIELDS[field]
    for text in WRONG:
        with pytest.raises(InvalidArgumentError):
            member.do(method, **params(text))
    member.do(method, **params("Übersetzung \U0001f980 任务"))


def test_what_came_before_the_rule_is_still_shown(world: World) -> None:
    """A task that has a line break in its title from before is read as it is."""
    buyer = world.member()
    buyer.publishes_parts(50, 50)
    (task,) = world.all(Task)
    parts = tuple(replace(part, title="a\nb") for part in task.milestones)
    shown = task_view(replace(task, title="a\nb", milestones=parts)).model_dump(by_alias=True)
    assert (shown["title"], shown["milestones"][0]["title"]) == ("a\nb", "a\nb")
