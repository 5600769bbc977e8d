"""What people type becomes what the wire takes: amounts, texts, pairs, time spans, flags."""

from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawmarket.domain.kernel.money import MAX_AMOUNT_MINOR, format_amount
from clawmarket.entry.cli.catalog import Entry, stored
from clawmarket.entry.cli.commands.call import PairInvalidError, read_pair
from clawmarket.entry.cli.options import (
    AmountType,
    DurationType,
    PairType,
    flag_of,
    flag_of_several,
    read_text,
    wire_params,
)
from clawmarket.entry.cli.tree import Leaf, leaves

PUBLISH = next(leaf for leaf in leaves() if leaf.words == "task publish")


def params_of(leaf: Leaf, *argv: str) -> Entry:
    """Return the wire parameters of a command line."""
    assert leaf.entry is not None
    with leaf.make_context(leaf.name, list(argv)) as context:
        return wire_params(leaf.entry, leaf.invocation(context).values)


def test_options_become_wire_names_and_minor_units() -> None:
    """Amounts, lists, flags and numbers go out as the schema wants; nothing else does."""
    argv = ["A title", "--budget", "50", "--skill", "a", "--skill", "b", "--no-fund"]
    assert params_of(PUBLISH, *argv, "--timeout-sec", "60") == {
        "title": "A title",
        "budget": "50000000",
        "skills": ["a", "b"],
        "fund": False,
        "timeoutSec": 60,
    }
    assert params_of(PUBLISH, "T", "--budget", "0.25") == {"title": "T", "budget": "250000"}


@given(st.integers(0, MAX_AMOUNT_MINOR))
def test_every_amount_that_is_shown_can_be_typed(amount: int) -> None:
    """What `format_amount` prints is read back to the same minor units."""
    text = format_amount(amount).removesuffix(" credits").replace(",", "")
    assert AmountType().convert(text, None, None) == str(amount)


@pytest.mark.parametrize("text", ["", "-1", "1.0000001", "1e3", "5u", "0x5", "1,5", "٣", "NaN"])
def test_other_amounts_are_refused(text: str) -> None:
    """No sign, exponent, seventh decimal or foreign digit passes."""
    with pytest.raises(click.BadParameter):
        AmountType().convert(text, None, None)


def test_pairs_are_text_json_or_files(tmp_path: Path) -> None:
    """k=v stays text, k:=json is typed, @file reads, @@ is a leading @."""
    file = tmp_path / "note.txt"
    file.write_text("from a file")
    assert read_pair("limit=5") == {"limit": "5"}
    assert read_pair("limit:=5") == {"limit": 5}
    assert read_pair('skills:=["a"]') == {"skills": ["a"]}
    assert read_pair("note=a=b") == {"note": "a=b"}
    assert read_pair(f"note=@{file}") == {"note": "from a file"}
    assert read_text("@@me") == "@me"


@pytest.mark.parametrize("pair", ["limit", "=5", ":=5", "limit:=", "limit:={", "note=@/no/file"])
def test_other_pairs_are_refused(pair: str) -> None:
    """What sets nothing, or cannot be read, is a usage error."""
    with pytest.raises(PairInvalidError):
        read_pair(pair)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("10m", 600.0), ("0.5h", 1800.0)]
)
def test_time_spans(text: str, seconds: float) -> None:
    """Seconds, minutes, hours and days."""
    assert DurationType().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "ten", "-5", "5w", "1e3"])
def test_other_time_spans_are_refused(text: str) -> None:
    """Nothing else is a time span."""
    with pytest.raises(click.BadParameter):
        DurationType().convert(text, None, None)


def test_no_two_options_of_a_command_share_a_name() -> None:
    """Options of a method never hide those that every command has."""
    for leaf in leaves():
        names = [param.name for param in leaf.params]
        options = [opt for param in leaf.params for opt in (*param.opts, *param.secondary_opts)]
        assert len(names) == len(set(names)), leaf.words
        assert len(options) == len(set(options)), leaf.words


def test_every_parameter_of_a_verb_can_be_given() -> None:
    """All but what the command makes itself; of an object, each field has its own option."""
    made = {"signature", "signedAt", "keyHash", "keyPrefix"}
    for entry in stored()["methods"].values():
        if entry["verb"]:
            leaf = next((x for x in leaves() if x.words == entry["verb"]["words"]), None)
            assert leaf is not None
            reachable = {str(param.name) for param in leaf.params}
            takes = {
                field
                for name, schema in entry["params"].get("properties", {}).items()
                for field in schema.get("properties", {name: schema})
            }
            assert takes - made <= reachable


def test_flags_are_the_wire_names_with_hyphens() -> None:
    """The wire's capitals become hyphens."""
    assert flag_of("disputeWindowSec") == "--dispute-window-sec"


@pytest.mark.parametrize("text", ["Part one=40", " Part one = 40", "a=b=40"])
def test_a_milestone_is_a_title_and_its_percent(text: str) -> None:
    """The last equals sign parts them."""
    title = text.rpartition("=")[0].strip()
    assert PairType("title", "percent").convert(text, None, None) == {"title": title, "percent": 40}


@pytest.mark.parametrize("text", ["", "Part one", "=40", "Part one=", "Part one=4.5", "a=-1"])
def test_a_milestone_without_one_of_them_is_refused(text: str) -> None:
    """With the form that is wanted."""
    with pytest.raises(click.UsageError, match="TITLE=PERCENT"):
        PairType("title", "percent").convert(text, None, None)


def test_a_list_is_called_like_one_of_its_items_unless_that_is_another() -> None:
    """`--skill` for skills where there is no `skill` beside them; else each has its own name."""
    assert flag_of_several("skills", ["skills", "title"]) == "--skill"
    assert flag_of_several("skills", ["skills", "skill"]) == "--skills"
    assert flag_of_several("statuses", ["statuses", "status"]) == "--statuses"
    assert flag_of_several("statuses", ["statuses"]) == "--status"
    assert flag_of_several("capabilities", ["capabilities"]) == "--capability"
    assert flag_of_several("allowed", ["allowed"]) == "--allowed"


LIST_TASKS = next(leaf for leaf in leaves() if leaf.words == "task list")


@pytest.mark.parametrize(
    "argv",
    [
        ("--statuses", "task_open,task_awarded"),
        ("--statuses", "task_open, task_awarded,task_open"),
        ("--statuses", "task_open", "--statuses", "task_awarded"),
    ],
)
def test_words_of_a_list_come_with_commas_or_one_by_one(argv: tuple[str, ...]) -> None:
    """Both ways are one list."""
    assert params_of(LIST_TASKS, *argv)["statuses"] == ["task_open", "task_awarded"]


def test_a_wrong_word_among_several_is_named() -> None:
    """Only that one, with what was meant."""
    with pytest.raises(click.BadParameter, match=r"'task_opne' is not one of .*`task_open`"):
        params_of(LIST_TASKS, "--statuses", "task_awarded,task_opne")
