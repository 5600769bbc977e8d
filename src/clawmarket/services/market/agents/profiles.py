"""Profiles: what an agent says of itself; changed in parts, cleared by null."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.kernel.rows import replace
from clawmarket.domain.market.agents import profile as profiles
from clawmarket.domain.market.agents.presence import unseen
from clawmarket.domain.market.agents.profile import (
    MAX_LANGUAGES,
    MAX_SKILLS,
    MAX_SPECIALIZATIONS,
    AgentRole,
    BudgetRangeError,
    Profile,
    ProfileChanged,
    ProfileNotFoundError,
    ProfileState,
    ProfileUnchangedError,
    SkillClaim,
)
from clawmarket.domain.market.agents.standing import Standing, no_standing
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import AccountId, Amount, Answer, Flag, Moment, Request
from clawmarket.registry.methods import Verb, read, write
from clawmarket.services.call import Call
from clawmarket.services.market.agents.fields import (
    Bio,
    Email,
    Language,
    Name,
    ShortText,
    SkillPart,
    Specialization,
    Tagline,
    Version,
)
from clawmarket.services.work import Work

Skills = Annotated[list[SkillPart], Field(max_length=MAX_SKILLS, description="What it can do.")]
Languages = Annotated[
    list[Language], Field(max_length=MAX_LANGUAGES, description="Languages it works in.")
]
Specializations = Annotated[
    list[Specialization], Field(max_length=MAX_SPECIALIZATIONS, description="What it is best at.")
]
SkillsCount = Annotated[int, Field(strict=True, ge=0, le=100_000, description="How many.")]


class SetProfile(Request):
    """What to change; fields that are left out stay, null clears one."""

    display_name: Name | None = None
    role: Annotated[
        AgentRole | None, Field(description="What your keys are for; REST asks for it.")
    ] = None
    tagline: Tagline | None = None
    bio: Bio | None = None
    primary_skills: Skills | None = None
    languages: Languages | None = None
    specializations: Specializations | None = None
    accepts_free: Flag | None = None
    accepts_paid: Flag | None = None
    min_budget: Amount | None = None
    max_budget: Amount | None = None
    typical_response_time: ShortText | None = None
    openclaw_version: Version | None = None
    openclaw_model: ShortText | None = None
    openclaw_skills_count: SkillsCount | None = None
    is_listed: Annotated[
        Flag | None, Field(description="Whether strangers see your profile and your card.")
    ] = None
    owner_email: Email | None = None


class ProfileView(Answer):
    """A profile, as its own account sees it."""

    account_id: AccountId
    display_name: Name
    role: AgentRole
    tagline: Tagline
    bio: Bio
    primary_skills: list[SkillPart]
    languages: list[Language]
    specializations: list[Specialization]
    accepts_free: bool
    accepts_paid: bool
    min_budget: Amount | None
    max_budget: Amount | None
    typical_response_time: ShortText
    openclaw_version: Version
    openclaw_model: ShortText
    openclaw_skills_count: int | None
    is_listed: bool
    owner_email: Email | None
    created_at: Moment
    updated_at: Moment


@write(
    "web3.agents.profile.set",
    errors=(ProfileUnchangedError, BudgetRangeError),
    example={"displayName": "Summariser", "languages": ["en"]},
    verb=Verb("agent set"),
)
def set_profile(call: Call, work: Work, request: SetProfile) -> ProfileView:
    """Change what your account says of itself, or begin to say something.

    The first change makes the profile; from then on strangers see it, unless `isListed` is false.
    """
    named = [name for name in SetProfile.model_fields if name in request.model_fields_set]
    if not named:
        raise ProfileUnchangedError("No field was sent.")
    before = work.get(Profile, call.actor)
    profile = before or profiles.new_profile(call.actor, work.now)
    for name in named:
        profile = replace(profile, **_change(name, getattr(request, name), call.actor))
    after = profiles.touched(profile, work.now)
    if before is None:
        open_profile(work, after)
    else:
        work.save(after)
    wire = [str(SetProfile.model_fields[name].alias) for name in named]
    work.emit(ProfileChanged(call.actor, [*wire]))
    return profile_view(after)


def _skills(parts: list[SkillPart] | None) -> tuple[SkillClaim, ...]:
    return tuple(SkillClaim(each.id, each.name, each.level) for each in parts or ())


def _text(text: str | None) -> str:
    return text or ""


def _texts(texts: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts or ()))


def _amount(text: str | None) -> int | None:
    return None if text is None else int(text)


def _state(is_listed: bool | None) -> ProfileState:  # noqa: FBT001 - a field of the wire
    return ProfileState.UNLISTED if is_listed is False else ProfileState.LISTED


# What a sent field becomes in the row, where it is not the text itself; None clears it.
_BECOMES: dict[str, Callable[[Any], object]] = {
    "role": lambda role: role or AgentRole.BOTH,
    "primary_skills": _skills,
    "languages": _texts,
    "specializations": _texts,
    "accepts_free": lambda accepts: accepts is not False,
    "accepts_paid": lambda accepts: accepts is not False,
    "min_budget": _amount,
    "max_budget": _amount,
    "is_listed": _state,
    "openclaw_skills_count": lambda count: count,
    "owner_email": lambda email: email,
}
_COLUMN = {"primary_skills": "skills", "is_listed": "state"}


def _change(name: str, value: object, account_id: str) -> dict[str, Any]:
    """Return a sent field as the row has it; None clears it."""
    if name == "display_name":
        return {name: value or account_id}
    becomes = _BECOMES.get(name, _text)
    return {_COLUMN.get(name, name): becomes(value)}


def open_profile(work: Work, profile: Profile) -> None:
    """Store an account's first profile, and the rows by which agents are listed."""
    work.add(profile)
    work.add(unseen(profile.account_id))
    if work.get(Standing, profile.account_id) is None:
        work.add(no_standing(profile.account_id))


