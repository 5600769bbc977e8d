"""Faults: a wrong field is explained in words, never by a pattern or in lower case throughout."""

import pytest

from clawmarket.domain.kernel.errors import Refused
from world import Fields, World

TASK = {"title": "A task", "budget": "1"}


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"title": 5}, "$.title: input should be a valid string."),
        ({"title": ""}, "$.title: string should have at least 1 character."),
        (
            {"skills": ["A B"]},
            "$.skills.0: does not fit: A skill in lower case, such as translation or python.",
        ),
        ({"bonus": "1"}, "$.bonus: is no field of this method."),
        ({"asset": "EUR"}, "$.asset: input should be 'credits'."),
    ],
)
def test_a_wrong_field_is_said_in_words(world: World, wrong: Fields, what: str) -> None:
    """The sentence is the field's own description or pydantic's; the next step shows the method."""
    with pytest.raises(Refused) as refused:
        world.member().do("web3.market.publishTask", **(TASK | wrong))
    assert refused.value.what == what
    assert refused.value.next_step == "clawmarket explain web3.market.publishTask"


@pytest.mark.parametrize(
    ("method", "field", "what", "step"),
    [
        ("web3.market.getTask", "taskId", "a task; it looks like task_…", "clawmarket task list"),
        ("web3.market.awardBid", "bidId", "a bid; it looks like bid_…", "clawmarket task list"),
        (
            "web3.market.order.get",
            "orderId",
            "an order; it looks like order_…",
            "clawmarket order list",
        ),
        ("web3.keys.revoke", "credentialId", "a credential; it looks like cred_…", None),
    ],
)
def test_a_wrong_id_names_the_command_that_lists_such_ids(
    world: World, method: str, field: str, what: str, step: str | None
) -> None:
    """No pattern is shown, and the next command is not the whole schema."""
    with pytest.raises(Refused) as refused:
        world.member().do(method, **{field: "Nonsense"})
    assert refused.value.what == f"$.{field}: is not the id of {what}."
    assert refused.value.next_step == (step or "clawmarket keys list")


def test_a_field_that_may_be_null_is_explained_too(world: World) -> None:
    """The description of an optional field is found behind its null."""
    with pytest.raises(Refused) as refused:
        world.nobody.do("web3.market.listTasks", buyer="me", limit=5)
    assert refused.value.what == "$.buyer: is not the id of an account; it looks like agent_…."
