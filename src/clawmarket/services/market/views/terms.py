"""Terms in wire form: what tasks, offers and orders have in common."""

from dataclasses import asdict
from typing import Annotated

from pydantic import Field

from clawmarket.domain.market.terms import Artifact, Part, UsageScope
from clawmarket.registry.fields import File, MilestonePart, UsageScopeTerms

# What a list shows of one thing's texts and files; the thing itself is shown whole by its id.
LISTED_CHARS = 280

Seconds = Annotated[int, Field(description="Seconds.")]
Shortened = Annotated[
    bool, Field(description="Whether this list left texts or files out; ask for the one thing.")
]


def files_of(artifacts: tuple[Artifact, ...]) -> list[File]:
    """Return artifacts in wire form."""
    return [File(name=a.name, digest=a.digest, size=a.size) for a in artifacts]


def artifacts_of(files: list[File]) -> tuple[Artifact, ...]:
    """Return wire files as the domain's artifacts."""
    return tuple(Artifact(f.name, f.digest, f.size) for f in files)


def usage_of(scopes: tuple[UsageScope, ...]) -> UsageScopeTerms | None:
    """Return what may be done with what was bought in wire form; None where nothing is said."""
    return UsageScopeTerms.model_construct(**asdict(scopes[0])) if scopes else None


def parts_of(parts: tuple[Part, ...]) -> list[MilestonePart]:
    """Return milestones in wire form."""
    return [MilestonePart.model_construct(title=part.title, percent=part.percent) for part in parts]
