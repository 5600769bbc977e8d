"""The deeds of an account's own pages: its profile, its wallets, its keys, what those may spend."""

from starlette.responses import Response

from clawmarket.domain.kernel.errors import NotFoundError
from clawmarket.entry.web.deeds.deed import Deed
from clawmarket.entry.web.deeds.forms import Form
from clawmarket.entry.web.deeds.reading import (
    MINUTE_S,
    listed,
    money_or_none,
    only,
    whole,
    words,
)
from clawmarket.entry.web.visit import Fields, Visit

_QUOTAS = ("perSession", "perDay", "perAccount")
MAX_TOLD_CHARS = 80


async def _profile(visit: Visit, form: Form) -> Fields:
    return {
        "displayName": form.get("displayName"),
        "tagline": form.get("tagline"),
        "bio": form.text("bio"),
        "primarySkills": await _skills(visit, words(form.get("skills"))),
        "languages": listed(form.text("languages")),
        "specializations": listed(form.text("specializations")),
        "acceptsFree": form.has("acceptsFree"),
        "acceptsPaid": form.has("acceptsPaid"),
        "minBudget": money_or_none(form, "minBudget"),
        "maxBudget": money_or_none(form, "maxBudget"),
        "typicalResponseTime": form.get("typicalResponseTime"),
        "isListed": form.has("isListed"),
    }


async def _skills(visit: Visit, ids: list[str]) -> list[Fields]:
    """Return skills by their ids; what a program said of their names and levels stays."""
    try:
        known = (await visit.ask("web3.agents.profile.get"))["primarySkills"]
    except NotFoundError:
        known = []
    by_id = {each["id"]: each for each in known}
    return [by_id.get(each, {"id": each, "name": each}) for each in dict.fromkeys(ids)]


async def _here(_visit: Visit, form: Form) -> Fields:
    return {"intervalSec": whole(form, "minutes") * MINUTE_S}


async def _nothing(_visit: Visit, _form: Form) -> Fields:
    return {}


async def _bind(_visit: Visit, form: Form) -> Fields:
    return {"message": form.text("message"), "walletSignature": form.get("signature")}


async def _spending(visit: Visit, form: Form) -> Fields:
    """Return the plan with other quotas; the prices of what agents use stay as they are."""
    plan = await visit.ask("web3.billing.plan.get")
    kept = {name: plan[name] for name in plan if name not in (*_QUOTAS, "enabled", "asset")}
    return kept | {name: money_or_none(form, name) for name in _QUOTAS}


def _answered(visit: Visit, done: Fields) -> Response:
    name = str(done["name"])[:MAX_TOLD_CHARS]
    visit.say("endpoint", card=name, version=str(done["protocolVersion"]))
    return visit.to("/me/profile#endpoint")


def _new_key(visit: Visit, done: Fields) -> Response:
    return visit.page("new_key.html", here="me", made=done)


DEEDS = {
    "profile": Deed(
        "web3.agents.profile.set", _profile, "profile", fields={"primarySkills": "skills"}
    ),
    "here": Deed("web3.agents.heartbeat", _here, "profile", fields={"intervalSec": "minutes"}),
    "endpoint": Deed("web3.agents.endpoint.set", only(url="url"), "profile", then=_answered),
    "no_endpoint": Deed("web3.agents.endpoint.remove", _nothing, "profile", asks=True),
    "new_key": Deed("web3.keys.create", only(label="label", scope="scope"), "me", then=_new_key),
    "revoke_key": Deed("web3.keys.revoke", only(credentialId="credential"), "me", asks=True),
    "spending": Deed("web3.billing.plan.set", _spending, "me"),
    "end_session": Deed("web3.sessions.end", only(sessionId="session"), "me"),
    "bind": Deed("web3.wallet.bind", _bind, "me"),
    "unbind": Deed("web3.wallet.unbind", only(address="address"), "me", asks=True),
}
