"""The log: every record once, in the order of the commands, in a tree that only grows."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

import pytest

from clawmarket.adapters.store.sqlite import SqliteStore
from clawmarket.domain.kernel.errors import InternalError
from clawmarket.domain.kernel.ids import make_id
from clawmarket.domain.trust.checkpoint import Checkpoint, open_checkpoint, parse_vkey
from clawmarket.domain.trust.merkle import root_of, verify_consistency
from clawmarket.domain.trust.record import LogEntry, LogHead, Record, Tally, record_leaf
from clawmarket.domain.trust.tiles import consistency_proof
from clawmarket.entry.cli.verify import crypto
from clawmarket.ports.store import Snapshot
from clawmarket.services.trust.log import BATCH, log_head, read_tile, sequence
from clawmarket.services.work import Work
from world import World


def head(world: World) -> Checkpoint:
    """Return the log's head, its signature checked."""
    stored = world.store.read(log_head)
    assert stored is not None
    return open_checkpoint(stored.checkpoint, parse_vkey(world.terms.vkey), crypto().verify)


def proof(size1: int, size2: int, rows: Snapshot) -> list[bytes]:
    """Return the proof that the log only grew."""
    return consistency_proof(size1, size2, lambda *at: read_tile(rows, *at))


def test_records_are_numbered_in_the_order_of_their_commands(world: World) -> None:
    """No number is left out, none is given twice; a second round finds nothing to do."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    records = [record.record_id for record in world.all(Record)]

    assert (world.log(), world.log()) == (len(records), 0)
    assert [(entry.idx, entry.record_id) for entry in world.all(LogEntry)] == list(
        enumerate(records)
    )


def test_the_root_is_that_of_all_leaves(world: World) -> None:
    """Whoever has all records and salts computes the very root that is signed."""
    world.hired()
    world.log()
    leaves = [record_leaf(record.body, record.salt) for record in world.all(Record)]
    assert head(world) == Checkpoint(world.terms.origin, len(leaves), root_of(leaves))


def test_each_head_contains_the_heads_before(world: World) -> None:
    """Growing by one or by many, the old tree is a prefix of the new one."""
    heads = []
    for _ in range(4):
        world.hired()
        world.log()
        heads.append(head(world))
        world.member()
        world.log()
        heads.append(head(world))
    for older in heads:
        steps = world.store.read(partial(proof, older.size, heads[-1].size))
        verify_consistency(older.size, heads[-1].size, steps, older.root, heads[-1].root)


def test_more_than_one_batch_is_taken_in(world: World) -> None:
    """A log that fell behind catches up in one go, also over the edge of a tile."""
    key = world.with_key(world.member())
    for _ in range(BATCH + 1):
        key.do("web3.agents.profile.set", displayName="A name")
    count = len(world.all(Record))
    assert world.log() == count > BATCH
    leaves = [record_leaf(record.body, record.salt) for record in world.all(Record)]
    assert head(world).root == root_of(leaves)


def test_a_clock_that_was_set_back_puts_nothing_before_the_head(world: World) -> None:
    """Record ids rise all the same, so that no record is passed over."""
    world.member()
    world.log()
    world.clock._now -= 3_600_000
    world.member()
    ids = [record.record_id for record in world.all(Record)]
    assert ids[-1] > ids[-2] > make_id("record", world.clock.now() + 1, b"\xff" * 10)
    assert world.log() == 1


def test_a_command_that_fails_takes_no_number(world: World) -> None:
    """What was undone is in no log."""
    before = len(world.all(Record))

    def fail(work: Work) -> None:
        work.emit()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.run(world.pipeline.write(world.pipeline.call(world.operator.caller, "x"), fail))
    assert len(world.all(Record)) == before


def test_the_tallies_count_states_and_money(world: World) -> None:
    """What stands where is counted from the records as they enter the log."""
    buyer, worker, award = world.hired()
    world.log()
    buyer.accepts(worker.submits(award))
    world.log()
    tallies = {tally.tally_id: tally.amount for tally in world.all(Tally) if tally.amount}

    assert tallies == {
        "available|credits": 1_999_600_000,
        "award|award_active": 1,
        "bid|bid_accepted": 1,
        "day|20717|earned|credits": 39_600_000,
        "day|20717|tasks": 1,
        "delivery|delivery_completed": 1,
        "fees|credits": 400_000,
        "hold|hold_posted": 1,
        "order|settlement_completed": 1,
        "rail|credits": -2_000_000_000,
        "result|result_accepted": 1,
        "settlement|settlement_released": 1,
        "task|task_closed": 1,
    }


def test_entries_behind_the_head_are_a_defect_of_the_log_alone(
    migrated: Path, tmp_path: Path
) -> None:
    """Whoever trades in the same group as the sequencer is not drawn into it."""
    store = SqliteStore(shutil.copy(migrated, tmp_path))
    world = World(store=store)
    world.hired()
    world.log()
    world.hired()
    size = len(world.all(LogEntry))
    world.run(world.store.write(lambda rows: rows.add(LogEntry(size, "rec_of_nobody"))))

    async def both() -> tuple[object, object]:
        appended = sequence(world.store, world.signer, world.clock.now())
        traded = world.store.write(lambda rows: rows.add(Tally("traded", 1)))
        return await asyncio.gather(appended, traded, return_exceptions=True)

    failed, traded = world.run(both())
    assert (type(failed), traded) == (InternalError, None)
    assert [tally.amount for tally in world.all(Tally) if tally.tally_id == "traded"] == [1]
    world.close()


def test_two_sequencers_append_each_record_once(world: World) -> None:
    """Whoever made a batch from a head that is not the last one any more appends nothing of it."""
    world.hired()
    others: list[int] = []

    async def overtaken(_: LogHead) -> None:
        if not others:
            others.append(await sequence(world.store, world.signer, world.clock.now()))

    first = len(world.all(Record))
    taken = world.run(sequence(world.store, world.signer, world.clock.now(), overtaken))
    world.hired()
    later: int = world.log()

    records = [record.record_id for record in world.all(Record)]
    assert (others, taken, later) == ([first], 0, len(records) - first)
    assert [(entry.idx, entry.record_id) for entry in world.all(LogEntry)] == list(
        enumerate(records)
    )
    leaves = [record_leaf(record.body, record.salt) for record in world.all(Record)]
    assert head(world) == Checkpoint(world.terms.origin, len(leaves), root_of(leaves))
