"""Records as `/v1` shows them, with what proves that the public log has them."""

from pydantic import Field

from clawmarket.entry.rest.envelope import Shape


class Proof(Shape):
    """An inclusion proof (RFC 6962) against a signed checkpoint."""

    index: int
    hashes: list[str]
    checkpoint: str


class AuditRow(Shape):
    """A record of a task."""

    record_id: str
    record: str = Field(description="The exact canonical JSON that the log commits to.")
    salt: str
    proof: Proof | None = Field(description="Null until the log has taken the record in.")


class AuditPage(Shape):
    """A page of a task's records, oldest first."""

    items: list[AuditRow]
    total: int | None = Field(description="All of them; null where the list goes on.")
    page: int
    per_page: int
    has_more: bool
    next_cursor: str | None = Field(description="Of a task without a worker: on to older records.")
