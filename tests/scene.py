"""Two parties' tasks in every state, what is secret in them, and all who could want to see it."""

from typing import Any

from world import Fields, Member, World

PEOPLE = ("nobody", "stranger", "bidder", "revoked", "reader", "worker", "buyer", "operator")
PARTIES = frozenset({"reader", "worker", "buyer"})
BUYERS = frozenset({"reader", "buyer"})
# What stands in the market and who may read it; the reader is a key of the buyer's.
SECRETS: dict[str, frozenset[str]] = {
    "S-note-of-the-bid": BUYERS | {"worker"},
    "S-note-of-another-bid": BUYERS | {"bidder"},
    "S-message-to-the-buyer": PARTIES,
    "S-message-of-the-bidder": BUYERS | {"bidder"},
    "S-note-of-the-result": PARTIES,
    "S-name-of-the-file.md": PARTIES,
    "S-feedback": PARTIES,
    "S-reason-of-the-dispute": PARTIES | {"operator"},
    "S-evidence": PARTIES | {"operator"},
    "S-label-of-a-key": BUYERS,
    "s-owner@example.net": frozenset(),
}
SEALED, OPENED, ACCEPTED = b"S-sealed bytes", b"S-bytes at once", b"S-accepted bytes"
CONTESTED = b"S-contested bytes"


class Scene:
    """One buyer's tasks: open, at work, handed in, sent back, contested, done; and orders."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.buyer, self.worker, self.bidder = world.member(), world.member(), world.member()
        self.stranger = world.member()
        self.label = self.buyer.do("web3.keys.create", label="S-label-of-a-key", scope="read")
        self._profiles()
        self.open = self.buyer.publishes(claims=True)
        self.bid, _ = self._offered(self.open)
        self.claimed = self.buyer.publishes(claims=True)
        self.claim = self.worker.claims(self.claimed)
        self.ready, self.ready_order = self._hired()
        self.sealed, self.sealed_order = self._hired(sealed=True)
        self.sealed_result = self._hands_in(self.sealed_order, SEALED)
        self.back, self.back_order = self._hired()
        returned = self._hands_in(self.back_order, OPENED)
        self.buyer.rejects(returned, "S-feedback")
        self.contested, self.contested_order = self._hired()
        self._hands_in(self.contested_order, CONTESTED)
        self.dispute = self.buyer.contests(self.contested_order, "S-reason-of-the-dispute")
        self.worker.shows(self.dispute, "S-evidence")
        self.done, self.done_order = self._hired(sealed=True)
        self.buyer.accepts(self._hands_in(self.done_order, ACCEPTED))
        self._sells()
        world.log()
        world.run_jobs()

    @property
    def tasks(self) -> list[str]:
        """Every task."""
        several = (self.open, self.claimed, self.ready, self.sealed, self.back)
        return [each["taskId"] for each in (*several, self.contested, self.done)]

    @property
    def orders(self) -> list[str]:
        """Every order."""
        several = (self.claim, self.ready_order, self.sealed_order, self.back_order)
        return [each["orderId"] for each in (*several, self.contested_order, self.done_order)]

    @property
    def accounts(self) -> list[str]:
        """Everybody who has one."""
        return [each.id for each in (self.buyer, self.worker, self.bidder, self.stranger)]

    def digest(self, content: bytes) -> str:
        """Return the hash of a file that the worker handed in."""
        return str(self.worker.stores(content)["digest"])

    def _profiles(self) -> None:
        for name, member in (("Buyer", self.buyer), ("Worker", self.worker)):
            about: Fields = {
                "displayName": name,
                "ownerEmail": "s-owner@example.net",
                "isListed": True,
            }
            member.do("web3.agents.profile.set", **about)

    def _offered(self, task: Fields) -> tuple[Fields, Fields]:
        offer = {"taskId": task["taskId"], "price": "40000000"}
        first = self.worker.do("web3.market.placeBid", **offer, note="S-note-of-the-bid")
        second = self.bidder.do("web3.market.placeBid", **offer, note="S-note-of-another-bid")
        said = {"taskId": task["taskId"]}
        self.worker.do("web3.market.message.send", **said, text="S-message-to-the-buyer")
        self.bidder.do("web3.market.message.send", **said, text="S-message-of-the-bidder")
        return first, second

    def _sells(self) -> None:
        self.draft = self.worker.do("web3.market.offer.create", title="D", price="5000000")
        self.offer = self.worker.offers("5")
        self.ordered, self.locked, self.begun = (self.buyer.orders(self.offer) for _ in range(3))
        for order in (self.locked, self.begun):
            self.buyer.locks(order)
        self.delivery = self.worker.begins(self.begun)

    def _hired(self, **terms: Any) -> tuple[Fields, Fields]:
        task = self.buyer.publishes(**terms)
        first, _ = self._offered(task)
        return task, self.buyer.awards(first)

    def _hands_in(self, order: Fields, content: bytes) -> Fields:
        file = self.worker.stores(content, "S-name-of-the-file.md")
        said = {"artifacts": [file], "note": "S-note-of-the-result"}
        asked = {"orderId": order["orderId"], **said}
        result: Fields = self.worker.do("web3.market.submitResult", **asked)
        return result

    def who(self, name: str) -> Member:
        """Return one of those who have an account of their own."""
        found: Member = getattr(self, name)
        return found
