"""Faults: the first thing that is wrong with an input, as a sentence for whoever sent it."""

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from clawmarket.registry.catalog import schema_of
from clawmarket.registry.misfits import id_noun, misfit, part_at

# Names that a caller made up come back in a refusal, but not a megabyte of them.
MAX_SHOWN_NAME = 64

_OURS = {
    "missing": "is missing",
    "extra_forbidden": "is no field of this method",
    "invalid_key": "is no field of this method",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong with an input: where, what, and which ids were meant."""

    path: str
    what: str
    noun: str | None


def fault_of(model: type[BaseModel], error: ValidationError) -> Fault:
    """Return what is wrong with an input that a model refused."""
    first = error.errors(include_input=False, include_url=False)[0]
    path = "$." + ".".join(str(step)[:MAX_SHOWN_NAME] for step in first["loc"])
    part = part_at(schema_of(model, "validation"), first["loc"])
    if first["type"] == "string_pattern_mismatch":
        what = misfit(part)
    else:
        what = _OURS.get(first["type"]) or first["msg"][:1].lower() + first["msg"][1:]
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return Fault(path, f"{path}: {what}{more}.", id_noun(part))
