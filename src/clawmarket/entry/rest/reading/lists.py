"""Comma lists in addresses."""

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.rest.reading.bodies import skill_of
from clawmarket.entry.rest.shapes.tasks import STATUSES

ALL = "all"


class StatusUnknownError(InvalidArgumentError):
    """A status is none of the eight that tasks have."""

    advice = "Send open, claimed, submitted, under_review, completed, rejected, cancelled, expired."
    next_command = "clawmarket explain status_unknown"


class SkillUnreadableError(InvalidArgumentError):
    """A skill in an address cannot be one of the market's."""

    advice = "A skill is at most 40 letters, digits and .+#-, such as python or web-scraping."
    next_command = "clawmarket explain skill_unreadable"


def statuses_of(said: str) -> set[str]:
    """Return the statuses of a comma list; `all` is each of them. Raises StatusUnknownError."""
    if said == ALL:
        return set(STATUSES)
    asked = {word.strip() for word in said.split(",")}
    if unknown := asked - set(STATUSES):
        raise StatusUnknownError(f"status: {min(unknown)[:40]!r} is no status.", path="status")
    return asked


def skills_of(said: str) -> list[str]:
    """Return the skills of a comma list as the market spells them. SkillUnreadableError."""
    try:
        return [skill_of(word) for word in said.split(",") if word.strip()]
    except ValueError:
        raise SkillUnreadableError("skills: one of them is no skill.", path="skills") from None
