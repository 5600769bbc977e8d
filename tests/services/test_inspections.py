"""Inspections: what the market looks at before a buyer has to, and what an appeal does."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass

import pytest

from clawmarket.adapters.blobs.memory import MemoryBlobs
from clawmarket.domain.kernel.machine import TransitionRefusedError
from clawmarket.domain.kernel.moment import iso
from clawmarket.domain.market.inspection.verdict import (
    AppealNeedlessError,
    Inspection,
    InspectionFailedError,
    InspectionMissingError,
    InspectionNotFoundError,
)
from clawmarket.domain.market.order import OrderNotFoundError, OtherSideError
from clawmarket.domain.market.terms import Artifact
from clawmarket.ports.blobs import Blob, BlobDamagedError, BlobMissingError
from clawmarket.services.market.delivering.results import NotATaskOrderError
from clawmarket.services.market.inspections import inspections
from clawmarket.services.market.inspections.asking import CheckInvalidError
from clawmarket.services.market.inspections.examining import examined
from clawmarket.services.pipeline import FieldInvalidError
from files_made import WHOLE
from world import START, Fields, Member, World

RUN, GET = "web3.market.inspection.run", "web3.market.inspection.get"


def inspects(worker: Member, award: Fields, *files: Fields) -> Fields:
    """Have files looked at."""
    return worker.do(RUN, orderId=award["orderId"], artifacts=list(files))


def hands_in(worker: Member, award: Fields, *files: Fields, appeal: str = "") -> Fields:
    """Hand files in."""
    more = {"appeal": appeal} if appeal else {}
    return worker.do(
        "web3.market.submitResult", orderId=award["orderId"], artifacts=list(files), **more
    )


def test_files_that_cannot_be_handed_in_are_not_looked_at(world: World) -> None:
    """While a result is in review new files are refused for that; a verdict stays to be seen."""
    buyer, worker, award = world.hired(inspect=True)
    handed, other = worker.stores(), worker.stores(b"", "empty.txt")
    passed = inspects(worker, award, handed)
    result = hands_in(worker, award, handed)

    with pytest.raises(TransitionRefusedError):
        inspects(worker, award, other)
    assert inspects(worker, award, handed) == passed
    buyer.do(
        "web3.market.reviewResult", resultId=result["resultId"], decision="reject", feedback="No."
    )
    assert inspects(worker, award, other)["verdict"] == "failed"


def test_files_that_pass_can_be_handed_in(world: World) -> None:
    """The verdict is on exactly these files, and the result shows it to both parties."""
    buyer, worker, award = world.hired(inspect=True)
    file = worker.stores()
    inspection = inspects(worker, award, file)
    result = hands_in(worker, award, file)

    assert inspection == {
        "inspectionId": inspection["inspectionId"],
        "orderId": award["orderId"],
        "taskId": award["taskId"],
        "digest": result["digest"],
        "verdict": "passed",
        "findings": [],
        "inspectedAt": iso(START),
    }
    shown = {"verdict": "passed", "findings": [], "appeal": ""}
    assert result["inspection"] == shown | {"inspectionId": inspection["inspectionId"]}
    for party in (buyer, worker):
        assert party.do("web3.market.getResult", resultId=result["resultId"]) == result
        assert party.do(GET, inspectionId=inspection["inspectionId"]) == inspection
        methods = [each["method"] for each in party.do("web3.audit.query", limit=200)["items"]]
        assert methods.count(RUN) == 1


def test_files_that_nobody_inspected_are_refused(world: World) -> None:
    """One name, byte or file more is another delivery."""
    _, worker, award = world.hired(inspect=True)
    file, other = worker.stores(), worker.stores(b"another", "other.md")
    inspects(worker, award, file)
    for files in ([other], [file, other], [file | {"name": "renamed.md"}]):
        with pytest.raises(InspectionMissingError):
            hands_in(worker, award, *files)
    with pytest.raises(InspectionMissingError):
        hands_in(worker, award, other, appeal="Nobody looked.")


def test_files_that_failed_need_an_appeal(world: World) -> None:
    """With a reason they go to the buyer, who sees findings and reason, and decides."""
    buyer, worker, award = world.hired(inspect=True)
    file = worker.stores(b"\x7fELF and so on", "tool.md")
    failed = inspects(worker, award, file)
    found = [
        {
            "file": "tool.md",
            "code": "program",
            "what": "The file is a program, whatever it is called.",
        }
    ]
    assert (failed["verdict"], failed["findings"][:1]) == ("failed", found)
    for empty in ("", " \n"):
        with pytest.raises(InspectionFailedError):
            hands_in(worker, award, file, appeal=empty)

    result = hands_in(worker, award, file, appeal="You asked for the tool itself.")
    seen = buyer.do("web3.market.getResult", resultId=result["resultId"])["inspection"]
    assert (seen["verdict"], seen["appeal"]) == ("failed", "You asked for the tool itself.")
    told = buyer.do("web3.market.order.explain", orderId=award["orderId"])
    assert "found something in the result, and the seller appealed against that;" in told["now"]
    assert told["then"].startswith("If you say nothing, it is taken all the same: 39.60 credits go")
    assert (
        "and you appealed against that;"
        in worker.do("web3.market.order.explain", orderId=award["orderId"])["now"]
    )
    assert seen["findings"] == failed["findings"]
    assert buyer.accepts(result)["inspection"] == seen


def test_the_same_files_are_inspected_once(world: World) -> None:
    """Asked again, the verdict is shown again, without another record."""
    _, worker, award = world.hired(inspect=True)
    file = worker.stores()
    first = inspects(worker, award, file)
    world.pass_time(seconds=5)
    assert inspects(worker, award, file) == first
    assert len(world.all(Inspection)) == 1


def test_a_task_without_inspection_is_as_ever(world: World) -> None:
    """No inspection is asked for or shown; an appeal has nothing to be against."""
    _, worker, award = world.hired()
    file = worker.stores()
    with pytest.raises(AppealNeedlessError):
        hands_in(worker, award, file, appeal="Please.")
    assert hands_in(worker, award, file)["inspection"] is None


def test_what_passed_takes_no_appeal(world: World) -> None:
    """There is nothing to appeal against."""
    _, worker, award = world.hired(inspect=True)
    file = worker.stores()
    inspects(worker, award, file)
    with pytest.raises(AppealNeedlessError):
        hands_in(worker, award, file, appeal="Please.")


def test_a_task_shows_its_checks_to_everybody(world: World) -> None:
    """A worker sees before a bid what a machine will ask for; checks imply inspection."""
    digest = "sha256:" + hashlib.sha256(b"x").hexdigest()
    checks: list[Fields] = [
        {"kind": "sha256", "file": "x.txt", "digest": digest},
        {"kind": "types", "allowed": ["txt", "tar.gz"]},
        {"kind": "max_bytes", "bytes": 10},
        {"kind": "json_schema", "file": "x.json", "schema": '{"type": "object"}'},
    ]
    task = world.member().publishes(checks=checks)
    nothing: Fields = dict.fromkeys(("file", "schema", "digest", "allowed", "bytes"))

    seen = world.nobody.do("web3.market.getTask", taskId=task["taskId"])
    assert seen["inspect"] is True
    assert seen["checks"] == [nothing | check for check in checks]
    (listed,) = world.nobody.do("web3.market.listTasks")["items"]
    assert listed["checks"] == [nothing | check | {"schema": None} for check in checks]
    assert listed["shortened"] is True


def test_checks_are_applied_to_the_files(world: World) -> None:
    """Hash, kind and size are as the task says, or it is a finding; so is a file not there."""
    digest = "sha256:" + hashlib.sha256(b"x").hexdigest()
    checks = [
        {"kind": "sha256", "file": "x.txt", "digest": digest},
        {"kind": "sha256", "file": "y.txt", "digest": digest},
        {"kind": "types", "allowed": ["txt"]},
        {"kind": "max_bytes", "bytes": 3},
    ]
    _, worker, award = world.hired(checks=checks)
    right, wrong = worker.stores(b"x", "x.txt"), worker.stores(b"not x", "x.txt")
    more, other = worker.stores(b"x", "y.txt"), worker.stores(b"x", "z.md")

    def codes(*files: Fields) -> list[str]:
        return [f"{f['file']} {f['code']}" for f in inspects(worker, award, *files)["findings"]]

    assert codes(right, more) == []
    assert codes(right) == ["y.txt file_missing"]
    assert codes(wrong, more) == ["x.txt check_sha256", "x.txt check_max_bytes"]
    assert codes(right, more, other) == ["z.md check_types"]


@pytest.mark.parametrize(
    "check",
    [
        {"kind": "sha256", "file": "x.txt"},
        {"kind": "sha256", "digest": "sha256:" + "0" * 64},
        {"kind": "types"},
        {"kind": "types", "allowed": ["txt"], "file": "x.txt"},
        {"kind": "max_bytes", "bytes": 1, "digest": "sha256:" + "0" * 64},
        {"kind": "json_schema", "file": "x.json"},
    ],
)
def test_a_check_says_what_its_kind_needs(world: World, check: Fields) -> None:
    """Whatever lacks or exceeds it is refused when the task is published."""
    with pytest.raises(CheckInvalidError, match=r"\$.checks\[0\]"):
        world.member().publishes(checks=[check])


@pytest.mark.parametrize(
    "checks",
    [
        [{"kind": "magic"}],
        [{"kind": "types", "allowed": ["exe"]}],
        [{"kind": "types", "allowed": []}],
        [{"kind": "max_bytes", "bytes": 0}],
        [{"kind": "max_bytes", "bytes": 1}] * 9,
        [{"kind": "sha256", "file": "../x", "digest": "sha256:" + "0" * 64}],
    ],
)
def test_a_check_is_one_of_a_few_kinds(world: World, checks: list[Fields]) -> None:
    """At most eight, each of a known kind with values in range."""
    with pytest.raises(FieldInvalidError):
        world.member().publishes(checks=checks)


def test_only_the_worker_has_files_inspected(world: World) -> None:
    """The buyer is told whose step it is; to others there is no such order or inspection."""
    buyer, worker, award = world.hired(inspect=True)
    file, foreign = worker.stores(), buyer.stores(b"hers")
    with pytest.raises(OtherSideError):
        inspects(buyer, award, foreign)
    with pytest.raises(OrderNotFoundError):
        inspects(world.member(), award, file)
    with pytest.raises(BlobMissingError):
        inspects(worker, award, foreign)
    inspection = inspects(worker, award, file)
    with pytest.raises(InspectionNotFoundError):
        world.member().do(GET, inspectionId=inspection["inspectionId"])


def test_an_order_from_an_offer_has_no_inspection(world: World) -> None:
    """It is delivered without one, and the refusal says so."""
    buyer, seller, order = world.ordered()
    buyer.locks(order)
    with pytest.raises(NotATaskOrderError):
        inspects(seller, order, seller.stores())


@dataclass(frozen=True)
class Pieces:
    """A store of one file that gives it out in pieces of a chosen size."""

    content: bytes
    size: int

    async def keep(self, _: AsyncIterable[bytes]) -> Blob:
        """Take nothing."""
        raise NotImplementedError

    async def read(self, _: str) -> AsyncIterator[bytes]:
        """Yield the file."""
        for start in range(0, len(self.content), self.size):
            yield self.content[start : start + self.size]


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "png", "pdf", "txt"])
def test_the_verdict_does_not_depend_on_the_pieces(world: World, kind: str) -> None:
    """Byte by byte or all at once, whole or cut short: the same findings."""
    for content in (WHOLE[kind], WHOLE[kind][:-3], WHOLE[kind] + b"more"):
        file = (Artifact(f"work.{kind}", "", len(content)),)
        found = {world.run(examined(Pieces(content, n), file, ())) for n in (1, 7, 10**6)}
        assert len(found) == 1


def test_a_file_that_was_damaged_is_not_inspected(world: World) -> None:
    """A flipped byte fails visibly and leaves no verdict; sent again, the file has one."""
    _, worker, award = world.hired(inspect=True)
    file = worker.stores(b"the result")
    blobs = world.pipeline.ports.blobs
    assert isinstance(blobs, MemoryBlobs)
    blobs._kept[file["digest"].removeprefix("sha256:")] = b"thE result"

    with pytest.raises(BlobDamagedError):
        inspects(worker, award, file)
    assert world.all(Inspection) == []
    assert inspects(worker, award, worker.stores(b"the result"))["verdict"] == "passed"


def test_two_requests_of_one_moment_have_one_verdict(world: World) -> None:
    """Whoever comes second is shown the first one's inspection."""
    _, worker, award = world.hired(inspect=True)
    asked = {"orderId": award["orderId"], "artifacts": [worker.stores()]}

    async def both() -> list[Fields]:
        calls = (world.pipeline.submit(worker.caller, RUN, asked) for _ in range(5))
        return list(await asyncio.gather(*calls))

    answers = world.run(both())
    (kept,) = world.all(Inspection)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["inspectionId"] == kept.inspection_id


