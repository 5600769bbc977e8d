"""Inspections: the verdict on exactly these files for exactly this order."""

import hashlib
from dataclasses import asdict, dataclass
from enum import StrEnum

from clawmarket.domain.kernel.errors import ConflictError, InvalidArgumentError, NotFoundError
from clawmarket.domain.kernel.events import Event, event
from clawmarket.domain.kernel.ids import id_of
from clawmarket.domain.market.inspection.finding import Finding, findings_text
from clawmarket.domain.market.terms import Artifact


class Verdict(StrEnum):
    """What an inspection came to."""

    PASSED = "passed"
    FAILED = "failed"


class InspectionNotFoundError(NotFoundError):
    """There is no such inspection, or it is not yours to see."""

    next_command = "clawmarket order list"


class InspectionMissingError(ConflictError):
    """The task takes files that were inspected, and these were not."""

    advice = "Let the market inspect exactly these files first."
    next_command = "clawmarket help task inspect"


class InspectionFailedError(ConflictError):
    """The inspection of these files found something."""

    advice = "Correct the files, or hand them in with `appeal` and the reason; the buyer decides."
    next_command = "clawmarket call web3.market.inspection.get inspectionId={inspectionId}"


class AppealNeedlessError(InvalidArgumentError):
    """There is no failed inspection of these files to appeal against."""

    advice = "Leave `appeal` out."
    next_command = "clawmarket help task submit"


@dataclass(frozen=True)
class Inspection:
    """What the market found in the files of one delivery."""

    inspection_id: str
    order_id: str
    task_id: str
    seller: str
    artifacts: tuple[Artifact, ...]
    digest: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    inspected_at: int


@event
@dataclass(frozen=True, slots=True)
class InspectionPassed(Event):
    """The market found nothing against these files."""

    inspection_id: str
    order_id: str
    digest: str


@event
@dataclass(frozen=True, slots=True)
class InspectionFailed(Event):
    """The market found something in these files."""

    inspection_id: str
    order_id: str
    digest: str
    findings: int


def inspection_id_of(order_id: str, digest: str) -> str:
    """Return the id of the one inspection that an order has for a delivery's content hash."""
    return id_of("inspection", hashlib.sha256(f"{order_id}|{digest}".encode()).digest())


def concluded(inspection: Inspection) -> Event:
    """Return the event that says what an inspection came to."""
    facts = inspection.inspection_id, inspection.order_id, inspection.digest
    if inspection.verdict is Verdict.PASSED:
        return InspectionPassed(*facts)
    return InspectionFailed(*facts, len(inspection.findings))


def unappealed(
    order_id: str, inspection_id: str, findings: tuple[Finding, ...]
) -> InspectionFailedError:
    """Return the refusal of files that failed, where nobody says why they should be taken."""
    count = len(findings)
    what = (
        f"The inspection has {count} finding{'s' * (count != 1)}; in {findings_text(findings[:1])}"
    )
    found = [asdict(each) for each in findings]
    return InspectionFailedError(what, orderId=order_id, inspectionId=inspection_id, findings=found)


def check_appeal(
    inspection: Inspection | None, inspection_id: str, order_id: str, appeal: str
) -> None:
    """Raise unless files may be handed in for a task that asks for an inspection.

    Raises:
        InspectionMissingError: Nobody had exactly these files inspected.
        InspectionFailedError: They failed, and there is no reason to take them nevertheless.
        AppealNeedlessError: They passed, so there is nothing to appeal against.
    """
    if inspection is None:
        what = "The task asks for an inspection of exactly these files."
        raise InspectionMissingError(what, orderId=order_id)
    if inspection.verdict is Verdict.FAILED and not appeal.strip():
        raise unappealed(order_id, inspection_id, inspection.findings)
    if inspection.verdict is Verdict.PASSED and appeal:
        raise AppealNeedlessError("These files passed their inspection.", orderId=order_id)
