"""What a form says is what is done, to the figure; what was wrong is told at its own field."""

import re

import httpx
import pytest

from web_server.browser import Pages
from world import World, credits_

NEW_TASK = {"title": "T", "open_for": "24", "deliver_in": "24", "review_in": "10", "skills": ""}
_CASES = re.compile(r'<h3>Rule on a dispute: ([^<]+)</h3>.*?href="/tasks/([^"#]+)#contest')
_LEADS = re.compile(r'class="mistakes".*?href="#([^"]+)"')


def wrong(answer: httpx.Response) -> str:
    """Return the field that a page leads to as the wrong one; it is on the page."""
    (field,) = _LEADS.findall(answer.text)
    assert f'id="{field}"' in answer.text
    return str(field)


@pytest.mark.parametrize(("said", "kept"), [("4", 4), ("", None)])
def test_an_acceptance_rates_as_the_form_says(
    pages: Pages, world: World, said: str, kept: int | None
) -> None:
    """Or not at all where nothing was chosen."""
    buyer, worker, award = world.hired()
    result = worker.submits(award)["resultId"]
    fields = {"task": award["taskId"], "result": result, "rating": said}
    assert pages.signed_in(buyer).sends("/act/accept", fields).status_code == 303
    assert buyer.do("web3.market.getResult", resultId=result)["rating"] == kept


def test_a_ruling_shares_as_the_form_says(pages: Pages, world: World) -> None:
    """What the seller is to get is read as an amount."""
    buyer, worker, award = world.hired()
    worker.submits(award)
    dispute = buyer.contests(award)["disputeId"]
    worker.do("web3.dispute.submitEvidence", disputeId=dispute, summary="See the outline.")
    fields = {
        "task": award["taskId"],
        "dispute": dispute,
        "resolution": "partial",
        "reason": "Half.",
        "share": "1,0.5",
    }
    ruling = pages.signed_in(world.arbiter()).sends("/act/resolve", fields)
    assert ruling.status_code == 303, ruling.text
    shown = buyer.do("web3.dispute.get", disputeId=dispute)
    assert (shown["status"], shown["sellerShare"]) == ("dispute_resolved", credits_("10.5"))


def test_an_arbiter_is_shown_the_disputes_of_others_to_rule_on(pages: Pages, world: World) -> None:
    """The one that is due first leads; nobody rules on their own."""
    arbiter = world.arbiter()
    own = arbiter.publishes(title="Own matter")
    worker = world.member()
    award = arbiter.awards(worker.bids(own))
    worker.submits(award)
    arbiter.contests(award)
    others = []
    for title in ("First matter", "Second matter"):
        buyer = world.member()
        award = buyer.awards(worker.bids(buyer.publishes(title=title)))
        worker.submits(award)
        buyer.contests(award)
        others.append(award["taskId"])
        world.pass_time(seconds=60)
    page = pages.signed_in(arbiter).get("/me").text

    assert _CASES.findall(page) == [("First matter", others[0]), ("Second matter", others[1])]
    assert "Rule on a dispute" not in pages.signed_in(worker).get("/me").text


def test_a_task_is_published_in_the_parts_of_its_lines(pages: Pages, world: World) -> None:
    """One a line, with or without a percent sign; empty lines are none."""
    buyer = world.member()
    lines = "First draft = 40\r\n\r\n a = b = 60 % \r\n"
    sent = pages.signed_in(buyer).sends(
        "/act/publish", NEW_TASK | {"budget": "50", "milestones": lines}
    )
    task = world.nobody.do("web3.market.getTask", taskId=sent.headers["location"][7:])
    assert task["milestones"] == [
        {"title": "First draft", "percent": 40},
        {"title": "a = b", "percent": 60},
    ]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"budget": "a lot"}, "budget"),
        ({"budget": "5.0000001"}, "budget"),
        ({"budget": "-5"}, "budget"),
        ({"open_for": "soon"}, "open_for"),
        ({"open_for": "\uff15"}, "open_for"),
        ({"deliver_in": "1.5"}, "deliver_in"),
        ({"review_in": "1000000"}, "review_in"),
        ({"milestones": "First draft 40"}, "milestones"),
        ({"milestones": "= 40"}, "milestones"),
        ({"milestones": "First draft = many"}, "milestones"),
        ({"milestones": "First draft = \uff14\uff10"}, "milestones"),
        ({"title": ""}, "title"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    pages: Pages, world: World, typed: dict[str, str], field: str
) -> None:
    """The form comes again with what was typed, and nothing was published."""
    browser = pages.signed_in(world.member())
    answer = browser.sends("/act/publish", NEW_TASK | {"budget": "5"} | typed)
    assert (answer.status_code, wrong(answer)) == (400, f"publish-{field}")
    assert world.nobody.do("web3.market.listTasks")["items"] == []


