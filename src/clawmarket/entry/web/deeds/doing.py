"""All deeds, and the pages that their forms stand on."""

from starlette.responses import Response

from clawmarket.entry.web.deeds import on_account, on_orders, on_tasks
from clawmarket.entry.web.deeds.deed import Doing, Page, Wrong, thing_of, thing_path
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.pages.me import show_me
from clawmarket.entry.web.pages.offers import new_offer_page, show_offer
from clawmarket.entry.web.pages.order import show_order
from clawmarket.entry.web.pages.profile import show_profile
from clawmarket.entry.web.pages.task import show_task
from clawmarket.entry.web.pages.tasks import new_task_page
from clawmarket.entry.web.visit import Visit

DEEDS = {**on_tasks.DEEDS, **on_orders.DEEDS, **on_account.DEEDS}
_SHOWN = {"task": show_task, "order": show_order, "offer": show_offer}


def doing_of(max_file_bytes: int) -> Doing:
    """Return what does the forms of all pages."""
    return Doing(DEEDS, _PAGES, max_file_bytes)


async def _thing_again(visit: Visit, form: Form, wrong: Wrong) -> Response:
    thing = thing_of(form)
    show = _SHOWN.get(thing.partition("_")[0], show_task)
    return await show(visit, thing or form.get("task"), wrong)


async def _me_again(visit: Visit, _form: Form, wrong: Wrong) -> Response:
    return await show_me(visit, wrong)


async def _profile_again(visit: Visit, _form: Form, wrong: Wrong) -> Response:
    return await show_profile(visit, wrong)


async def _task_again(visit: Visit, _form: Form, wrong: Wrong) -> Response:
    return await new_task_page(visit, wrong)


async def _offer_again(visit: Visit, _form: Form, wrong: Wrong) -> Response:
    return await new_offer_page(visit, wrong)


_PAGES = {
    "thing": Page("tasks", thing_path, _thing_again),
    "me": Page("me", lambda _form: "/me", _me_again),
    "profile": Page("me", lambda _form: "/me/profile", _profile_again),
    "new": Page("tasks", lambda _form: "/tasks/new", _task_again),
    "new_offer": Page("offers", lambda _form: "/offers/new", _offer_again),
}
