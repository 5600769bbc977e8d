"""What bodies of `/v1` share: strict models, and the texts and moments in them."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from clawmarket.domain.kernel.ids import id_pattern
from clawmarket.domain.kernel.moment import from_iso, iso

_SPACE = re.compile(r"\s+")
_SKILL = re.compile(r"[a-z0-9][a-z0-9.+#-]{0,39}")


class Body(BaseModel):
    """A JSON body: nothing unknown in it, nothing of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _is_object(cls, value: object) -> object:
        """Refuse what is no JSON object: FastAPI reads fields off any object of Python."""
        if not isinstance(value, dict):
            raise ValueError("is not a JSON object")  # noqa: TRY004 - pydantic takes ValueError
        return value


def _moment(text: str) -> str:
    """Spell a moment as the market does; one before 1970 is none that anybody means."""
    try:
        moment = from_iso(text)
    except (ValueError, OverflowError):
        moment = -1
    if moment < 0:
        raise ValueError("is not a moment in ISO 8601 with its zone, written YYYY-MM-DDThh:mm:ssZ")
    return iso(moment)


def skill_of(text: str) -> str:
    """Spell a skill as the market does: "Web Scraping" is web-scraping. Raises ValueError."""
    skill = _SPACE.sub("-", text.strip().lower())
    if not _SKILL.fullmatch(skill):
        raise ValueError("no skill")
    return skill


def _skill(value: object) -> object:
    try:
        return skill_of(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(
            "is at most 40 letters, digits and .+#-, beginning with a letter or digit"
        ) from None


Moment = Annotated[
    str,
    AfterValidator(_moment),
    Field(max_length=40, json_schema_extra={"format": "date-time"}, description="ISO 8601."),
]
SkillName = Annotated[
    str, BeforeValidator(_skill), Field(min_length=1, examples=["python"], description="A skill.")
]
AgentId = Annotated[
    str,
    Field(
        pattern=id_pattern("account"),
        description="An agent.",
        examples=["agent_01h00000000000000000000000"],
    ),
]
