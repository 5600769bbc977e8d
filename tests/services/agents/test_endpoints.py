"""Endpoints: named by an agent, looked at by the market, and again every day."""

from typing import Any

import orjson
import pytest

from agents_of import BASE, CARD_URL, browsed, card, registered
from clawmarket.domain.kernel.errors import InvalidArgumentError, Refused
from clawmarket.domain.kernel.job import Job, JobState
from clawmarket.domain.market.agents.address import UrlForbiddenError
from clawmarket.domain.market.agents.card import CardUnfitError
from clawmarket.domain.market.agents.endpoint import MAX_FAILURES, Endpoint, EndpointNotFoundError
from clawmarket.domain.market.agents.profile import ProfileNotFoundError
from clawmarket.domain.trust.record import Record
from clawmarket.ports.cards import CardUnreachableError
from clawmarket.services.limits import CallsTooFastError
from world import Fields, Member, World

NEW, OLD = CARD_URL, f"{BASE}/.well-known/agent.json"
DAY_S = 86_400


@pytest.fixture
def agent(world: World) -> Member:
    """Return an agent whose card is served."""
    world.cards.pages[NEW] = card()
    return registered(world)


def sets(agent: Member, url: str = BASE) -> Fields:
    """Let an agent name its endpoint."""
    answer: Fields = agent.do("web3.agents.endpoint.set", url=url)
    return answer


def connect(world: World, agent: Member) -> Fields:
    """Return how strangers see that an agent is reached."""
    shown: Fields = world.nobody.do("web3.agents.card", accountId=agent.id)["connect"]
    return shown


def a_day_passes(world: World) -> None:
    """Let a day and the spread go by, and the workers work."""
    world.pass_time(seconds=DAY_S + 3_600)
    world.run_jobs()


def test_an_endpoint_is_shown_once_its_card_was_there(world: World, agent: Member) -> None:
    """In the answer, in the list and on the card, word for word: it is meant to be called."""
    answer = sets(agent)

    assert (answer["url"], answer["cardUrl"], answer["a2aUrl"]) == (BASE, NEW, f"{BASE}/a2a")
    shown = connect(world, agent)
    assert (shown["a2aUrl"], shown["cardUrl"], shown["cardAnswers"]) == (f"{BASE}/a2a", NEW, True)
    assert shown["interfaces"] == [{"url": f"{BASE}/a2a", "binding": "JSONRPC", "version": "1.0"}]
    assert shown["skills"] == [{"id": "sum", "name": "Summarise"}]
    (listed,) = world.nobody.do("web3.agents.browse", hasEndpoint=True)["items"]
    assert listed["a2aUrl"] == f"{BASE}/a2a"


def test_an_older_card_is_found_at_its_older_path(world: World) -> None:
    """Where 1.0's path serves nothing, that of 0.3 is asked."""
    world.cards.pages[OLD] = orjson.dumps({"name": "Old", "url": BASE, "protocolVersion": "0.3.0"})
    agent = registered(world)

    assert sets(agent)["protocolVersion"] == "0.3.0"
    assert world.cards.asked == [NEW, OLD]


def test_a_cards_own_url_is_asked_as_it_is(world: World) -> None:
    """It ends in .json, and nothing is looked for beside it."""
    url = f"{BASE}/agents/7/card.json"
    world.cards.pages[url] = card()

    assert sets(registered(world), url)["cardUrl"] == url
    assert world.cards.asked == [url]


def test_a_card_that_names_the_account_proves_whose_it_is(world: World) -> None:
    """Anybody may name an address; only its owner lets it name the account."""
    owner, other = registered(world), registered(world)
    world.cards.pages[NEW] = card(documentationUrl=f"https://market.example/agents/{owner.id}")

    assert (sets(owner)["namesAccount"], sets(other)["namesAccount"]) == (True, False)
    assert connect(world, other)["namesAccount"] is False


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8787",
        "http://localhost:8787",
        "http://169.254.169.254/latest",
        "http://[::ffff:127.0.0.1]",
        "https://user:secret@agent.example.net",
        "https://agent.example.net/?key=1",
    ],
)
def test_an_address_that_is_not_allowed_is_never_asked(
    world: World, agent: Member, url: str
) -> None:
    """Nothing is fetched and nothing kept."""
    with pytest.raises(UrlForbiddenError):
        sets(agent, url)

    assert (world.cards.asked, world.all(Endpoint)) == ([], [])


@pytest.mark.parametrize("url", ["", "ftp://a.example.net", "https://a b", 7, None, "x" * 3_000])
def test_what_is_no_address_is_no_request(agent: Member, url: Any) -> None:
    """The field is named."""
    with pytest.raises(InvalidArgumentError):
        sets(agent, url)


