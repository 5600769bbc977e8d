"""Rights on stored files: tasks show their attachments, deliveries go to the buyer."""

from collections.abc import Iterable

from clawmarket.domain.market.terms import Artifact
from clawmarket.domain.trust.file import FileRight, right_id
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.work import Work


def share_files(work: Work, owner: str, artifacts: Iterable[Artifact], reader: str) -> None:
    """Let another account (or everybody, or the judges of a dispute) read their owner's files.

    Raises BlobMissingError when the owner never stored one of them with that size.
    """
    for artifact in artifacts:
        own = work.get(FileRight, right_id(artifact.digest, owner))
        if own is None or own.size != artifact.size:
            raise BlobMissingError(f"You have stored no file {artifact.digest} of that size.")
        shared = right_id(artifact.digest, reader)
        if work.get(FileRight, shared) is None:
            work.add(FileRight(shared, artifact.digest, reader, artifact.size, work.now))