def test_an_inspection_that_is_late_decides_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no verdict then, and the same request may be sent again."""
    _, worker, award = world.hired(inspect=True)
    file = worker.stores()
    with monkeypatch.context() as hurried:
        hurried.setattr(inspections, "TIME_S", 0)
        with pytest.raises(inspections.InspectionLateError):
            inspects(worker, award, file)
    assert world.all(Inspection) == []
    assert inspects(worker, award, file)["verdict"] == "passed"


def test_a_schema_that_is_refused_is_refused_at_once(world: World) -> None:
    """The buyer is told why when publishing, not the worker when delivering."""
    check = {"kind": "json_schema", "file": "a.json", "schema": '{"$ref": "http://other/"}'}
    with pytest.raises(CheckInvalidError, match="outside itself"):
        world.member().publishes(checks=[check])


def test_schemas_have_room_together(world: World) -> None:
    """A task's row stays small, however many checks it has."""
    schema = '{"description": "' + "x" * 40_000 + '"}'
    check = {"kind": "json_schema", "file": "a.json", "schema": schema}
    world.member().publishes(checks=[check])
    with pytest.raises(CheckInvalidError, match="together"):
        world.member().publishes(checks=[check] * 2)


def test_a_schema_is_held_against_the_file(world: World) -> None:
    """The finding says where the file is not as the schema asks."""
    check = {"kind": "json_schema", "file": "a.json", "schema": '{"required": ["total"]}'}
    _, worker, award = world.hired(checks=[check])
    right, wrong = worker.stores(b'{"total": 0.5}', "a.json"), worker.stores(b"{}", "a.json")

    assert inspects(worker, award, right)["verdict"] == "passed"
    assert inspects(worker, award, wrong)["findings"] == [
        {
            "file": "a.json",
            "code": "check_json_schema",
            "what": "The file is not as the schema asks: / fails `required`.",
        }
    ]
