"""Takes pictures of pages with the machine's own Chromium."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pictures.scene import Scene
from pictures.views import View

QUALITY = 60
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
HEIGHT = 900
# Who looks, signed in by a wallet instead of a key.
WALLET = "+wallet"


@dataclass(frozen=True, order=True)
class Take:
    """How a page is looked at: window's width in px, theme, language."""

    width: int
    theme: str = "light"
    lang: str = "en"

    @property
    def name(self) -> str:
        """What stands behind a view's name in that of a picture."""
        zh = "-zh" if self.lang == "zh" else ""
        return f"{zh}-{self.width}-{self.theme}"


@dataclass
class Camera:
    """One browser in front of one market.

    Args:
        browser: The running browser.
        scene: The market, and who may look.
        files: What is chosen in file fields, by name.
        folder: Where pictures go.
        kind: webp, small and for the repository, or png.
    """

    browser: Any
    scene: Scene
    files: Mapping[str, Path]
    folder: Path
    kind: str = "webp"
    _states: dict[str, Any] = field(default_factory=dict)

    def take(self, view: View, take: Take) -> Path:
        """Take one picture and return its file."""
        context = self.browser.new_context(
            base_url=self.scene.market.url,
            viewport={"width": take.width, "height": HEIGHT},
            color_scheme=take.theme,
            reduced_motion="reduce",
            locale=LOCALES[take.lang],
            storage_state=self._signed_in(view.who) if view.who else None,
            java_script_enabled=view.scripts,
        )
        page = context.new_page()
        page.goto(self.scene.places.get(view.place, view.place))
        if view.then is not None:
            view.then(page, self.files)
        page.wait_for_load_state("networkidle" if view.then else "load")
        file = self.folder / f"{view.name}{take.name}.{self.kind}"
        self._expose(page, file, whole=view.whole)
        context.close()
        return file

    def _expose(self, page: Any, file: Path, *, whole: bool) -> None:
        if self.kind == "png":
            page.screenshot(path=file, full_page=whole)
            return
        if whole:
            tall = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": page.viewport_size["width"], "height": tall})
        asked = {"format": "webp", "quality": QUALITY}
        shot = page.context.new_cdp_session(page).send("Page.captureScreenshot", asked)
        file.write_bytes(base64.b64decode(shot["data"]))

    def _signed_in(self, who: str) -> Any:
        if who not in self._states:
            context = self.browser.new_context(base_url=self.scene.market.url)
            if who.endswith(WALLET):
                context.add_cookies([self._by_wallet(who.removesuffix(WALLET))])
            else:
                self._by_key(context.new_page(), who)
            self._states[who] = context.storage_state()
            context.close()
        return self._states[who]

    def _by_key(self, page: Any, who: str) -> None:
        page.goto("/sign-in")
        page.fill("#key", self.scene.who[who].key)
        page.click("form[action='/sign-in/key'] button")
        page.wait_for_url("**/me")

    def _by_wallet(self, who: str) -> Any:
        market, wallet = self.scene.market, self.scene.who[who].wallet
        message = market.call("web3.siwe.challenge", address=wallet.address)["message"]
        answer = {"message": message, "signature": wallet.sign_message(message)}
        token = market.call("web3.siwe.verify", **answer)["token"]
        return {"name": f"clawmarket_{market.port}_session", "value": token, "url": market.url}
