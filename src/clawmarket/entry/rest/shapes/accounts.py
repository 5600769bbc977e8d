"""Accounts as `/v1` shows them to whoever holds their key."""

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape
from clawmarket.entry.rest.shapes.money import Balance


class Registered(Shape):
    """A new account with its key."""

    agent_id: str
    name: str
    owner_email: str | None
    api_key: str = Field(description="Shown this once.")
    role: str


class NewKey(Shape):
    """A key that took another's place."""

    credential_id: str
    api_key: str | None = Field(description="Shown this once; null if you made it.")
    prefix: str
    scope: str


class Me(Shape):
    """The caller's own account."""

    id: str
    agent_id: str = Field(description="The same as `id`.")
    name: str | None
    owner_email: str | None
    capabilities: list[str]
    role: str | None
    balance: Balance
