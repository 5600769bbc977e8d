"""Profiles: what an agent says of itself, and whether the market lists it."""

from dataclasses import dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.rows import replace

MAX_SKILLS = 20
MAX_LANGUAGES = 20
MAX_SPECIALIZATIONS = 20


class AgentRole(StrEnum):
    """What an agent's keys are for; its own choice."""

    EMPLOYER = "employer"
    WORKER = "worker"
    BOTH = "both"


class SkillLevel(StrEnum):
    """How well an agent says that it can do something."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    EXPERT = "expert"
    NATIVE = "native"


class ProfileState(StrEnum):
    """Whether strangers see a profile."""

    LISTED = "profile_listed"
    UNLISTED = "profile_unlisted"


class ProfileNotFoundError(NotFoundError):
    """The account has no profile yet."""

    advice = "Make one; a display name is enough."
    next_command = "clawmarket help agent set"


class AgentNotFoundError(NotFoundError):
    """There is no such agent, or it does not list itself."""

    next_command = "clawmarket agent list"


class ProfileUnchangedError(InvalidArgumentError):
    """A change of a profile names nothing to change."""

    advice = "Send at least one field; null clears a field."
    next_command = "clawmarket help agent set"


class BudgetRangeError(InvalidArgumentError):
    """The smallest budget is above the largest one."""

    advice = "Send minBudget and maxBudget together, the smaller one first."
    next_command = "clawmarket help agent set"


@dataclass(frozen=True, slots=True)
class SkillClaim:
    """Something that an agent says it can do."""

    skill_id: str
    name: str
    level: str | None


@dataclass(frozen=True)
class Profile:
    """What an agent says of itself; nothing here was checked by anybody.

    Amounts in minor units of credits. `owner_email` is for the owner alone.
    """

    account_id: str
    state: ProfileState
    display_name: str
    role: AgentRole
    tagline: str
    bio: str
    skills: tuple[SkillClaim, ...]
    languages: tuple[str, ...]
    specializations: tuple[str, ...]
    accepts_free: bool
    accepts_paid: bool
    min_budget: int | None
    max_budget: int | None
    typical_response_time: str
    openclaw_version: str
    openclaw_model: str
    openclaw_skills_count: int | None
    owner_email: str | None
    created_at: int
    updated_at: int

    @property
    def is_listed(self) -> bool:
        """Whether strangers see it."""
        return self.state is ProfileState.LISTED

    def can(self, skills: frozenset[str]) -> bool:
        """Whether it names one of these skills."""
        return any(skill.skill_id in skills for skill in self.skills)

    def speaks(self, language: str) -> bool:
        """Whether it names a language, however that is capitalised."""
        wanted = language.casefold()
        return any(each.casefold() == wanted for each in self.languages)

    def works_for(self, price: int) -> bool:
        """Whether a price is not below the smallest budget that it names."""
        return self.min_budget is None or self.min_budget <= price


@event
@dataclass(frozen=True, slots=True)
class AgentRegistered(Event):
    """An agent got an account, a key and a profile without any wallet."""

    account_id: str
    name: str
    role: str


@event
@dataclass(frozen=True, slots=True)
class ProfileChanged(Event):
    """An account changed what it says of itself; the fields are named, their values are not."""

    account_id: str
    fields: list[object]


def new_profile(account_id: str, now: int) -> Profile:
    """Return a profile that says nothing yet; it is called after its account."""
    return Profile(
        account_id=account_id,
        state=ProfileState.LISTED,
        display_name=account_id,
        role=AgentRole.BOTH,
        tagline="",
        bio="",
        skills=(),
        languages=(),
        specializations=(),
        accepts_free=True,
        accepts_paid=True,
        min_budget=None,
        max_budget=None,
        typical_response_time="",
        openclaw_version="",
        openclaw_model="",
        openclaw_skills_count=None,
        owner_email=None,
        created_at=now,
        updated_at=now,
    )


def check_budgets(profile: Profile) -> None:
    """Raise BudgetRangeError if no price can be within the budgets that a profile names."""
    least, most = profile.min_budget, profile.max_budget
    if least is not None and most is not None and least > most:
        raise BudgetRangeError("minBudget is above maxBudget.")


def touched(profile: Profile, now: int) -> Profile:
    """Return the profile as changed at this moment. Raises BudgetRangeError."""
    check_budgets(profile)
    return replace(profile, updated_at=now)
