"""What the command shows: nothing cut, nothing that steers a terminal, no secret."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.entry.cli.catalog import Entry, answer_fields, is_list, method_entry, stored
from clawmarket.entry.cli.commands.drawing import draw
from clawmarket.entry.cli.commands.showing import show_answer
from clawmarket.entry.cli.fields import at, picked
from clawmarket.entry.cli.formats import rows_of
from clawmarket.entry.cli.invocation import Invocation, may_colour, may_prompt, wants_json
from clawmarket.entry.cli.labels import counted, label
from clawmarket.entry.cli.output import bare_id, disclosed, plain, print_json
from clawmarket.entry.cli.tables import columns_of, pairs, shown, table

AMOUNT = {"format": "amount"}
NOW = 1_800_000_000_000


def test_piped_tables_are_aligned_and_never_cut() -> None:
    """Long cells stay whole in a pipe, wide characters count twice."""
    long = "x" * 300
    lines = table(("title", "status"), [(long, "open"), ("市场", "done")])
    assert lines == [
        "title" + " " * 297 + "status",
        f"{long}  open",
        "市场" + " " * 298 + "done",
    ]


def test_a_terminal_folds_titles_and_never_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drawn table keeps each id in one piece; too narrow a terminal gets the plain table."""
    task_id, title = "task_" + "0" * 26, "one two three " * 10
    monkeypatch.setenv("COLUMNS", "80")
    drawn = "\n".join(draw(("taskId", "title"), [(task_id, title)]))
    assert task_id in drawn
    assert drawn.count("three") == 10
    assert len(drawn.splitlines()) > 2
    monkeypatch.setenv("COLUMNS", "40")
    assert draw(("taskId", "title"), [(task_id, title)]) == []


@given(st.text())
def test_nothing_a_party_wrote_steers_the_terminal(text: str) -> None:
    """Control characters and bidi overrides become visible; what is left takes no escape."""
    assert not {"\x1b", "\x9b", "\r", "\x07", "\u202e"} & set(plain(text))


def test_json_escapes_what_could_steer(capsys: pytest.CaptureFixture[str]) -> None:
    """The document stays exact, and shows no control character as itself."""
    print_json({"ok": True, "title": "a\x9b31m\u202eb 市场"})
    assert capsys.readouterr().out == (
        '{\n  "ok": true,\n  "title": "a\\u009b31m\\u202eb 市场"\n}\n'
    )


def test_values_are_readable() -> None:
    """Amounts are decimals, moments say how far away they are."""
    assert shown("50000000", AMOUNT) == "50.00 credits"
    assert shown("50000000", {}) == "50000000"
    assert shown(None, AMOUNT) == "-"
    assert shown(True, {}) == "yes"
    assert shown("2027-01-15T08:10:00.000Z", {}, NOW) == "2027-01-15T08:10:00.000Z (in 10 min)"
    assert shown("2027-01-15T07:59:59.000Z", {}, NOW) == "2027-01-15T07:59:59.000Z (1 s ago)"
    assert shown([{"name": "a", "digest": "sha256:0", "size": 1}], {}) == "a (1 byte, sha256:0)"


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("feeBps", 100, "1 %"),
        ("feeBps", 25, "0.25 %"),
        ("timeoutSec", 86_400, "24 h"),
        ("disputeWindowSec", 600, "10 min"),
        ("expirySec", 604_800, "7 d"),
        ("logSize", 12_345, "12,345"),
        ("chainId", 8453, "8453"),
    ],
)
def test_numbers_have_their_units(name: str, value: int, text: str) -> None:
    """The wire name says the unit; people read it, JSON keeps the number."""
    assert shown(value, {}, name=name) == text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("onItsWay", "on its way"),
        ("waitsFor", "waits for"),
        ("feeBps", "fee"),
        ("taskId", "task"),
        ("dueAt", "due"),
        ("vkey", "log key"),
        ("etaSec", "ready within"),
        ("bids", "bids"),
    ],
)
def test_wire_names_are_words_for_people(name: str, words: str) -> None:
    """No camelCase on the screen."""
    assert label(name) == words


