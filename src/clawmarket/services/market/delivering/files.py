"""Rights on stored files: tasks show their attachments, deliveries go to the buyer."""

from collections.abc import Iterable

from clawmarket.domain.market.delivering.delivery import Delivery
from clawmarket.domain.market.order import Order
from clawmarket.domain.market.terms import Artifact
from clawmarket.domain.trust.file import FileRight, right_id
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.work import Work


def share_files(work: Work, owner: str, artifacts: Iterable[Artifact], reader: str) -> None:
    """Let another account (or everybody, or the judges of a dispute) read their owner's files.

    Raises BlobMissingError when the owner never stored one of them with that size.
    """
    for artifact in artifacts:
        check_stored(work, owner, artifact)
        shared = right_id(artifact.digest, reader)
        if work.get(FileRight, shared) is None:
            work.add(FileRight(shared, artifact.digest, reader, artifact.size, work.now))


def check_stored(work: Work, owner: str, artifact: Artifact) -> None:
    """Raise BlobMissingError unless the owner stored this file with this size."""
    own = work.get(FileRight, right_id(artifact.digest, owner))
    if own is None or own.size != artifact.size:
        raise BlobMissingError(f"You have stored no file {artifact.digest} of that size.")


def hand_over(work: Work, order: Order, artifacts: tuple[Artifact, ...]) -> None:
    """Let the buyer read what the seller delivers; sealed, it is only checked to be stored.

    Raises BlobMissingError.
    """
    if not order.sealed:
        share_files(work, order.seller, artifacts, order.buyer)
        return
    for artifact in artifacts:
        check_stored(work, order.seller, artifact)


def unseal(work: Work, order: Order) -> None:
    """Let the buyer read the files of the delivery that was accepted."""
    delivery = work.get(Delivery, order.delivery_id) if order.delivery_id else None
    if delivery is not None:
        share_files(work, order.seller, delivery.artifacts, order.buyer)
