"""The one way to use a skill: find which one is meant, check its data, run it."""

from collections.abc import Mapping

from pydantic.alias_generators import to_camel

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.entry.a2a.skills.catalog import NAMED, SKILLS
from clawmarket.entry.a2a.skills.skill import Fields, Outcome, Skill, SkillInputError, Visit
from clawmarket.entry.tools.arguments import arguments_of
from clawmarket.registry.fields import Request

_NAMES = ("skill", "action")
_EXAMPLE = "find-workers"


class SkillUnknownError(NotFoundError):
    """The agent has no skill of this name."""

    advice = "Use one of the skills that the agent's card names."
    next_command = "clawmarket explain skill_unknown"


def chosen(data: tuple[object, ...]) -> tuple[Skill, Fields] | None:
    """Return the skill that the first naming data part means, with its data; None for none.

    Raises SkillUnknownError, SkillInputError.
    """
    named = ""
    for part in data:
        if not isinstance(part, Mapping):
            continue
        name = next((part[key] for key in _NAMES if key in part), None)
        if not isinstance(name, str):
            continue
        if name in NAMED:
            return NAMED[name], {key: value for key, value in part.items() if key not in _NAMES}
        named = named or name
    if named:
        raise SkillUnknownError(f"There is no skill {named[:80]!r}.")
    if data:
        raise SkillInputError("$.skill: the data names no skill.", path="$.skill")
    return None


def names_a_skill(data: tuple[object, ...]) -> bool:
    """Return whether any data part names a skill, known or not."""
    return any(isinstance(part, Mapping) and not part.keys().isdisjoint(_NAMES) for part in data)


async def use(visit: Visit, skill: Skill, data: Fields) -> Outcome:
    """Use a skill. Raises SkillInputError, and what the market refuses."""
    return await skill.run(visit, _request(skill, data))


def hint() -> Fields:
    """Return what is said to somebody who only wrote words."""
    return {
        "hint": "Send a data part that names a skill; its other fields are what the skill takes.",
        "available_actions": [skill.name for skill in SKILLS],
        "example": NAMED.get(_EXAMPLE, SKILLS[0]).example,
    }


def _request(skill: Skill, data: Fields) -> Request:
    # The older interface writes names with underscores, the market's own methods do not.
    given = {
        to_camel(name) if "_" in name else name: _as_sent(value) for name, value in data.items()
    }
    if len(given) < len(data):
        raise SkillInputError("$: a field came in both spellings.", path="$", skill=skill.name)
    return arguments_of(skill.request, given, SkillInputError, skill=skill.name)


def _as_sent(value: object) -> object:
    """Return a whole number as one: clients that go through protobuf write 5 as 5.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