def test_counted_things_agree_with_their_number() -> None:
    """One record, two records."""
    assert [counted(n, "record") for n in (0, 1, 2)] == ["0 records", "1 record", "2 records"]


def test_nested_values_are_indented_below_their_name() -> None:
    """No JSON on the screen; names that no schema declares stay as they are."""
    value = {"aB": 1, "list": [{"x": "one"}, {"x": "two"}], "empty": {}}
    assert shown(value, {}).splitlines() == [
        "aB     1",
        "list",
        "  x  one",
        "",
        "  x  two",
        "empty  -",
    ]


def test_what_has_a_hash_is_not_yet_a_file() -> None:
    """Evidence shows who brought it, what it says and its files; events show all their names."""
    file = {"name": "outline.md", "digest": "sha256:0", "size": 9}
    evidence = {"submitter": "agent_1", "artifacts": [file], "digest": "sha256:1"}
    assert shown([evidence], {}).splitlines() == [
        "submitter  agent_1",
        "artifacts  outline.md (9 bytes, sha256:0)",
        "digest     sha256:1",
    ]
    assert shown([{"type": "x", "digest": "sha256:2"}], {}) == "type    x\ndigest  sha256:2"


def test_csv_and_ndjson_keep_the_wire() -> None:
    """Values as on the wire; a cell that a spreadsheet would run is defused."""
    items = [{"id": "a,b", "n": 1, "gone": None}, {"id": "=1+1", "n": 2, "gone": [1]}]
    columns = ["id", "n", "gone"]
    assert rows_of("csv", items, columns) == ["id,n,gone", '"a,b",1,', "'=1+1,2,[1]"]
    assert rows_of("ndjson", items, ["id"]) == ['{"id": "a,b"}', '{"id": "=1+1"}']


def test_long_values_are_indented() -> None:
    """Further lines of a value stand below its first."""
    assert pairs([("note", "a\nb"), ("title", "c")]) == ["note   a\n       b", "title  c"]


def test_answers_are_redacted_but_for_evidence_and_words() -> None:
    """A new key, a salt and a party's words stay; what a market adds passes the redactor."""
    key = "cmk_" + "Ab1" * 14
    entry = method_entry("web3.keys.create")
    answer: Entry = {"ok": True, "key": key, "prefix": key[:8], "note": f"was {key}"}
    assert disclosed(answer, entry) == {
        "ok": True,
        "key": key,
        "prefix": key[:8],
        "note": "was [TOKEN]",
    }
    assert disclosed({"items": [{"hint": f"was {key}"}]}, entry) == {
        "items": [{"hint": "was [TOKEN]"}]
    }


def test_fields_pick_from_an_answer_and_from_each_item() -> None:
    """Dotted places reach inside; the envelope stays."""
    answer = {"ok": True, "a": {"b": 1}, "c": 2, "requestId": "req_x"}
    assert picked(answer, ("a.b",)) == {"ok": True, "requestId": "req_x", "a.b": 1}
    page = {"ok": True, "items": [{"a": 1, "b": 2}], "nextCursor": None}
    assert picked(page, ("b",)) == {"ok": True, "nextCursor": None, "items": [{"b": 2}]}
    assert at({"files": [{"name": "x"}, {"name": "y"}]}, "files.name") == ["x", "y"]


def test_the_bare_id_is_what_the_answer_is_about() -> None:
    """-q prints the id of the thing, or one per item."""
    assert bare_id({"ok": True, "taskId": "t", "orderId": "o"}, None) == ["t"]
    assert bare_id({"ok": True, "items": [{"bidId": "b", "taskId": "t"}]}, None) == ["b"]


