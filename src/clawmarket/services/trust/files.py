"""Files: storing one gives a right on it; a file is read with a right, or it does not exist."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.domain.market.dispute import Dispute
from clawmarket.domain.trust.file import EVERYBODY, FileRight, FileStored, right_id
from clawmarket.domain.trust.session import AuthNeededError, Role, ScopeMissingError, allows
from clawmarket.ports.blobs import BlobMissingError, BlobTooLargeError
from clawmarket.ports.store import Query, RowExistsError, Snapshot
from clawmarket.registry.fields import Answer, File, FileName, Request
from clawmarket.registry.methods import Scope, ask
from clawmarket.services.call import Call, Caller
from clawmarket.services.pipeline import FieldInvalidError, Pipeline
from clawmarket.services.trust.onlookers import judges
from clawmarket.services.work import Work

PUT = "web3.files.put"
MAX_PUT_BYTES = 512 * 1024
MAX_DISPUTES_OF_A_FILE = 100

_MAX_BASE64_CHARS = (MAX_PUT_BYTES + 2) // 3 * 4
_NAME: TypeAdapter[str] = TypeAdapter(FileName)


class FileDataInvalidError(InvalidArgumentError):
    """The data is not Base64 (RFC 4648, section 4)."""

    advice = "Send the file's bytes as padded Base64, or the raw bytes to `POST /files`."
    next_command = "clawmarket explain file_data_invalid"


class PutFile(Request):
    """A small file within a call; larger ones go to `POST /files`."""

    name: FileName
    data_base64: Annotated[
        str,
        Field(
            strict=True,
            max_length=_MAX_BASE64_CHARS,
            description="The file's bytes in padded Base64, at most 512 KiB of them.",
        ),
    ]


class StoredFile(Answer):
    """The file as results, deliveries and tasks name it."""

    file: File


@ask(
    PUT,
    errors=(FileDataInvalidError, BlobTooLargeError),
    example={"name": "digest.txt", "dataBase64": "T25lIHBhZ2UsIHRocmVlIGNsYWltcy4K"},
)
async def put_file(call: Call, pipeline: Pipeline, request: PutFile) -> StoredFile:
    """Store a small file; only you can read it until you hand it in or attach it.

    The same content stored again changes nothing and leaves no record.
    """
    return await _keep(call, pipeline, request.name, _whole(_decoded(request.data_base64)))


async def store_file(
    pipeline: Pipeline, caller: Caller, name: str, chunks: AsyncIterable[bytes]
) -> dict[str, Any]:
    """Store a file that comes as a stream and return the wire fields of the answer.

    Scope and name are checked before the first chunk is asked for.

    Raises:
        AuthNeededError, ScopeMissingError: The caller may not write.
        FieldInvalidError: The name is empty, too long or a path.
        BlobTooLargeError: The store takes no file of this size.
    """
    _admit(caller, Scope.WRITE)
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise FieldInvalidError(
            "$.name: a file's name is 1 to 200 characters in one line, without folders, control "
            "characters or turned writing.",
            path="$.name",
            method=PUT,
        ) from None
    stored = await _keep(pipeline.call(caller, PUT), pipeline, name, chunks)
    return stored.model_dump(mode="json", by_alias=True)


def right_to_read(pipeline: Pipeline, caller: Caller, digest: str) -> FileRight:
    """Return the right by which a caller reads a file: his own, everybody's, or a judge's.

    Raises:
        AuthNeededError, ScopeMissingError: The caller may not read.
        BlobMissingError: There is no such file, or no such right; the two look the same.
    """
    _admit(caller, Scope.READ)
    right = pipeline.ports.store.read(lambda rows: _right(rows, caller, digest))
    if right is None:
        raise BlobMissingError(f"There is no file {digest[:80]}.")
    return right


def _right(rows: Snapshot, caller: Caller, digest: str) -> FileRight | None:
    for holder in (caller.account_id, EVERYBODY):
        right = rows.get(FileRight, right_id(digest, holder))
        if right is not None:
            return right
    if caller.role not in (Role.ARBITER, Role.OPERATOR):
        return None
    of_disputes = right_id(digest, "dispute_")
    shown = rows.find(
        Query(FileRight, prefix=of_disputes, newest_first=True, limit=MAX_DISPUTES_OF_A_FILE)
    )
    for right in shown:
        dispute = rows.get(Dispute, right.account_id)
        if dispute is not None and judges(caller, dispute):
            return right
    return None


async def _keep(
    call: Call, pipeline: Pipeline, name: str, chunks: AsyncIterable[bytes]
) -> StoredFile:
    blob = await pipeline.ports.blobs.keep(chunks)
    right = FileRight(
        right_id(blob.digest, call.actor), blob.digest, call.actor, blob.size, call.now
    )

    def change(work: Work) -> None:
        work.add(right)
        work.emit(FileStored(blob.digest, call.actor, blob.size))

    # An account that has the right already changes nothing, so there is nothing to record.
    with suppress(RowExistsError):
        await pipeline.write(call, change)
    return StoredFile(file=File(name=name, digest=blob.digest, size=blob.size))


def _admit(caller: Caller, needed: Scope) -> None:
    if allows(caller.scope, needed):
        return
    if not caller.account_id:
        raise AuthNeededError("Files need a signed-in account.")
    raise ScopeMissingError(
        f"This needs the scope {needed}; this credential has {caller.scope}.", scope=str(needed)
    )


def _decoded(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise FileDataInvalidError("$.dataBase64: not Base64.", path="$.dataBase64") from None
    if len(data) > MAX_PUT_BYTES:
        raise BlobTooLargeError(f"The file has more than {MAX_PUT_BYTES} bytes.")
    return data


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
