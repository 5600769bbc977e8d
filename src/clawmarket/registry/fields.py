"""Field types of requests and answers: their patterns, limits and what a reader may see.

Every scalar of a request is strict: a number is not a string, a string is not a number.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from clawmarket.domain.kernel.ids import PREFIXES, id_pattern
from clawmarket.domain.market.inspection.names import MAX_NAME_CHARS, NAME_PATTERN


class Verbatim:
    """Marks an answer field that the redactor leaves as it is: ids, hashes, a party's own words."""


class ShownOnce:
    """Marks an answer field with a new secret: shown in the first answer and never kept."""


class Wire(BaseModel):
    """A wire object: camelCase names, nothing unknown, never changed after it was read."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True
    )


class Request(Wire):
    """What a method takes; its names in one spelling, as records and signatures keep them."""

    model_config = ConfigDict(populate_by_name=False)


# Neither control characters nor what breaks a line or turns the direction of a text around.
ONE_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]*$"


class RequestPart(Wire):
    """What a request has within it: in one spelling too, or no receipt could be made of it."""

    model_config = ConfigDict(populate_by_name=False)


class SignedRequest(Request):
    """What a party's wallet can sign; the record and the receipt keep the signature."""

    signature: Annotated[
        str | None,
        Field(
            strict=True,
            pattern=r"^0x[0-9a-fA-F]{130}$",
            description="EIP-191 signature over the statement's SHA-256; needed from a session "
            "that a wallet opened, optional with an API key (then the market attests).",
        ),
    ] = None
    signed_at: Annotated[
        str | None,
        Field(
            strict=True,
            max_length=40,
            description="The moment in the signed statement, ISO 8601; the statement is good for "
            "an hour from it.",
            examples=["2026-01-31T12:00:00.000Z"],
        ),
    ] = None


class Answer(Wire):
    """What a method returns."""


def _id(noun: str, text: str) -> object:
    example = PREFIXES[noun] + "01h00000000000000000000000"
    return Field(strict=True, pattern=id_pattern(noun), description=text, examples=[example])


AccountId = Annotated[str, _id("account", "An account."), Verbatim]
AwardId = Annotated[str, _id("award", "An award."), Verbatim]
BidId = Annotated[str, _id("bid", "A bid."), Verbatim]
BillId = Annotated[str, _id("bill", "A bill."), Verbatim]
ConsentId = Annotated[str, _id("consent", "A consent."), Verbatim]
CredentialId = Annotated[str, _id("credential", "A credential."), Verbatim]
DeliveryId = Annotated[str, _id("delivery", "A delivery."), Verbatim]
DisputeId = Annotated[str, _id("dispute", "A dispute."), Verbatim]
EvidenceId = Annotated[str, _id("evidence", "A piece of evidence."), Verbatim]
InspectionId = Annotated[str, _id("inspection", "An inspection."), Verbatim]
JobId = Annotated[str, _id("job", "A job."), Verbatim]
MessageId = Annotated[str, _id("message", "A message."), Verbatim]
OfferId = Annotated[str, _id("offer", "An offer."), Verbatim]
OrderId = Annotated[str, _id("order", "An order."), Verbatim]
ReceiptId = Annotated[str, _id("receipt", "A receipt."), Verbatim]
RecordId = Annotated[str, _id("record", "A record."), Verbatim]
ReservationId = Annotated[str, _id("reservation", "A reservation."), Verbatim]
ResultId = Annotated[str, _id("result", "A result."), Verbatim]
SettlementId = Annotated[str, _id("settlement", "A settlement."), Verbatim]
TabId = Annotated[str, _id("tab", "A tab."), Verbatim]
TaskId = Annotated[str, _id("task", "A task."), Verbatim]
TrustId = Annotated[str, _id("trust", "A trust."), Verbatim]
UsageId = Annotated[str, _id("usage", "A use that was written down."), Verbatim]

