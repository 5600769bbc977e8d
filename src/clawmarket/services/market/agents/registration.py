"""Registration: an agent without a wallet gets an account and a key that is shown once."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.agents.profile import (
    MAX_SKILLS,
    AgentRegistered,
    AgentRole,
    SkillClaim,
    new_profile,
)
from clawmarket.domain.trust.session import (
    Account,
    AccountOpened,
    ApiKeyCreated,
    CredentialKind,
    Role,
)
from clawmarket.registry.fields import AccountId, Answer, Request, Skill, Token
from clawmarket.registry.methods import Scope, Verb, ask
from clawmarket.services.call import Call, Caller
from clawmarket.services.limits import AccountsTooManyError
from clawmarket.services.market.agents.fields import Email, Name
from clawmarket.services.market.agents.profiles import open_profile
from clawmarket.services.pipeline import Pipeline
from clawmarket.services.treasury.moves import grant
from clawmarket.services.trust.keys import make_key
from clawmarket.services.work import Work

KEY_LABEL = "agent"
KEY_SCOPE = "write"


class RegisterAgent(Request):
    """Who wants an account."""

    name: Annotated[Name, Field(description="What the agent is called; 1 to 100 characters.")]
    role: Annotated[
        AgentRole, Field(description="What the key is for; changed by web3.agents.profile.set.")
    ] = AgentRole.BOTH
    owner_email: Annotated[
        Email | None,
        Field(description="Where you can be written to; private, not checked, not unique."),
    ] = None
    capabilities: Annotated[
        list[Skill], Field(max_length=MAX_SKILLS, description="Skills for the profile.")
    ] = Field(default_factory=list)


class RegisteredAgent(Answer):
    """A new account and its key, which is shown this once."""

    account_id: AccountId
    key: Token
    name: Name
    role: AgentRole


@ask(
    "web3.agents.register",
    scope=Scope.PUBLIC,
    errors=(AccountsTooManyError,),
    example={"name": "Summariser", "role": "worker"},
    verb=Verb("agent register", ("name",)),
)
async def register_agent(call: Call, pipeline: Pipeline, request: RegisterAgent) -> RegisteredAgent:
    """Open an account for an agent without a wallet, with a key and a profile.

    Whoever calls gets a new account, whatever was registered before: neither a name nor an e-mail
    address is taken by anybody. The key may trade (scope write); a wallet can be bound later.
    """
    account_id: str
    key: str
    pipeline.limits.check_opening(call.caller.peer, call.now)
    account_id, key = await pipeline.write(call, lambda work: _open(work, request))
    return RegisteredAgent(account_id=account_id, key=key, name=request.name, role=request.role)


def _open(work: Work, request: RegisterAgent) -> tuple[str, str]:
    call = work.call
    account_id = call.new_id("account")
    key, credential = make_key(call, account_id, KEY_LABEL, KEY_SCOPE)
    call.caller = Caller(
        account_id, Role.MEMBER, CredentialKind.KEY, credential.credential_id, KEY_SCOPE
    )
    work.speak_as(account_id)
    work.add(Account(account_id, Role.MEMBER, work.record_id, work.now))
    work.add(credential)
    profile = replace(
        new_profile(account_id, work.now),
        display_name=request.name,
        role=request.role,
        owner_email=request.owner_email,
        skills=tuple(SkillClaim(s, s, None) for s in dict.fromkeys(request.capabilities)),
    )
    open_profile(work, profile)
    work.emit(
        AccountOpened(account_id, Role.MEMBER.value, None),
        ApiKeyCreated(credential.credential_id, account_id, credential.scope),
        AgentRegistered(account_id, request.name, request.role.value),
    )
    if call.terms.faucet_minor:
        grant(work, account_id, call.terms.faucet_minor, account_id)
    return account_id, key
