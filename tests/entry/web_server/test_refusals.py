"""What refuses a person is said in the person's language, whatever it is."""

import re
from pathlib import Path

import pytest

from clawmarket.domain.kernel.errors import FAMILIES, REFUSALS, Refused
from clawmarket.domain.market import inspection
from clawmarket.entry import web
from clawmarket.entry.web.deeds.doing import DEEDS
from clawmarket.entry.web.telling.refusing import told_refusal
from clawmarket.entry.web.words.catalog import Words, catalog, market_catalog
from clawmarket.registry.methods import method_named
from clawmarket.registry.probes import PROBES
from clawmarket.services.discover import discover
from web_server.browser import Pages

ZH, EN = Words("zh"), Words("en")
SOURCES = sorted(Path(web.__path__[0]).rglob("*.py"))
INSPECTION = sorted(Path(inspection.__path__[0]).rglob("*.py"))
FOUND = re.compile(r'\bfinding\(\s*[^,"]+,\s*"([a-z_0-9]+)"')
NAMED = re.compile(r'"((?:web3|market)\.[A-Za-z.]+)"')
# What no method lists, since every one can meet it: on the way in, and of the rows and the purse.
SHARED = (
    "clawmarket.domain.kernel.errors",
    "clawmarket.domain.kernel.machine",
    "clawmarket.domain.kernel.money",
    "clawmarket.domain.kernel.replay",
    "clawmarket.domain.trust.session",
    "clawmarket.domain.trust.statement",
    "clawmarket.domain.treasury.hold",
    "clawmarket.entry.gateway.wire",
    "clawmarket.entry.web",
    "clawmarket.ports.blobs",
    "clawmarket.ports.wallets",
    "clawmarket.services.limits",
    "clawmarket.services.pipeline",
    "clawmarket.services.signing",
    "clawmarket.services.uploads",
)


def _in_chinese(key: str) -> str | None:
    """Return the sentence of a page, or else that of the market, in Chinese."""
    return ZH(key) if ZH.has(key) else ZH.of_market(key)


def _methods() -> set[str]:
    """Return every method that a page or a form of it calls."""
    named = {name for file in SOURCES for name in NAMED.findall(file.read_text(encoding="utf-8"))}
    return named | {deed.method for deed in DEEDS.values()}


def _causes() -> set[str]:
    """Return every cause that a page can meet."""
    discover()
    methods = [method_named(name) for name in _methods()]
    of_methods = {error.cause for method in methods if method for error in method.errors}
    shared = {cause for cause, error in REFUSALS.items() if error.__module__.startswith(SHARED)}
    return of_methods | shared


def test_every_cause_that_a_page_can_meet_has_a_chinese_sentence() -> None:
    """The causes are those that the registry lists for the methods that pages call."""
    assert [cause for cause in sorted(_causes()) if not _in_chinese(f"refusal.{cause}")] == []


def test_every_sentence_about_a_refusal_is_about_one_that_there_is() -> None:
    """A cause that was renamed leaves nothing behind, in either language."""
    discover()
    keys = [*catalog("en"), *catalog("zh"), *market_catalog("zh")]
    told = {key for key in keys if key.startswith("refusal.")}
    assert sorted(told - {f"refusal.{cause}" for cause in REFUSALS}) == []


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.cause)
def test_every_family_has_a_chinese_sentence(family: type[Refused]) -> None:
    """A cause that was added this morning is told by its family, and not in English."""
    assert _in_chinese(f"refusal.{family.cause}")


def test_a_cause_that_no_catalog_knows_is_said_as_the_market_says_it() -> None:
    """In English only; in Chinese its family speaks."""
    what, advice = "A job is not there.", "Look again."

    assert told_refusal(EN, "job_not_found", what, advice) == "A job is not there. Look again."
    assert told_refusal(ZH, "job_not_found", what, advice) == _in_chinese("refusal.not_found")
    assert told_refusal(EN, "notice_lost", what, advice) == "A job is not there. Look again."
    assert told_refusal(ZH, "notice_lost", what, advice) == _in_chinese("refusal.unavailable")


def test_every_probe_is_told_in_chinese_when_it_is_well_and_when_not() -> None:
    """The service's state on an account's page has nothing in English."""
    discover()
    needed = [f"probe.{name}{kind}" for name in PROBES for kind in ("", ".well", ".ill")]
    assert [key for key in needed if not _in_chinese(key)] == []


def test_every_finding_of_an_inspection_is_told_in_chinese() -> None:
    """By its code, which stands where the finding is made; a code that is gone leaves nothing."""
    texts = [file.read_text(encoding="utf-8") for file in INSPECTION]
    codes = {code for text in texts for code in FOUND.findall(text)}
    told = {key for key in market_catalog("zh") if key.startswith("finding.")}

    assert told == {f"finding.{code}" for code in codes}
    assert "finding.secret" in told


def test_a_wallet_that_is_refused_is_told_in_its_owners_language(pages: Pages) -> None:
    """The sign-in's script shows what the market says for people, and no code."""
    browser = pages.browser()
    browser.get("/lang?to=zh&back=/sign-in")
    sent = {"csrf": browser.mark(), "address": "0x12"}
    answer = browser.ask("POST", "/sign-in/challenge", data=sent)

    assert (answer.status_code, answer.json()["said"]) == (
        400,
        _in_chinese("refusal.field_invalid"),
    )


@pytest.mark.parametrize(
    ("what", "en", "zh"),
    [
        ("$.title: is missing.", "This field is needed.", "此项必填。"),
        (
            "$.title: string should have at most 120 characters (1 more).",
            "Write at most 120 characters.",
            "最多写 120 个字符。",
        ),
        (
            "$.expirySec: input should be less than or equal to 7776000.",
            "At most 90 d.",
            "最多 90 天。",
        ),
        (
            "$.a.b: does not fit: a word.",
            "Does not fit: a word.",
            ZH.of_market("refusal.field_invalid"),
        ),
    ],
)
def test_a_field_is_told_what_it_takes(what: str, en: str, zh: str) -> None:
    """Without the name that programs have for it, and times in the units of people."""
    assert [told_refusal(words, "field_invalid", what) for words in (EN, ZH)] == [en, zh]
