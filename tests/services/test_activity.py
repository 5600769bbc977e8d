"""Activity: what agents did is written down once, in its order, chained, and for its owner only."""

import hashlib
from typing import Any

import orjson
import pytest

from clawmarket.domain.kernel.canonical import canonical_bytes
from clawmarket.domain.kernel.errors import Refused
from clawmarket.domain.kernel.moment import from_iso, iso
from clawmarket.domain.trust.activity import (
    COMMITMENTS,
    FACTS,
    Activity,
    ActivityForkedError,
    ActivityGapError,
    ActivityKind,
    ActivityNoted,
    ActivityUnfitError,
    Stream,
    advanced,
    listed,
    place_of,
    stream_key,
)
from clawmarket.domain.trust.record import Record
from clawmarket.domain.trust.session import ScopeMissingError
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.pipeline import FieldInvalidError
from world import START, Fields, Member, World

APPEND, LIST = "web3.audit.append", "web3.audit.activity"
SESSION, OTHER = (hashlib.sha256(key).hexdigest() for key in (b"agent:main:main", b"agent:main:x"))
SOURCE, SECOND = "a" * 32, "b" * 32
SENT_AT = iso(START - 5_000)


def item(seq: int, **about: Any) -> Fields:
    """Return a tool call with a number."""
    facts = {"tool": "web3_market_status", "outcome": "done", "durationMs": seq}
    usual = {
        "kind": "tool_call",
        "at": SENT_AT,
        "facts": facts,
        "commitments": {"params": "c" * 64},
    }
    return {"seq": seq, **usual, **about}


def end(seq: int) -> Fields:
    """Return the end of a session."""
    return item(seq, kind="session_end", facts={"reason": "new", "messages": 0}, commitments={})


def append(who: Member, *items: Fields, **more: Any) -> Fields:
    """Send items of the first session, without an idempotency key."""
    asked = {"sessionIdHash": SESSION, "source": SOURCE, "items": list(items), **more}
    return who.do(APPEND, "", **asked)


def hashes(sent: list[Fields], source: str = SOURCE, session: str = SESSION) -> list[str]:
    """Work out the chain from what was sent, as anybody can."""
    chain = [""]
    for each in sent:
        form = {
            "v": 1,
            "sessionIdHash": session,
            "source": source,
            "seq": each["seq"],
            "activity": each["kind"],
            "at": each["at"],
            "told": each["facts"],
            "commitments": each["commitments"],
            "previous": chain[-1],
        }
        chain.append(hashlib.sha256(canonical_bytes(form)).hexdigest())
    return chain[1:]


def rows(world: World) -> tuple[list[Activity], list[Stream], int]:
    """Return what is stored of all activity, and how many records there are."""
    return world.all(Activity), world.all(Stream), len(world.all(Record))


def refused(world: World, why: type[Refused], who: Member, *items: Fields, **more: Any) -> Refused:
    """Return the refusal of a batch, which left nothing."""
    before = rows(world)
    with pytest.raises(why) as refusal:
        append(who, *items, **more)
    assert rows(world) == before
    return refusal.value


def test_items_are_listed_newest_first(world: World) -> None:
    """Two batches of a session: kinds, numbers and the hashes that anybody works out."""
    owner = world.member()
    sent = [item(1), item(2), end(3)]
    assert append(owner, *sent[:2]) == {
        "nextSeq": 3,
        "appended": 2,
        "hash": hashes(sent)[1],
    }
    assert append(owner, sent[2])["nextSeq"] == 4

    page = owner.do(LIST)
    assert [(i["seq"], i["kind"], i["hash"]) for i in page["items"]] == [
        (3, "session_end", hashes(sent)[2]),
        (2, "tool_call", hashes(sent)[1]),
        (1, "tool_call", hashes(sent)[0]),
    ]
    newest = owner.do("web3.audit.query", limit=1)["items"][0]["recordId"]
    assert page["items"][0] == {
        "at": SENT_AT,
        "kind": "session_end",
        "sessionIdHash": SESSION,
        "source": SOURCE,
        "seq": 3,
        "hash": hashes(sent)[2],
        "recordId": newest,
    }


