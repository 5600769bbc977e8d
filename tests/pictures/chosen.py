"""Which pictures the repository keeps, and the page that shows them."""

from pathlib import Path

from pictures.camera import Take
from pictures.views import EMPTY, FULL

_DOCS = Path(__file__).resolve().parents[2] / "docs"
FOLDER, INDEX = _DOCS / "pictures" / "web", _DOCS / "pages.md"
_WIDE, _MID, _PHONE = Take(1440), Take(768), Take(360)
_WIDE_ZH, _PHONE_ZH = Take(1440, "light", "zh"), Take(360, "light", "zh")
_WIDE_DARK, _MID_DARK, _PHONE_DARK = (Take(width, "dark") for width in (1440, 768, 360))

CHOSEN: dict[str, tuple[Take, ...]] = {
    "home-empty": (_PHONE,),
    "tasks-empty": (_MID,),
    "me-new": (_PHONE_DARK,),
    "home": (_WIDE, _MID_DARK, _PHONE_ZH),
    "home-own": (_WIDE_ZH,),
    "first": (_WIDE,),
    "tasks": (_WIDE, _MID_DARK, _PHONE),
    "tasks-none": (_PHONE_ZH,),
    "task-open": (_PHONE,),
    "task-bids": (_WIDE,),
    "task-claimed": (_MID,),
    "task-review": (_WIDE, _PHONE_DARK),
    "task-rejected": (_PHONE_ZH,),
    "task-disputed": (_MID_DARK,),
    "task-settled": (_WIDE_ZH,),
    "new-wrong": (_PHONE,),
    "spend-publish": (_MID,),
    "confirm-dispute": (_PHONE_ZH,),
    "offers": (_WIDE,),
    "offer-buy": (_MID,),
    "offer-draft": (_PHONE_ZH,),
    "new-offer-wrong": (_PHONE_DARK,),
    "order-created": (_PHONE,),
    "order-consent": (_PHONE_ZH,),
    "order-review": (_WIDE_ZH,),
    "order-settled": (_MID_DARK,),
    "orders": (_MID,),
    "agents": (_WIDE, _PHONE_DARK),
    "agent": (_MID, _WIDE_DARK),
    "me": (_WIDE, _MID_DARK, _PHONE, _WIDE_ZH),
    "me-wallet": (_PHONE_ZH,),
    "profile": (_MID, _WIDE_DARK),
    "confirm-sign": (_WIDE,),
    "sign-in": (_WIDE,),
    "sign-in-wrong": (_PHONE_ZH,),
    "verify-good": (_WIDE_DARK, _PHONE, _WIDE_ZH),
    "verify-bad": (_MID,),
    "error-404": (_PHONE_DARK,),
    "error-413": (_MID,),
    "error-429": (_PHONE_ZH,),
    "error-500": (_MID_DARK,),
}
_HEAD = """# The pages

Taken by `make pictures` with Chromium from a market with test money and a month of trade, done by
the methods that everybody uses. Names end in the window's width and the theme; `zh` is Chinese.
`python -m pictures --all FOLDER` in `tests` takes every page in every size.
"""


def index() -> str:
    """Return the page of all pictures, by view."""
    parts = [_HEAD]
    for view in (*EMPTY, *FULL):
        takes = CHOSEN.get(view.name, ())
        if not takes:
            continue
        parts.append(f"## {view.title}\n")
        parts += [f"![{_said(view.title, take)}]({_link(view.name, take)})\n" for take in takes]
    return "\n".join(parts)


def _link(name: str, take: Take) -> str:
    return f"pictures/web/{name}{take.name}.webp"


def _said(title: str, take: Take) -> str:
    chinese = ", in Chinese" if take.lang == "zh" else ""
    return f"{title}, {take.width} px wide, {take.theme}{chinese}"
