"""Status: who this market is, how it is, and what stands where."""

from clawmarket.domain.kernel.machine import MACHINES
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.trust.record import Record
from clawmarket.services.operate.opening import open_market
from world import ORIGIN, START, World

STATUS = "web3.status.summary"
MARKET = "web3.market.status.summary"


def test_a_market_says_who_it_is(world: World) -> None:
    """Name, key, fee and clock; before the first sequencing the log is empty."""
    assert world.nobody.do(STATUS) == {
        "version": "test",
        "origin": ORIGIN,
        "vkey": world.terms.vkey,
        "testMoney": True,
        "feeBps": 100,
        "now": iso(START),
        "logSize": 0,
        "logSignedAt": None,
        "recordsWaiting": True,
        "jobsWaiting": False,
        "jobsDead": False,
        "probes": None,
    }


def test_the_log_catches_up(world: World) -> None:
    """After sequencing, nothing waits and the size is that of all records."""
    world.member()
    world.log()
    shown = world.nobody.do(STATUS)
    assert (shown["logSize"], shown["logSignedAt"], shown["recordsWaiting"]) == (
        len(world.all(Record)),
        iso(START),
        False,
    )


def test_a_deep_look_runs_every_probe(world: World) -> None:
    """A market that is well says so sentence by sentence."""
    world.log()
    assert world.nobody.do(STATUS, deep=True)["probes"] == [
        {"name": "log/lag", "ok": True, "message": "The log is 0 s behind.", "fixHint": ""},
        {"name": "jobs/dead", "ok": True, "message": "No job was given up.", "fixHint": ""},
        {
            "name": "market/deadlines",
            "ok": True,
            "message": "No order is overdue.",
            "fixHint": "",
        },
        {
            "name": "revocations/unsent",
            "ok": True,
            "message": "0 notices of revocations wait, 0 were given up.",
            "fixHint": "",
        },
        {
            "name": "rails/unknown",
            "ok": True,
            "message": "No rail leaves anything open.",
            "fixHint": "",
        },
        {"name": "market/tabs", "ok": True, "message": "No tab is overdue.", "fixHint": ""},
        {"name": "billing/bills", "ok": True, "message": "No bill is overdue.", "fixHint": ""},
        {
            "name": "market/address",
            "ok": True,
            "message": "Nobody asked for the market by another name.",
            "fixHint": "",
        },
    ]


def test_a_log_that_stands_still_is_named(world: World) -> None:
    """Ten seconds behind is too far."""
    world.clock.advance(9_999)
    assert world.nobody.do(STATUS, deep=True)["probes"][0]["ok"]
    world.clock.advance(1)
    finding = world.nobody.do(STATUS, deep=True)["probes"][0]
    assert (finding["ok"], finding["message"]) == (False, "The log is 10 s behind.")
    assert finding["fixHint"] != ""


def test_an_overdue_order_is_named(world: World) -> None:
    """Thirty seconds after its moment somebody should look at the sweep."""
    _, _, order = world.ordered()
    world.reaches(order["dueAt"], 29_999)
    assert world.nobody.do(STATUS, deep=True)["probes"][2]["ok"]
    world.reaches(order["dueAt"], 30_000)
    finding = world.nobody.do(STATUS, deep=True)["probes"][2]
    assert (finding["ok"], finding["message"], finding["fixHint"]) == (
        False,
        "An order is overdue.",
        "clawmarket task sweep",
    )


def test_the_market_counts_what_stands_where(world: World) -> None:
    """As of the log's head: states that hold nothing are zero, fees are summed."""
    buyer, worker, award = world.hired()
    buyer.accepts(worker.submits(award))
    waiting = buyer.publishes()
    empty = world.nobody.do(MARKET)
    world.log()
    counts = world.nobody.do(MARKET)

    assert (empty["asOfRecords"], counts["asOfRecords"]) == (0, len(world.all(Record)))
    assert counts["tasks"] == dict.fromkeys(map(str, MACHINES["task"].states), 0) | {
        "task_open": 1,
        "task_closed": 1,
    }
    settled = {name: count for name, count in counts["settlements"].items() if count}
    assert (settled, counts["fees"]) == ({"settlement_released": 1}, "400000")
    assert waiting["status"] == "task_open"


def test_opening_again_changes_nothing(world: World) -> None:
    """A second start of the same market leaves no record."""
    before = len(world.all(Record))
    world.run(open_market(world.pipeline, world.operator_token))
    assert len(world.all(Record)) == before
