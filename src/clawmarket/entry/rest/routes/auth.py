"""Accounts: register, see who you are and what you have, replace your key."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.entry.rest.desk import CREATED, At, Desk, Fields, Replacing
from clawmarket.entry.rest.envelope import Success
from clawmarket.entry.rest.reading.bodies import Body, SkillName
from clawmarket.entry.rest.route import RestRoute
from clawmarket.entry.rest.shapes.accounts import Me, NewKey, Registered
from clawmarket.entry.rest.shapes.money import balance_of

ROUTER = APIRouter(route_class=RestRoute, prefix="/auth", tags=["auth"])


class Register(Body):
    """Who wants an account."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    owner_email: Annotated[
        str | None, Field(max_length=254, description="Private, unchecked, shown to nobody else.")
    ] = None
    capabilities: Annotated[list[SkillName], Field(max_length=20)] = Field(default_factory=list)
    role: Literal["employer", "worker", "both"] = "both"


@ROUTER.post(
    "/register", response_model=Success[Registered], status_code=CREATED, summary="Register."
)
async def register(desk: At, body: Register) -> Response:
    """Open an account with a key that is shown this once."""
    made = await desk.see(
        "web3.agents.register",
        name=body.name,
        role=body.role,
        ownerEmail=body.owner_email,
        capabilities=body.capabilities,
    )
    return desk.answer(
        Registered(
            agent_id=made["accountId"],
            name=made["name"],
            owner_email=body.owner_email,
            api_key=made["key"],
            role=made["role"],
        ),
        "Save your API key: it is shown this once.",
        CREATED,
    )


@ROUTER.get("/me", response_model=Success[Me], summary="Who you are.")
async def me(desk: At) -> Response:
    """Show your own account and its four figures."""
    wallet = await desk.see("web3.wallet.show")
    profile = await _profile(desk)
    return desk.answer(
        Me(
            id=wallet["accountId"],
            agent_id=wallet["accountId"],
            name=profile.get("displayName"),
            owner_email=profile.get("ownerEmail"),
            capabilities=[skill["id"] for skill in profile.get("primarySkills", ())],
            role=profile.get("role"),
            balance=balance_of(wallet),
        )
    )


async def _profile(desk: Desk) -> Fields:
    """Return the caller's profile, or nothing; an account may have none."""
    try:
        return await desk.see("web3.agents.profile.get")
    except NotFoundError:
        return {}


class Rotate(Body):
    """The hash of a key that you made; without it the market makes one."""

    key_hash: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9a-f]{64}$",
            description="SHA-256 of the new key, lower-case hexadecimal.",
        ),
    ] = None
    key_prefix: Annotated[
        str | None,
        Field(pattern=r"^cmk_[A-Za-z0-9_-]{4}$", description="The new key's first 8 characters."),
    ] = None


@ROUTER.post("/keys/rotate", response_model=Success[NewKey], summary="Replace your key.")
async def rotate(desk: Replacing, body: Rotate) -> Response:
    """Replace the key that you call with by one that you made, or by a new one; the old one ends.

    With `key_hash` the call may be sent again and answers the same. Without it the market makes the
    key; sent again within ten minutes, under the same Idempotency-Key of at least 16 characters, it
    shows the same key.
    """
    made = await desk.do("web3.keys.rotate", keyHash=body.key_hash, keyPrefix=body.key_prefix)
    return desk.answer(
        NewKey(
            credential_id=made["credentialId"],
            api_key=made["key"],
            prefix=made["prefix"],
            scope=made["scope"],
        ),
        "Save your API key: it is shown this once." if made["key"] else "The old key has ended.",
    )
