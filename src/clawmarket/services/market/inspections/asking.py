"""What a task asks of its files: acceptance checks on the wire and in the domain."""

from typing import Annotated

from pydantic import Field

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.inspection.checks import MAX_CHECKS, Check, CheckKind
from clawmarket.domain.market.inspection.kinds import ENDINGS
from clawmarket.domain.market.inspection.schema_bounds import SchemaRefusedError
from clawmarket.domain.market.inspection.schemas import check_schema
from clawmarket.registry.fields import Digest, FileName, RequestPart, Verbatim

MAX_SCHEMA_CHARS = 65_536


class CheckInvalidError(InvalidArgumentError):
    """An acceptance check lacks what its kind needs, or says what another kind says."""

    advice = "Give file and schema, file and digest, allowed, or bytes, as its kind needs."
    next_command = "clawmarket help task publish"


class AcceptanceCheck(RequestPart):
    """What a machine can see of whether a result is what was asked for."""

    kind: CheckKind
    file: Annotated[
        FileName | None,
        Field(description="The file it is about: of a schema or a hash; of a size, or every one."),
    ] = None
    schema_text: Annotated[
        str | None,
        Field(
            alias="schema",
            strict=True,
            min_length=2,
            max_length=MAX_SCHEMA_CHARS,
            description="The text of a JSON Schema (2020-12 or draft-07) with local references.",
        ),
        Verbatim,
    ] = None
    digest: Digest | None = None
    allowed: Annotated[
        list[
            Annotated[
                str,
                Field(strict=True, pattern=rf"^(?:{'|'.join(ENDINGS)})$".replace(".", r"\.")),
                Verbatim,
            ]
        ]
        | None,
        Field(min_length=1, max_length=len(ENDINGS), description="Endings such as pdf or tar.gz."),
    ] = None
    max_bytes: Annotated[
        int | None,
        Field(alias="bytes", strict=True, ge=1, le=2**53 - 1, description="Bytes of a file."),
    ] = None


AcceptanceChecks = Annotated[
    list[AcceptanceCheck],
    Field(
        max_length=MAX_CHECKS,
        description="Checks that every result has to pass, or the buyer decides on an appeal.",
    ),
]

_NEEDED = {
    CheckKind.JSON_SCHEMA: ({"file", "schema"}, {"file", "schema"}),
    CheckKind.SHA256: ({"file", "digest"}, {"file", "digest"}),
    CheckKind.TYPES: ({"allowed"}, {"allowed"}),
    CheckKind.MAX_BYTES: ({"bytes"}, {"bytes", "file"}),
}


def checks_of(asked: list[AcceptanceCheck]) -> tuple[Check, ...]:
    """Return checks as the domain has them. Raises CheckInvalidError."""
    if sum(len(each.schema_text or "") for each in asked) > MAX_SCHEMA_CHARS:
        what = f"All schemas of a task together have at most {MAX_SCHEMA_CHARS} characters."
        raise CheckInvalidError(what, path="$.checks")
    return tuple(_check_of(place, each) for place, each in enumerate(asked))


def _check_of(place: int, asked: AcceptanceCheck) -> Check:
    given = set(asked.model_dump(by_alias=True, exclude_none=True)) - {"kind"}
    needed, taken = _NEEDED[asked.kind]
    if not needed <= given <= taken:
        needs = " and ".join(sorted(needed))
        what = f"$.checks[{place}]: a check of the kind {asked.kind} needs {needs} and no more."
        raise CheckInvalidError(what, path=f"$.checks[{place}]")
    if asked.schema_text is not None:
        try:
            check_schema(asked.schema_text)
        except SchemaRefusedError as error:
            what = f"$.checks[{place}].schema: {error}."
            raise CheckInvalidError(what, path=f"$.checks[{place}].schema") from None
    allowed = ",".join(asked.allowed) if asked.allowed else None
    return Check(
        asked.kind.value, asked.file, asked.schema_text, asked.digest, allowed, asked.max_bytes
    )


def check_views(checks: tuple[Check, ...]) -> list[AcceptanceCheck]:
    """Return checks in wire form."""
    return [
        AcceptanceCheck.model_validate(
            {
                "kind": CheckKind(check.kind),
                "file": check.file,
                "schema": check.schema,
                "digest": check.digest,
                "allowed": check.allowed.split(",") if check.allowed else None,
                "bytes": check.bytes,
            }
        )
        for check in checks
    ]
