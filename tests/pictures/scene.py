"""A market whose tasks stand in every state that a page shows, traded through its methods."""

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

from pictures.days import go_to
from pictures.served import serve_card
from pictures.shop import Shop
from web.market import Market, Member

Fields = dict[str, Any]
ROWS = "number;date;seller;net;tax;gross;currency\n" + "1;2026-10-02;Mole;10;2;12;EUR\n" * 900
LONG_WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
RECEIPT = "/rpc/web3.market.receipt.get"
LOOKS, LOOK_S = 120, 0.25
# Days ago, who works, title, price in credits; what was paid in the last month.
PAID = (
    (28, "mole", "Label 500 photographs", 12),
    (25, "owl", "Check links of 3 sites", 15),
    (24, "owl", "Reconcile October", 40),
    (20, "mole", "Sort 1,100 receipts by vendor", 30),
    (19, "tongues", "Monthly report in Chinese", 35),
    (16, "mole", "Read 60 delivery notes", 22),
    (12, "tongues", "Translate three offers", 56),
    (9, "owl", "Tidy a chart of accounts", 18),
    (6, "mole", "Transcribe a port register", 44),
    (3, "mole", "Summarise 30 board minutes", 25),
)
SOLD = (
    (27, "Proofread a contract", 12),
    (22, "Opening balance for a new branch", 48),
    (15, "Explain a tax notice", 9),
    (8, "Check a year's bank statements", 61),
    (2, "Close the month of a small shop", 27),
)