def test_a_wrong_bid_is_told_on_the_page_of_its_task(pages: Pages, world: World) -> None:
    """Under the name that the form has for what the market calls otherwise."""
    task, browser = world.member().publishes(), pages.signed_in(world.member())
    bid = {"task": task["taskId"], "price": "5", "note": ""}
    for typed, field in ({"eta": "0"}, "eta"), ({"eta": "1", "price": "x"}, "price"):
        answer = browser.sends("/act/bid", bid | typed)
        assert (answer.status_code, wrong(answer)) == (400, f"bid-{field}")


def test_a_form_leads_back_to_a_page_of_ours(pages: Pages, world: World) -> None:
    """An id that is none leads to the board, wherever it would have led."""
    browser, task = pages.signed_in(world.member()), world.member().publishes()["taskId"]
    fresh = {"csrf": browser.mark(), "key": "ab" * 16}
    for named, back in ((task, f"/tasks/{task}"), ("../me", "/tasks"), ("//evil", "/tasks")):
        page = browser.ask("POST", "/act/unclaim", data=fresh | {"task": named})
        assert f'<a class="btn" href="{back}">' in page.text


def test_a_profile_is_what_its_form_says(pages: Pages, world: World) -> None:
    """Boxes that are not ticked are no; what a program said of a skill stays with its word."""
    agent = world.member()
    known = {"id": "python", "name": "Python 3", "level": "expert"}
    agent.do("web3.agents.profile.set", displayName="A", primarySkills=[known], acceptsFree=True)
    form = {
        "displayName": "Ada",
        "tagline": "Short texts.",
        "bio": "One.\r\nTwo.",
        "skills": "Python, seo python",
        "languages": "en\uff0czh",
        "specializations": "Old maps, new ones",
        "acceptsPaid": "1",
        "minBudget": "1.5",
        "maxBudget": "",
        "typicalResponseTime": "an hour",
    }
    assert pages.signed_in(agent).sends("/act/profile", form).status_code == 303
    profile = agent.do("web3.agents.profile.get")
    assert {name: profile[name] for name in (*form, "isListed") if name in profile} == {
        "displayName": "Ada",
        "tagline": "Short texts.",
        "bio": "One.\nTwo.",
        "languages": ["en", "zh"],
        "specializations": ["Old maps", "new ones"],
        "acceptsPaid": True,
        "minBudget": credits_("1.5"),
        "maxBudget": None,
        "typicalResponseTime": "an hour",
        "isListed": False,
    }
    assert profile["primarySkills"] == [known, {"id": "seo", "name": "seo", "level": None}]
    assert profile["acceptsFree"] is False


def test_limits_of_spending_are_what_their_form_says(pages: Pages, world: World) -> None:
    """An empty field is no limit; whatever else the plan says stays as it is."""
    member = world.member()
    member.do("web3.billing.plan.set", perSession=credits_("1"), perTokens=500)
    before = member.do("web3.billing.plan.get")
    form = {"perDay": "5", "perSession": "", "perAccount": "1,000.50"}
    assert pages.browser().by_wallet(member).signs(member, "/act/spending", form).status_code == 303
    assert member.do("web3.billing.plan.get") == before | {
        "perDay": credits_("5"),
        "perSession": None,
        "perAccount": credits_("1000.50"),
    }