def test_a_key_that_is_shown_once_is_what_quiet_prints() -> None:
    """Whoever asks for a key in a script gets the key, not the name of it."""
    answer = {"ok": True, "credentialId": "cred_x", "key": "cmk_x", "scope": "read"}
    assert bare_id(answer, method_entry("web3.keys.create")) == ["cmk_x"]


class Terminal:
    """A stream that says whether it is one."""

    def __init__(self, *, tty: bool) -> None:
        self._tty = tty

    def isatty(self) -> bool:
        """Return what the test wants."""
        return self._tty


@pytest.mark.parametrize(
    "environ", [{"NO_COLOR": "1"}, {"CI": "1"}, {"TERM": "dumb"}], ids=lambda e: next(iter(e))
)
def test_settings_take_colour_and_prompts_away(environ: dict[str, str]) -> None:
    """Each of the settings is enough, and so is a pipe."""
    assert not may_colour(Terminal(tty=True), environ)  # type: ignore[arg-type]  # isatty is all
    assert may_colour(Terminal(tty=True), {})  # type: ignore[arg-type]  # the same
    assert not may_colour(Terminal(tty=False), {})  # type: ignore[arg-type]  # the same


def test_agents_and_pipes_are_never_asked() -> None:
    """Without a terminal, and inside OpenClaw's shell, nobody is prompted."""
    assert not may_prompt({})
    assert not may_prompt({"OPENCLAW_SHELL": "1"})


def test_json_can_be_asked_for_by_setting() -> None:
    """CLAWMARKET_JSON=1 is the same as --json, also for failures."""
    assert wants_json(["status"], {"CLAWMARKET_JSON": "1"})
    assert wants_json(["status", "--json"], {})
    assert not wants_json(["status"], {})


def test_a_command_can_be_repeated_with_another_option() -> None:
    """The next page's command is the typed one with the cursor replaced, safely quoted."""
    typed = ("task", "list", "--cursor", "old", "--skill", "a b")
    invocation = Invocation("task list", typed, None, {})
    again = invocation.again("--cursor", "new", without="--cursor")
    assert again == "clawmarket task list --skill 'a b' --cursor new"
    joined = Invocation("task list", ("task", "list", "--cursor=old", "-q"), None, {})
    assert joined.again(without="--cursor") == "clawmarket task list -q"


def test_a_list_always_shows_the_state() -> None:
    """However many fields a thing has, its state has a column of its own."""
    lists = [entry for entry in stored()["methods"].values() if is_list(entry)]
    with_state = [entry for entry in lists if "status" in answer_fields(entry)]
    assert len(with_state) > 3
    for entry in with_state:
        assert "status" in columns_of(answer_fields(entry), ()), entry["name"]


@pytest.mark.parametrize("verb", ["list", "retry", "resolve"])
def test_quiet_names_a_step_of_a_rail_by_the_key_that_the_commands_take(verb: str) -> None:
    """Not by its order, whose id `repair retry` and `repair resolve` would refuse."""
    step = {"stepKey": "settlement_1.001.lock", "orderId": "order_1", "rail": "desk"}
    answer = {"items": [step]} if verb == "list" else step
    entry = stored()["methods"][f"market.repair.{verb}"]
    assert bare_id(answer, entry) == ["settlement_1.001.lock"]


@pytest.mark.parametrize(("acts", "shows"), [("2026-11-22T14:00:00.000Z", True), (None, False)])
def test_no_deadline_is_shown_while_none_runs(
    acts: str | None, capsys: pytest.CaptureFixture[str], *, shows: bool
) -> None:
    """While a rail is asked the market acts at no moment, whatever was due before."""
    entry = stored()["methods"]["web3.market.order.explain"]
    told = {"orderId": "order_1", "status": "order_created", "waitsFor": "market"}
    answer = told | {"dueAt": "2026-11-22T14:00:00.000Z", "actsAt": acts}
    show_answer(Invocation("order explain", (), entry, {}), entry, answer, [])
    said = capsys.readouterr().out
    assert ("due" in said, "market acts" in said) == (shows, shows)