@dataclass
class Scene:
    """Who trades, and where each state can be seen."""

    market: Market
    who: dict[str, Member] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def come(self) -> None:
        """Let everybody open an account; nobody has done anything yet."""
        for name in ("books", "mole", "owl", "tongues", "new"):
            self.who[name] = self.market.member()
            if name != "new":
                self.places[name] = f"/agents/{self.who[name].account_id}"

    def trade(self) -> None:
        """Let a month of trade pass, and leave something in every state."""
        self._introduce()
        paid = [(days, "books", worker, title, price) for days, worker, title, price in PAID]
        sold = [(days, "owl", "books", title, price) for days, title, price in SOLD]
        for days, buyer, worker, title, price in sorted(paid + sold, reverse=True):
            self._deal(days, buyer, worker, (title, price))
        self._undo()
        shop = Shop(self.who, self.places, self._file)
        shop.open()
        self._now()
        shop.trade()
        for name in ("mole", "tongues"):
            self.who[name].do("web3.agents.heartbeat", intervalSec=3600)
        mole = self.who["mole"]
        mole.do("web3.agents.endpoint.set", url=serve_card(mole.account_id))

    def receipt(self, folder: Path) -> tuple[Path, Path]:
        """Return a receipt's file, and the same with one figure changed."""
        order_id = self.places["receipt"].rpartition("/")[2]
        text = self._receipt(order_id)
        good, bad = folder / "receipt.json", folder / "changed.json"
        good.write_bytes(text)
        bad.write_bytes(text.replace(b"24750000", b"24750001"))
        return good, bad

    def _receipt(self, order_id: str) -> bytes:
        """Return a receipt's file; after a month in a minute the log has some catching up to do."""
        body = json.dumps({"orderId": order_id}).encode()
        headers = {"Authorization": f"Bearer {self.who['books'].key}"}
        for _ in range(LOOKS):
            status, _, got = self.market.http("POST", RECEIPT, body, headers)
            if status == HTTPStatus.OK:
                return str(json.loads(got)["receipt"]).encode()
            sleep(LOOK_S)
        raise TimeoutError(got.decode())

    def _introduce(self) -> None:
        told: dict[str, Fields] = {
            "books": {"tagline": "Bookkeeping for a small harbour.", "languages": ["en"]},
            "mole": {
                "tagline": "Extraction from scans. English, German, Chinese.",
                "bio": "Give me scans; I hand in one CSV, and a list of what cannot be read.",
                "languages": ["en", "de", "zh"],
            },
            "owl": {"tagline": "Reconciles ledgers overnight.", "languages": ["en"]},
            "tongues": {"tagline": "中英互译, 保留术语表。", "languages": ["zh", "en"]},
        }
        names = {"books": "harbour-books", "mole": "pdf-mole", "owl": "ledger-owl"}
        skills = {
            "mole": ["extraction", "pdf"],
            "owl": ["accounting"],
            "tongues": ["translation", "chinese"],
        }
        for name, more in told.items():
            listed = [{"id": each, "name": each} for each in skills.get(name, [])]
            shown = names.get(name, "two-tongues")
            asked = {"displayName": shown, "primarySkills": listed, "isListed": True, **more}
            self.who[name].do("web3.agents.profile.set", **asked)

    def _file(self, worker: Member, name: str, text: str) -> Fields:
        headers = {"Authorization": f"Bearer {worker.key}"}
        path = f"/files?name={quote(name)}"
        made = self.market.http("POST", path, text.encode(), headers)[2]
        file: Fields = json.loads(made)["file"]
        return file

    def _take(self, buyer: str, worker: str, title: str, price: int, **more: Any) -> Fields:
        asked = {"budget": f"{price}000000", "claims": True, "disputeWindowSec": 3600, **more}
        task = self.who[buyer].publish(title, **asked)
        taken = self.who[worker].do("web3.market.claimTask", taskId=task)
        return {"task": task, "order": taken["orderId"]}

    def _deliver(self, worker: str, order: str, note: str = "") -> str:
        member = self.who[worker]
        files = [self._file(member, "invoices.csv", ROWS)]
        if note:
            files.append(self._file(member, "unreadable.txt", "17\n203\n388\n"))
        sent = {"orderId": order, "artifacts": files, "note": note or "All of it."}
        return str(member.do("web3.market.submitResult", **sent)["resultId"])

    def _deal(self, days: int, buyer: str, worker: str, what: tuple[str, int]) -> None:
        go_to(days)
        taken = self._take(buyer, worker, *what)
        go_to(days - 0.04)
        result = self._deliver(worker, taken["order"])
        review = {"resultId": result, "decision": "accept", "rating": 5}
        self.who[buyer].do("web3.market.reviewResult", **review)
        if buyer == "books":
            self.places["settled"] = f"/tasks/{taken['task']}"
            self.places["receipt"] = f"/receipts/{taken['order']}"

    def _undo(self) -> None:
        """Leave one task that nobody took in time, one taken back, one never delivered."""
        books = self.who["books"]
        gone = books.publish("Old catalogue to XML", budget="14000000", expirySec=3600)
        self.places["expired"] = f"/tasks/{gone}"
        back = books.publish("Rename 2,000 drawings", budget="20000000")
        books.do("web3.market.cancelTask", taskId=back)
        self.places["cancelled"] = f"/tasks/{back}"
        late = self._take("books", "owl", "Count pallets on 80 photographs", 16, timeoutSec=3600)
        self.places["refunded"] = f"/tasks/{late['task']}"

    def _now(self) -> None:
        books = self.who["books"]
        asked: Fields = {
            "skills": ["extraction", "pdf", "german"],
            "summary": "400 scanned invoices in English and German. One row per invoice: "
            "number, date (ISO), seller, net, tax, gross, currency.",
            "requirements": "Gross must equal net plus tax.\n"
            "List what cannot be read instead of guessing.",
        }
        go_to(0.4)
        back = self._take("books", "mole", "Extract the 2024 invoices", 28, **asked)
        go_to(0.3)
        result = self._deliver("mole", back["order"])
        go_to(0.28)
        why = "Rows 17 to 40 have the date of the scan, not the date of the invoice."
        books.do("web3.market.reviewResult", resultId=result, decision="reject", feedback=why)
        go_to(0.12)
        self.places["rejected"] = f"/tasks/{back['task']}"
        frozen = self._take("books", "owl", "Reconcile two ledgers", 17, skills=["accounting"])
        self._deliver("owl", frozen["order"])
        lacking = {"orderId": frozen["order"], "reason": "Two accounts are missing."}
        books.do("web3.dispute.open", **lacking)
        self.places["disputed"] = f"/tasks/{frozen['task']}"
        go_to(0.07)
        working = self._take("books", "tongues", "Translate a user manual", 32, **asked)
        self.places["claimed"] = f"/tasks/{working['task']}"
        go_to(0.03)
        bids = self._bids()
        review = self._take(
            "books", "mole", "Extract 400 invoices into one checked CSV", 50, **asked
        )
        go_to(0)
        self._deliver("mole", review["order"], "All but three could be read; those are listed.")
        self.places |= {"review": f"/tasks/{review['task']}", "bids": f"/tasks/{bids}"}

    def _bids(self) -> str:
        books, mole = self.who["books"], self.who["mole"]
        long = {"skills": ["a" * 40, LONG_WORD[:40].lower()], "summary": f"{LONG_WORD}. " * 3}
        odd = self.who["owl"].publish(f"{LONG_WORD} {LONG_WORD}"[:120], "250000000", **long)
        manual = {"skills": ["translation", "chinese"], "summary": "60 pages, with figures."}
        books.publish("Translate a manual into Chinese", "120000000", claims=True, **manual)
        zh = {"skills": ["extraction", "pdf"], "summary": "保留表格与图注, 术语与附件词表一致。"}
        open_ = self.who["tongues"].publish("把 120 页 PDF 手册整理成 Markdown", "28000000", **zh)
        books.publish("Compare two versions of a contract", "18500000", fund=False)
        photos = {"skills": ["vision"], "summary": "JPEG photographs, some of them blurred."}
        title = "Read serial numbers from 900 photographed labels"
        bids = books.publish(title, "45000000", **photos)
        asked = {"taskId": bids, "price": "40000000", "note": "Done within the hour."}
        mole.do("web3.market.placeBid", **asked)
        self.who["owl"].do("web3.market.placeBid", taskId=bids, price="43000000")
        said = {"taskId": bids, "text": "Are the labels in one language?"}
        mole.do("web3.market.message.send", **said)
        self.places |= {"long": f"/tasks/{odd}", "open": f"/tasks/{open_}"}
        return bids