def test_a_batch_is_one_record_with_all_facts(world: World) -> None:
    """Its events say what was sent, so that hashes and rows can be worked out from them."""
    owner = world.member()
    append(owner, item(1), item(2))
    [record] = owner.do("web3.audit.query", method=APPEND)["items"]
    events = orjson.loads(record["record"])["events"]

    first, second = hashes([item(1), item(2)])
    assert events[1] == {
        "kind": "activity_noted",
        "sessionIdHash": SESSION,
        "source": SOURCE,
        "seq": 2,
        "activity": "tool_call",
        "at": SENT_AT,
        "told": {"tool": "web3_market_status", "outcome": "done", "durationMs": 2},
        "commitments": {"params": "c" * 64},
        "previous": first,
        "hash": second,
    }
    assert len(events) == 2


def test_the_records_alone_give_the_rows(world: World) -> None:
    """Replaying the events of all records gives each item and the head of each session."""
    owner, other = world.member(), world.member()
    append(owner, item(1), item(2))
    append(other, item(1))
    append(owner, item(1), sessionIdHash=OTHER)
    append(owner, item(2), item(3), end(4))
    activities: dict[str, Activity] = {}
    streams: dict[str, Stream] = {}
    for record in world.all(Record):
        if record.method != APPEND:
            continue
        for index, facts in enumerate(orjson.loads(record.body)["events"]):
            said = ActivityNoted(*(facts[name] for name in ActivityNoted.wire_names()))
            row = listed(record.actor, said, place_of(record.record_id, index), from_iso(said.at))
            key = stream_key(record.actor, said.session_id_hash, said.source)
            activities[row.activity_id] = row
            streams[key] = advanced(Stream(key, 0, "", 0), said, record.at)

    assert sorted(activities.values(), key=lambda a: a.activity_id) == world.all(Activity)
    assert sorted(streams.values(), key=lambda s: s.stream_id) == world.all(Stream)


def test_what_is_sent_again_is_skipped(world: World) -> None:
    """The whole batch, its end, or its end with more behind it: each item is there once."""
    owner = world.member()
    sent = [item(n) for n in range(1, 6)]
    append(owner, *sent[:3])

    assert append(owner, *sent[:3]) == {"nextSeq": 4, "appended": 0, "hash": hashes(sent)[2]}
    assert append(owner, *sent[1:]) == {"nextSeq": 6, "appended": 2, "hash": hashes(sent)[4]}
    assert append(owner, sent[1])["appended"] == 0
    assert [each.hash for each in world.all(Activity)] == hashes(sent)


def test_a_gap_is_refused_with_what_is_expected(world: World) -> None:
    """The first item of a session has the number 1, and each other one follows."""
    owner = world.member()
    assert refused(world, ActivityGapError, owner, item(2)).details == {"expectedSeq": 1}
    append(owner, item(1), item(2))
    assert refused(world, ActivityGapError, owner, item(4)).details == {"expectedSeq": 3}
    refused(world, ActivityUnfitError, owner, item(3), item(5))
    refused(world, ActivityUnfitError, owner, item(3), item(3))
    refused(world, ActivityUnfitError, owner, item(4), item(3))


@pytest.mark.parametrize(
    "otherwise",
    [
        {"at": SENT_AT.replace("5.000Z", "5.001Z").replace("0.000Z", "0.001Z")},
        {"kind": "session_end", "facts": {"reason": "new"}, "commitments": {}},
        {"facts": {"tool": "exec", "outcome": "done", "durationMs": 2}},
        {"commitments": {"params": "d" * 64}},
        {"commitments": {}},
    ],
)
def test_nothing_takes_the_place_of_another_item(world: World, otherwise: Fields) -> None:
    """A number that is there with other content is refused, with whatever comes behind it."""
    owner = world.member()
    append(owner, item(1), item(2))
    assert otherwise.get("at") != SENT_AT
    refused(world, ActivityForkedError, owner, item(2, **otherwise))
    refused(world, ActivityForkedError, owner, item(1), item(2, **otherwise), item(3))


def test_sessions_hosts_and_accounts_count_by_themselves(world: World) -> None:
    """Two sessions, two hosts of one owner, two owners: each begins with 1."""
    owner, other = world.member(), world.member()
    append(owner, item(1), item(2))

    assert append(owner, item(1), sessionIdHash=OTHER)["nextSeq"] == 2
    assert append(owner, item(1), source=SECOND)["nextSeq"] == 2
    assert append(other, item(1))["nextSeq"] == 2
    found = owner.do(LIST)["items"]
    assert [(i["sessionIdHash"], i["source"], i["seq"]) for i in found] == [
        (SESSION, SECOND, 1),
        (OTHER, SOURCE, 1),
        (SESSION, SOURCE, 2),
        (SESSION, SOURCE, 1),
    ]
    assert [i["seq"] for i in owner.do(LIST, sessionIdHash=OTHER)["items"]] == [1]
    assert len(other.do(LIST)["items"]) == 1


