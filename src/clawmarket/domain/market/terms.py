"""Terms: the words, limits and deadlines that tasks, offers and orders share."""

from dataclasses import dataclass

from clawmarket.domain.kernel.canonical import content_digest

# How many tasks of one account are open at once, unless the operator says otherwise.
OPEN_TASKS = 200
FEE_BPS = 100

LOCK_WINDOW_S = 15 * 60
CONSENT_WINDOW_S = 15 * 60
DELIVERY_S = 86_400
REVIEW_WINDOW_S = 600
RESUBMIT_S = 86_400
ANSWER_S = 86_400
RULING_S = 3 * 86_400
TASK_LIFETIME_S = 7 * 86_400
MAX_REJECTIONS = 3
MAX_BIDS_PER_TASK = 100
MAX_RECORDS_TO_REVOKE = 40

SHORTEST_REAL_WINDOW_S = 60


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file that somebody handed over, named by its content hash."""

    name: str
    digest: str
    size: int


def file_facts(artifacts: tuple[Artifact, ...]) -> list[dict[str, object]]:
    """Return files as a content hash over several of them counts each: hash, name, size."""
    return [{"digest": a.digest, "name": a.name, "size": a.size} for a in artifacts]


def manifest_digest(artifacts: tuple[Artifact, ...]) -> str:
    """Return the content hash over the names, hashes and sizes of all files of a delivery."""
    return content_digest(file_facts(artifacts))


@dataclass(frozen=True, slots=True)
class Part:
    """A milestone to be agreed on: what is to be there, for how many hundredths of the price."""

    title: str
    percent: int


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone of an order: what is to be there, for which part of the lock."""

    title: str
    amount: int


def milestones_of(parts: tuple[Part, ...], price: int) -> tuple[Milestone, ...]:
    """Divide a price among parts, exactly: what rounding leaves goes to later ones.

    The amounts up to each part are the price's hundredths rounded down, so that all together are
    the price.
    """
    milestones: list[Milestone] = []
    percent = given = 0
    for part in parts:
        percent += part.percent
        due = price * percent // 100
        milestones.append(Milestone(part.title, due - given))
        given = due
    return tuple(milestones)


@dataclass(frozen=True, slots=True)
class UsageScope:
    """What a buyer has to consent to: a purpose, perhaps a region, a time, and passing it on."""

    purpose: str
    region: str | None
    duration_days: int | None
    transferable: bool | None


def scope_facts(
    purpose: str,
    duration_days: int | None,
    region: str | None = None,
    *,
    transferable: bool | None = None,
) -> dict[str, object]:
    """Return a scope as hashes and records name it; what is not set is left out."""
    facts = {
        "purpose": purpose,
        "region": region,
        "durationDays": duration_days,
        "transferable": transferable,
    }
    return {name: value for name, value in facts.items() if value is not None}


def usage_facts(scopes: tuple[UsageScope, ...]) -> dict[str, object] | None:
    """Return the usage scope of an offer or an order as records name it, or None without one."""
    if not scopes:
        return None
    (one,) = scopes
    return scope_facts(one.purpose, one.duration_days, one.region, transferable=one.transferable)
