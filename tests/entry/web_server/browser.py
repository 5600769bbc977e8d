"""A market behind its pages, and browsers that keep its cookies and send its forms."""

import html
import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from gateway.front import Front

from clawmarket.entry.gateway.app import build_gateway
from clawmarket.entry.web.routes import lost_page, web_routes
from statements import proof
from world import Member

MAX_FILE_BYTES = 1_000_000
_MARK = re.compile(r'name="csrf" value="([0-9a-f]{64})"')
_SAID = re.compile(r"<pre[^>]* data-statement[^>]*>([^<]+)</pre>")
_INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass
class Pages(Front):
    """Asks the market for pages."""

    def __post_init__(self) -> None:
        """Put the pages within the border."""
        pipeline = self.world.pipeline
        routes = web_routes(pipeline, MAX_FILE_BYTES)
        self.paths = {(verb, each.path) for each in routes for verb in each.methods or ()}
        self.app = build_gateway(
            pipeline, max_file_bytes=MAX_FILE_BYTES, more=routes, lost=lost_page(pipeline)
        )

    def browser(self) -> "Browser":
        """Return a browser that was never here."""
        return Browser(self)

    def signed_in(self, member: Member, scope: str = "write") -> "Browser":
        """Return a browser in which somebody signed in by a new key."""
        made = member.do("web3.keys.create", label="browser", scope=scope)
        return self.browser().by_key(made["key"])


@dataclass
class Browser:
    """One browser: its cookies, and nothing else that is kept."""

    pages: Pages
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def ask(self, verb: str, path: str, **how: Any) -> httpx.Response:
        """Send one request with the cookies, and keep those of the answer."""
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = ({"Cookie": sent} if sent else {}) | how.pop("headers", {})
        answer = self.pages.ask(verb, path, headers=headers, **how)
        self.cookies.extract_cookies(answer)
        return answer

    def get(self, path: str) -> httpx.Response:
        """Return a page."""
        return self.ask("GET", path)

    def mark(self) -> str:
        """Return the mark that this session's forms carry."""
        found = _MARK.search(self.get("/sign-in").text)
        assert found is not None
        return found[1]

    def by_key(self, key: str) -> "Browser":
        """Sign in by a key."""
        answer = self.ask("POST", "/sign-in/key", data={"csrf": self.mark(), "key": key})
        assert answer.status_code == 303, answer.text
        return self

    def by_wallet(self, member: Member) -> "Browser":
        """Sign in by the signature of a member's wallet."""
        wallet, mark = member.known_wallet, self.mark()
        asked = {"csrf": mark, "address": wallet.address}
        message = self.ask("POST", "/sign-in/challenge", data=asked).json()["message"]
        signed = {"csrf": mark, "message": message, "signature": wallet.sign_message(message)}
        answer = self.ask("POST", "/sign-in/wallet", data=signed)
        assert answer.status_code == 303, answer.text
        return self

    def sends(self, path: str, fields: dict[str, str], **how: Any) -> httpx.Response:
        """Send a form with its mark and a fresh key; confirm it where the market asks again."""
        fresh = {"csrf": self.mark(), "key": self.pages.world.entropy.draw(16).hex()}
        answer = self.ask("POST", path, data=fresh | fields, **how)
        asked = hidden(answer.text) if 'action="/confirm"' in answer.text else {}
        return self.ask("POST", "/confirm", data=asked) if asked else answer

    def signs(self, member: Member, path: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form and confirm it with the signature of a member's wallet."""
        fresh = {"csrf": self.mark(), "key": self.pages.world.entropy.draw(16).hex()}
        page = self.ask("POST", path, data=fresh | fields).text
        said = _SAID.search(page)
        assert said is not None, page
        statement = json.loads(html.unescape(said[1]))
        signed = {"signature": proof(member.known_wallet, statement)["signature"]}
        return self.ask("POST", "/confirm", data=hidden(page) | signed)


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's last form of their names."""
    return {name: html.unescape(value) for name, value in _INPUT.findall(page)}