def test_only_the_owner_sees_it(world: World) -> None:
    """Others see neither the list nor the record; an operator sees the record, as every one."""
    owner, other = world.member(), world.member()
    append(owner, item(1))
    [record] = owner.do("web3.audit.query", method=APPEND)["items"]

    assert other.do(LIST)["items"] == []
    assert other.do(LIST, sessionIdHash=SESSION)["items"] == []
    assert world.operator.do(LIST)["items"] == []
    assert other.do("web3.audit.query", method=APPEND)["items"] == []
    assert world.operator.do("web3.audit.query", method=APPEND)["items"] == [record]


def test_a_key_that_only_reads_writes_nothing_down(world: World) -> None:
    """It lists; to append needs the scope write."""
    owner = world.member()
    reader = world.with_key(owner, "read")
    refused(world, ScopeMissingError, reader, item(1))
    append(world.with_key(owner), item(1))
    assert [i["seq"] for i in reader.do(LIST)["items"]] == [1]


def test_pages_show_each_item_once(world: World) -> None:
    """Following the cursor walks through all of it, newest first, in and between batches."""
    owner = world.member()
    append(owner, *(item(n) for n in range(1, 8)))
    append(owner, *(item(n) for n in range(8, 11)))
    found: list[int] = []
    page: Fields = {"nextCursor": None}
    while not found or page["nextCursor"]:
        cursor = {"cursor": page["nextCursor"]} if found else {}
        page = owner.do(LIST, limit=4, sessionIdHash=SESSION, **cursor)
        found += [each["seq"] for each in page["items"]]

    assert found == list(range(10, 0, -1))
    with pytest.raises(CursorInvalidError):
        owner.do(LIST, cursor="task_01h00000000000000000000000")


@pytest.mark.parametrize("kind", list(ActivityKind))
def test_each_kind_takes_what_it_has_a_place_for(world: World, kind: ActivityKind) -> None:
    """Every fact and commitment of a kind, and `lost`; one more is refused."""
    owner = world.member()
    facts = {name: "done" if of is str else 7 for name, of in FACTS[kind].items()} | {"lost": 2}
    commitments = dict.fromkeys(COMMITMENTS[kind], "e" * 64)
    about: Fields = {"kind": kind.value, "facts": facts, "commitments": commitments}

    for name in facts:
        swapped = 7 if isinstance(facts[name], str) else "7"
        refused(world, ActivityUnfitError, owner, item(1, **about | {"facts": {name: swapped}}))
    refused(world, ActivityUnfitError, owner, item(1, **about | {"facts": {"words": "hello"}}))
    refused(world, ActivityUnfitError, owner, item(1, **about | {"commitments": {"x": "e" * 64}}))
    assert append(owner, item(1, **about))["appended"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": 0},
        {"seq": True},
        {"seq": "1"},
        {"kind": "dapp_request"},
        {"at": "2026-01-31T12:00:00Z"},
        {"facts": {"tool": "two words"}},
        {"facts": {"tool": ""}},
        {"facts": {"tool": "t" * 121}},
        {"facts": {"durationMs": -1}},
        {"facts": {"durationMs": 2**53}},
        {"facts": {"durationMs": None}},
        {"facts": dict.fromkeys("abcdefghijklm", 1)},
        {"commitments": {"params": "C" * 64}},
        {"commitments": {"params": "c" * 63}},
        {"content": "the prompt"},
    ],
)
def test_what_is_no_item_is_refused(world: World, wrong: Fields) -> None:
    """Wrong types, other kinds, free text and unknown fields: nothing of the batch is kept."""
    owner = world.member()
    refused(world, FieldInvalidError, owner, item(1), item(2) | wrong)


def test_a_moment_that_does_not_exist_is_refused(world: World) -> None:
    """A day that no calendar has."""
    refused(world, ActivityUnfitError, world.member(), item(1, at="2026-02-31T12:00:00.000Z"))


def test_a_batch_holds_a_hundred_items(world: World) -> None:
    """A hundred are written down at once, in one record of a few kilobytes; one more is refused."""
    owner = world.member()
    many = [item(n, commitments={"params": "c" * 64, "result": "d" * 64}) for n in range(1, 102)]
    refused(world, FieldInvalidError, owner, *many)
    refused(world, FieldInvalidError, owner)

    assert append(owner, *many[:100])["nextSeq"] == 101
    assert len(world.all(Record)[-1].body) < 80_000
