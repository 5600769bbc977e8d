"""Who may do what on the pages: every form that changes something has a row, or the test fails.

A status is what sending the form leads to, confirmed where it is asked again; in the order of
`PEOPLE`, who are strangers first: whatever they could have changed, the parties would meet.
"""

import pytest

from clawmarket.entry.web.deeds.doing import DEEDS
from scene import PEOPLE, Scene
from web_server.browser import Pages
from web_server.people import Crowd
from world import World, credits_

NOBODYS = (401, 404, 404, 401, 403)
ROWS: dict[str, tuple[int, ...]] = {
    "publish": (401, 303, 303, 401, 403, 303, 303, 402),
    "cancel": (*NOBODYS, 404, 303, 404),
    "bid": (401, 303, 409, 401, 403, 409, 409, 303),
    "withdraw": (*NOBODYS, 303, 404, 404),
    "award": (*NOBODYS, 404, 303, 404),
    "claim": (401, 303, 409, 401, 403, 409, 409, 409),
    "unclaim": (*NOBODYS, 303, 404, 404),
    "message": (401, 403, 303, 401, 403, 303, 303, 403),
    "hand_in": (*NOBODYS, 303, 403, 404),
    "accept": (*NOBODYS, 404, 303, 404),
    "send_back": (*NOBODYS, 404, 303, 404),
    "dispute": (*NOBODYS, 409, 303, 404),
    "evidence": (*NOBODYS, 303, 303, 404),
    "drop_claim": (401, 403, 403, 401, 403, 403, 403, 303),
    "resolve": (401, 403, 403, 401, 403, 403, 403, 303),
    "new_key": (401, 403, 403, 401, 403, 403, 403, 200),
    "revoke_key": (*NOBODYS, 404, 303, 404),
    "unbind": (*NOBODYS, 404, 403, 404),
    "end_session": (*NOBODYS, 404, 303, 404),
    "spending": (401, 403, 403, 401, 403, 403, 403, 303),
    "bind": (401, 400, 400, 401, 400, 400, 400, 400),
    "profile": (401, 303, 303, 401, 403, 303, 303, 303),
    "here": (*NOBODYS, 303, 303, 404),
    "endpoint": (*NOBODYS, 400, 400, 404),
    "no_endpoint": (*NOBODYS, 404, 404, 404),
    "new_offer": (401, 303, 303, 401, 403, 303, 303, 303),
    "change_offer": (*NOBODYS, 303, 404, 404),
    "publish_offer": (401, 404, 404, 401, 404, 303, 404, 404),
    "close_offer": (*NOBODYS, 303, 404, 404),
    "buy": (401, 303, 303, 401, 403, 409, 303, 303),
    "lock": (*NOBODYS, 403, 303, 404),
    "cancel_order": (*NOBODYS, 403, 303, 404),
    "consent": (*NOBODYS, 403, 409, 404),
    "take_consent": (*NOBODYS, 404, 404, 404),
    "begin": (*NOBODYS, 303, 403, 404),
    "step_back": (*NOBODYS, 303, 404, 404),
    "hand_over": (*NOBODYS, 303, 404, 404),
    "release": (*NOBODYS, 403, 409, 404),
    "refund": (*NOBODYS, 303, 409, 404),
}
FORMS = {
    "/act/{deed}",
    "/confirm",
    "/sign-in/key",
    "/sign-in/challenge",
    "/sign-in/wallet",
    "/sign-out",
    "/me/wallet-challenge",
}


