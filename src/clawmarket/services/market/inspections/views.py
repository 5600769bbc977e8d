"""What inspections look like on the wire."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.inspection.finding import Finding
from clawmarket.domain.market.inspection.verdict import Inspection
from clawmarket.registry.fields import (
    Answer,
    Digest,
    InspectionId,
    Moment,
    Note,
    OrderId,
    TaskId,
    Verbatim,
    Wire,
    Word,
)


class FindingView(Wire):
    """What is wrong with one file."""

    file: Annotated[str, Field(description="The file's name, made safe to show."), Verbatim]
    code: Word
    what: Annotated[str, Field(description="What is wrong, without quoting the file."), Verbatim]


class InspectionView(Answer):
    """An inspection."""

    inspection_id: InspectionId
    order_id: OrderId
    task_id: TaskId
    digest: Digest
    verdict: Word
    findings: list[FindingView]
    inspected_at: Moment


class InspectionOfResult(Wire):
    """How a result's files passed, or why the buyer should take them nevertheless."""

    inspection_id: InspectionId
    verdict: Word
    findings: list[FindingView]
    appeal: Note


def inspection_view(inspection: Inspection) -> InspectionView:
    """Return an inspection in wire form."""
    return InspectionView(
        inspection_id=inspection.inspection_id,
        order_id=inspection.order_id,
        task_id=inspection.task_id,
        digest=inspection.digest,
        verdict=inspection.verdict,
        findings=_findings_of(inspection.findings),
        inspected_at=iso(inspection.inspected_at),
    )


def result_inspection(inspection: Inspection | None, appeal: str) -> InspectionOfResult | None:
    """Return what a result shows of its inspection; None where the task asked for none."""
    if inspection is None:
        return None
    return InspectionOfResult(
        inspection_id=inspection.inspection_id,
        verdict=inspection.verdict,
        findings=_findings_of(inspection.findings),
        appeal=appeal,
    )


def _findings_of(findings: tuple[Finding, ...]) -> list[FindingView]:
    return [FindingView(file=f.file, code=f.code, what=f.what) for f in findings]
