"""Everybody who looks at a scene, each in a browser of their own."""

from scene import PEOPLE, Scene
from web_server.browser import Browser, Pages


class Crowd:
    """The people of a scene; the reader has a key of the buyer's for reading alone.

    The revoked one had such a key as well: it was taken back while the browser was open.
    """

    def __init__(self, pages: Pages, scene: Scene) -> None:
        self.browsers = {"nobody": pages.browser()}
        for name in ("stranger", "bidder", "worker", "buyer"):
            self.browsers[name] = pages.signed_in(scene.who(name))
        self.browsers["reader"] = pages.signed_in(scene.buyer, "read")
        self.browsers["operator"] = pages.browser().by_key(scene.world.operator_token)
        lost = scene.buyer.do("web3.keys.create", label="lost", scope="write")
        self.browsers["revoked"] = pages.browser().by_key(lost["key"])
        self.lost_mark = self.browsers["revoked"].mark()
        self.lost_cookies = dict(self.browsers["revoked"].cookies.items())
        scene.buyer.do("web3.keys.revoke", credentialId=lost["credentialId"])

    def browser(self, name: str) -> Browser:
        """Return somebody's browser, the revoked one as it was before it met the market again."""
        browser = self.browsers[name]
        if name == "revoked":
            for cookie, value in self.lost_cookies.items():
                if cookie not in browser.cookies:
                    browser.cookies.set(cookie, value, domain="127.0.0.1")
        return browser

    def all(self) -> list[tuple[str, Browser]]:
        """Return everybody, strangers first."""
        return [(name, self.browser(name)) for name in PEOPLE]