def fields_of(scene: Scene, deed: str) -> dict[str, str]:
    """Return a form about the buyer's and the worker's things that would be taken."""
    ready, sealed = scene.ready_order["orderId"], scene.sealed_order["orderId"]
    result, dispute = scene.sealed_result["resultId"], scene.dispute["disputeId"]
    task, offer, draft = scene.open["taskId"], scene.offer["offerId"], scene.draft["offerId"]
    session = scene.buyer.do("web3.sessions.list")["items"][-1]["sessionId"]
    priced = {"title": "T", "price": "6"}
    windows = {"deliver_in": "24", "review_in": "10", "milestones": ""}
    kinds = {"assetType": "service", "deliveryType": "service", "description": ""}
    terms = {"title": "T", "budget": "5", "open_for": "24", "deliver_in": "24", "review_in": "10"}
    rows: dict[str, dict[str, str]] = {
        "publish": {**terms, "skills": ""},
        "bid": {"price": "1", "eta": "1", "note": ""},
        "withdraw": {"bid": scene.bid["bidId"]},
        "award": {"bid": scene.bid["bidId"]},
        "unclaim": {"task": scene.claimed["taskId"]},
        "message": {"text": "Hello", "to": ""},
        "hand_in": {"task": scene.ready["taskId"], "order": ready, "note": "See this."},
        "accept": {"task": scene.sealed["taskId"], "result": result},
        "send_back": {"task": scene.sealed["taskId"], "result": result, "feedback": "More."},
        "dispute": {"task": scene.sealed["taskId"], "order": sealed, "reason": "Too short."},
        "evidence": {"task": scene.contested["taskId"], "dispute": dispute, "summary": "See."},
        "drop_claim": {"dispute": dispute, "reason": "It does not hold."},
        "resolve": {"dispute": dispute, "resolution": "refund", "reason": "So it is."},
        "new_key": {"label": "mine", "scope": "read"},
        "revoke_key": {"credential": scene.label["credentialId"]},
        "end_session": {"session": session},
        "spending": {"perDay": "5", "perSession": "", "perAccount": ""},
        "bind": {"message": "", "signature": "", "address": ""},
        "profile": {"displayName": "N", "isListed": "on"},
        "here": {"minutes": "30"},
        "endpoint": {"url": "http://10.0.0.1/"},
        "new_offer": {**priced, **windows, **kinds},
        "change_offer": {"offer": draft, **priced, "description": ""},
        "publish_offer": {"offer": draft},
        "close_offer": {"offer": offer},
        "buy": {"offer": offer, "quantity": "1"},
        "lock": {"order": scene.ordered["orderId"], "amount": credits_("5")},
        "cancel_order": {"order": scene.ordered["orderId"]},
        "consent": {"order": scene.locked["orderId"], "days": "7", "purpose": "research"},
        "take_consent": {"consent": f"consent_{'0' * 26}", "reason": "No more."},
        "begin": {"order": scene.locked["orderId"]},
        "step_back": {"delivery": scene.delivery["deliveryId"]},
        "hand_over": {"delivery": scene.delivery["deliveryId"], "note": "See this."},
        "release": {"order": scene.begun["orderId"]},
        "refund": {"order": scene.locked["orderId"], "reason": "No more."},
        "unbind": {"address": scene.buyer.known_wallet.address},
    }
    return {"task": task} | rows.get(deed, {})


@pytest.mark.parametrize("deed", ROWS)
def test_a_form_is_taken_from_whom_its_row_says(pages: Pages, world: World, deed: str) -> None:
    """Each with a session of their own and a mark that is right."""
    scene = Scene(world)
    crowd = Crowd(pages, scene)
    fields = fields_of(scene, deed)
    more = {"files": {"files": ("a.md", b"bytes")}} if deed == "hand_in" else {}
    told = []
    for name in PEOPLE:
        sent = fields | ({"to": scene.worker.id} if (name, deed) == ("buyer", "message") else {})
        told.append(crowd.browser(name).sends(f"/act/{deed}", sent, **more).status_code)

    assert tuple(told) == ROWS[deed]


def test_every_form_has_a_row(pages: Pages) -> None:
    """A new form says who may send it."""
    assert {path for verb, path in pages.paths if verb == "POST"} == FORMS
    assert set(DEEDS) == set(ROWS)
