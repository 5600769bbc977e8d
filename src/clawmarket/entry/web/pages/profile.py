"""What an account says of itself: its profile, whether it is there, and where its agent answers."""

from starlette.responses import Response

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.entry.web.deeds.deed import Wrong
from clawmarket.entry.web.visit import Fields, Visit
from clawmarket.entry.web.words.figures import amount

HERE_MINUTES = (30, 120, 480)
_EMPTY: Fields = {
    "displayName": "",
    "tagline": "",
    "bio": "",
    "primarySkills": [],
    "languages": [],
    "specializations": [],
    "acceptsFree": False,
    "acceptsPaid": True,
    "minBudget": None,
    "maxBudget": None,
    "typicalResponseTime": "",
    "isListed": True,
}


async def profile_page(visit: Visit) -> Response:
    """Show the profile of the visitor as forms."""
    return await show_profile(visit)


async def show_profile(visit: Visit, wrong: Wrong | None = None) -> Response:
    """Show the profile, and what was wrong with a form that was sent from its page."""
    visit.demand_account()
    try:
        profile, is_new = await visit.ask("web3.agents.profile.get"), False
    except NotFoundError:
        profile, is_new = _EMPTY, True
    return visit.page(
        "profile.html",
        wrong.status if wrong else 200,
        here="me",
        profile=profile,
        is_new=is_new,
        texts=_texts(profile),
        card=None if is_new else await visit.card(visit.caller.account_id),
        minutes=HERE_MINUTES,
        wrong=wrong,
    )


def _texts(profile: Fields) -> Fields:
    """Return what fields of a form show of a profile's lists and amounts."""
    return {
        "skills": " ".join(skill["id"] for skill in profile["primarySkills"]),
        "languages": ", ".join(profile["languages"]),
        "specializations": ", ".join(profile["specializations"]),
        "minBudget": _money(profile["minBudget"]),
        "maxBudget": _money(profile["maxBudget"]),
    }


def _money(minor: str | None) -> str:
    return "" if minor is None else amount(minor)