@pytest.mark.parametrize(
    "inner", ["http://127.0.0.1:1/a2a", "http://10.0.0.1/a2a", "http://inner.example.net/a2a"]
)
def test_a_card_that_leads_inward_is_refused(world: World, agent: Member, inner: str) -> None:
    """Addresses in a card pass the same judgement, names too."""
    world.cards.names["inner.example.net"] = ("192.168.0.1",)
    world.cards.pages[NEW] = card(inner)

    with pytest.raises(UrlForbiddenError):
        sets(agent)
    assert world.all(Endpoint) == []


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (None, CardUnreachableError),
        (b"<html><script>alert(1)</script></html>", CardUnfitError),
        (b"{" * 1_000, CardUnfitError),
        (b"{}", CardUnfitError),
        (b" " * 300_000, CardUnfitError),
    ],
    ids=["nothing", "a page", "half", "empty", "huge"],
)
def test_what_is_no_card_changes_nothing(
    world: World, agent: Member, body: bytes | None, refusal: type[Refused]
) -> None:
    """An endpoint that was there before stays as it was."""
    sets(agent)
    before = world.all(Endpoint)
    world.cards.pages.clear()
    if body is not None:
        world.cards.pages[NEW] = body

    with pytest.raises(refusal):
        sets(agent)
    assert world.all(Endpoint) == before


def test_an_endpoint_needs_a_profile(world: World) -> None:
    """Nobody would be shown it."""
    with pytest.raises(ProfileNotFoundError):
        sets(world.member())


def test_an_account_fetches_now_and_then_only(agent: Member) -> None:
    """Each check is a connection to somebody else: five at once, then one a second."""
    for _ in range(5):
        sets(agent)
    with pytest.raises(CallsTooFastError) as refused:
        sets(agent)
    assert refused.value.details == {"retryAfterSec": 1}


def test_naming_leaves_one_record_for_its_account_alone(world: World, agent: Member) -> None:
    """It has the address and the hash over the card; a check of the market leaves none."""
    sets(agent)
    (said,) = [r for r in world.all(Record) if r.method == "web3.agents.endpoint.set"]
    (event,) = orjson.loads(said.body)["events"]
    assert (said.actor, event["kind"], event["url"]) == (agent.id, "endpoint_checked", BASE)
    before = len(world.all(Record))

    a_day_passes(world)

    assert len(world.cards.asked) == 2
    assert len(world.all(Record)) == before


def test_a_card_that_stopped_answering_is_shown_so(world: World, agent: Member) -> None:
    """The address is shown no more, and since when; when it is back, all is as before."""
    sets(agent)
    first = connect(world, agent)
    world.cards.pages.clear()

    a_day_passes(world)
    gone = connect(world, agent)
    assert (gone["a2aUrl"], gone["cardAnswers"], gone["failures"]) == (None, False, 1)
    assert gone["answeredAt"] == first["answeredAt"] < gone["checkedAt"]
    assert (browsed(world, hasEndpoint=True), browsed(world, hasEndpoint=False)) == ([], [agent.id])

    world.cards.pages[NEW] = card(f"{BASE}/moved")
    a_day_passes(world)
    back = connect(world, agent)
    assert (back["a2aUrl"], back["cardAnswers"], back["failures"]) == (f"{BASE}/moved", True, 0)


def test_a_card_that_turns_inward_later_is_shown_as_silent(world: World, agent: Member) -> None:
    """What was public when it was set is judged anew by each check."""
    sets(agent)
    world.cards.names["agent.example.net"] = ("127.0.0.1",)

    a_day_passes(world)

    assert connect(world, agent)["cardAnswers"] is False
    assert len(world.cards.asked) == 1


def test_nobody_looks_for_a_dead_card_for_ever(world: World, agent: Member) -> None:
    """After a month without an answer the checks end; setting it anew begins them again."""
    sets(agent)
    world.cards.pages.clear()
    for _ in range(MAX_FAILURES + 2):
        a_day_passes(world)

    assert connect(world, agent)["failures"] == MAX_FAILURES
    assert [job for job in world.all(Job) if job.state is JobState.WAITING] == []
    world.cards.pages[NEW] = card()
    assert sets(agent)["nextCheckAt"] is not None


def test_setting_it_often_is_one_check_a_day(world: World, agent: Member) -> None:
    """The jobs of earlier settings find that nothing is due."""
    for _ in range(4):
        sets(agent)
        world.pass_time(seconds=60)
    world.cards.asked.clear()

    for _ in range(4):
        world.pass_time(seconds=DAY_S // 4 + 100)
        world.run_jobs()

    assert world.cards.asked == [NEW]


def test_an_endpoint_is_taken_back(world: World, agent: Member) -> None:
    """It is shown no more, its checks find nothing, and a second time there is none."""
    sets(agent)
    assert agent.do("web3.agents.endpoint.remove") == {"accountId": agent.id}

    assert connect(world, agent)["cardAnswers"] is None
    world.cards.asked.clear()
    a_day_passes(world)
    assert world.cards.asked == []
    with pytest.raises(EndpointNotFoundError):
        agent.do("web3.agents.endpoint.remove")


def test_one_account_takes_nothing_of_another(world: World, agent: Member) -> None:
    """Setting and removing are always about one's own."""
    sets(agent)
    with pytest.raises(EndpointNotFoundError):
        registered(world).do("web3.agents.endpoint.remove")

    assert connect(world, agent)["cardAnswers"] is True
