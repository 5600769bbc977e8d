"""The board: tasks that match, page by page; and the form that posts one."""

from urllib.parse import urlencode

from starlette.responses import Response

from clawmarket.domain.kernel.errors import InvalidArgumentError
from clawmarket.entry.web.deeds.deed import Wrong
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.deeds.reading import money
from clawmarket.entry.web.visit import Fields, Visit

PAGE = 20
TABS = ("task_open", "task_awarded", "task_closed")
SORTS = ("newest", "budget", "deadline")


async def tasks_page(visit: Visit) -> Response:
    """Show a page of tasks by what the address asks for."""
    asked = typed = dict(visit.request.query_params)
    try:
        found = await visit.ask("web3.market.listTasks", **_query(asked))
        wrong = None
    except InvalidArgumentError as error:
        # A filter that cannot be read applies none; the page says so and keeps what was typed.
        asked, wrong = {}, error
        found = await visit.ask("web3.market.listTasks", **_query(asked))
    for buyer in {task["buyer"] for task in found["items"]}:
        await visit.card(buyer)
    counts = await visit.ask("web3.market.status.summary")
    return visit.page(
        "tasks.html",
        400 if wrong else 200,
        here="tasks",
        found=found,
        asked=asked,
        typed=typed,
        status=asked.get("status", TABS[0]),
        tabs=[(status, counts["tasks"].get(status, 0)) for status in TABS],
        ever=sum(counts["tasks"].values()),
        sorts=SORTS,
        sort=asked.get("sort") or SORTS[0],
        next_page=_address(asked, cursor=found["nextCursor"]) if found["nextCursor"] else None,
        first_page=_address(asked) if "cursor" in asked else None,
        wrong=wrong,
        address=lambda **changes: _address(asked, **changes),
    )


def _query(asked: dict[str, str]) -> Fields:
    """Return the parameters of a listing; what is left out or empty asks for nothing."""
    query: Fields = {"status": asked.get("status") or TABS[0], "limit": PAGE}
    query |= {name: asked[name] for name in ("cursor", "sort") if asked.get(name)}
    if asked.get("q"):
        query["text"] = asked["q"]
    if asked.get("skill"):
        query["skills"] = asked["skill"].lower().replace(",", " ").split()
    if asked.get("claims"):
        query["claims"] = True
    for name, field in (("min", "minBudget"), ("max", "maxBudget")):
        if asked.get(name):
            query[field] = money(Form(asked), name)
    return query


def _address(asked: dict[str, str], **changes: str) -> str:
    kept = {name: text for name, text in asked.items() if name != "cursor" and text}
    return "/tasks?" + urlencode(kept | changes)


async def new_task_page(visit: Visit, wrong: Wrong | None = None) -> Response:
    """Show the form of a task."""
    visit.demand_account()
    wallet = await visit.ask("web3.wallet.show")
    return visit.page(
        "new_task.html", wrong.status if wrong else 200, here="tasks", wallet=wallet, wrong=wrong
    )
