"""Contents: each kind of file through the looks that are made for it."""

from clawmarket.domain.market.inspection.archives.entries import Place
from clawmarket.domain.market.inspection.archives.rars import rar_findings
from clawmarket.domain.market.inspection.archives.tars import tar_gz_findings
from clawmarket.domain.market.inspection.archives.zips import zip_findings
from clawmarket.domain.market.inspection.budget import Budget, BudgetSpent
from clawmarket.domain.market.inspection.documents import (
    doc_findings,
    docx_findings,
    pdf_findings,
    polyglot_findings,
)
from clawmarket.domain.market.inspection.finding import Findings, finding
from clawmarket.domain.market.inspection.images import image_findings
from clawmarket.domain.market.inspection.kinds import (
    BEGINNINGS,
    GZIP,
    IMAGES,
    RAR,
    TEXTS,
    extension_of,
)
from clawmarket.domain.market.inspection.secrets import secret_findings
from clawmarket.domain.market.inspection.texts import text_findings


def content_findings(name: str, content: bytes, budget: Budget) -> Findings:
    """Yield what is wrong with what is in a file; that it begins as its kind does is known."""
    kind = extension_of(name)
    budget.pause()
    if kind in TEXTS:
        yield from text_findings(name, content, kind)
        yield from secret_findings(name, content, budget)
    elif kind in IMAGES and BEGINNINGS[kind](content[:64]):
        yield from image_findings(name, content, kind)
    elif kind in {"pdf", "doc"}:
        yield from (pdf_findings if kind == "pdf" else doc_findings)(name, content)
    elif kind in {"zip", "docx", "tar.gz", "rar"} and BEGINNINGS[kind](content[:64]):
        yield from _archive_findings(name, content, budget)
    if kind == "docx":
        yield from docx_findings(name, content)
    yield from polyglot_findings(name, content, kind)


def _archive_findings(name: str, content: bytes, budget: Budget) -> Findings:
    try:
        yield from _opened(name, content, Place(name, budget, _opened))
    except BudgetSpent:
        what = "What the files unpack to is more than the market looks into."
        yield finding(name, "archive_bomb", what)


def _opened(_: str, content: bytes, place: Place) -> Findings:
    """Look into an archive by what it is, not by what it is called."""
    if content.startswith(RAR):
        return rar_findings(content, place)
    if content.startswith(GZIP):
        return tar_gz_findings(content, place)
    return zip_findings(content, place)
