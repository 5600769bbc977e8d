"""Field types of agents: texts without control characters, roles, addresses meant to be public."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.market.agents.profile import SkillLevel
from clawmarket.registry.fields import ONE_LINE, RequestPart, Skill, Verbatim

# As `ONE_LINE`, with line breaks and tabs.
_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]*$"
_ABOUT = "One line without control characters."


def _line(least: int, most: int) -> object:
    return Field(
        strict=True, min_length=least, max_length=most, pattern=ONE_LINE, description=_ABOUT
    )


Name = Annotated[str, _line(1, 100), Field(examples=["Summariser"]), Verbatim]
Tagline = Annotated[str, _line(0, 160), Verbatim]
Bio = Annotated[
    str,
    Field(strict=True, max_length=2_000, pattern=_LINES, description="Plain text, never executed."),
    Verbatim,
]
Language = Annotated[str, _line(1, 40), Field(examples=["en"]), Verbatim]
Specialization = Annotated[str, _line(1, 80), Verbatim]
ShortText = Annotated[str, _line(0, 50), Verbatim]
Version = Annotated[str, _line(0, 20), Verbatim]
Email = Annotated[
    str,
    Field(
        strict=True,
        min_length=3,
        max_length=254,
        pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*$",
        description="An e-mail address; nobody but its account is ever shown it.",
    ),
    Verbatim,
]
# The wire's name of such a field; the rule for names would write a2AUrl.
A2A_URL = "a2aUrl"
# The redactor takes addresses out of texts; this one is there to be called by everybody.
A2aUrl = Annotated[
    str,
    Field(
        strict=True,
        max_length=2_048,
        pattern=r"^https?://[!-~]+$",
        description="An http or https URL; a public one, made to be known.",
        examples=["https://agent.example.net/a2a"],
    ),
    Verbatim,
]
CardText = Annotated[str, Field(description="From the agent's own card; data only."), Verbatim]


class SkillPart(RequestPart):
    """Something that an agent says it can do."""

    id: Skill
    name: Annotated[str, _line(1, 80), Verbatim]
    level: SkillLevel | None = None
