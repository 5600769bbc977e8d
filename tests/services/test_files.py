"""Rights on files: yours, handed to you, or attached for everybody; anything else is not there."""

from contextlib import suppress

import pytest

from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import AuthNeededError, ScopeMissingError
from clawmarket.ports.blobs import BlobMissingError, BlobTooLargeError
from clawmarket.services.pipeline import FieldInvalidError
from clawmarket.services.trust.files import MAX_PUT_BYTES, FileDataInvalidError, right_to_read
from world import Member, World

PUT = "web3.files.put"
HELLO = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def reads(member: Member, digest: str) -> bool:
    """Return whether somebody may read a file."""
    with suppress(BlobMissingError):
        right_to_read(member.world.pipeline, member.caller, digest)
        return True
    return False


def test_a_file_is_named_by_its_hash(world: World) -> None:
    """The answer is what a result or a task names it by."""
    stored = world.member().stores(b"hello", "hello.txt")
    assert stored == {"name": "hello.txt", "digest": HELLO, "size": 5}


def test_only_its_owner_reads_a_file(world: World) -> None:
    """To others, the operator included, it is answered like one that was never stored."""
    owner, other = world.member(), world.member()
    owner.stores(b"hello")
    unknown = "sha256:" + "0" * 64

    assert reads(owner, HELLO)
    for member, digest in ((other, HELLO), (world.operator, HELLO), (owner, unknown)):
        with pytest.raises(BlobMissingError) as refused:
            right_to_read(world.pipeline, member.caller, digest)
        assert (refused.value.what, refused.value.details) == (f"There is no file {digest}.", {})


def test_who_stores_the_same_has_a_right_of_their_own(world: World) -> None:
    """Nobody learns from an upload whether the content was there before."""
    first, second = world.member().stores(b"hello"), world.member()
    assert second.stores(b"hello") == first
    assert reads(second, HELLO)


def test_storing_again_leaves_no_record(world: World) -> None:
    """The first upload of an account is recorded, the same content again changes nothing."""
    member = world.member()
    before = len(world.all(Record))
    for _ in range(3):
        member.stores(b"hello")
    assert len(world.all(Record)) == before + 1


def test_a_result_is_handed_to_its_buyer_alone(world: World) -> None:
    """From the moment of handing in the buyer reads it; strangers never do."""
    buyer, worker, award = world.hired()
    digest = worker.stores(b"the result")["digest"]
    assert not reads(buyer, digest)
    worker.submits(award, b"the result")
    assert reads(buyer, digest)
    assert not reads(world.member(), digest)


def test_an_attachment_is_for_every_member(world: World) -> None:
    """What a task shows is read by all who are signed in, and by nobody else."""
    buyer = world.member()
    file = buyer.stores(b"hello")
    buyer.publishes(attachments=[file])
    assert reads(world.member(), HELLO)
    with pytest.raises(AuthNeededError):
        reads(world.nobody, HELLO)


@pytest.mark.parametrize("data", ["aGVsbG8", "aGVs bG8=", "aGVsbG8=\n", "%%%%", "é==="])
def test_data_is_strict_base64(world: World, data: str) -> None:
    """Unpadded, spaced or foreign characters are refused; nothing is stored."""
    before = len(world.all(Record))
    member = world.member()
    with pytest.raises(FileDataInvalidError):
        member.do(PUT, name="a", dataBase64=data)
    assert len(world.all(Record)) == before + 1


@pytest.mark.parametrize("name", ["", "a/b", "..\\x", "a\0", "x" * 201, "a\n"])
def test_a_name_has_no_folder(world: World, name: str) -> None:
    """A name that could lead anywhere is refused by its path."""
    with pytest.raises(FieldInvalidError) as refused:
        world.member().do(PUT, name=name, dataBase64="")
    assert refused.value.details["path"] == "$.name"


def test_a_file_has_a_largest_size(world: World) -> None:
    """Up to 512 KiB fit into a call; one byte more does not."""
    member = world.member()
    assert member.stores(b"x" * MAX_PUT_BYTES)["size"] == MAX_PUT_BYTES
    with pytest.raises((BlobTooLargeError, FieldInvalidError)):
        member.stores(b"x" * (MAX_PUT_BYTES + 1))


def test_an_empty_file_is_a_file(world: World) -> None:
    """Nothing has a hash too."""
    assert world.member().stores(b"")["size"] == 0


def test_a_key_for_reading_stores_nothing(world: World) -> None:
    """It may read what its account may read."""
    member = world.member()
    member.stores(b"hello")
    reader = world.with_key(member, "read")
    assert reads(reader, HELLO)
    with pytest.raises(ScopeMissingError):
        reader.stores(b"other")
