"""The list of tasks: filters, words, orders, and how many there are."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from clawmarket.domain.market.task import Task, TaskState
from clawmarket.ports.store import Snapshot
from clawmarket.registry.fields import AccountId, Amount, Flag, Page, Skill
from clawmarket.registry.methods import Scope, Verb, read
from clawmarket.services.call import Call
from clawmarket.services.listing import CursorInvalidError, Listing, Rows, scan
from clawmarket.services.market.board.search import Asked, Sort, search
from clawmarket.services.market.board.terms import (
    Want,
    Wants,
    buyer_term,
    claims_term,
    state_term,
    wanted_skills,
    wanted_words,
)
from clawmarket.services.market.tasks import TaskPage
from clawmarket.services.market.views.tasks import listed_task

States = Annotated[list[TaskState], Field(max_length=5)]


class ListTasks(Page):
    """Which tasks; all that is said has to hold."""

    status: Annotated[TaskState | None, Field(description="Only tasks in this state.")] = None
    statuses: Annotated[States, Field(description="Only tasks in one of these states.")] = Field(
        default_factory=list
    )
    buyer: AccountId | None = None
    skill: Skill | None = None
    skills: Annotated[
        list[Skill], Field(max_length=12, description="Only tasks that name one of these skills.")
    ] = Field(default_factory=list)
    min_budget: Amount | None = None
    max_budget: Amount | None = None
    claims: Annotated[
        Flag | None, Field(description="Only tasks that may be claimed at once, or may not.")
    ] = None
    text: Annotated[
        str | None,
        Field(
            strict=True,
            max_length=200,
            description="Words of title, summary and skills, or how they begin.",
        ),
    ] = None
    sort: Annotated[
        Sort, Field(description="Newest, largest budget, or soonest end of bidding first.")
    ] = Sort.NEWEST


class FoundTasks(TaskPage):
    """A page of tasks, and how many there are."""

    total: Annotated[int, Field(description="How many tasks match, on all pages together.")]
    total_is_capped: Annotated[
        bool, Field(description="Whether there may be more; counting ends at 10,000.")
    ]


@read(
    "web3.market.listTasks",
    scope=Scope.PUBLIC,
    errors=(CursorInvalidError,),
    example={"status": "task_open", "limit": 10},
    verb=Verb("task list"),
)
def list_tasks(_call: Call, rows: Snapshot, request: ListTasks) -> FoundTasks:
    """List tasks, newest first unless `sort` says otherwise, with the beginnings of summaries.

    Requirements and files after the third are left out; `web3.market.getTask` shows all of it.
    Of each task the first 64 different words can be found; words of scripts without spaces by
    pairs of characters.
    """
    asked = Asked(
        _wants(request),
        int(request.min_budget or 0),
        None if request.max_budget is None else int(request.max_budget),
        request.sort,
        request.cursor,
        request.limit,
    )
    plain = _plain_page(rows, request)
    found = search(rows, asked if plain is None else replace(asked, cursor=None, limit=0))
    return FoundTasks(
        items=[listed_task(task) for task in (plain.items if plain else found.tasks)],
        next_cursor=plain.next_cursor if plain else found.next_cursor,
        total=found.total,
        total_is_capped=found.is_capped,
    )


def _plain_page(rows: Snapshot, request: ListTasks) -> Rows[Task] | None:
    """Return the page of a list that the tasks' own table gives in order; None for any other."""
    said = request.model_dump(exclude={"status", "buyer", "cursor", "limit"}, exclude_defaults=True)
    if said:
        return None
    equal = {"state": request.status, "buyer": request.buyer}
    return scan(rows, Listing(Task, equal, request.cursor, request.limit))


def _wants(request: ListTasks) -> Wants:
    states = [request.status] if request.status else []
    wants: list[tuple[Want, ...]] = [
        tuple(Want(state_term(state)) for state in states),
        tuple(Want(state_term(state)) for state in request.statuses),
        (Want(buyer_term(request.buyer)),) if request.buyer else (),
        () if request.claims is None else (Want(claims_term(claims=request.claims)),),
        wanted_skills([request.skill] if request.skill else []),
        wanted_skills(request.skills),
    ]
    words = wanted_words(request.text) if request.text and request.text.strip() else ()
    return (*(each for each in wants if each), *words)
