"""The board's pages: under inserts, beyond the records it follows, and whatever is asked."""

from dataclasses import replace
from typing import Any

import pytest

from clawmarket.domain.market.board.index import BLOCK
from clawmarket.services.listing import CursorInvalidError
from clawmarket.services.market.board import search, tail
from clawmarket.services.market.board.index import follow_records
from clawmarket.services.pipeline import FieldInvalidError, Pipeline
from world import Fields, Member, World

LIST = "web3.market.listTasks"


def titles(who: Member, **question: Any) -> list[str]:
    """Return the titles of a page."""
    return [task["title"] for task in who.do(LIST, **question)["items"]]


def publish(world: World, buyer: Member, *named: str, **terms: Any) -> list[Fields]:
    """Publish a task of each title, a millisecond apart."""
    published = []
    for title in named:
        world.clock.advance(1)
        published.append(buyer.publishes(budget="1", title=title, fund=False, **terms))
    return published


@pytest.fixture
def buyer(world: World) -> Member:
    """Somebody who publishes without signing each task."""
    return world.with_key(world.member())


@pytest.mark.parametrize("sort", ["newest", "budget", "deadline"])
@pytest.mark.parametrize("is_followed", [False, True])
def test_a_walk_is_not_upset_by_what_is_published_meanwhile(
    world: World, buyer: Member, sort: str, *, is_followed: bool
) -> None:
    """All that was there at the start comes once, in order, with new tasks before each page."""
    publish(world, buyer, *(f"old {number}" for number in range(7)))
    seen: list[str] = []
    cursor = None
    while True:
        page = buyer.do(LIST, text="old", sort=sort, limit=2, cursor=cursor)
        seen += [task["title"] for task in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        publish(world, buyer, "old new", expirySec=60)
        if is_followed:
            world.run(follow_records(world.store))
    old = [title for title in seen if title != "old new"]
    rising = [f"old {number}" for number in range(7)]
    assert old == (rising if sort == "deadline" else rising[::-1])


def test_a_task_that_moves_during_a_walk_is_neither_lost_nor_doubled(
    world: World, buyer: Member
) -> None:
    """What was cancelled is gone from the open ones; the cursor's own task may move too."""
    tasks = publish(world, buyer, "a", "b", "c", "d")
    world.run(follow_records(world.store))
    first = buyer.do(LIST, statuses=["task_open"], sort="budget", limit=2)
    for task in (tasks[2], tasks[0]):
        buyer.cancels(task)
    rest = buyer.do(
        LIST, statuses=["task_open"], sort="budget", limit=2, cursor=first["nextCursor"]
    )
    assert [task["title"] for task in first["items"]] == ["d", "c"]
    assert [task["title"] for task in rest["items"]] == ["b"]
    assert (first["total"], rest["total"]) == (4, 2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("翻译", ["翻译文档"]),
        ("译文", ["翻译文档"]),
        ("文", ["翻译文档"]),
        ("翻文", []),
        ("翻译 文档", ["翻译文档"]),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}BC", ["abc ÄRGER straße"]),
        ("ärger STRASSE", ["abc ÄRGER straße"]),
        ("ärg str", ["abc ÄRGER straße"]),
        ("rger", []),
        ("東京タワ", ["東京タワーの写真"]),
        ("서울", ["서울에서 pick up"]),
        ("Пере", ["Перевод договора"]),
        ("über", ["u\u0308ber"]),
    ],
)
def test_any_script_can_be_searched(
    world: World, buyer: Member, text: str, found: list[str]
) -> None:
    """Han and kana by neighbours, other scripts by the beginnings of words, without case."""
    publish(
        world, buyer, "翻译文档", "abc ÄRGER straße", "東京タワーの写真", "서울에서 pick up",
        "Перевод договора", "u\u0308ber",
    )  # fmt: skip
    world.run(follow_records(world.store))
    assert titles(buyer, text=text) == found


