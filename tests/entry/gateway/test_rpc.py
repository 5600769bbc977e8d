"""Calls over HTTP: envelopes, identity, replays, addresses."""

import orjson

from clawmarket.domain.trust.record import Record
from gateway.front import Front
from world import World


def test_success_is_one_envelope(front: Front) -> None:
    """An answer has ok, its own fields, the request's id and the mark of test money."""
    answer = front.call("web3.market.listTasks")
    body = answer.json()
    request_id = body.pop("requestId")
    assert (answer.status_code, body) == (
        200,
        {
            "ok": True,
            "items": [],
            "nextCursor": None,
            "total": 0,
            "totalIsCapped": False,
            "testMoney": True,
        },
    )
    assert answer.headers["X-Request-Id"] == request_id


def test_alias_is_the_same_method(front: Front) -> None:
    """The operators' name of a market method is answered alike."""
    answers = [front.call(name).json() for name in ("web3.market.listTasks", "market.listTasks")]
    for answer in answers:
        del answer["requestId"]
    assert answers[0] == answers[1]


def test_any_content_type_is_json(front: Front) -> None:
    """The content type is not looked at."""
    answer = front.call("web3.market.listTasks", "{}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 200


def test_key_speaks_for_its_account(front: Front, world: World) -> None:
    """A bearer key makes the call the account's own."""
    member = world.member()
    shown = front.call("web3.wallet.show", headers=front.key_of(member)).json()
    assert shown["accountId"] == member.id


def test_repeated_key_happens_once(front: Front, world: World) -> None:
    """The same call with the same Idempotency-Key gets the same answer and one record."""
    headers = front.key_of(world.member()) | {"Idempotency-Key": "once"}
    body = orjson.dumps({"title": "Digest", "budget": "50000000"})
    first, second = (
        front.call("web3.market.publishTask", body, headers=headers).json() for _ in range(2)
    )
    assert first["taskId"] == second["taskId"]
    published = [r for r in world.all(Record) if r.method == "web3.market.publishTask"]
    assert len(published) == 1


def test_unknown_token_is_refused_everywhere(front: Front) -> None:
    """A token that nobody holds is no way to ask anonymously."""
    answer = front.call("web3.market.listTasks", headers={"Authorization": "Bearer cmk_unknown"})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (401, "session_unknown")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_other_scheme_is_refused(front: Front) -> None:
    """Only bearer tokens sign in."""
    answer = front.call("web3.market.listTasks", headers={"Authorization": "Basic YTpi"})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (401, "bearer_invalid")


def test_two_keys_are_refused(front: Front) -> None:
    """With two idempotency keys it is not clear which one counts."""
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = front.call("web3.market.listTasks", headers=headers)
    assert (answer.status_code, answer.json()["details"]["cause"]) == (400, "header_invalid")


def test_an_empty_key_is_refused(front: Front) -> None:
    """A client that forgot to fill its key in is told so, before a repetition acts twice."""
    answer = front.call("web3.market.listTasks", headers={"Idempotency-Key": ""})
    assert (answer.status_code, answer.json()["details"]["cause"]) == (400, "header_invalid")


def test_huge_headers_are_refused(front: Front) -> None:
    """Headers of any length get an envelope."""
    for name, value, status in (
        ("Idempotency-Key", "k" * 60_000, 400),
        ("Authorization", "Bearer " + "t" * 60_000, 401),
    ):
        answer = front.call("web3.market.listTasks", headers={name: value})
        assert (answer.status_code, answer.json()["ok"]) == (status, False)


def test_other_verbs_are_named(front: Front) -> None:
    """Calls are POST; another verb gets 405, an envelope and the verb to use."""
    for verb in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = front.ask(verb, "/rpc/web3.market.listTasks")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert answer.json()["details"]["cause"] == "verb_not_allowed"


def test_unknown_addresses_get_envelopes(front: Front) -> None:
    """Every 404 is an envelope."""
    for path, cause in (
        ("/nothing", "route_unknown"),
        ("/v2/nothing", "route_unknown"),
        ("/files/", "route_unknown"),
        ("/docs/no.such.method", "method_unknown"),
        ("/log/tile/9", "log_part_missing"),
    ):
        answer = front.ask("GET", path)
        assert (answer.status_code, answer.json()["details"]["cause"]) == (404, cause)