Amount = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^(0|[1-9][0-9]{0,15})$",
        description="An amount in minor units, as decimal digits; 1000000 is 1.00 credits.",
        examples=["50000000"],
    ),
    Verbatim,
]
Figure = Annotated[
    str,
    Field(
        description="An amount in minor units of any size; below zero only if the books are wrong.",
        pattern=r"^(0|-?[1-9][0-9]*)$",
        examples=["50000000"],
    ),
    Verbatim,
]
Change = Annotated[
    str,
    Field(
        description="An amount in minor units with its sign.",
        pattern=r"^(0|-?[1-9][0-9]*)$",
        examples=["50000000"],
    ),
    Verbatim,
]
AssetId = Annotated[
    Literal["credits"],
    Field(description="What the amount counts; credits have six decimals."),
    Verbatim,
]
RailName = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[a-z][a-z0-9-]{0,39}$",
        description="A rail: where the value of an order really is.",
        examples=["credits"],
    ),
    Verbatim,
]
StepKey = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^(settlement_)[0-7][0-9a-hjkmnp-tv-z]{25}\.[0-9]{3}\.(lock|part|release|refund)$",
        description="The key under which a rail was asked.",
        examples=["settlement_01h00000000000000000000000.001.lock"],
    ),
    Verbatim,
]
SESSION_PATTERN = r"^[0-9a-f]{64}$"
SessionIdHash = Annotated[
    str,
    Field(
        strict=True,
        pattern=SESSION_PATTERN,
        description="The lower-case hexadecimal SHA-256 of the session's key in its host.",
        examples=["0" * 64],
    ),
    Verbatim,
]
Digest = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^sha256:[0-9a-f]{64}$",
        description="A content hash: sha256: and 64 lower-case hexadecimal digits.",
    ),
    Verbatim,
]
Address = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^0x[0-9a-fA-F]{40}$",
        description="An EVM address, 0x and 40 hexadecimal digits.",
    ),
    Verbatim,
]
Moment = Annotated[
    str,
    Field(description="ISO 8601 with milliseconds, UTC.", examples=["2026-01-31T12:00:00.000Z"]),
    Verbatim,
]
Deadline = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$",
        description="A moment in the future, ISO 8601 with its zone.",
        examples=["2026-01-31T12:00:00.000Z"],
    ),
    Verbatim,
]
Word = Annotated[str, Field(description="One of the words that the reference lists."), Verbatim]
Flag = Annotated[bool, Field(strict=True)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=90 * 86_400, description="Seconds.")]
Limit = Annotated[
    int, Field(strict=True, ge=1, le=200, description="How many items a page has at the most.")
]
Cursor = Annotated[
    str,
    Field(
        strict=True,
        max_length=200,
        pattern=r"^[A-Za-z0-9_.|-]+$",
        description="`nextCursor` of the page before; opaque.",
    ),
    Verbatim,
]
Title = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=200,
        pattern=ONE_LINE,
        description="One line without control characters.",
    ),
    Verbatim,
]
ShownTitle = Annotated[str, Field(description="One line; in old ones anything."), Verbatim]
PartyText = Annotated[
    str,
    Field(strict=True, max_length=20_000, description="Plain text or Markdown, never executed."),
    Verbatim,
]
Note = Annotated[str, Field(strict=True, max_length=2_000, description="Plain text."), Verbatim]
Skill = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^[a-z0-9][a-z0-9.+#-]{0,39}$",
        description="A skill in lower case, such as translation or python.",
    ),
    Verbatim,
]
FileName = Annotated[
    str,
    Field(
        strict=True,
        max_length=MAX_NAME_CHARS,
        pattern=NAME_PATTERN,
        description="A file's name without any folder.",
    ),
    Verbatim,
]
Text = Annotated[
    str, Field(strict=True, min_length=1, max_length=4_096, description="Text."), Verbatim
]
Label = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=80,
        pattern=ONE_LINE,
        description="A name for people; one line without control characters.",
    ),
    Verbatim,
]
Token = Annotated[str, Field(description="A secret; shown this once."), ShownOnce]
Cause = Annotated[str, Field(description="Why, in words."), Verbatim]


class MilestonePart(RequestPart):
    """A milestone to be agreed on: what is to be there, for how many hundredths of the price."""

    title: Annotated[
        str, Field(strict=True, min_length=1, max_length=200, pattern=ONE_LINE), Verbatim
    ]
    percent: Annotated[int, Field(strict=True, ge=1, le=100, description="Hundredths.")]


MilestoneParts = Annotated[
    list[MilestonePart],
    Field(
        max_length=20,
        description="Parts that are delivered, accepted and paid one after the other; their "
        "percents sum to 100. None: one delivery for all of it.",
    ),
]


class MilestoneView(Wire):
    """A milestone of an order: what is to be there, and for which part of the lock."""

    title: Annotated[str, Verbatim]
    amount: Amount


Purpose = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=200,
        pattern=ONE_LINE,
        description="What it is used for; one line.",
    ),
    Verbatim,
]
Days = Annotated[int, Field(strict=True, ge=1, le=3_650, description="Days.")]


class UsageScopeTerms(RequestPart):
    """What a buyer has to consent to before the seller may begin."""

    purpose: Purpose
    region: Annotated[
        str | None,
        Field(
            strict=True,
            min_length=1,
            max_length=80,
            pattern=ONE_LINE,
            description="Where it is used; one line.",
        ),
        Verbatim,
    ] = None
    duration_days: Annotated[
        Days | None, Field(description="For how long, from the consent; without it for ever.")
    ] = None
    transferable: Annotated[Flag | None, Field(description="Whether it may be passed on.")] = None


class ConsentScope(RequestPart):
    """What a buyer consents to."""

    purpose: Purpose
    duration_days: Annotated[
        Days | None,
        Field(description="For how long; at most what the offer says, which holds without it."),
    ] = None


class File(RequestPart):
    """A file that was stored before, by name and content hash."""

    name: FileName
    digest: Digest
    size: Annotated[int, Field(strict=True, ge=0, description="Bytes.")]


class Page(Request):
    """What every list takes."""

    cursor: Cursor | None = None
    limit: Limit = 50
