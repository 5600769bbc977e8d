"""Files and records of others: guessed, shared without a right, or read from the log."""

import pytest
from gateway.front import Front

from clawmarket.domain.trust.record import Record, RecordNotFoundError
from clawmarket.ports.blobs import BlobMissingError
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.trust.files import right_to_read
from world import World


def test_a_known_hash_is_no_right(world: World) -> None:
    """Whoever names the file of another in a task or a result shares and reads nothing."""
    owner, thief, buyer = world.member(), world.member(), world.member()
    file = owner.stores(b"the secret")
    with pytest.raises(BlobMissingError):
        thief.publishes(attachments=[file])
    award = buyer.awards(thief.bids(buyer.publishes()))
    with pytest.raises(BlobMissingError):
        thief.do("web3.market.submitResult", orderId=award["orderId"], artifacts=[file])
    with pytest.raises(BlobMissingError):
        right_to_read(world.pipeline, thief.caller, file["digest"])


@pytest.mark.parametrize(
    "tail", ["|{owner}", "%7C{owner}", "/../x", "%2e%2e%2f", "|*", "\N{FULLWIDTH SOLIDUS}", "%00"]
)
def test_no_spelling_of_a_hash_opens_a_file(world: World, tail: str) -> None:
    """A hash with something behind it names no file, and least of all one of somebody else."""
    owner, thief = world.member(), world.member()
    digest = owner.stores(b"the secret")["digest"]
    front = Front(world)
    path = f"/files/{digest}{tail.format(owner=owner.id)}"
    answer = front.ask("GET", path, headers=front.key_of(thief))
    assert (answer.status_code, b"the secret" in answer.content) == (404, False)


def test_a_lie_about_the_size_shares_nothing(world: World) -> None:
    """A file is attached with the size that it has."""
    buyer = world.member()
    file = buyer.stores(b"four") | {"size": 5}
    with pytest.raises(BlobMissingError):
        buyer.publishes(attachments=[file])


def test_a_page_in_a_file_stays_a_download(world: World) -> None:
    """A browser neither shows an uploaded page nor guesses its type."""
    front, member = Front(world), world.member()
    key = front.key_of(member)
    front.ask("POST", "/files?name=x.html", content=b"<script>alert(1)</script>", headers=key)
    digest = member.stores(b"<script>alert(1)</script>", "x.html")["digest"]
    headers = front.ask("GET", f"/files/{digest}", headers=key).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_public_log_tells_no_record(world: World) -> None:
    """Its entries are commitments: no actor, no method, no salt."""
    buyer = world.member()
    buyer.publishes()
    size = world.log()
    answer = Front(world).ask("GET", f"/log/tile/entries/000.p/{size}")
    entries = answer.content
    assert (answer.status_code, entries.count(b'"commit"')) == (200, size)
    for record in world.all(Record):
        for told in (record.body, record.salt, record.actor.encode(), record.method.encode()):
            assert told not in entries
            assert told.hex().encode() not in entries


def test_strangers_prove_no_record(world: World) -> None:
    """A record of others is refused like one that does not exist."""
    buyer, stranger = world.member(), world.member()
    buyer.publishes()
    world.log()
    theirs = buyer.do("web3.audit.query", limit=1)["items"][0]["recordId"]
    none = theirs[:-4] + "0000"
    said = []
    for record_id in (theirs, none):
        with pytest.raises(RecordNotFoundError) as refused:
            stranger.do("web3.audit.prove", recordId=record_id)
        said.append(refused.value.what.replace(record_id, ""))
    assert said[0] == said[1]


def test_a_cursor_leads_to_no_records_of_others(world: World) -> None:
    """A place that is not on one's own list is no place to go on from."""
    buyer, stranger = world.member(), world.member()
    buyer.publishes()
    for cursor in (f"{buyer.id}|zzz", "zzz", f"{buyer.id}|", "market.open"):
        with pytest.raises(CursorInvalidError):
            stranger.do("web3.audit.query", cursor=cursor)


@pytest.mark.parametrize(
    "path", ["/market.db", "/files/", "/files/../market.db", "/log/../operator.token", "/.env"]
)
def test_no_address_serves_the_home(world: World, path: str) -> None:
    """Database, tokens and folders have no address."""
    assert Front(world).ask("GET", path).status_code == 404