class GetProfile(Request):
    """Nothing to choose: it is always your own."""


@read(
    "web3.agents.profile.get",
    errors=(ProfileNotFoundError,),
    verb=Verb("agent profile"),
)
def get_profile(call: Call, rows: Snapshot, _request: GetProfile) -> ProfileView:
    """Show your own profile, with what only you see of it."""
    return profile_view(own_profile(rows, call.actor))


def own_profile(rows: Snapshot | Work, account_id: str) -> Profile:
    """Return an account's profile. Raises ProfileNotFoundError."""
    profile = rows.get(Profile, account_id)
    if profile is None:
        raise ProfileNotFoundError("Your account has no profile.")
    return profile


def skill_parts(profile: Profile) -> list[SkillPart]:
    """Return a profile's skills as the wire has them."""
    return [
        SkillPart.model_validate({"id": s.skill_id, "name": s.name, "level": s.level})
        for s in profile.skills
    ]


def amount_text(amount: int | None) -> str | None:
    """Return an amount as the wire has it; None where there is none."""
    return None if amount is None else str(amount)


def profile_view(profile: Profile) -> ProfileView:
    """Return a profile as its own account sees it."""
    return ProfileView(
        account_id=profile.account_id,
        display_name=profile.display_name,
        role=profile.role,
        tagline=profile.tagline,
        bio=profile.bio,
        primary_skills=skill_parts(profile),
        languages=list(profile.languages),
        specializations=list(profile.specializations),
        accepts_free=profile.accepts_free,
        accepts_paid=profile.accepts_paid,
        min_budget=amount_text(profile.min_budget),
        max_budget=amount_text(profile.max_budget),
        typical_response_time=profile.typical_response_time,
        openclaw_version=profile.openclaw_version,
        openclaw_model=profile.openclaw_model,
        openclaw_skills_count=profile.openclaw_skills_count,
        is_listed=profile.is_listed,
        owner_email=profile.owner_email,
        created_at=iso(profile.created_at),
        updated_at=iso(profile.updated_at),
    )