@pytest.mark.parametrize(
    "text",
    ["%", "_", "*", "a|000000", "w:plain", "'; DROP TABLE tasks; --", "\\", '"', "?", "\u202eabc",
     "\N{GRINNING FACE}", "\ufdfa" * 200, "\U0010ffff", "\ud7ff", "a" * 200, "p:", "b:agent_"],
)  # fmt: skip
def test_whatever_is_asked_finds_no_task_that_does_not_say_it(
    world: World, buyer: Member, text: str
) -> None:
    """There are no wildcards and no syntax; nothing in the words reaches the database as code."""
    publish(world, buyer, "Plain words", "Other")
    world.run(follow_records(world.store))
    assert titles(buyer, text=text) == []


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_no_text_is_no_filter(world: World, buyer: Member, text: str) -> None:
    """An empty field of a form asks for everything."""
    publish(world, buyer, "One")
    assert titles(buyer, text=text, sort="budget") == ["One"]


@pytest.mark.parametrize(
    "question",
    [
        {"text": "a" * 201},
        {"text": 5},
        {"skills": ["Python"]},
        {"skills": ["a"] * 13},
        {"statuses": ["open"]},
        {"statuses": ["task_open"] * 6},
        {"maxBudget": "-1"},
        {"maxBudget": 5},
        {"maxBudget": "1" * 17},
        {"sort": "rank"},
        {"claims": "yes"},
        {"limit": 10**9},
        {"limit": 0},
    ],
)
def test_what_cannot_be_asked_is_refused(world: World, question: Fields) -> None:
    """Each with the field that is wrong."""
    with pytest.raises(FieldInvalidError):
        world.nobody.do(LIST, **question)


@pytest.mark.parametrize("cursor", ["task_" + "0" * 26, "zzz", "bid_01h00000000000000000000000"])
def test_a_cursor_of_no_task_is_refused(world: World, buyer: Member, cursor: str) -> None:
    """It would silently show some other page."""
    publish(world, buyer, "One")
    with pytest.raises(CursorInvalidError):
        buyer.do(LIST, sort="budget", cursor=cursor)


def test_the_first_words_of_a_task_are_found(world: World, buyer: Member) -> None:
    """Sixty-four different ones; title and skills come before the summary."""
    words = [f"word{number:03d}" for number in range(70)]
    publish(world, buyer, "Title", skills=["python"], summary=" ".join(words))
    world.run(follow_records(world.store))
    found = [word for word in ["title", "python", *words] if titles(buyer, text=word)]
    assert found == ["title", "python", *words[:62]]


def test_a_board_that_lags_says_so_and_shows_nothing_untrue(
    world: World, buyer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the records that a search looks at, moved tasks are left out and the count is open."""
    tasks = publish(world, buyer, "a", "b", "c")
    world.run(follow_records(world.store))
    monkeypatch.setattr(tail, "MAX_TAIL", 1)
    publish(world, buyer, "d", "e")
    buyer.cancels(tasks[1])
    page = buyer.do(LIST, statuses=["task_open"], sort="budget")
    assert [task["title"] for task in page["items"]] == ["d", "c", "a"]
    assert page["totalIsCapped"] is True
    assert titles(buyer, status="task_open") == ["e", "d", "c", "a"]


def test_a_count_ends_at_its_bound(
    world: World, buyer: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is the same; the total is the bound, and it says that there may be more."""
    publish(world, buyer, "a", "b", "c")
    monkeypatch.setattr(search, "MAX_COUNTED", 2)
    page = buyer.do(LIST, skills=[], text="a")
    assert (page["total"], page["totalIsCapped"]) == (1, False)
    page = buyer.do(LIST)
    assert (len(page["items"]), page["total"], page["totalIsCapped"]) == (3, 2, True)


@pytest.mark.parametrize("sort", ["newest", "budget", "deadline"])
def test_blocks_join_where_they_meet(world: World, buyer: Member, sort: str) -> None:
    """A walk over more tasks than a block holds finds each once and in order."""
    names = [f"n{number}" for number in range(BLOCK + 2)]
    world.pipeline = Pipeline(world.pipeline.ports, replace(world.terms, open_tasks=0))
    publish(world, buyer, *names, summary="named")
    world.run(follow_records(world.store))
    walked: list[str] = []
    cursor = None
    while not walked or cursor:
        page = buyer.do(LIST, text="named", sort=sort, limit=200, cursor=cursor)
        walked += [task["title"] for task in page["items"]]
        cursor = page["nextCursor"]
        assert page["total"] == len(names)
    assert walked == (names if sort == "deadline" else names[::-1])
